//! What the recorder itself stands on: its view of `/proc`, the machine's settings and network.
//!
//! Invariant: the step changes none of it unseen, by whatever name it comes there (EVASION C11, F10, F14, I20).
use super::guarded_opens::{INTIMATE, process_door};
use super::mounts::{MS_MOVE, mount_flags};
use super::{Call, Verdict};
use crate::calls::MountAct;
use crate::decode::procfs::Mount;
use crate::memory;
use crate::mounts::mounts;
use crate::names::{self, Found, Looker, ProcPath};
use crate::sys;
use crate::tracer::Tracer;
use sekisho_events::{FileType, Gap, GapWhy, Kind, PathBytes};
use std::ffi::CStr;
use std::os::fd::AsFd;

/// File systems for which the kernel itself talks to other machines.
const NETWORKED: [&[u8]; 13] = [
    b"nfs",
    b"nfs4",
    b"cifs",
    b"smb3",
    b"9p",
    b"ceph",
    b"afs",
    b"coda",
    b"ocfs2",
    b"gfs2",
    b"orangefs",
    b"lustre",
    b"ncpfs",
];

/// File systems whose files are doors into the kernel: type, and `f_type` (linux/magic.h).
const DOORS: [(&[u8], i64); 10] = [
    (PROC, 0x9fa0),
    (QUEUES, 0x1980_0202),
    (b"sysfs", 0x6265_6572),
    (b"cgroup", 0x0027_e0eb),
    (b"cgroup2", 0x6367_7270),
    (b"debugfs", 0x6462_6720),
    (b"tracefs", 0x7472_6163),
    (b"securityfs", 0x7363_6673),
    (b"configfs", 0x6265_6570),
    (b"efivarfs", 0xde5e_81e4),
];
const PROC: &[u8] = b"proc";
/// No door, but where message queues are files.
const QUEUES: &[u8] = b"mqueue";

impl Tracer {
    /// The verdict on a mount that would put something over what we look at, or have the kernel use the network.
    pub(crate) fn guard_mount(
        &self,
        tid: i32,
        call: &Call,
        act: MountAct,
        kind: Option<&PathBytes>,
    ) -> Option<Verdict> {
        let (who, _) = self.looker(tid)?;
        if let Some(kind) = kind.filter(|kind| NETWORKED.contains(&kind.as_bytes())) {
            let why = format!("the kernel would use the network for a file system of type {}", kind.escaped());
            return Some(Verdict::refused(call.name, &why, libc::EPERM));
        }
        let cwd = libc::AT_FDCWD;
        let places: &[(i32, usize)] = match act {
            MountAct::Mount if mount_flags(call.args[3]) & MS_MOVE != 0 => &[(cwd, 1), (cwd, 0)],
            MountAct::Mount => &[(cwd, 1)],
            MountAct::Unmount => &[(cwd, 0)],
            MountAct::Move => &[(call.int(2), 3), (call.int(0), 1)],
            MountAct::FsPick | MountAct::SetAttributes => &[(call.int(0), 1)],
            _ => &[],
        };
        let vital = places.iter().find_map(|(dirfd, arg)| {
            let text = memory::read_path(tid, call.args[*arg]).ok()?;
            let found = if text.is_empty() {
                names::of_descriptor(who, *dirfd).ok()?
            } else {
                names::whole(who, *dirfd, &text, true)
            };
            is_vital(found.path.as_bytes()).then_some(found.path)
        })?;
        self.reaches_our_mounts(tid).then(|| Verdict::tamper("proc", call.name, &vital.escaped(), libc::EPERM))
    }

    /// pivot_root(2) moves the root of everybody in its mount namespace, ours too.
    pub(crate) fn guard_pivot(&self, tid: i32, call: &Call) -> Option<Verdict> {
        self.is_at_home(tid, c"mnt").then(|| Verdict::tamper("proc", call.name, "the recorder's root", libc::EPERM))
    }

    /// Interfaces, routes, neighbours: the step sets up those of a network namespace of its own.
    pub(crate) fn enter_network_setup(&self, tid: i32, call: &Call) -> Verdict {
        if !self.is_at_home(tid, c"net") {
            return Verdict::Run;
        }
        let command = call.int(1);
        Verdict::refused(call.name, &format!("{command:#x} would change the network of the machine"), libc::EPERM)
    }

    /// The name of this machine; that of a namespace of its own the step may choose.
    pub(crate) fn enter_host_name(&self, tid: i32, call: &Call) -> Verdict {
        if !self.is_at_home(tid, c"uts") {
            return Verdict::Run;
        }
        Verdict::refused(call.name, "would change the machine for everyone", libc::EPERM)
    }

    /// After a mount: if something lies over what we look at after all, nothing that is recorded from now on is true.
    pub(crate) fn mounts_changed(&mut self, tid: i32) {
        self.kernel_trees.clear();
        crate::mounts::forget_ours();
        let vital = |mount: &Mount| mount.point.as_bytes() != b"/proc" && is_vital(mount.point.as_bytes());
        let hidden = mounts(self.own_pid).iter().any(vital);
        let whole = sys::statx(None, c"/proc", 0).is_ok_and(|s| self.home.proc_device == s.device());
        if hidden || !whole {
            let detail = "a mount hides from the recorder what it looks at; the step is ended".to_owned();
            let id = self.table.get(tid).map(|t| t.id).unwrap_or_default();
            self.out.emit(id, Kind::Gap(Gap { why: GapWhy::Unseen, detail }));
            self.kill_all();
        }
    }

