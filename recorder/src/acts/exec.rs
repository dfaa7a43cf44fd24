//! execve(2): asked at entry, told when the kernel has done it.
//!
//! Invariant: program, arguments and environment are read at PTRACE_EVENT_EXEC, from memory that only the new,
//! stopped, single-threaded program can write (EVASION R6).
use super::{Call, Pending, Verdict, outcome};
use crate::calls::Place;
use crate::decode::procfs;
use crate::images::Stack;
use crate::judge::Ruling;
use crate::memory;
use crate::names::{self, Found, Looker};
use crate::tracer::Tracer;
use sekisho_events::{Denied, Exec, Kind, Outcome, PathBytes, Refused};

/// An execve under way.
#[derive(Debug)]
pub(crate) struct ExecCall {
    pub asked: PathBytes,
    /// What the name led to at entry: the image, or a script.
    pub found: Found,
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
        let found = if asked.is_empty() && dirfd != libc::AT_FDCWD {
            names::of_descriptor(who, dirfd).unwrap_or(Found { path: asked.clone(), stat: None })
        } else {
            names::whole(who, dirfd, &asked, true)
        };
        if self.enforces() && found.stat.is_some() {
            let exec = attempt(&asked, &found, Outcome::Ok);
            if let Some(verdict) = self.forbid(tid, call, &[Kind::Exec(Box::new(exec))]) {
                return verdict;
            }
        }
        Verdict::Watch(Pending::Exec(Box::new(ExecCall { asked, found })))
    }

    /// The execve failed.
    pub(crate) fn exit_exec(&mut self, tid: i32, exec: &ExecCall, result: i64) {
        // Success is told at the event; its exit stop is not watched.
        if result >= 0 {
            return;
        }
        if let Some(outcome) = outcome(result) {
            self.tell(tid, Kind::Exec(Box::new(attempt(&exec.asked, &exec.found, outcome))));
        }
    }

    /// The execve succeeded: `tid` is the leader and only thread of a new program.
    pub(crate) fn executed(&mut self, tid: i32, call: Option<&ExecCall>) {
        let Some((who, _)) = self.looker(tid) else { return };
        let Some((image, image_slot)) = self.images.image(who, &mut self.digests) else {
            self.blind(tid, call, "its image cannot be seen");
            return;
        };
        // It may run with the rights of the file's owner.
        if image.stat.is_some_and(|s| s.mode & (libc::S_ISUID | libc::S_ISGID) != 0) {
            self.set_apart(tid);
        }
        let stack = match Stack::read(tid, &mut self.images.stack) {
            Ok(stack) => stack,
            Err(memory::Fault::Gone) => return,
            Err(_) => {
                let why = if crate::images::is_foreign(who) {
                    "it is of a foreign ABI, whose calls are not recorded"
                } else {
                    "its memory cannot be read, so its acts could not be told"
                };
                self.blind(tid, call, why);
                return;
            }
        };
        let chain = self.images.chain(who, call, &image, &mut self.digests);
        let asked = stack.exec_name.clone().or_else(|| call.map(|c| c.asked.clone()));
        let exec = Exec {
            asked: asked.filter(|a| *a != image.path),
            interpreters: chain.interpreters,
            argv: stack.argv,
            argv_truncated: stack.argv_sha256.is_some(),
            cwd: names::working_directory(who),
            sha256: None,
            identity: image.stat.map(|s| s.identity),
            env: stack.env,
            outcome: Outcome::Ok,
            argv_sha256: stack.argv_sha256,
            anonymous: image.stat.is_some_and(|s| s.links == 0).then_some(true),
            namespace: match who.view {
                crate::tracee::View::Ours => None,
                crate::tracee::View::Other(n) => Some(n),
            },
            env_bytes: Some(stack.env_bytes),
            path: image.path,
        };
        let kind = Kind::Exec(Box::new(exec));
        if !self.confirm_exec(tid, &kind) {
            return;
        }
        let lost = image.stat.is_some_and(|s| s.mode & libc::S_ISUID != 0) && loses_privilege(who);
        let slots = std::iter::once(image_slot).chain(chain.slots).collect();
        let id = self.table.get(tid).map(|t| t.id).unwrap_or_default();
        self.out.emit_with(id, kind, slots);
        if lost {
            self.tell(tid, without_privilege());
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
            let path = call.map_or_else(|| PathBytes::from("a program"), |c| c.found.path.clone());
            self.blinded.push((path, why.to_owned()));
        }
        let refused =
            Refused { call: "execve".into(), why: format!("the program is ended: {why}"), errno: libc::EPERM };
        self.tell(tid, Kind::Refused(refused));
        self.end_process(tid);
    }
}

/// True if the program would run with the rights of its file's owner, and does not: a filter that was installed without
/// privileges keeps them from whoever it filters (seccomp(2), `no_new_privs`).
fn loses_privilege(who: Looker) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let status = std::fs::read(names::ProcPath::of(who.tid, "status").as_str()).unwrap_or_default();
    let uids = procfs::field(&status, "Uid").and_then(|uids| std::str::from_utf8(uids).ok()).unwrap_or_default();
    let effective = uids.split_whitespace().nth(1).and_then(|n| n.parse().ok());
    let owner = std::fs::metadata(names::ProcPath::of(who.tid, "exe").as_str()).map(|m| m.uid()).ok();
    procfs::field(&status, "NoNewPrivs") == Some(b"1")
        && crate::sys::effective_uid() != 0
        && owner.is_some()
        && owner != effective
}

fn without_privilege() -> Kind {
    Kind::Refused(Refused {
        call: "execve".into(),
        why: "the rights of the file's owner are not given: the recorder runs without privileges".into(),
        errno: 0,
    })
}

/// An attempt: what is known before the kernel has done it, or when it did not.
pub(crate) fn attempt(asked: &PathBytes, found: &Found, outcome: Outcome) -> Exec {
    Exec {
        path: found.path.clone(),
        asked: (*asked != found.path).then(|| asked.clone()),
        identity: found.stat.map(|s| s.identity),
        outcome,
        ..Exec::default()
    }
}
