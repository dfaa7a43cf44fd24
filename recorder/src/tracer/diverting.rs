//! Calls that the filter gave to the listener, and that only the tracee itself can make: they are turned to the tracer.
//!
//! The listener's thread sends the waiting thread a SIGSTOP, which ends its wait, and which we see and swallow; any other
//! signal ends it as well. The call is then made again with [`MARK`] in an argument that the kernel does not look at; the filter sends marked calls to
//! the tracer. At the call's exit the register gets back what it held. No answer of the listener ever lets a call go on
//! as it is, for its arguments could have changed since they were read (seccomp_unotify(2), "NOTES").
use super::Tracer;
use crate::abi::{self, nr};
use crate::calls::{self, MARK, MARK_ARG};
use crate::sys::{self, Listener, SysError};
use std::os::fd::AsFd;

/// Calls of one thread that bear the mark.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// A SIGSTOP of ours is on its way to the thread.
    asked: bool,
    /// Innermost last: a signal handler can come between a call and its next try.
    made: Vec<Mark>,
    /// What the register gets back when the running call ends.
    give_back: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    /// Which call it is: behind which instruction, in which stack frame.
    instruction: u64,
    stack: u64,
    /// What the register held.
    held: u64,
}

/// More marked calls than this are not under way in one thread, but for one that leaves its handlers by longjmp(3).
const MARKS_MAX: usize = 32;

/// `ERESTARTSYS`, `ERESTARTNOINTR` (linux/errno.h, inside the kernel).
const RESTART: i64 = -512;
const RESTART_ALWAYS: i64 = -513;

impl Marks {
    /// The thread is about to be sent a SIGSTOP that is not the step's.
    pub(crate) fn ask(&mut self) {
        self.asked = true;
    }

    fn put(&mut self, mark: Mark) {
        self.made.retain(|m| (m.instruction, m.stack) != (mark.instruction, mark.stack));
        if self.made.len() >= MARKS_MAX {
            self.made.remove(0);
        }
        self.made.push(mark);
    }

    /// An execve has succeeded: no call of before will be made again. A SIGSTOP may still be on its way.
    pub(super) fn after_exec(&mut self, former: Option<Self>) {
        self.asked |= former.is_some_and(|marks| marks.asked);
        self.made.clear();
        self.give_back = None;
    }

    /// What the register held in the call at hand, while it runs.
    pub(super) fn held(&self) -> Option<u64> {
        self.give_back
    }
}

impl Tracer {
    /// At the first stop of the step's first process, which is still our own code: takes the listener out of it, before
    /// its execve closes it there.
    pub(crate) fn hand_over_listener(&mut self, tid: i32) -> Result<(), SysError> {
        self.awaits_listener = false;
        let pidfd = sys::pidfd_open(tid)?;
        let is_listener = |fd: &i32| {
            let mut buffer = [0; 64];
            let link = crate::names::ProcPath::fd(tid, *fd);
            sys::readlink(link.as_c(), &mut buffer).is_ok_and(|text| text == b"anon_inode:seccomp notify")
        };
        // All but the standard descriptors and the report were closed before it was made.
        let fd = (0..16).find(is_listener).ok_or(SysError { call: "seccomp", errno: libc::EBADF })?;
        let listener = Listener::new(sys::pidfd_getfd(pidfd.as_fd(), fd)?)?;
        self.handing = self.listener_to.take().and_then(|to| to.send(listener));
        if self.handing.is_some() { Ok(()) } else { Err(SysError { call: "seccomp", errno: libc::EPIPE }) }
    }

    /// A signal is about to be delivered.
    pub(super) fn at_signal(&mut self, tid: i32, signal: i32) -> Result<(), SysError> {
        if !self.listens {
            return self.resume(tid, signal);
        }
        // Ours is sent to the thread; a SIGCONT may have taken it away, and then the next to the process is the step's own.
        // The sender's number is no help: in a pid namespace of the step we are nobody.
        let asked = signal == libc::SIGSTOP
            && self.table.get(tid).is_some_and(|tracee| tracee.marks.asked)
            && sys::signal_code(tid)? == libc::SI_TKILL;
        if asked && let Some(tracee) = self.table.get_mut(tid) {
            tracee.marks.asked = false;
        }
        self.mark(tid)?;
        self.resume(tid, if asked { 0 } else { signal })
    }

    /// A call that waited for the listener and was interrupted goes to the tracer when it is made again. Whoever has
    /// interrupted it: so no storm of signals can keep it from coming to its end, and a handler that does not restart
    /// calls does not make it fail with EINTR, as opening a file never does.
    fn mark(&mut self, tid: i32) -> Result<(), SysError> {
        let mut regs = sys::get_regs(tid)?;
        let (number, args) = abi::call_of(&regs);
        if !matches!(abi::result(&regs), RESTART | RESTART_ALWAYS) || !calls::is_notified(number, &args) {
            return Ok(());
        }
        let Some(tracee) = self.table.get_mut(tid) else { return Ok(()) };
        let (instruction, stack) = abi::place(&regs);
        tracee.marks.put(Mark { instruction, stack, held: args[MARK_ARG] });
        abi::set_argument(&mut regs, MARK_ARG, MARK);
        abi::set_result(&mut regs, RESTART_ALWAYS);
        sys::set_regs(tid, &regs)
    }

    /// At a filter stop: if the call bears the mark, its register is given back at its end.
    pub(super) fn note_mark(&mut self, tid: i32, number: u32, args: &[u64; 6], instruction: u64, stack: u64) -> bool {
        if args[MARK_ARG] != MARK || !matches!(number, nr::OPEN | nr::OPENAT) {
            return false;
        }
        let Some(tracee) = self.table.get_mut(tid) else { return false };
        let mark = tracee.marks.made.iter().rfind(|m| (m.instruction, m.stack) == (instruction, stack));
        tracee.marks.give_back = mark.map(|m| m.held);
        tracee.marks.give_back.is_some()
    }

    /// At the end of a call: the register as the thread left it.
    pub(super) fn unmark(&mut self, tid: i32, regs: &mut sys::Regs) -> bool {
        let Some(tracee) = self.table.get_mut(tid) else { return false };
        let Some(held) = tracee.marks.give_back.take() else { return false };
        let place = abi::place(regs);
        tracee.marks.made.retain(|m| (m.instruction, m.stack) != place);
        abi::set_argument(regs, MARK_ARG, held);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_abandoned_calls_do_not_pile_up() {
        let mut marks = Marks::default();
        for stack in 0..100 {
            marks.put(Mark { instruction: 7, stack, held: stack });
        }
        assert_eq!(marks.made.len(), MARKS_MAX);
        assert_eq!(marks.made.last().unwrap().held, 99);
    }
}
