//! One notification: read, looked up, judged, told, answered.
use super::lookup::{Given, Way, look_up};
use super::{Notifier, lock};
use crate::abi::{self, nr};
use crate::acts::{Call, OpenCall};
use crate::emit::Settling;
use crate::memory;
use crate::names::{Found, Looker};
use crate::sys::{self, Notification, SysError};
use crate::tracee::View;
use crate::tracer::Tracer;
use sekisho_events::{Access, Gap, GapWhy, Kind, Outcome, PathBytes, ProcessId};
use std::os::fd::{AsFd, OwnedFd};

/// A call that waits, and whose it is.
struct Waiting<'a> {
    notification: &'a Notification,
    id: ProcessId,
    open: OpenCall,
    who: Looker,
    /// The state of names before it was looked up.
    since: u64,
}

/// Whose call it is.
struct Caller {
    id: ProcessId,
    who: Looker,
    /// It has to make the call itself.
    apart: bool,
    since: u64,
}

impl Notifier {
    /// Answers one notification. Only a listener that works no more is an error.
    pub(super) fn serve(&mut self, notification: &Notification) -> Result<(), SysError> {
        let tid = notification.tid as i32;
        let nr = notification.nr as u32;
        let call = Call { nr, name: abi::name(nr).unwrap_or("unknown"), args: notification.args };
        let Some(caller) = self.caller(tid) else { return self.unknown(notification) };
        let (dirfd, text, flags) = match nr {
            nr::OPEN => (libc::AT_FDCWD, call.args[0], call.int(1)),
            _ => (call.int(0), call.args[1], call.int(2)),
        };
        let Caller { id, who, since, apart } = caller;
        let Some(asked) = memory::read_path(tid, text).ok().filter(|_| !apart) else {
            self.divert(notification);
            return Ok(());
        };
        let way = look_up(who, dirfd, asked.as_bytes(), flags, &mut self.links);
        let open =
            OpenCall { dirfd, asked, flags, existed: true, path: None, in_root: false, racy: false, contested: false };
        let waiting = Waiting { notification, id, open, who, since };
        match way {
            Way::Missing { errno, path } => return self.miss(&waiting, errno, path),
            Way::Given(given) => {
                if let Ok(file) = open_for(&waiting.open, &given) {
                    return self.give(&waiting, given, file);
                }
            }
            Way::Own => {}
        }
        self.divert(notification);
        Ok(())
    }

    fn caller(&self, tid: i32) -> Option<Caller> {
        let tracer = lock(&self.shared);
        let id = tracer.table.get(tid)?.id;
        let group = tracer.table.group_of(tid)?;
        // To open a file that the step serves we would wait for it, and it for us.
        let serves = tracer.served.has_begun();
        let apart = serves || group.apart || group.own_pids || group.view != View::Ours;
        let who = Looker { tid, pid: group.pid, view: group.view, serves };
        Some(Caller { id, who, apart, since: tracer.inputs.changes() })
    }

    /// Nobody runs under our filter whom the tracer has not let go on: it does not get further.
    fn unknown(&self, notification: &Notification) -> Result<(), SysError> {
        let mut tracer = lock(&self.shared);
        if self.common.listener.is_waiting(notification.id) {
            let detail = "a call of a process that the tracer does not know; the step is ended".to_owned();
            tracer.out.emit(Tracer::NOBODY, Kind::Gap(Gap { why: GapWhy::LostProcess, detail }));
            tracer.kill_all();
        }
        drop(tracer);
        settled(self.common.listener.fail(notification.id, libc::EPERM))
    }

    /// Turns a call to the tracer.
    fn divert(&self, notification: &Notification) {
        let tid = notification.tid as i32;
        let mut tracer = lock(&self.shared);
        let Some(pid) = tracer.table.group_of(tid).map(|g| g.pid) else { return };
        if !self.common.listener.is_waiting(notification.id) {
            return;
        }
        if let Some(tracee) = tracer.table.get_mut(tid) {
            tracee.marks.ask();
        }
        // Before the tracer can see the thread again: a signal that came after the note was used up by another call of
        // this thread, turned by another of us, would pass for the step's own. ESRCH: gone already. The signal ends the
        // wait, so there is nothing to answer.
        let _ = sys::tgkill(pid, tid, libc::SIGSTOP);
    }

