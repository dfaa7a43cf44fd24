//! From what a tracee asked to what the kernel will use: names looked up as that tracee, while it is stopped.
//!
//! Invariant: nothing is opened but with `O_PATH`, which has no side effect on the object (EVASION R9), and a name is
//! never looked up from our own working directory (EVASION C01).
use crate::mounts;
use crate::sys::{self, Stat, SysError};
use crate::tracee::View;
use crate::walk;
use sekisho_events::{FileType, PathBytes};
use std::ffi::{CStr, CString};
use std::io::Write as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

/// Character devices that open and read alike for everybody (devices.txt): null, zero, full, random, urandom.
pub(crate) const MEMORY: [(u32, u32); 5] = [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9)];
pub(crate) const MEMORY_NAMES: [&[u8]; 5] = [b"/dev/null", b"/dev/zero", b"/dev/full", b"/dev/random", b"/dev/urandom"];

/// Stands for a directory whose name is longer than the kernel tells (`PATH_MAX`): never an absolute path.
pub(crate) const UNTOLD: &str = "(a directory beyond PATH_MAX)";

/// Who looks up: a stopped thread, its group, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looker {
    pub tid: i32,
    pub pid: i32,
    pub view: View,
    /// It may serve files itself: its file systems are asked for nothing that the kernel knows without them.
    pub serves: bool,
}

impl Looker {
    /// How statx(2) is to come by what it tells.
    pub(crate) fn sync(self) -> i32 {
        if self.serves { libc::AT_STATX_DONT_SYNC } else { libc::AT_STATX_SYNC_AS_STAT }
    }

    /// True for another root in our own mount namespace.
    fn is_below_ours(self) -> bool {
        static HOME: OnceLock<u64> = OnceLock::new();
        let home = HOME.get_or_init(|| sys::namespace_inode(c"/proc/self/ns/mnt").unwrap_or_default());
        self.view == View::Other(*home)
    }
}

/// What a name leads to.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Resolved path.
    pub path: PathBytes,
    /// The object, if there is one.
    pub stat: Option<Stat>,
    /// It is not in the recorder's own view, so that its name there is another's (see [`mounts::is_ours`]).
    pub foreign: bool,
}

impl Found {
    /// An object that is there.
    pub(crate) fn new(path: PathBytes, stat: Stat) -> Self {
        // Nothing has the name of what was never in a directory (memfd_create(2)).
        let named = stat.links != 0 && path.as_bytes().starts_with(b"/");
        // Such a device is the same in every view: what a container begins with is often its machine's `/dev/null`.
        let everywhere = stat.file_type == FileType::CharDevice
            && MEMORY.contains(&stat.rdev)
            && MEMORY_NAMES.contains(&path.as_bytes());
        let foreign = named && !everywhere && !mounts::is_ours(stat.identity.mount);
        Self { foreign, path, stat: Some(stat) }
    }

    /// A name that leads to nothing.
    pub(crate) fn nothing(path: PathBytes) -> Self {
        Self { path, stat: None, foreign: false }
    }

    /// What its name is relative to, where that is not the recorder's view: no namespace that is known.
    pub(crate) fn namespace(&self) -> Option<u64> {
        self.foreign.then_some(0)
    }
}

/// `/proc/TID/fd/N`, without allocation.
pub(crate) struct ProcPath {
    bytes: [u8; 64],
}

impl ProcPath {
    /// `/proc/TID/fd/FD`.
    pub(crate) fn fd(tid: i32, fd: i32) -> Self {
        Self::format(format_args!("/proc/{tid}/fd/{fd}\0"))
    }

    /// `/proc/TID/NAME`.
    pub(crate) fn of(tid: i32, name: &str) -> Self {
        Self::format(format_args!("/proc/{tid}/{name}\0"))
    }

    /// `/proc/TID/fdinfo/FD`.
    pub(crate) fn fdinfo(tid: i32, fd: i32) -> Self {
        Self::format(format_args!("/proc/{tid}/fdinfo/{fd}\0"))
    }

