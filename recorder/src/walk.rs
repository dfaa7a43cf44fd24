//! Names looked up one component after the other: as the tracee, where the kernel would look them up as the recorder.
//!
//! Needed below another root, where absolute links and `..` would lead to ours, and where `/proc/self`, or what `/proc`
//! says of a process's own directory, root or descriptors, is on the way: they mean whoever asks (EVASION C02-C04).
//! Nothing is opened but with `O_PATH`.
use crate::decode::procfs;
use crate::names::{Looker, ProcPath};
use crate::sys::{self, Stat, SysError};
use sekisho_events::{FileType, PathBytes};
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

/// Links on the way of one name that the kernel follows (path_resolution(7)).
const LINKS_MAX: usize = 40;
/// `PROC_SUPER_MAGIC` (linux/magic.h).
const PROC: i64 = 0x9fa0;

/// Where a link leads.
enum Leads {
    To(OwnedFd),
    By(Vec<u8>),
}

/// Opens `text` as `who`, from `start`, or from `root` if it is absolute. Nothing leads above `root`.
pub(crate) fn open(
    who: Looker,
    root: BorrowedFd<'_>,
    start: BorrowedFd<'_>,
    text: &[u8],
    flags: i32,
) -> Result<OwnedFd, SysError> {
    let top = look(who, root)?.identity;
    let again = |fd: BorrowedFd<'_>| fd.try_clone_to_owned().map_err(|_| failed(libc::EMFILE));
    let mut here = again(if text.starts_with(b"/") { root } else { start })?;
    let mut todo = components(text);
    let mut links = 0;
    while let Some(part) = todo.pop() {
        if part == b".." && look(who, here.as_fd())?.identity == top {
            continue;
        }
        let name = CString::new(part).map_err(|_| failed(libc::EINVAL))?;
        let next = sys::open_at(here.as_fd(), &name, libc::O_PATH | libc::O_NOFOLLOW)?;
        let link = look(who, next.as_fd())?.file_type == FileType::Symlink;
        if !link || todo.is_empty() && flags & libc::O_NOFOLLOW != 0 {
            here = next;
            continue;
        }
        links += 1;
        if links > LINKS_MAX {
            return Err(failed(libc::ELOOP));
        }
        match follow(who, here.as_fd(), &name, next.as_fd())? {
            Leads::To(object) => here = object,
            Leads::By(text) => {
                if text.starts_with(b"/") {
                    here = again(root)?;
                }
                todo.extend(components(&text));
            }
        }
    }
    let directory = look(who, here.as_fd())?.file_type == FileType::Directory;
    if flags & libc::O_DIRECTORY != 0 && !directory { Err(failed(libc::ENOTDIR)) } else { Ok(here) }
}

/// What a symbolic link means to `who`. The kernel is asked only for links that lead to the same whoever asks.
fn follow(who: Looker, dir: BorrowedFd<'_>, name: &CStr, link: BorrowedFd<'_>) -> Result<Leads, SysError> {
    let mut buffer = [0; PathBytes::MAX];
    if sys::statfs_type(link).ok() != Some(PROC) {
        return sys::readlink_of(link, &mut buffer).map(|text| Leads::By(text.to_vec()));
    }
    if let Some(own) = own_number(who, link, name) {
        return Ok(Leads::By(own.into_bytes()));
    }
    match sys::open_plain(Some(dir), name, libc::O_PATH, true) {
        Ok(_) => sys::readlink_of(link, &mut buffer).map(|text| Leads::By(text.to_vec())),
        // A magic link of a process that the name says by number.
        Err(_) => sys::open_at(dir, name, libc::O_PATH).map(Leads::To),
    }
}

/// `/proc/self` and `/proc/thread-self` of a tracee, as its `/proc` numbers it.
fn own_number(who: Looker, link: BorrowedFd<'_>, name: &CStr) -> Option<String> {
    static HOME: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    let of_thread = match name.to_bytes() {
        b"self" => false,
        b"thread-self" => true,
        _ => return None,
    };
    let home = *HOME.get_or_init(|| sys::statx(None, c"/proc", 0).ok().map(|stat| stat.device()));
    let ours = look(who, link).ok().map(|stat| stat.device()) == home;
    let number = |id: i32| {
        let status = std::fs::read(ProcPath::of(id, "status").as_str()).unwrap_or_default();
        if ours { Some(id) } else { procfs::namespace_pids(&status).last().copied() }
    };
    let pid = number(who.pid)?;
    Some(if of_thread { format!("{pid}/task/{}", number(who.tid)?) } else { pid.to_string() })
}

