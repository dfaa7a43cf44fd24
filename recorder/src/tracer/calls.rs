//! Stops before and after a call.
use super::Tracer;
use crate::abi;
use crate::acts::{Call, Pending, Verdict};
use crate::calls::{Route, decide};
use crate::sys::{self, CallInfo, SysError};
use sekisho_events::{Kind, Outcome};

impl Tracer {
    pub(super) fn at_filter(&mut self, tid: i32) -> Result<(), SysError> {
        let CallInfo::Entry { arch, nr, args, instruction, stack } = sys::call_info(tid)? else {
            return self.resume(tid, 0);
        };
        self.pins.clear();
        if self.awaits_listener {
            self.hand_over_listener(tid)?;
        }
        // What the call asks for could be in use by nobody but us: a lock, a lease, a mount.
        if let Some(handing) = &self.handing {
            handing.until_handed_over();
        }
        let marked = self.listens && self.note_mark(tid, nr as u32, &args, instruction, stack);
        if self.listens && arch == abi::AUDIT_ARCH && crate::calls::changes_identity(nr as u32, &args) {
            self.set_apart(tid);
        }
        let verdict = match decide(self.level, arch, nr, &args) {
            Route::Allow => Verdict::Run,
            Route::Refuse { errno, why } => Verdict::refused(&abi::describe(arch, nr), why, errno),
            Route::Decode(decoder) => {
                let nr = nr as u32;
                self.notice_file_pages(tid, decoder, &args);
                if decoder.reads_memory() && self.needs_page(tid) && self.make_page(tid, instruction)? {
                    return Ok(());
                }
                if !self.takes_turn(tid, decoder) {
                    return Ok(());
                }
                let call = Call { nr, name: abi::name(nr).unwrap_or("unknown"), args };
                self.enter(tid, &call, decoder)
            }
        };
        if !matches!(verdict, Verdict::Watch(_)) {
            self.end_turn(tid);
        }
        match verdict {
            Verdict::Run if self.pins.is_empty() || !self.will_pin(tid) => {
                if marked {
                    sys::to_exit(tid, 0)
                } else {
                    self.resume(tid, 0)
                }
            }
            Verdict::Run if self.apply_pins(tid)? => sys::to_exit(tid, 0),
            Verdict::Run => self.refuse_unpinned(tid),
            Verdict::Watch(pending) => {
                if self.will_pin(tid) && !self.apply_pins(tid)? {
                    return self.refuse_unpinned(tid);
                }
                if let Some(tracee) = self.table.get_mut(tid) {
                    tracee.pending = Some(pending);
                }
                sys::to_exit(tid, 0)
            }
            Verdict::Answer { result, kind } => {
                self.answer_call(tid, result)?;
                if let Some(kind) = kind {
                    self.tell(tid, *kind);
                }
                sys::cont(tid, 0)
            }
            Verdict::KillStep(kind) => {
                self.tell(tid, *kind);
                self.kill_all();
                Ok(())
            }
        }
    }

    fn answer_call(&mut self, tid: i32, result: i64) -> Result<(), SysError> {
        let marked = self.table.get(tid).is_some_and(|tracee| tracee.marks.held().is_some());
        if result == -i64::from(libc::ENOSYS) && !marked {
            return abi::skip(tid);
        }
        let mut regs = sys::get_regs(tid)?;
        abi::answer(&mut regs, result);
        self.unmark(tid, &mut regs);
        sys::set_regs(tid, &regs)
    }

