//! The end: what outlives the command is waited for, then killed, and told.
use super::Tracer;
use crate::sys::{self, Forwarding};
use sekisho_events::{Gap, GapWhy, Kind};
use std::time::Duration;

/// Where the step is in its ending.
#[derive(Debug)]
pub(crate) struct Closing {
    grace: Duration,
    time_limit: Option<Duration>,
    command_ended_at: Option<Duration>,
    killed: bool,
}

impl Closing {
    /// Survivors may go on for `grace`; the whole may take `time_limit`.
    pub(crate) fn new(grace: Duration, time_limit: Option<Duration>) -> Self {
        Self { grace, time_limit, command_ended_at: None, killed: false }
    }

    /// The command has ended.
    pub(super) fn command_ended(&mut self, at: Duration) {
        self.command_ended_at.get_or_insert(at);
    }

    /// True once we have killed what was left.
    pub(crate) fn has_killed(&self) -> bool {
        self.killed
    }
}

impl Tracer {
    /// Between stops: signals that arrived, time that ran out.
    pub(super) fn look_up(&mut self, forwarding: &Forwarding) {
        self.out.flush();
        // A newborn that nobody has claimed for a while has lost its creator. ESRCH: it is gone, too.
        let _ = self.adopt(0);
        let now = self.out.elapsed();
        if self.closing.time_limit.is_some_and(|limit| now > limit) && !self.closing.killed {
            let detail = "the step was ended at its time limit".to_owned();
            self.out.emit(Self::NOBODY, Kind::Gap(Gap { why: GapWhy::Timeout, detail }));
            self.kill_all();
        }
        let grace_is_over = self.closing.command_ended_at.is_some_and(|at| now > at + self.closing.grace);
        if grace_is_over || forwarding.demands_to_end() >= 2 || self.out.has_failed() {
            self.kill_all();
        }
    }

    /// Kills everybody in the tree. Their ends are told as ours.
    pub(crate) fn kill_all(&mut self) {
        self.closing.killed = true;
        for pid in self.table.pids() {
            // ESRCH: gone already.
            let _ = sys::kill(pid, libc::SIGKILL);
        }
        for pid in self.newborn.keys().copied().collect::<Vec<_>>() {
            let _ = sys::kill(pid, libc::SIGKILL);
        }
    }

    /// Kills one process of the tree.
    pub(crate) fn end_process(&mut self, tid: i32) {
        let pid = self.table.group_of(tid).map_or(tid, |g| g.pid);
        let _ = sys::kill(pid, libc::SIGKILL);
    }
}
