//! execve(2): asked at entry, told when the kernel has done it.
//!
//! Invariant: program, arguments and environment are read at PTRACE_EVENT_EXEC, from memory that only the new,
//! stopped, single-threaded program can write (EVASION R6).
use super::{Call, Pending, Verdict, outcome};
use crate::calls::Place;
use crate::decode::procfs;
use crate::digests::Slot;
use crate::images::Stack;
use crate::judge::Ruling;
use crate::memory;
use crate::names::{self, Found, Looker};
use crate::sys::{self, SysError};
use crate::tracee::View;
use crate::tracer::Tracer;
use sekisho_events::{Denied, Exec, Gap, GapWhy, Kind, Outcome, PathBytes, Refused};
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// An execve under way.
#[derive(Debug)]
pub(crate) struct ExecCall {
    pub asked: PathBytes,
    /// What the name led to at entry: the image, or a script. `None`: it was not looked up, and means the same later.
    pub found: Option<Found>,
    /// A handle of it: by the time that the kernel has read a script, its name may lead to another, or to nothing.
    pub handle: Option<OwnedFd>,
}

impl ExecCall {
    /// What the name leads to: from entry, or now.
    pub(crate) fn found(&self, who: Looker) -> Found {
        self.found.clone().unwrap_or_else(|| names::whole(who, libc::AT_FDCWD, &self.asked, true))
    }
}

/// A program that has begun, and has not run yet: what only its stopped process can tell.
struct Begun {
    who: Looker,
    image: Found,
    image_slot: Arc<Slot>,
    cwd: PathBytes,
    /// Rights that it would have had, and has not.
    lost: Option<&'static str>,
}

/// Programs that were ended unseen and are named to the caller; the recording has all.
const BLINDED_MAX: usize = 3;

impl Tracer {
    pub(crate) fn enter_exec(&mut self, tid: i32, call: &Call, place: &Place) -> Verdict {
        let (dirfd, arg) = super::dispatch::at(place, call);
        let asked = match self.path_argument(tid, call, arg) {
            Ok(asked) => asked,
            Err(fault) => return Verdict::unreadable(call, fault),
        };
        let Some((who, _)) = self.looker(tid) else { return Verdict::Run };
        if !self.enforces() && keeps_its_meaning(who, &asked) {
            return Verdict::Watch(Pending::Exec(Box::new(ExecCall { asked, found: None, handle: None })));
        }
        let by_descriptor = asked.is_empty() && dirfd != libc::AT_FDCWD;
        let handle = if by_descriptor {
            sys::open(names::ProcPath::fd(tid, dirfd).as_c(), libc::O_PATH)
        } else {
            names::open_as(who, dirfd, asked.as_bytes(), libc::O_PATH)
        };
        let found = if by_descriptor {
            names::of_descriptor(who, dirfd).unwrap_or_else(|_| Found::nothing(asked.clone()))
        } else {
            names::whole(who, dirfd, &asked, true)
        };
        if self.enforces() && found.stat.is_some() {
            let exec = attempt(&asked, &found, Outcome::Ok);
            if let Some(verdict) = self.forbid(tid, call, &[Kind::Exec(Box::new(exec))]) {
                return verdict;
            }
        }
        Verdict::Watch(Pending::Exec(Box::new(ExecCall { asked, found: Some(found), handle: handle.ok() })))
    }

    /// The execve failed.
    pub(crate) fn exit_exec(&mut self, tid: i32, exec: &ExecCall, result: i64) {
        // Success is told at the event; its exit stop is not watched.
        if result >= 0 {
            return;
        }
        if let Some(outcome) = outcome(result) {
            self.tell_attempt(tid, exec, outcome);
        }
    }

    /// Tells of an execve that did not succeed, or not as far as can be known.
    pub(crate) fn tell_attempt(&mut self, tid: i32, exec: &ExecCall, outcome: Outcome) {
        let Some((who, _)) = self.looker(tid) else { return };
        self.tell(tid, Kind::Exec(Box::new(attempt(&exec.asked, &exec.found(who), outcome))));
    }