    /// As text.
    pub(crate) fn as_str(&self) -> &str {
        self.as_c().to_str().unwrap_or("/proc/0")
    }

    fn format(args: std::fmt::Arguments<'_>) -> Self {
        let mut bytes = [0; 64];
        // 64 bytes hold every name used here; a longer one would be cut, and end at the last, zero, byte.
        let _ = (&mut bytes[..63]).write_fmt(args);
        Self { bytes }
    }

    /// As a C string.
    pub(crate) fn as_c(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"/proc/0")
    }
}

/// What descriptor `fd` of the tracee leads to.
pub(crate) fn of_descriptor(who: Looker, fd: i32) -> Result<Found, SysError> {
    let link = ProcPath::fd(who.tid, fd);
    let stat = sys::statx(None, link.as_c(), who.sync())?;
    let mut buffer = [0; PathBytes::MAX];
    named(who, sys::readlink(link.as_c(), &mut buffer), stat)
}

/// The same, where another thread may replace the descriptor meanwhile: name and object are of one and the same file.
pub(crate) fn of_contested_descriptor(who: Looker, fd: i32) -> Result<Found, SysError> {
    let handle = sys::open(ProcPath::fd(who.tid, fd).as_c(), libc::O_PATH)?;
    let stat = sys::statx(Some(handle.as_fd()), c"", libc::AT_EMPTY_PATH | who.sync())?;
    let mut buffer = [0; PathBytes::MAX];
    named(who, sys::name_of(handle.as_fd(), &mut buffer), stat)
}

fn named(who: Looker, text: Result<&[u8], SysError>, stat: Stat) -> Result<Found, SysError> {
    match text {
        Ok(text) => Ok(Found::new(shown(who, text, &stat), stat)),
        Err(e) if e.errno == libc::ENAMETOOLONG => Ok(Found::new(UNTOLD.into(), stat)),
        Err(e) => Err(e),
    }
}

/// The name of an object that [`open_as`] gave.
pub(crate) fn of_handle(who: Looker, handle: BorrowedFd<'_>, stat: &Stat) -> PathBytes {
    let mut buffer = [0; PathBytes::MAX];
    sys::name_of(handle, &mut buffer).map_or_else(|_| UNTOLD.into(), |name| shown(who, name, stat))
}

/// True if `path`, from our own root, leads to this object now.
pub(crate) fn leads_to(path: &PathBytes, object: &Stat) -> bool {
    is_now(path, libc::AT_SYMLINK_NOFOLLOW, object)
}

/// The same of an absolute name that `who` asked for, through symbolic links.
pub(crate) fn leads_through_links_to(who: Looker, path: &PathBytes, object: &Stat) -> bool {
    is_now(path, who.sync(), object)
}

fn is_now(path: &PathBytes, flags: i32, object: &Stat) -> bool {
    let now = CString::new(path.as_bytes()).ok().and_then(|name| sys::statx(None, &name, flags).ok());
    now.is_some_and(|now| now.identity == object.identity)
}

/// The working directory of the tracee.
pub(crate) fn working_directory(who: Looker) -> PathBytes {
    let mut buffer = [0; PathBytes::MAX];
    let text = sys::readlink(ProcPath::of(who.tid, "cwd").as_c(), &mut buffer);
    text.map(PathBytes::from).unwrap_or_default()
}

/// What `text`, relative to `dirfd`, leads to; the last symbolic link is followed if `follow`.
///
/// A name that does not exist resolves as far as its directory does; beyond that its text stands as it is.
pub(crate) fn whole(who: Looker, dirfd: i32, text: &PathBytes, follow: bool) -> Found {
    let flags = libc::O_PATH | if follow { 0 } else { libc::O_NOFOLLOW };
    if let Some(found) = look_up(who, dirfd, text.as_bytes(), flags) {
        return found;
    }
    let (dir, last) = split(text.as_bytes());
    let dir_found = if dir.is_empty() { base(who, dirfd) } else { look_up(who, dirfd, dir, libc::O_PATH) };
    match dir_found {
        Some(dir) => Found { path: join(&dir.path, last), stat: None, foreign: dir.foreign },
        None => Found::nothing(lexical(who, dirfd, text.as_bytes())),
    }
}

