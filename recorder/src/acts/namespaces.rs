//! What the step does to itself or to its view of the system: filters, Landlock, namespaces, roots, mounts, queues.
use super::{Call, Pending, Verdict, outcome};
use crate::memory;
use crate::names::{self, ProcPath};
use crate::sys;
use crate::tracee::View;
use crate::tracer::Tracer;
use sekisho_events::{Access, Digest, FileAct, Kind, PathBytes, Restrict, RestrictWhat};

/// A restriction or change of view under way.
#[derive(Debug)]
pub(crate) struct Change {
    pub restrict: Restrict,
}

/// Namespace flags of clone(2) and unshare(2) (sched.h).
pub(crate) const NEW_NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u32 as u64;
/// `CLONE_UNTRACED` (sched.h).
const CLONE_UNTRACED: u64 = 0x0080_0000;
/// Longest filter program (`BPF_MAXINSNS`, linux/bpf_common.h), eight bytes an instruction.
const PROGRAM_MAX: usize = 4096;

impl Tracer {
    /// clone(2) with flags that matter.
    pub(crate) fn enter_clone(&mut self, tid: i32, call: &Call) -> Verdict {
        let flags = call.args[0];
        if flags & CLONE_UNTRACED != 0 {
            return self.strip_untraced(tid, call);
        }
        let shared = (libc::CLONE_VM | libc::CLONE_FILES) as u64;
        let shares = flags & shared != 0 && flags & (libc::CLONE_VFORK | libc::CLONE_THREAD) as u64 == 0;
        if shares && let Some(group) = self.table.group_of_mut(tid) {
            group.memory.unsettle();
        }
        if flags & NEW_NAMESPACES == 0 {
            return Verdict::Run;
        }
        self.mark_namespaced(tid);
        change(RestrictWhat::Namespace, flags & NEW_NAMESPACES, None)
    }

    /// From now on nobody opens anything for this process: its rights may not be ours.
    pub(crate) fn set_apart(&mut self, tid: i32) {
        if let Some(group) = self.table.group_of_mut(tid) {
            group.apart = true;
        }
    }

    fn mark_namespaced(&mut self, tid: i32) {
        if let Some(group) = self.table.group_of_mut(tid) {
            group.namespaced = true;
        }
    }

    /// Takes `CLONE_UNTRACED` out of the flags, so that the child is traced after all (EVASION A04).
    fn strip_untraced(&mut self, tid: i32, call: &Call) -> Verdict {
        let stripped = sys::get_regs(tid).and_then(|mut regs| {
            crate::abi::set_argument(&mut regs, 0, call.args[0] & !CLONE_UNTRACED);
            sys::set_regs(tid, &regs)
        });
        if stripped.is_err() {
            return Verdict::refused(call.name, "a child that we could not see", libc::EPERM);
        }
        let kind = Kind::Refused(sekisho_events::Refused {
            call: call.name.into(),
            why: "CLONE_UNTRACED is taken out of the flags: the child is traced".into(),
            errno: 0,
        });
        self.tell(tid, kind);
        let rest = Call { args: [call.args[0] & !CLONE_UNTRACED, 0, 0, 0, 0, 0], ..*call };
        self.enter_clone(tid, &rest)
    }

    pub(crate) fn enter_unshare(&mut self, tid: i32, call: &Call) -> Verdict {
        self.mark_namespaced(tid);
        self.set_apart(tid);
        change(RestrictWhat::Namespace, call.args[0], None)
    }

    /// setns(2): only into namespaces that the step made (EVASION C08).
    pub(crate) fn enter_setns(&mut self, tid: i32, call: &Call) -> Verdict {
        let Some((who, _)) = self.looker(tid) else { return Verdict::Run };
        let Ok(found) = names::of_descriptor(who, call.int(0)) else { return Verdict::Run };
        let inside = found.stat.is_some_and(|s| self.made_namespace(s.identity.ino));
        if !inside {
            return Verdict::refused(call.name, "a namespace that the step did not make", libc::EPERM);
        }
        self.mark_namespaced(tid);
        self.set_apart(tid);
        change(RestrictWhat::Namespace, call.args[1], Some(found.path))
    }

    /// True if a process of the tree lives in the namespace of this inode number, and we do not.
    fn made_namespace(&self, inode: u64) -> bool {
        const KINDS: [&str; 8] =
            ["ns/mnt", "ns/net", "ns/user", "ns/pid", "ns/pid_for_children", "ns/uts", "ns/ipc", "ns/cgroup"];
        let lives = |pid: i32| KINDS.iter().any(|k| sys::namespace_inode(ProcPath::of(pid, k).as_c()) == Ok(inode));
        !lives(self.own_pid) && self.table.pids().into_iter().any(lives)
    }

    pub(crate) fn enter_chroot(&mut self, tid: i32, call: &Call) -> Verdict {
        match self.path_argument(tid, call, 0) {
            Ok(asked) => {
                let Some((who, _)) = self.looker(tid) else { return Verdict::Run };
                let found = names::whole(who, libc::AT_FDCWD, &asked, true);
                self.set_apart(tid);
                change(RestrictWhat::Chroot, 0, Some(found.path))
            }
            Err(fault) => Verdict::unreadable(call, fault),
        }
    }

    pub(crate) fn enter_pivot(&mut self, tid: i32, call: &Call) -> Verdict {
        self.guard_pivot(tid, call).unwrap_or_else(|| self.enter_chroot(tid, call))
    }