    /// The execve succeeded: `tid` is the leader and only thread of a new program. Lets it run, or ends it.
    pub(crate) fn executed(&mut self, tid: i32, call: Option<&ExecCall>) -> Result<(), SysError> {
        let Some(begun) = self.look_at_program(tid, call) else { return sys::cont(tid, 0) };
        if self.enforces() || begun.who.view != View::Ours {
            self.tell_program(tid, begun, call);
            return sys::cont(tid, 0);
        }
        // The rest needs no stopped process, and nobody's act is told before this one is: whoever stops waits for us.
        let gone_on = sys::cont(tid, 0);
        self.tell_program(tid, begun, call);
        gone_on
    }

    fn look_at_program(&mut self, tid: i32, call: Option<&ExecCall>) -> Option<Begun> {
        let (who, _) = self.looker(tid)?;
        let Some((image, image_slot)) = self.images.image(who, &mut self.digests) else {
            self.blind(tid, call, "its image cannot be seen");
            return None;
        };
        // It may run with the rights of the file's owner.
        if image.stat.is_some_and(|s| s.mode & (libc::S_ISUID | libc::S_ISGID) != 0) {
            self.set_apart(tid);
        }
        match self.images.stack.read(tid) {
            Ok(()) => {}
            Err(memory::Fault::Gone) => return None,
            Err(_) => {
                let why = if crate::images::is_foreign(who) {
                    "it is of a foreign ABI, whose calls are not recorded"
                } else {
                    "its memory cannot be read, so its acts could not be told"
                };
                self.blind(tid, call, why);
                return None;
            }
        }
        let set = image.stat.is_some_and(|s| s.mode & libc::S_ISUID != 0);
        let lost = match () {
            () if sys::effective_uid() == 0 => None,
            () if set && loses_privilege(who) => Some(OWNERS),
            () if has_capabilities(who) && is_confined(&status(who)) => Some(CAPABILITIES),
            () => None,
        };
        Some(Begun { who, cwd: names::working_directory(who), image, image_slot, lost })
    }

    fn tell_program(&mut self, tid: i32, begun: Begun, call: Option<&ExecCall>) {
        let Begun { who, image, image_slot, cwd, lost } = begun;
        // That it can be parsed was seen before the program went on.
        let Some(stack) = Stack::parse(&self.images.stack) else { return };
        let chain = self.images.chain(who, call, &image, &mut self.digests);
        let asked = stack.exec_name.or_else(|| call.map(|c| c.asked.clone()));
        let exec = Exec {
            asked: asked.filter(|a| *a != image.path),
            interpreters: chain.interpreters,
            argv: stack.argv,
            argv_truncated: stack.argv_sha256.is_some(),
            cwd,
            sha256: None,
            identity: image.stat.map(|s| s.identity),
            env: stack.env,
            outcome: Outcome::Ok,
            argv_sha256: stack.argv_sha256,
            anonymous: image.stat.is_some_and(|s| s.links == 0).then_some(true),
            namespace: match who.view {
                View::Ours => image.namespace(),
                View::Other(n) => Some(n),
            },
            env_bytes: Some(stack.env_bytes),
            path: image.path,
        };
        let kind = Kind::Exec(Box::new(exec));
        if !self.confirm_exec(tid, &kind) {
            return;
        }
        let slots = std::iter::once(image_slot).chain(chain.slots).collect();
        let id = self.table.get(tid).map(|t| t.id).unwrap_or_default();
        self.out.emit_with(id, kind, slots);
        // Of who has ended meanwhile, nothing can be looked up any more.
        if let Some(name) = chain.lost.filter(|_| sys::statx(None, names::ProcPath::of(tid, "exe").as_c(), 0).is_ok()) {
            let detail = format!("an interpreter that was named {} cannot be told for sure", name.escaped());
            self.tell(tid, Kind::Gap(Gap { why: GapWhy::Unseen, detail }));
        }
        if let Some(rights) = lost {
            self.tell(tid, without_privilege(rights));
        }
    }

