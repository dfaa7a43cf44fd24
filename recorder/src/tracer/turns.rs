//! One at a time: under enforcement, calls that act on names take turns.
//!
//! A name is judged by what it resolved to. Between that and the act, another process of the step could put a symbolic
//! link where a directory was. An open is protected by `RESOLVE_NO_SYMLINKS`; the calls that have no such flag are let
//! run only one at a time, and every call that could make such a link or move a directory is one of them.
use super::Tracer;
use crate::calls::Decoder;
use crate::sys::SysError;
use std::collections::VecDeque;

/// Who acts on names now, and who waits at its filter stop.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    running: Option<i32>,
    waiting: VecDeque<i32>,
}

impl Tracer {
    /// True if this call may run now; else its thread stays stopped until its turn.
    pub(super) fn takes_turn(&mut self, tid: i32, decoder: Decoder) -> bool {
        if !decoder.acts_on_names() || !self.enforces() {
            return true;
        }
        if self.turns.running.is_some_and(|running| running != tid) {
            self.turns.waiting.push_back(tid);
            return false;
        }
        self.turns.running = Some(tid);
        true
    }

    /// The call of this thread is over, was not made, or its thread has ended.
    pub(super) fn end_turn(&mut self, tid: i32) {
        self.turns.waiting.retain(|waiting| *waiting != tid);
        if self.turns.running == Some(tid) {
            self.turns.running = None;
        }
    }

    /// Lets the next ones run that wait, until one is under way.
    pub(super) fn pass_turns(&mut self) -> Result<(), SysError> {
        while self.turns.running.is_none() {
            let Some(next) = self.turns.waiting.pop_front() else { return Ok(()) };
            match self.at_filter(next) {
                // It was killed while it waited: its end will be told.
                Err(error) if error.is_gone() => self.end_turn(next),
                other => other?,
            }
        }
        Ok(())
    }
}