    /// A filter of the step's own; its program is told by digest.
    pub(crate) fn enter_seccomp(&mut self, tid: i32, call: &Call, mode: u64, flags: u64, program: u64) -> Verdict {
        let filter = if call.name == "prctl" { mode == 2 } else { mode == 1 };
        let digest = if filter { self.program_digest(tid, program) } else { None };
        let restrict =
            Restrict { what: RestrictWhat::Seccomp, flags, digest, outcome: sekisho_events::Outcome::Ok, path: None };
        Verdict::Watch(Pending::Change(Box::new(Change { restrict })))
    }

    /// Digest of a `struct sock_fprog` (linux/filter.h: length, pointer), argument 2. `None` also where somebody else could put
    /// another program there before the kernel reads it.
    fn program_digest(&mut self, tid: i32, pointer: u64) -> Option<Digest> {
        let header = memory::read_array::<16>(tid, pointer).ok()?;
        let len = usize::from(u16::from_ne_bytes([header[0], header[1]])).min(PROGRAM_MAX);
        let address = header.last_chunk::<8>().map(|b| u64::from_ne_bytes(*b))?;
        let mut program = vec![0; len * 8];
        memory::read_exact(tid, address, &mut program).ok()?;
        let digest = Digest::of(&program);
        let quiet = self.table.group_of(tid).is_some_and(crate::tracee::Group::is_quiet);
        let pinned = self.pins.pointing(2, &header, (8, program)) && self.will_pin(tid);
        (quiet || pinned).then_some(digest)
    }

    pub(crate) fn enter_landlock(&mut self, tid: i32, call: &Call) -> Verdict {
        self.set_apart(tid);
        change(RestrictWhat::Landlock, call.args[1], None)
    }

    pub(crate) fn exit_change(&mut self, tid: i32, mut change: Change, result: i64) {
        let Some(outcome) = outcome(result) else { return };
        change.restrict.outcome = outcome;
        let effect = outcome.is_effect();
        if effect
            && change.restrict.what == RestrictWhat::Seccomp
            && let Some(group) = self.table.group_of_mut(tid)
        {
            group.filtered = true;
        }
        let what = change.restrict.what;
        // Where it really is now, whatever its name led to meanwhile.
        if effect && what == RestrictWhat::Chroot && self.is_at_home(tid, c"mnt") {
            let mut buffer = [0; PathBytes::MAX];
            let root = sys::readlink(ProcPath::of(tid, "root").as_c(), &mut buffer).map(PathBytes::from);
            change.restrict.path = root.ok().or(change.restrict.path);
        }
        self.tell(tid, Kind::Restrict(change.restrict));
        match what {
            RestrictWhat::Namespace if effect => self.refresh_view(tid),
            // Who shares what a process holds of the file system (clone(2), `CLONE_FS`) has another root, too.
            RestrictWhat::Chroot if effect => self.table.tids().into_iter().for_each(|tid| self.refresh_view(tid)),
            _ => {}
        }
    }

    /// Looks again where this process looks names up, and whose pids it knows.
    pub(crate) fn refresh_view(&mut self, tid: i32) {
        let namespace = sys::namespace_inode(ProcPath::of(tid, "ns/mnt").as_c());
        let root = sys::statx(None, ProcPath::of(tid, "root").as_c(), 0).map(|s| s.identity);
        let pids = sys::namespace_inode(ProcPath::of(tid, "ns/pid").as_c());
        let view = match (namespace, root) {
            (Ok(n), Ok(r)) if n == self.home.mount_namespace && r == self.home.root => View::Ours,
            (Ok(n), _) => View::Other(n),
            // Gone, or not to be seen: whatever it is, it is not known to be ours.
            (Err(_), _) => View::Other(0),
        };
        let own_pids = pids.is_ok_and(|p| p != self.home.pid_namespace);
        if let Some(group) = self.table.group_of_mut(tid) {
            // Each thread may have a view of its own: while one has another than ours, names are looked up by thread.
            if group.threads <= 1 || view != View::Ours {
                group.view = view;
            }
            group.own_pids = own_pids;
        }
    }

    /// mq_open(3): message queues live below `/dev/mqueue`.
    pub(crate) fn enter_queue(&mut self, tid: i32, call: &Call, flags: i32) -> Verdict {
        let there = |name: &PathBytes| {
            let path = std::ffi::CString::new(queue_path(name).as_bytes());
            path.is_ok_and(|p| sys::statx(None, &p, libc::AT_SYMLINK_NOFOLLOW).is_ok())
        };
        let access = match flags & libc::O_ACCMODE {
            _ if flags & libc::O_CREAT != 0 && !memory::read_path(tid, call.args[0]).is_ok_and(|n| there(&n)) => {
                Access::Create
            }
            libc::O_RDONLY => Access::Read,
            _ => Access::Write,
        };
        self.queue_act(tid, call, access)
    }

    pub(crate) fn enter_queue_unlink(&mut self, tid: i32, call: &Call) -> Verdict {
        self.queue_act(tid, call, Access::Delete)
    }

    fn queue_act(&mut self, tid: i32, call: &Call, access: Access) -> Verdict {
        match self.path_argument(tid, call, 0) {
            Ok(name) => self.watch_files(tid, call, &[], |_, _| vec![FileAct::new(access, queue_path(&name))]),
            Err(fault) => Verdict::unreadable(call, fault),
        }
    }
}

fn queue_path(name: &PathBytes) -> PathBytes {
    let name = name.as_bytes();
    names::join(&"/dev/mqueue".into(), name.strip_prefix(b"/").unwrap_or(name))
}

fn change(what: RestrictWhat, flags: u64, path: Option<PathBytes>) -> Verdict {
    let restrict = Restrict { what, flags, digest: None, outcome: sekisho_events::Outcome::Ok, path };
    Verdict::Watch(Pending::Change(Box::new(Change { restrict })))
}