    /// Judges the program that really runs, before its first instruction. False: it dies.
    fn confirm_exec(&mut self, tid: i32, kind: &Kind) -> bool {
        if !self.enforces() {
            return true;
        }
        let id = self.table.get(tid).map(|t| t.id).unwrap_or_default();
        let rule = match self.out.judge().map(|j| j.judge(id, kind)) {
            None | Some(Ruling::Allow) => return true,
            Some(Ruling::Deny { rule, .. } | Ruling::Kill { rule }) => rule,
        };
        let denied = Denied { rule, call: "execve".into(), errno: 0, would: Box::new(kind.clone()) };
        self.tell(tid, Kind::Denied(denied));
        self.end_process(tid);
        false
    }

    /// A program whose acts could not be told does not run (EVASION F5).
    fn blind(&mut self, tid: i32, call: Option<&ExecCall>, why: &str) {
        if self.blinded.len() < BLINDED_MAX {
            let path = call.map_or_else(
                || PathBytes::from("a program"),
                |c| self.looker(tid).map_or_else(|| c.asked.clone(), |(who, _)| c.found(who).path),
            );
            self.blinded.push((path, why.to_owned()));
        }
        let refused =
            Refused { call: "execve".into(), why: format!("the program is ended: {why}"), errno: libc::EPERM };
        self.tell(tid, Kind::Refused(refused));
        self.end_process(tid);
    }
}

/// True if a name leads to the same before an execve and after it, but for what others do meanwhile: from the root that we
/// share, and not by what is of the process itself.
fn keeps_its_meaning(who: Looker, asked: &PathBytes) -> bool {
    let text = asked.as_bytes();
    who.view == View::Ours && text.starts_with(b"/") && !text.starts_with(b"/proc/") && !text.starts_with(b"/dev/")
}

/// True if the program would run with the rights of its file's owner, and does not: a filter that was installed without
/// privileges keeps them from whoever it filters (seccomp(2), `no_new_privs`).
fn loses_privilege(who: Looker) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let status = status(who);
    let uids = procfs::field(&status, "Uid").and_then(|uids| std::str::from_utf8(uids).ok()).unwrap_or_default();
    let effective = uids.split_whitespace().nth(1).and_then(|n| n.parse().ok());
    let owner = std::fs::metadata(names::ProcPath::of(who.tid, "exe").as_str()).map(|m| m.uid()).ok();
    is_confined(&status) && owner.is_some() && owner != effective
}

/// True if an execve can give this thread no rights (prctl(2), `PR_SET_NO_NEW_PRIVS`).
fn is_confined(status: &[u8]) -> bool {
    procfs::field(status, "NoNewPrivs") == Some(b"1")
}

fn status(who: Looker) -> Vec<u8> {
    std::fs::read(names::ProcPath::of(who.tid, "status").as_str()).unwrap_or_default()
}

/// True if the file of the program has capabilities (capabilities(7), `security.capability`).
fn has_capabilities(who: Looker) -> bool {
    sys::has_attribute(names::ProcPath::of(who.tid, "exe").as_c(), c"security.capability")
}

const OWNERS: &str = "the rights of the file's owner";
const CAPABILITIES: &str = "the capabilities of the file";

fn without_privilege(rights: &str) -> Kind {
    Kind::Refused(Refused {
        call: "execve".into(),
        why: format!("{rights} are not given: the recorder runs without privileges"),
        errno: 0,
    })
}

/// An attempt: what is known before the kernel has done it, or when it did not.
fn attempt(asked: &PathBytes, found: &Found, outcome: Outcome) -> Exec {
    Exec {
        path: found.path.clone(),
        asked: (*asked != found.path).then(|| asked.clone()),
        identity: found.stat.map(|s| s.identity),
        outcome,
        ..Exec::default()
    }
}
