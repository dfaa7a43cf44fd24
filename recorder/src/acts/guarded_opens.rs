//! Files that are not files: doors to other processes, to the kernel's settings, to raw devices.
use super::open::OpenCall;
use super::{Call, Verdict};
use crate::names::{self, Found, Looker};
use crate::tracer::Tracer;
use sekisho_events::{FileType, Gap, GapWhy, Kind, Outcome, Refused, Tamper};

/// What of `/proc/PID` tells or changes what a process holds, rather than that it is there (proc(5)).
pub(super) const INTIMATE: [&[u8]; 17] = [
    b"mem",
    b"environ",
    b"maps",
    b"smaps",
    b"smaps_rollup",
    b"numa_maps",
    b"pagemap",
    b"map_files",
    b"fd",
    b"fdinfo",
    b"auxv",
    b"stack",
    b"syscall",
    b"root",
    b"cwd",
    b"personality",
    b"clear_refs",
];
/// The whole memory of the machine.
const KCORE: &[u8] = b"/proc/kcore";

/// Character devices that act where no call shows it (devices.txt: major, minor).
const DEVICES: [((u32, u32), &str); 9] = [
    ((1, 1), "/dev/mem"),
    ((1, 2), "/dev/kmem"),
    ((1, 4), "/dev/port"),
    ((10, 126), "/dev/userfaultfd"),
    ((10, 200), "/dev/net/tun"),
    ((10, 223), "/dev/uinput"),
    ((10, 237), "/dev/loop-control"),
    ((10, 236), "/dev/mapper/control"),
    ((10, 59), "/dev/ublk-control"),
];

/// The same, whole families (major).
const FAMILIES: [(u32, &str); 4] = [
    (21, "a SCSI device by its commands"),
    (90, "raw flash memory"),
    (162, "a raw block device"),
    (202, "a processor's registers"),
];

impl Tracer {
    /// The verdict on an open of such a door, at its entry.
    pub(crate) fn guard_open(&mut self, who: Looker, call: &Call, open: &OpenCall) -> Option<Verdict> {
        let text = open.asked.as_bytes();
        let suspicious = [&b"proc"[..], b"sys", b"dev", b"cgroup"].iter().any(|word| contains(text, word));
        let relative = !text.starts_with(b"/") && !self.cwd_is_plain(who, open.dirfd);
        if !(suspicious || relative) {
            return None;
        }
        let found = open.look_up(who, open.flags & libc::O_NOFOLLOW == 0);
        self.guard_found(who, call, open, &found)
    }

    /// At the exit of an open that came to such a door by a way that its name did not show (a symbolic link): whoever
    /// holds it is ended before it runs on. True if so.
    pub(crate) fn guard_opened(&mut self, who: Looker, open: &OpenCall, fd: i32, found: &Found) -> bool {
        if open.flags & libc::O_PATH != 0 {
            return false;
        }
        let path = found.path.as_bytes();
        let special = path.starts_with(b"/proc/") || path.starts_with(b"/sys/");
        let device = found.stat.is_some_and(|s| matches!(s.file_type, FileType::BlockDevice | FileType::CharDevice));
        let usual = if special || device { None } else { self.usual_name(who, fd, found) };
        if !(special || device || usual.is_some()) {
            return false;
        }
        let found = &Found { path: usual.unwrap_or_else(|| found.path.clone()), ..found.clone() };
        let call = Call { nr: crate::abi::nr::OPENAT, name: "openat", args: [0; 6] };
        let Some(Verdict::Answer { kind: Some(kind), .. }) = self.guard_found(who, &call, open, found) else {
            return false;
        };
        let told = match *kind {
            Kind::Tamper(tamper) => Kind::Tamper(Tamper { outcome: Outcome::Ok, ..tamper }),
            Kind::Refused(refused) => {
                let why = format!("{}; reached through a link: the process is ended", refused.why);
                Kind::Refused(Refused { why, ..refused })
            }
            other => other,
        };
        self.tell(who.tid, told);
        self.end_process(who.tid);
        true
    }

    /// True if a relative name starts in an ordinary directory.
    fn cwd_is_plain(&self, who: Looker, dirfd: i32) -> bool {
        dirfd == libc::AT_FDCWD && !names::working_directory(who).as_bytes().starts_with(b"/proc")
            || dirfd != libc::AT_FDCWD
                && names::of_descriptor(who, dirfd).is_ok_and(|f| !f.path.as_bytes().starts_with(b"/proc"))
    }