    pub(super) fn at_call_exit(&mut self, tid: i32) -> Result<(), SysError> {
        let info = sys::call_info(tid);
        if let Some(making) = self.table.get_mut(tid).and_then(|t| t.making.take()) {
            if let Ok(CallInfo::Exit { result }) = info {
                return self.made_page(tid, making, result);
            }
            // The entry of the second call that makes a page.
            if let Some(tracee) = self.table.get_mut(tid) {
                tracee.making = Some(making);
            }
            return sys::to_exit(tid, 0);
        }
        self.end_turn(tid);
        self.restore(tid)?;
        let pending = self.table.get_mut(tid).and_then(|t| t.pending.take());
        match (pending, info) {
            (Some(pending), Ok(CallInfo::Exit { result })) => self.conclude(tid, pending, result),
            (Some(pending), _) => self.conclude_unknown(tid, pending),
            (None, _) => {}
        }
        sys::cont(tid, 0)
    }

    /// True if this thread's arguments are to be pinned, and there is no page yet, and one may be made.
    fn needs_page(&mut self, tid: i32) -> bool {
        self.wants_pins(tid) && self.table.group_of(tid).is_some_and(|g| g.page.is_none() && !g.filtered)
    }

    /// There is no room to copy the arguments of a call: the step may try again.
    fn refuse_unpinned(&mut self, tid: i32) -> Result<(), SysError> {
        self.end_turn(tid);
        let (nr, _) = abi::call_of(&sys::get_regs(tid)?);
        self.answer_call(tid, -i64::from(libc::ENOMEM))?;
        let refused = sekisho_events::Refused {
            call: abi::describe(abi::AUDIT_ARCH, u64::from(nr)),
            why: "no room to copy its arguments, which another thread could change".into(),
            errno: libc::ENOMEM,
        };
        self.tell(tid, Kind::Refused(refused));
        sys::cont(tid, 0)
    }

    /// A watched call has returned.
    fn conclude(&mut self, tid: i32, pending: Pending, result: i64) {
        match pending {
            Pending::Open(open) => self.exit_open(tid, &open, result),
            Pending::Files(acts) => self.exit_files(tid, acts, result),
            Pending::Exec(exec) => self.exit_exec(tid, &exec, result),
            Pending::Connect(connecting) => self.exit_connect(tid, *connecting, result),
            Pending::Socket(call) => self.exit_socket(tid, *call, result),
            Pending::Send(sending) => self.exit_send(tid, *sending, result),
            Pending::Receive(received) => self.exit_receive(tid, &received, result),
            Pending::Datagram(awaited) => self.exit_datagram(tid, *awaited, result),
            Pending::Change(change) => self.exit_change(tid, *change, result),
            Pending::Ipc(get) => self.exit_ipc_get(tid, &get, result),
            Pending::Tamper(tamper) => self.exit_tamper(tid, *tamper, result),
        }
    }

    /// A watched call never returned: its process died inside it. What it asked for is told as done (EVASION R4).
    pub(super) fn conclude_unknown(&mut self, tid: i32, pending: Pending) {
        match pending {
            Pending::Open(open) => self.tell_unknown_open(tid, &open),
            Pending::Files(acts) => {
                for mut act in acts {
                    act.outcome = Outcome::Unknown;
                    self.tell_file(tid, act);
                }
            }
            Pending::Exec(exec) => self.tell_attempt(tid, &exec, Outcome::Unknown),
            Pending::Connect(mut connecting) => {
                connecting.act.outcome = Outcome::Unknown;
                self.tell(tid, Kind::Net(connecting.act));
            }
            Pending::Socket(mut call) => {
                call.act.outcome = Outcome::Unknown;
                self.tell(tid, Kind::Net(call.act));
            }
            Pending::Send(sending) => {
                for kind in sending.unknown() {
                    self.tell(tid, kind);
                }
            }
            Pending::Receive(_) | Pending::Datagram(_) => {}
            Pending::Ipc(get) => self.tell_unknown_ipc(tid, &get),
            Pending::Change(mut change) => {
                change.restrict.outcome = Outcome::Unknown;
                self.tell(tid, Kind::Restrict(change.restrict));
            }
            Pending::Tamper(tamper) => self.tell(tid, Kind::Tamper(*tamper)),
        }
    }
}