/// The name itself, as a directory and an entry: what unlink, rename and mkdir act on.
pub(crate) fn entry(who: Looker, dirfd: i32, text: &PathBytes) -> Found {
    let trimmed = trim_slashes(text.as_bytes());
    let (dir, last) = split(trimmed);
    if last == b"." || last == b".." || last.is_empty() {
        return whole(who, dirfd, text, true);
    }
    let opened =
        if dir.is_empty() { open_as(who, dirfd, b".", libc::O_PATH) } else { open_as(who, dirfd, dir, libc::O_PATH) };
    let Ok(dir_fd) = opened else {
        return Found::nothing(lexical(who, dirfd, trimmed));
    };
    let stat =
        CString::new(last).ok().and_then(|l| sys::statx(Some(dir_fd.as_fd()), &l, libc::AT_SYMLINK_NOFOLLOW).ok());
    let path = join(&name_of(who, dir_fd.as_fd()), last);
    if let Some(stat) = stat {
        return Found::new(path, stat);
    }
    let dir = sys::statx(Some(dir_fd.as_fd()), c"", libc::AT_EMPTY_PATH | who.sync());
    Found { path, stat, foreign: dir.is_ok_and(|dir| !mounts::is_ours(dir.identity.mount)) }
}

/// [`whole`], where what is behind `dirfd` counts as the root (openat2(2), `RESOLVE_IN_ROOT`).
pub(crate) fn whole_below(who: Looker, dirfd: i32, text: &PathBytes, follow: bool) -> Found {
    let Ok(root) = sys::open(start(who, dirfd).as_c(), libc::O_PATH) else { return whole(who, dirfd, text, follow) };
    let find = |text: &[u8], flags: i32| {
        let fd = walk::open(who, root.as_fd(), root.as_fd(), text, flags).ok()?;
        let stat = sys::statx(Some(fd.as_fd()), c"", libc::AT_EMPTY_PATH | who.sync()).ok()?;
        Some(Found::new(of_handle(who, fd.as_fd(), &stat), stat))
    };
    let text = text.as_bytes();
    find(text, if follow { 0 } else { libc::O_NOFOLLOW }).unwrap_or_else(|| {
        let (dir, last) = split(text);
        let known = find(if dir.is_empty() { b"." } else { dir }, 0);
        let path = known.map_or_else(|| join(&name_of(who, root.as_fd()), trim_start(text)), |d| join(&d.path, last));
        Found::nothing(path)
    })
}

/// What a name that was told of an act of `who` leads to now: the entry itself.
pub(crate) fn told(who: Looker, path: &PathBytes) -> Found {
    // Below another root of our own namespace, names are told from our root.
    let view = if who.is_below_ours() { View::Ours } else { who.view };
    entry(Looker { view, ..who }, libc::AT_FDCWD, path)
}

fn look_up(who: Looker, dirfd: i32, text: &[u8], flags: i32) -> Option<Found> {
    let fd = open_as(who, dirfd, text, flags).ok()?;
    let mut buffer = [0; PathBytes::MAX];
    let name = match sys::name_of(fd.as_fd(), &mut buffer) {
        Ok(name) => name,
        Err(_) => UNTOLD.as_bytes(),
    };
    if let Some(meant) = meant_by_self(who, text, name) {
        return look_up(who, dirfd, &meant, flags);
    }
    let stat = sys::statx(Some(fd.as_fd()), c"", libc::AT_EMPTY_PATH | who.sync()).ok()?;
    Some(Found::new(shown(who, name, &stat), stat))
}