fn look(who: Looker, fd: BorrowedFd<'_>) -> Result<Stat, SysError> {
    sys::statx(Some(fd), c"", libc::AT_EMPTY_PATH | who.sync())
}

/// The components of a name, the first one last. A slash at the end asks for a directory, as `.` does.
fn components(text: &[u8]) -> Vec<Vec<u8>> {
    let end = text.ends_with(b"/").then(|| b".".to_vec());
    let parts = text.split(|b| *b == b'/').filter(|part| !part.is_empty()).rev();
    end.into_iter().chain(parts.map(<[u8]>::to_vec)).collect()
}

fn failed(errno: i32) -> SysError {
    SysError { call: "openat", errno }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracee::View;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn walk(root: &Path, start: &Path, text: &str, flags: i32) -> Result<String, i32> {
        let pid = std::process::id() as i32;
        let who = Looker { tid: pid, pid, view: View::Ours, serves: false };
        let dir = |path: &Path| std::fs::File::open(path).unwrap();
        let opened = open(who, dir(root).as_fd(), dir(start).as_fd(), text.as_bytes(), flags);
        let mut buffer = [0; PathBytes::MAX];
        opened
            .map(|fd| String::from_utf8_lossy(sys::name_of(fd.as_fd(), &mut buffer).unwrap()).into_owned())
            .map_err(|e| e.errno)
    }

    /// path_resolution(7): the root directory is its own parent; an absolute link starts at the process's root.
    #[test]
    fn nothing_leads_above_the_root() {
        let keep = tempfile::tempdir().unwrap();
        let real = keep.path().canonicalize().unwrap();
        std::fs::create_dir_all(real.join("j/a/b")).unwrap();
        std::fs::create_dir(real.join("a")).unwrap();
        symlink("/a/b", real.join("j/l")).unwrap();
        symlink("../../../../a", real.join("j/a/b/up")).unwrap();
        let (jail, inner) = (real.join("j"), real.join("j/a"));
        let told = |path: &str| Ok(real.join(path).display().to_string());
        assert_eq!(walk(&jail, &inner, "/l", 0), told("j/a/b"));
        assert_eq!(walk(&jail, &inner, "/l", libc::O_NOFOLLOW), told("j/l"));
        assert_eq!(walk(&jail, &inner, "/l/", libc::O_NOFOLLOW), told("j/a/b"));
        assert_eq!(walk(&jail, &inner, "../../../..", 0), told("j"));
        assert_eq!(walk(&jail, &inner, "b/up/./b", 0), told("j/a/b"));
        assert_eq!(walk(&jail, &inner, "b/no/x", 0), Err(libc::ENOENT));
    }

    #[test]
    fn a_circle_of_links_ends() {
        let keep = tempfile::tempdir().unwrap();
        symlink("b", keep.path().join("a")).unwrap();
        symlink("a", keep.path().join("b")).unwrap();
        assert_eq!(walk(keep.path(), keep.path(), "a", 0), Err(libc::ELOOP));
    }

    /// proc(5): what another process's directory is does not depend on who asks; `self` does.
    #[test]
    fn self_is_the_tracee_by_whatever_link() {
        let keep = tempfile::tempdir().unwrap();
        let real = keep.path().canonicalize().unwrap();
        symlink("/proc/self/cwd", real.join("l")).unwrap();
        let mut child = std::process::Command::new("sleep").arg("9").current_dir(&real).spawn().unwrap();
        let pid = child.id() as i32;
        let who = Looker { tid: pid, pid, view: View::Ours, serves: false };
        let root = std::fs::File::open("/").unwrap();
        let text = format!("{}/l", real.display());
        let opened = open(who, root.as_fd(), root.as_fd(), text.as_bytes(), 0);
        let mut buffer = [0; PathBytes::MAX];
        let name = opened.map(|fd| sys::name_of(fd.as_fd(), &mut buffer).map(<[u8]>::to_vec));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(name.unwrap().unwrap(), real.display().to_string().into_bytes());
    }
}
