//! open(2), openat(2), openat2(2), creat(2): one call, up to four acts.
use super::{Call, Pending, Verdict, outcome};
use crate::digests::{Due, Source};
use crate::memory::{self, Fault};
use crate::names::{self, Found};
use crate::tracer::Tracer;
use sekisho_events::{
    Access, ContentWhen, Delegated, FileAct, FileType, Gap, GapWhy, Kind, Outcome, PathBytes, ProcessId,
};
use std::os::fd::OwnedFd;

/// An open under way.
#[derive(Debug)]
pub(crate) struct OpenCall {
    pub dirfd: i32,
    pub asked: PathBytes,
    /// `O_*` (fcntl.h).
    pub flags: i32,
    /// For `O_CREAT`: was there something by this name before?
    pub existed: bool,
    /// The name as resolved at entry, where that was needed.
    pub path: Option<PathBytes>,
    /// The directory behind `dirfd` counts as the root (openat2(2), `RESOLVE_IN_ROOT`).
    pub in_root: bool,
    /// Whether memory could change under the call.
    pub racy: bool,
    /// Whether others share its memory or descriptors: then the descriptor that came back may be another by now.
    pub contested: bool,
}

impl OpenCall {
    fn writes(&self) -> bool {
        matches!(self.flags & libc::O_ACCMODE, libc::O_WRONLY | libc::O_RDWR)
    }

    fn reads(&self) -> bool {
        matches!(self.flags & libc::O_ACCMODE, libc::O_RDONLY | libc::O_RDWR)
    }

    fn is_temporary(&self) -> bool {
        self.flags & libc::O_TMPFILE == libc::O_TMPFILE
    }

    fn creates(&self) -> bool {
        self.is_temporary() || (self.flags & libc::O_CREAT != 0 && !self.existed)
    }

    /// What the call does if it succeeds, in order.
    fn accesses(&self) -> impl Iterator<Item = Access> {
        let path_only = self.flags & libc::O_PATH != 0;
        let truncates = self.flags & libc::O_TRUNC != 0 && !self.creates();
        [
            (path_only, Access::Stat),
            (!path_only && self.creates(), Access::Create),
            (!path_only && truncates, Access::Truncate),
            (!path_only && self.reads(), Access::Read),
            (!path_only && self.writes(), Access::Write),
        ]
        .into_iter()
        .filter_map(|(does, access)| does.then_some(access))
    }

    /// What its name leads to.
    pub(crate) fn look_up(&self, who: names::Looker, follow: bool) -> Found {
        let whole = if self.in_root { names::whole_below } else { names::whole };
        whole(who, self.dirfd, &self.asked, follow)
    }

    /// One thing that the call does to what it found.
    pub(crate) fn act(&self, access: Access, found: &Found) -> FileAct {
        let mut act = FileAct::new(access, found.path.as_bytes());
        act.asked = (found.path != self.asked).then(|| self.asked.clone());
        act.namespace = found.namespace();
        if let Some(stat) = found.stat {
            act.identity = Some(stat.identity);
            act.file_type = Some(stat.file_type);
            act.size = (access == Access::Read && stat.file_type == FileType::Regular).then_some(stat.size);
        }
        act
    }

    /// The call did not succeed.
    pub(crate) fn failed(&self, path: PathBytes, outcome: Outcome) -> FileAct {
        let mut act = FileAct::new(self.wanted(), PathBytes::default());
        act.asked = (path != self.asked).then(|| self.asked.clone());
        act.path = path;
        act.outcome = outcome;
        act
    }

    /// A failed attempt is one event: the strongest thing that was wanted.
    fn wanted(&self) -> Access {
        match () {
            () if self.flags & libc::O_PATH != 0 => Access::Stat,
            () if self.creates() => Access::Create,
            () if self.writes() => Access::Write,
            () if self.flags & libc::O_TRUNC != 0 => Access::Truncate,
            () => Access::Read,
        }
    }
}