/// A link that means the asking process (`/proc/net`, `/etc/mtab`) led to us: the same of the tracee.
fn meant_by_self(who: Looker, text: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let rest = name.strip_prefix(b"/proc/")?;
    let own = std::process::id().to_string();
    let rest = rest.strip_prefix(own.as_bytes()).filter(|r| r.starts_with(b"/"))?;
    let named = text.windows(own.len()).any(|w| w == own.as_bytes());
    (!named).then(|| [format!("/proc/{}", who.pid).as_bytes(), rest].concat())
}

fn name_of(who: Looker, fd: BorrowedFd<'_>) -> PathBytes {
    let mut buffer = [0; PathBytes::MAX];
    let Ok(name) = sys::name_of(fd, &mut buffer) else { return UNTOLD.into() };
    PathBytes::new(own_proc(who, name))
}

fn base(who: Looker, dirfd: i32) -> Option<Found> {
    look_up(who, dirfd, b".", libc::O_PATH)
}

/// Opens `text` from where the tracee stands. Only `O_PATH` opens: no side effects.
pub(crate) fn open_as(who: Looker, dirfd: i32, text: &[u8], flags: i32) -> Result<OwnedFd, SysError> {
    let flags = flags | libc::O_PATH;
    let text = if text.is_empty() { b"." } else { text };
    if who.view != View::Ours {
        return step_by_step(who, dirfd, text, flags);
    }
    let absolute = text.starts_with(b"/");
    let from = if absolute { None } else { Some(sys::open(start(who, dirfd).as_c(), libc::O_PATH)?) };
    let path = if absolute { as_tracee(who, text) } else { text.to_vec() };
    let path = CString::new(path).map_err(|_| SysError { call: "openat", errno: libc::EINVAL })?;
    match sys::open_plain(from.as_ref().map(AsFd::as_fd), &path, flags, true) {
        // What a magic link leads to may depend on who asks.
        Err(error) if error.errno == libc::ELOOP => step_by_step(who, dirfd, text, flags),
        opened => opened,
    }
}

/// The same where the kernel would look up as the recorder: below another root, and by links that mean whoever asks.
fn step_by_step(who: Looker, dirfd: i32, text: &[u8], flags: i32) -> Result<OwnedFd, SysError> {
    let root = sys::open(ProcPath::of(who.tid, "root").as_c(), libc::O_PATH | libc::O_DIRECTORY)?;
    if text.starts_with(b"/") {
        return walk::open(who, root.as_fd(), root.as_fd(), text, flags);
    }
    let from = sys::open(start(who, dirfd).as_c(), libc::O_PATH)?;
    walk::open(who, root.as_fd(), from.as_fd(), text, flags)
}

pub(crate) fn start(who: Looker, dirfd: i32) -> ProcPath {
    if dirfd == libc::AT_FDCWD { ProcPath::of(who.tid, "cwd") } else { ProcPath::fd(who.tid, dirfd) }
}

/// Absolute names that mean the asking process say so by number, or they would mean us.
fn as_tracee(who: Looker, text: &[u8]) -> Vec<u8> {
    let pid = who.pid;
    let table: [(&[u8], String); 6] = [
        (b"/proc/self", format!("/proc/{pid}")),
        (b"/proc/thread-self", format!("/proc/{pid}/task/{}", who.tid)),
        (b"/dev/fd", format!("/proc/{pid}/fd")),
        (b"/dev/stdin", format!("/proc/{pid}/fd/0")),
        (b"/dev/stdout", format!("/proc/{pid}/fd/1")),
        (b"/dev/stderr", format!("/proc/{pid}/fd/2")),
    ];
    if text.starts_with(b"/proc/") || text.starts_with(b"/dev/") {
        for (prefix, real) in &table {
            if let Some(rest) = text.strip_prefix(*prefix)
                && (rest.is_empty() || rest.starts_with(b"/"))
            {
                return [real.as_bytes(), rest].concat();
            }
        }
    }
    text.to_vec()
}