    /// True if this thread's namespace of this kind is ours.
    pub(crate) fn is_at_home(&self, tid: i32, kind: &CStr) -> bool {
        let name = format!("ns/{}", kind.to_string_lossy());
        let of = |pid: i32| sys::namespace_inode(ProcPath::of(pid, &name).as_c());
        of(tid).is_ok_and(|its| of(self.own_pid) == Ok(its))
    }

    /// True if what is mounted by this thread on `/` or `/proc` is mounted for us, too.
    fn reaches_our_mounts(&self, tid: i32) -> bool {
        self.is_at_home(tid, c"mnt") || {
            let ours = peers(self.own_pid);
            peers(tid).iter().any(|group| ours.contains(group))
        }
    }

    /// True for a message queue, opened as the file that it is (mq_overview(7)).
    pub(super) fn is_queue(&mut self, who: Looker, fd: i32, stat: &sys::Stat) -> bool {
        stat.file_type == FileType::Regular && self.kernel_tree(who, fd, stat) == Some(QUEUES)
    }

    fn kernel_tree(&mut self, who: Looker, fd: i32, stat: &sys::Stat) -> Option<&'static [u8]> {
        if stat.identity.dev_major != 0 {
            return None;
        }
        *self.kernel_trees.entry(stat.device()).or_insert_with(|| kind_of(who, fd, stat.device()))
    }

    /// An open file of a kernel's own file system that is mounted elsewhere than at its usual place: the name that it has
    /// there. `None`: it is an ordinary file.
    pub(crate) fn usual_name(&mut self, who: Looker, fd: i32, found: &Found) -> Option<PathBytes> {
        let stat = found.stat?;
        match self.kernel_tree(who, fd, &stat)? {
            QUEUES => None,
            PROC => Some(below_proc(who, &stat, found.path.as_bytes())),
            b"cgroup" | b"cgroup2" => Some("/sys/fs/cgroup/elsewhere".into()),
            _ => Some("/sys/elsewhere".into()),
        }
    }
}

/// Which of [`DOORS`] an open file is on. What is mounted nowhere is asked itself, but not where the step could have to answer.
fn kind_of(who: Looker, fd: i32, device: (u32, u32)) -> Option<&'static [u8]> {
    if let Some(mount) = mounts(who.tid).iter().find(|mount| mount.device == device) {
        return DOORS.iter().map(|(kind, _)| *kind).find(|kind| *kind == mount.kind.as_bytes());
    }
    if who.serves {
        return None;
    }
    let opened = sys::open(ProcPath::fd(who.tid, fd).as_c(), libc::O_PATH).ok()?;
    let magic = sys::statfs_type(opened.as_fd()).ok()?;
    DOORS.iter().find(|(_, number)| *number == magic).map(|(kind, _)| *kind)
}

/// The name of a file of some `/proc` as it is below `/proc`.
fn below_proc(who: Looker, stat: &sys::Stat, path: &[u8]) -> PathBytes {
    let mount = mounts(who.tid).into_iter().find(|mount| mount.id == stat.identity.mount);
    let rest = mount.and_then(|mount| {
        let rest = path.strip_prefix(mount.point.as_bytes())?;
        let root = mount.root.as_bytes();
        Some([root.strip_suffix(b"/").unwrap_or(root), rest].concat())
    });
    rest.map_or_else(|| with_a_door(path), |rest| PathBytes::new([b"/proc", rest.as_slice()].concat()))
}

/// A name that does not begin where its mount does, below another root or mounted nowhere: its first end that is a door.
fn with_a_door(path: &[u8]) -> PathBytes {
    let starts = path.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| &path[at..]);
    let names = starts.map(|end| [b"/proc", end].concat());
    let is_door = |name: &Vec<u8>| {
        name.starts_with(b"/proc/sys") || process_door(name).is_some_and(|(_, door)| INTIMATE.contains(&door))
    };
    PathBytes::new(names.into_iter().find(is_door).unwrap_or_else(|| [b"/proc", path].concat()))
}

/// `/proc`, or what is below a process there.
fn is_vital(path: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(b"/proc") else { return false };
    let first = rest.strip_prefix(b"/").unwrap_or(rest).split(|b| *b == b'/').next().unwrap_or_default();
    rest.is_empty()
        || rest.starts_with(b"/")
            && (first.is_empty() || first == b"self" || first == b"thread-self" || first.iter().all(u8::is_ascii_digit))
}

/// The peer groups of the mounts at `/` and `/proc`.
fn peers(pid: i32) -> Vec<u64> {
    let here = |mount: &Mount| matches!(mount.point.as_bytes(), b"/" | b"/proc");
    mounts(pid).into_iter().filter(here).filter_map(|mount| mount.peers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_found_at_the_end_of_a_name() {
        assert_eq!(with_a_door(b"/x/42/p/7/environ"), "/proc/7/environ".into());
        assert_eq!(with_a_door(b"/x/sys/kernel/core_pattern"), "/proc/sys/kernel/core_pattern".into());
        assert_eq!(with_a_door(b"/version"), "/proc/version".into());
    }

    #[test]
    fn what_is_below_a_process_is_vital_and_settings_are_not() {
        for path in ["/proc", "/proc/", "/proc/7", "/proc/7/fd", "/proc/self/exe"] {
            assert!(is_vital(path.as_bytes()), "{path}");
        }
        for path in ["/", "/process", "/proc/sys/fs/binfmt_misc", "/x/proc", "/x/proc/7"] {
            assert!(!is_vital(path.as_bytes()), "{path}");
        }
    }
}