/// Flags of open(2) that openat2(2) knows (linux/fcntl.h, `VALID_OPEN_FLAGS`).
const KNOWN_FLAGS: i32 = libc::O_ACCMODE
    | libc::O_CREAT
    | libc::O_EXCL
    | libc::O_NOCTTY
    | libc::O_TRUNC
    | libc::O_APPEND
    | libc::O_NONBLOCK
    | libc::O_DSYNC
    | libc::O_SYNC
    | libc::O_ASYNC
    | libc::O_DIRECT
    | libc::O_DIRECTORY
    | libc::O_NOFOLLOW
    | libc::O_NOATIME
    | libc::O_CLOEXEC;

impl Tracer {
    /// At the entry of an open with its name at argument `arg`.
    pub(crate) fn enter_open(&mut self, tid: i32, call: &Call, at: (i32, usize), flags: i32) -> Verdict {
        self.opening(tid, call, at, flags, false)
    }

    fn opening(&mut self, tid: i32, call: &Call, (dirfd, arg): (i32, usize), flags: i32, in_root: bool) -> Verdict {
        let asked = match self.path_argument(tid, call, arg) {
            Ok(asked) => asked,
            Err(fault) => return Verdict::unreadable(call, fault),
        };
        let Some((who, racy)) = self.looker(tid) else { return Verdict::Run };
        let contested = self.table.group_of(tid).is_some_and(|g| !g.is_quiet());
        let mut open = OpenCall { dirfd, asked, flags, existed: true, path: None, in_root, racy, contested };
        if let Some(verdict) = self.guard_open(who, call, &open) {
            return verdict;
        }
        let creates = flags & libc::O_CREAT != 0 && !open.is_temporary();
        if creates || self.enforces() {
            let follow = flags & (libc::O_NOFOLLOW | libc::O_EXCL) == 0 || flags & libc::O_CREAT == 0;
            let found = open.look_up(who, follow);
            open.existed = found.stat.is_some();
            open.path = Some(found.path.clone());
            if self.enforces() {
                let kinds: Vec<Kind> = open.accesses().map(|a| Kind::File(open.act(a, &found))).collect();
                if let Some(verdict) = self.forbid(tid, call, &kinds) {
                    let errno = futile_open(who, &open, &found, follow);
                    let attempt = FileAct { asked: Some(open.asked.clone()), ..open.act(open.wanted(), &found) };
                    return self.unless_futile(tid, verdict, errno, Kind::File(attempt));
                }
                self.pin_open(who, call, &open, &found);
            }
        }
        Verdict::Watch(Pending::Open(Box::new(open)))
    }

    /// openat2(2): flags are in memory, behind a pointer.
    pub(crate) fn enter_openat2(&mut self, tid: i32, call: &Call) -> Verdict {
        let how = match memory::read_array::<24>(tid, call.args[2]) {
            Ok(how) => how,
            Err(Fault::Gone) => return Verdict::Run,
            Err(fault) => return Verdict::unreadable(call, fault),
        };
        let flags = how.first_chunk::<8>().map_or(0, |b| u64::from_ne_bytes(*b));
        self.pins.bytes(2, how);
        let resolve = how.last_chunk::<8>().map_or(0, |b| u64::from_ne_bytes(*b));
        self.opening(tid, call, (call.int(0), 1), flags as i32, resolve & libc::RESOLVE_IN_ROOT != 0)
    }

    /// An open that was allowed by its resolved name is made by that name, through no symbolic link: what was judged is
    /// what is opened, or nothing.
    fn pin_open(&mut self, who: names::Looker, call: &Call, open: &OpenCall, found: &Found) {
        let special = open.flags & libc::O_PATH != 0 || open.is_temporary() || open.asked.as_bytes().ends_with(b"/");
        let ordinary = found.path.as_bytes().starts_with(b"/") && !found.path.as_bytes().starts_with(b"/proc/");
        if special
            || found.foreign
            || !ordinary
            || !self.may_rewrite(who, &found.path)
            || call.nr == crate::abi::nr::OPENAT2
        {
            return;
        }
        let mode = match call.nr {
            crate::abi::nr::OPENAT => call.args[3],
            crate::abi::nr::OPEN => call.args[2],
            _ => call.args[1],
        };
        let creates = open.flags & libc::O_CREAT != 0;
        // openat2(2) refuses flags and mode bits that open(2) passes over.
        let flags = (open.flags & KNOWN_FLAGS) as u32;
        let how = [u64::from(flags), if creates { mode & 0o7777 } else { 0 }, libc::RESOLVE_NO_SYMLINKS];
        self.pins.clear();
        self.pins.call(crate::abi::nr::OPENAT2);
        self.pins.value(0, libc::AT_FDCWD as u32 as u64);
        self.pins.path(1, found.path.as_bytes());
        self.pins.bytes(2, how.map(u64::to_ne_bytes).concat());
        self.pins.value(3, size_of_val(&how) as u64);
    }