/// How a link text of `/proc` is shown: without the kernel's ` (deleted)` mark where the object has indeed no name
/// left, and the tracee's own `/proc/PID` as `/proc/self`, so that two runs compare.
fn shown(who: Looker, text: &[u8], stat: &Stat) -> PathBytes {
    let text = if stat.links == 0 { text.strip_suffix(b" (deleted)").unwrap_or(text) } else { text };
    PathBytes::new(own_proc(who, text))
}

fn own_proc(who: Looker, text: &[u8]) -> Vec<u8> {
    if let Some(rest) = text.strip_prefix(b"/proc/") {
        let end = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
        let own = std::str::from_utf8(&rest[..end]).ok().and_then(|d| d.parse::<i32>().ok());
        if own.is_some_and(|n| n == who.pid || n == who.tid) {
            return [b"/proc/self", &rest[end..]].concat();
        }
    }
    text.to_vec()
}

/// The directory part and the last component.
pub(crate) fn split(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().rposition(|b| *b == b'/') {
        Some(0) => (b"/", &text[1..]),
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (b"", text),
    }
}

pub(crate) fn trim_slashes(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|b| *b != b'/').map_or(text.len().min(1), |at| at + 1);
    &text[..end]
}

fn trim_start(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|b| **b == b'/').count()..]
}

/// `dir/last`.
pub(crate) fn join(dir: &PathBytes, last: &[u8]) -> PathBytes {
    let dir = dir.as_bytes();
    let dir = dir.strip_suffix(b"/").unwrap_or(dir);
    PathBytes::new([dir, b"/", last].concat())
}

/// A name whose directory does not exist: its text, absolute, with `.` and double slashes taken out. `..` stays, for
/// what it means depends on links that cannot be looked up.
fn lexical(who: Looker, dirfd: i32, text: &[u8]) -> PathBytes {
    let mut out = if text.starts_with(b"/") {
        Vec::new()
    } else {
        let mut buffer = [0; PathBytes::MAX];
        sys::readlink(start(who, dirfd).as_c(), &mut buffer).map_or_else(|_| UNTOLD.into(), <[u8]>::to_vec)
    };
    if out == b"/" {
        out.clear();
    }
    for part in text.split(|b| *b == b'/').filter(|p| !p.is_empty() && *p != b".") {
        out.push(b'/');
        out.extend_from_slice(part);
    }
    if out.is_empty() {
        out.push(b'/');
    }
    PathBytes::new(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Looker {
        let pid = std::process::id() as i32;
        Looker { tid: pid, pid, view: View::Ours, serves: false }
    }

    // path_resolution(7): a trailing slash does not make another entry.
    #[test]
    fn an_entry_is_its_directory_and_its_last_component() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap();
        std::os::unix::fs::symlink(&real, real.join("link")).unwrap();
        let text = PathBytes::from(format!("{}/link/new//", real.display()).as_str());
        let found = entry(me(), libc::AT_FDCWD, &text);
        assert_eq!(found.path, PathBytes::from(format!("{}/new", real.display()).as_str()));
        assert!(found.stat.is_none());
    }

    #[test]
    fn a_name_below_nothing_stays_as_its_text() {
        let found = whole(me(), libc::AT_FDCWD, &"/no/./such//dir/x".into(), true);
        assert_eq!(found.path, "/no/such/dir/x".into());
    }

    // proc(5): /proc/net is a link to self/net, and self is whoever asks.
    #[test]
    fn a_link_to_self_leads_to_the_tracee() {
        let mut child = std::process::Command::new("sleep").arg("9").spawn().unwrap();
        let pid = child.id() as i32;
        let found = whole(
            Looker { tid: pid, pid, view: View::Ours, serves: false },
            libc::AT_FDCWD,
            &"/proc/net/dev".into(),
            true,
        );
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found.path, "/proc/self/net/dev".into());
    }

    // EVASION C02: /proc/self means the tracee, not the recorder.
    #[test]
    fn proc_self_is_shown_as_the_tracees_own() {
        let found = whole(me(), libc::AT_FDCWD, &"/proc/self/status".into(), true);
        assert_eq!(found.path, "/proc/self/status".into());
    }
}