    /// The state, if the call still waits and its caller is who it was: then what was read was read of it.
    fn still<'a>(&'a self, waiting: &Waiting<'_>) -> Option<std::sync::MutexGuard<'a, Tracer>> {
        if !self.common.listener.is_waiting(waiting.notification.id) {
            return None;
        }
        let tracer = lock(&self.shared);
        (tracer.table.get(waiting.who.tid).map(|t| t.id) == Some(waiting.id)).then_some(tracer)
    }

    fn miss(&self, waiting: &Waiting<'_>, errno: i32, path: PathBytes) -> Result<(), SysError> {
        let Some(mut tracer) = self.still(waiting) else { return Ok(()) };
        let act = waiting.open.failed(path, Outcome::Errno(errno));
        let settling = tracer.out.emit_settling(waiting.id, Kind::File(act));
        drop(tracer);
        let answered = self.common.listener.fail(waiting.notification.id, errno);
        self.settle(settling, answered.is_ok().then_some(Outcome::Errno(errno)));
        settled(answered)
    }

    fn give(&self, waiting: &Waiting<'_>, given: Given, file: OwnedFd) -> Result<(), SysError> {
        let Given { handle, stat, path } = given;
        let found = Found::new(path, stat);
        let Some(mut tracer) = self.still(waiting) else { return Ok(()) };
        let act = waiting.open.act(Access::Read, &found);
        let settling = tracer.out.emit_settling(waiting.id, Kind::File(act));
        // Before the step has it, for then it may put another file in its place.
        let due = tracer.content_of_read(waiting.id, &found, waiting.since, handle);
        drop(tracer);
        let id = waiting.notification.id;
        // Without the state: the tracer waits for this to be over.
        let handed = self.common.handing.begin(id);
        let given = self.common.listener.give(id, file.as_fd(), waiting.open.flags & libc::O_CLOEXEC != 0);
        // At once: a lock that the step takes on the description and drops by closing it must not live on with us.
        drop(file);
        drop(handed);
        drop(due);
        match given {
            Ok(()) => {
                self.settle(settling, Some(Outcome::Ok));
                Ok(())
            }
            // Killed, or called away by a signal, before it had the descriptor.
            Err(SysError { errno: libc::ENOENT | libc::ESRCH, .. }) => {
                self.settle(settling, None);
                Ok(())
            }
            // The step's own limit of descriptors, above all.
            Err(SysError { errno, .. }) => {
                let answered = self.common.listener.fail(id, errno);
                self.settle(settling, answered.is_ok().then_some(Outcome::Errno(errno)));
                settled(answered)
            }
        }
    }

    /// What came of it. `None`: nothing; whoever called was interrupted, and will ask again, or is dead.
    fn settle(&self, settling: Settling, outcome: Option<Outcome>) {
        let nothing = outcome.is_none();
        // First, and without the state: the writer may wait for this, and the tracer for the writer.
        settling.settle(outcome);
        if nothing {
            lock(&self.shared).out.retract();
        }
    }
}

/// Opens with the step's own flags, without waiting for anybody (a lease would make us wait: fcntl(2)).
fn open_for(open: &OpenCall, given: &Given) -> Result<OwnedFd, SysError> {
    // O_NOFOLLOW is about the link that we go through ourselves here; the name was looked up with it.
    let flags = open.flags & !(libc::O_NOFOLLOW | libc::O_CLOEXEC);
    let file = sys::open_again(given.handle.as_fd(), flags | libc::O_NONBLOCK)?;
    if flags & libc::O_NONBLOCK == 0 {
        sys::set_status_flags(file.as_fd(), flags)?;
    }
    Ok(file)
}

/// That the caller does not wait any more is ordinary.
fn settled(answered: Result<(), SysError>) -> Result<(), SysError> {
    match answered {
        Err(error) if error.errno != libc::ENOENT => Err(error),
        _ => Ok(()),
    }
}