    /// At the exit of an open.
    pub(crate) fn exit_open(&mut self, tid: i32, open: &OpenCall, result: i64) {
        let Some(outcome) = outcome(result) else { return };
        let Some((who, _)) = self.looker(tid) else { return };
        if outcome != Outcome::Ok {
            let path = open.path.clone().unwrap_or_else(|| open.look_up(who, true).path);
            self.tell_file(tid, open.failed(path, outcome));
            return;
        }
        let look = if open.contested { names::of_contested_descriptor } else { names::of_descriptor };
        let Ok(found) = look(who, result as i32) else {
            // The descriptor is gone already: closed by another thread, or the process dies.
            self.tell_unknown_open(tid, open);
            return;
        };
        self.may_serve(tid, &found);
        let other = if open.contested { self.other_name(who, open, &found) } else { None };
        let racy = other.is_some();
        // Either the name was changed under the kernel, or the descriptor since: both are told.
        for found in other.iter().chain([&found]) {
            for access in open.accesses() {
                let mut act = open.act(access, found);
                act.racy = racy.then_some(true);
                self.tell_file(tid, act);
            }
        }
        if self.guard_opened(who, open, result as i32, &found) {
            return;
        }
        self.delegated_by_fifo(tid, open, &found);
        self.delegated_by_queue(tid, who, open, (result as i32, &found));
        self.content_of_open(tid, open, result as i32, &found);
    }

    /// An open whose process died inside it, or whose descriptor vanished: as far as its name tells.
    pub(crate) fn tell_unknown_open(&mut self, tid: i32, open: &OpenCall) {
        let path = open.path.clone().unwrap_or_else(|| open.asked.clone());
        for access in open.accesses() {
            let mut act = FileAct::new(access, path.as_bytes());
            act.outcome = Outcome::Unknown;
            act.racy = open.racy.then_some(true);
            self.tell_file(tid, act);
        }
    }

    /// What the name that was asked for leads to, if that is not what the descriptor leads to.
    fn other_name(&self, who: names::Looker, open: &OpenCall, found: &Found) -> Option<Found> {
        if found.path.as_bytes().ends_with(open.asked.as_bytes()) || open.is_temporary() {
            return None;
        }
        let follow = open.flags & libc::O_NOFOLLOW == 0;
        let again = open.look_up(who, follow);
        let object = |f: &Found| f.stat.map(|s| (s.identity.dev_major, s.identity.dev_minor, s.identity.ino));
        (again.stat.is_some() && object(&again) != object(found)).then_some(again)
    }

    /// What the listener is about to give a thread to read is hashed, by the descriptor that `file` gives. `since`: the
    /// state of names when it was looked up.
    pub(crate) fn content_of_read(&mut self, id: ProcessId, found: &Found, since: u64, handle: OwnedFd) -> Due {
        let Some(stat) = found.stat.filter(|s| s.file_type == FileType::Regular && !is_pseudo(s)) else {
            return Due::default();
        };
        let source = || Some(Source::Handle(handle));
        let (slot, due) = self.digests.tell(id, &found.path, ContentWhen::Read, &stat, source);
        // The step itself may have put another file there since: then the name is no longer this one's.
        if self.inputs.changes() == since || names::leads_to(&found.path, &stat) {
            self.inputs.read(&found.path, &stat, &slot);
        }
        due
    }