    fn guard_found(&mut self, who: Looker, call: &Call, open: &OpenCall, found: &Found) -> Option<Verdict> {
        let path = found.path.as_bytes();
        let writes = open.flags & (libc::O_WRONLY | libc::O_RDWR | libc::O_TRUNC) != 0;
        // A process id namespace shows its own processes in its own /proc: none of them is outside.
        let own_numbers = self.table.group_of(who.tid).is_some_and(|g| g.own_pids)
            && found.stat.is_some_and(|s| s.device() != self.home.proc_device);
        if let Some((pid, door)) = process_door(path).filter(|_| !own_numbers) {
            let inside = self.table.get(pid).is_some() || self.is_newborn(pid);
            if !inside && (writes || INTIMATE.contains(&door)) {
                let whom = if pid == self.own_pid { "recorder".to_owned() } else { format!("outside pid {pid}") };
                let what = if door == b"mem" { "memory" } else { "proc" };
                return Some(Verdict::tamper(what, call.name, &whom, libc::EACCES));
            }
        }
        if path == KCORE {
            return Some(Verdict::tamper("memory", call.name, "/proc/kcore", libc::EACCES));
        }
        // Its own, too: by it a thread writes what is mapped read-only, copies of arguments among it.
        if writes && is_memory(path) {
            let errno = libc::EACCES;
            return Some(Verdict::tamper("memory", call.name, &sekisho_events::escape(path), errno));
        }
        let settings =
            path.starts_with(b"/proc/sys/") || path.starts_with(b"/proc/sysrq") || path.starts_with(b"/sys/");
        if writes && settings && self.are_the_machines(who, path) {
            let what = if path.starts_with(b"/sys/fs/cgroup") { "cgroup" } else { "proc" };
            return Some(Verdict::tamper(what, call.name, &found.path.escaped(), libc::EACCES));
        }
        self.guard_device(who, call, found)
    }

    /// True if settings by this name are not those of a namespace that the step made.
    fn are_the_machines(&self, who: Looker, path: &[u8]) -> bool {
        let own_network = path.starts_with(b"/proc/sys/net/") && !self.is_at_home(who.tid, c"net");
        self.is_at_home(who.tid, c"user") && !own_network
    }

    fn guard_device(&mut self, who: Looker, call: &Call, found: &Found) -> Option<Verdict> {
        let stat = found.stat?;
        if stat.file_type == FileType::BlockDevice {
            return Some(Verdict::refused(call.name, "a block device: writes there show as no file", libc::EACCES));
        }
        if stat.file_type != FileType::CharDevice {
            return None;
        }
        // /dev/fuse (misc 229): a file system of the step's own, whose content is what it says at each read.
        if stat.rdev == (10, 229) {
            let detail = "the step opened /dev/fuse: a file system of its own shows what it likes at each read".into();
            self.tell(who.tid, Kind::Gap(Gap { why: GapWhy::Unseen, detail }));
        }
        let name = acts_unseen(stat.rdev)?;
        Some(Verdict::refused(call.name, &format!("{name} acts where no call shows it"), libc::EACCES))
    }
}

fn acts_unseen(device: (u32, u32)) -> Option<&'static str> {
    let one = DEVICES.iter().find(|(number, _)| *number == device).map(|(_, name)| *name);
    one.or_else(|| FAMILIES.iter().find(|(major, _)| *major == device.0).map(|(_, name)| *name))
}

/// `/proc/PID/DOOR` or `/proc/PID/task/TID/DOOR` of a process that is not the caller.
pub(super) fn process_door(path: &[u8]) -> Option<(i32, &[u8])> {
    let mut parts = path.strip_prefix(b"/proc/")?.split(|b| *b == b'/');
    let pid = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    let mut door = parts.next()?;
    if door == b"task" {
        parts.next()?;
        door = parts.next()?;
    }
    Some((pid, door))
}

/// True for the memory of any process: `/proc/PID/mem`, `/proc/self/task/TID/mem` and so on (proc(5)).
fn is_memory(path: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(b"/proc/") else { return false };
    let parts: Vec<&[u8]> = rest.split(|b| *b == b'/').collect();
    matches!(parts[..], [_, b"mem"] | [_, b"task", _, b"mem"])
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|w| w == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proc(5): a thread is listed below its process, and by a link of its own.
    #[test]
    fn memory_is_known_by_each_of_its_names() {
        for path in
            ["/proc/self/mem", "/proc/7/mem", "/proc/self/task/8/mem", "/proc/7/task/8/mem", "/proc/thread-self/mem"]
        {
            assert!(is_memory(path.as_bytes()), "{path}");
        }
        for path in ["/proc/mem", "/proc/self/maps", "/proc/self/task/8/maps", "/proc/self/fd/mem", "/x/self/mem"] {
            assert!(!is_memory(path.as_bytes()), "{path}");
        }
    }

    /// Documentation/admin-guide/devices.txt
    #[test]
    fn devices_that_act_unseen_are_known_by_number() {
        assert_eq!(acts_unseen((1, 1)), Some("/dev/mem"));
        assert!(acts_unseen((21, 3)).is_some() && acts_unseen((202, 0)).is_some());
        assert!(acts_unseen((1, 3)).is_none() && acts_unseen((5, 0)).is_none());
    }
}