    /// A FIFO that the step did not make, opened for writing: whoever reads it may act on what is written.
    fn delegated_by_fifo(&mut self, tid: i32, open: &OpenCall, found: &Found) {
        let named = found.path.as_bytes().starts_with(b"/") && !found.path.as_bytes().starts_with(b"/proc/");
        let fifo = found.stat.is_some_and(|s| s.file_type == FileType::Fifo);
        if fifo && named && open.writes() && !found.stat.is_some_and(|s| self.listeners.has_fifo(s.identity)) {
            let to = PathBytes::new([b"fifo:", found.path.as_bytes()].concat());
            self.tell(tid, Kind::Delegated(Delegated { to, peer: None }));
        }
    }

    /// The same of a message queue that is opened as a file.
    fn delegated_by_queue(&mut self, tid: i32, who: names::Looker, open: &OpenCall, (fd, found): (i32, &Found)) {
        let Some(stat) = found.stat.filter(|_| open.flags & libc::O_PATH == 0) else { return };
        if self.is_queue(who, fd, &stat) {
            let path = names::join(&"/dev/mqueue".into(), names::split(found.path.as_bytes()).1);
            let access = if open.creates() { Access::Create } else { Access::Write };
            if let Some(delegated) = self.queue_delegation(tid, &FileAct::new(access, path)) {
                self.tell(tid, Kind::Delegated(delegated));
            }
        }
    }

    /// Who has /dev/fuse or /dev/cuse open can serve files; then we can come to wait for the step.
    pub(crate) fn may_serve(&mut self, tid: i32, found: &Found) {
        if !found.stat.is_some_and(|s| s.file_type == FileType::CharDevice && SERVERS.contains(&s.rdev)) {
            return;
        }
        self.served.begin(tid);
        if !self.progress.watch(crate::sys::thread_id(), self.served.own()) {
            let detail = "no room for a thread that watches over a step which serves files itself".to_owned();
            self.tell(tid, Kind::Gap(Gap { why: GapWhy::Limit, detail }));
        }
    }

    fn content_of_open(&mut self, tid: i32, open: &OpenCall, fd: i32, found: &Found) {
        let Some(stat) = found.stat.filter(|s| s.file_type == FileType::Regular) else { return };
        // What was made or emptied just now is no input.
        let empty = open.creates() || open.flags & libc::O_TRUNC != 0;
        if open.reads() && !empty && open.flags & libc::O_PATH == 0 && !is_pseudo(&stat) {
            self.hash_descriptor(tid, fd, &found.path, ContentWhen::Read, &stat);
        }
    }
}

/// Device numbers of /dev/fuse and /dev/cuse (Documentation/admin-guide/devices.txt).
const SERVERS: [(u32, u32); 2] = [(10, 229), (10, 203)];

/// The errno with which an open is bound to fail (open(2), ERRORS).
fn futile_open(who: names::Looker, open: &OpenCall, found: &Found, follow: bool) -> Option<i32> {
    let is = |kind: FileType| found.stat.is_some_and(|s| s.file_type == kind);
    match () {
        () if open.is_temporary() => None,
        () if found.stat.is_some() && open.flags & libc::O_CREAT != 0 && open.flags & libc::O_EXCL != 0 => {
            Some(libc::EEXIST)
        }
        () if open.writes() && is(FileType::Directory) => Some(libc::EISDIR),
        () if found.stat.is_some() && open.flags & libc::O_DIRECTORY != 0 && !is(FileType::Directory) => {
            Some(libc::ENOTDIR)
        }
        () if open.flags & libc::O_CREAT != 0 => {
            let bytes = found.path.as_bytes();
            let end = bytes.iter().rposition(|b| *b == b'/')?.max(1);
            super::futile::of_lookup(who, libc::AT_FDCWD, &PathBytes::from(&bytes[..end]), true)
        }
        () => super::futile::of_lookup(who, open.dirfd, &open.asked, follow),
    }
}

/// proc, sysfs and the like: device 0:N with no size; content is made on each read.
fn is_pseudo(stat: &crate::sys::Stat) -> bool {
    stat.identity.dev_major == 0 && stat.size == 0
}
