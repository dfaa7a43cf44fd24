//! From a name to an open handle of what it leads to, and whether that may be opened on the step's behalf.
//!
//! Invariant: what is handed out is an ordinary object, and depends neither on who asks nor on who opens: never
//! through a magic link (`/proc/self/fd/N` would be one of ours), never on a file system that answers to whoever asks.
use crate::names::{self, Looker, MEMORY, MEMORY_NAMES};
use crate::sys::{self, Stat, SysError};
use sekisho_events::{FileType, PathBytes};
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// What is to be done about an open.
pub(super) enum Way {
    /// We can open this for the step.
    Given(Given),
    /// There is nothing by this name: the errno that the step gets, and the name as far as it can be resolved.
    Missing { errno: i32, path: PathBytes },
    /// Only the step itself can do it.
    Own,
}

/// An ordinary object.
pub(super) struct Given {
    /// `O_PATH`.
    pub handle: OwnedFd,
    pub stat: Stat,
    pub path: PathBytes,
}

/// First components of names that turned out to be symbolic links lately (`/lib`): a try without links is no use.
#[derive(Default)]
pub(super) struct Links {
    first: Vec<Vec<u8>>,
}

/// First components that are remembered.
const LINKS_MAX: usize = 8;

/// `f_type` of file systems whose files are the same whoever opens them (linux/magic.h, and each one's own header).
const ORDINARY: [i64; 14] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0x0102_1994, // tmpfs, devtmpfs
    0x794c_7630, // overlayfs
    0x8584_58f6, // ramfs
    0x7371_7368, // squashfs
    0xe0f5_e1e2, // erofs
    0xf2f5_2010, // f2fs
    0x2fc1_2fc1, // zfs
    0xca45_1a4e, // bcachefs
    0x9660,      // iso9660
    0x3153_464a, // jfs
    0x5265_4973, // reiserfs
];

impl Links {
    fn knows(&self, text: &[u8]) -> bool {
        first_component(text).is_some_and(|first| self.first.iter().any(|f| f == first))
    }

    fn learn(&mut self, text: &[u8]) {
        if let Some(first) = first_component(text)
            && std::fs::symlink_metadata(std::path::Path::new(
                <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(first),
            ))
            .is_ok_and(|m| m.is_symlink())
        {
            self.first.truncate(LINKS_MAX - 1);
            self.first.insert(0, first.to_vec());
        }
    }
}

/// `/lib` of `/lib/x`.
fn first_component(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"/")?;
    rest.iter().position(|b| *b == b'/').map(|at| &text[..=at])
}

/// Looks `text` up as `who`, for an open with `flags`.
pub(super) fn look_up(who: Looker, dirfd: i32, text: &[u8], flags: i32, links: &mut Links) -> Way {
    let absolute = text.starts_with(b"/");
    if text.is_empty() || absolute && speaks_of_the_asker(text) {
        return Way::Own;
    }
    let Ok(name) = CString::new(text) else { return Way::Own };
    let base = if absolute { None } else { base(who, dirfd) };
    if !absolute && base.is_none() {
        return Way::Own;
    }
    let walk = Walk { who, dirfd, text, base: base.as_ref().map(AsFd::as_fd) };
    let flags = libc::O_PATH | flags & (libc::O_DIRECTORY | libc::O_NOFOLLOW);
    let first = if absolute && links.knows(text) { Err(libc::ELOOP) } else { walk.open(&name, flags, false) };
    let (opened, straight) = match first {
        Err(libc::ELOOP) => {
            let opened = walk.open(&name, flags, true);
            if absolute && opened.is_ok() && !links.knows(text) {
                links.learn(text);
            }
            (opened, false)
        }
        other => (other, true),
    };
    match opened {
        Ok(handle) => given(handle, text, straight && is_canonical(text)).map_or(Way::Own, Way::Given),
        Err(errno @ (libc::ENOENT | libc::ENOTDIR)) => walk.missing(errno, straight),
        // EACCES above all: the kernel tells the step itself.
        Err(_) => Way::Own,
    }
}

/// Names that the recorder would look up differently than the step.
fn speaks_of_the_asker(text: &[u8]) -> bool {
    let below = |top: &[u8]| text.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"));
    below(b"/proc") || below(b"/sys") || below(b"/dev") && !MEMORY_NAMES.contains(&text)
}

fn base(who: Looker, dirfd: i32) -> Option<OwnedFd> {
    sys::open(names::start(who, dirfd).as_c(), libc::O_PATH).ok()
}

/// A name on its way.
struct Walk<'a> {
    who: Looker,
    dirfd: i32,
    text: &'a [u8],
    base: Option<BorrowedFd<'a>>,
}

impl Walk<'_> {
    fn open(&self, name: &CStr, flags: i32, links: bool) -> Result<OwnedFd, i32> {
        sys::open_plain(self.base, name, flags, links).map_err(|SysError { errno, .. }| errno)
    }

    /// The name leads nowhere. Not answered where what is missing could be there for the step: behind a link that
    /// means the asker.
    fn missing(&self, errno: i32, straight: bool) -> Way {
        let certain = if straight { self.base.is_none_or(is_ordinary_place) } else { self.is_missing_for_all() };
        if !certain {
            return Way::Own;
        }
        let path = if straight && is_canonical(self.text) {
            PathBytes::from(self.text)
        } else {
            names::whole(self.who, self.dirfd, &PathBytes::from(self.text), true).path
        };
        Way::Missing { errno, path }
    }

    /// True if the first component that is missing is missing in an ordinary directory, and is no dangling link.
    fn is_missing_for_all(&self) -> bool {
        let mut text = self.text;
        loop {
            text = names::trim_slashes(text);
            let (dir, last) = names::split(text);
            let (Ok(dir_name), Ok(last)) = (CString::new(if dir.is_empty() { b"." } else { dir }), CString::new(last))
            else {
                return false;
            };
            // An absolute name that has come to its end.
            if last.is_empty() || dir.is_empty() && self.base.is_none() {
                return false;
            }
            match self.open(&dir_name, libc::O_PATH | libc::O_DIRECTORY, true) {
                Ok(dir) if !is_ordinary_place(dir.as_fd()) => return false,
                Ok(dir) => {
                    return match sys::statx(Some(dir.as_fd()), &last, libc::AT_SYMLINK_NOFOLLOW) {
                        Err(SysError { errno: libc::ENOENT, .. }) => true,
                        Ok(stat) => stat.file_type == FileType::Regular,
                        Err(_) => false,
                    };
                }
                Err(libc::ENOENT | libc::ENOTDIR) if !dir.is_empty() => text = dir,
                Err(_) => return false,
            }
        }
    }
}

fn given(handle: OwnedFd, text: &[u8], text_is_path: bool) -> Option<Given> {
    let stat = sys::fstat(handle.as_fd()).ok()?;
    let ordinary = match stat.file_type {
        FileType::Regular | FileType::Directory => stat.identity.dev_major != 0 || is_ordinary_place(handle.as_fd()),
        FileType::CharDevice => MEMORY.contains(&stat.rdev),
        _ => false,
    };
    if !ordinary {
        return None;
    }
    let path = if text_is_path { PathBytes::from(text) } else { path_of(&handle, &stat)? };
    Some(Given { handle, stat, path })
}

fn is_ordinary_place(fd: BorrowedFd<'_>) -> bool {
    sys::statfs_type(fd).is_ok_and(|kind| ORDINARY.contains(&kind))
}

fn path_of(handle: &OwnedFd, stat: &Stat) -> Option<PathBytes> {
    let mut buffer = [0; PathBytes::MAX];
    let name = sys::name_of(handle.as_fd(), &mut buffer).ok()?;
    let name = if stat.links == 0 { name.strip_suffix(b" (deleted)").unwrap_or(name) } else { name };
    name.starts_with(b"/").then(|| PathBytes::from(name))
}

/// True for an absolute name that, if no link is in it, is the one that the kernel itself would give.
fn is_canonical(text: &[u8]) -> bool {
    match text.strip_prefix(b"/") {
        None => false,
        Some(b"") => true,
        Some(rest) => rest.split(|b| *b == b'/').all(|part| !matches!(part, b"" | b"." | b"..")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracee::View;

    fn way(text: &str, flags: i32) -> Way {
        let pid = std::process::id() as i32;
        let who = Looker { tid: pid, pid, view: View::Ours, serves: false };
        look_up(who, libc::AT_FDCWD, text.as_bytes(), flags, &mut Links::default())
    }

    fn path(way: Way) -> Option<(i32, String)> {
        match way {
            Way::Given(given) => Some((0, given.path.escaped())),
            Way::Missing { errno, path } => Some((errno, path.escaped())),
            Way::Own => None,
        }
    }

    fn folder() -> (tempfile::TempDir, String) {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap().display().to_string();
        std::fs::write(format!("{real}/file"), "x").unwrap();
        (dir, real)
    }

    #[test]
    fn a_file_is_given_by_the_name_that_the_kernel_would_give() {
        let (_keep, dir) = folder();
        std::os::unix::fs::symlink(&dir, format!("{dir}/link")).unwrap();
        let file = Some((0, format!("{dir}/file")));
        for spelling in ["file", "link/file", "./file", "link/./file", "/file"] {
            assert_eq!(path(way(&format!("{dir}/{spelling}"), 0)), file, "{spelling}");
        }
        assert_eq!(path(way(&dir, libc::O_DIRECTORY)), Some((0, dir)));
    }

    #[test]
    fn what_is_missing_for_everybody_is_answered() {
        let (_keep, dir) = folder();
        std::os::unix::fs::symlink(&dir, format!("{dir}/link")).unwrap();
        assert_eq!(path(way(&format!("{dir}/no"), 0)), Some((libc::ENOENT, format!("{dir}/no"))));
        assert_eq!(path(way(&format!("{dir}/link/no"), 0)), Some((libc::ENOENT, format!("{dir}/no"))));
        assert_eq!(path(way(&format!("{dir}/link/a/b"), 0)).unwrap().0, libc::ENOENT);
        assert_eq!(path(way(&format!("{dir}/file/x"), 0)).unwrap().0, libc::ENOTDIR);
        assert_eq!(path(way(&format!("{dir}/file"), libc::O_DIRECTORY)).unwrap().0, libc::ENOTDIR);
    }

    /// EVASION C02: through a link, /proc/self would be the recorder, and its descriptors the recorder's.
    #[test]
    fn what_depends_on_who_asks_is_left_to_the_step() {
        let (_keep, dir) = folder();
        for (at, to) in ["/proc/self/fd/0", "/proc/self/fd/999", "/proc/self", "/proc/thread-self/root/etc", "/sys"]
            .iter()
            .enumerate()
        {
            std::os::unix::fs::symlink(to, format!("{dir}/{at}")).unwrap();
        }
        for spelling in ["0", "1", "2", "2/status", "2/fd/999", "3/passwd", "4"] {
            assert!(path(way(&format!("{dir}/{spelling}"), 0)).is_none(), "{spelling}");
        }
        for name in ["/proc/self/status", "/proc/meminfo", "/sys/kernel", "/dev/tty", "/dev/fd/0", "/dev/stdin", ""] {
            assert!(path(way(name, 0)).is_none(), "{name}");
        }
        assert_eq!(path(way("/dev/null", 0)), Some((0, "/dev/null".into())));
    }

    /// open(2), `O_NOFOLLOW`: ELOOP, which the kernel says to the step itself.
    #[test]
    fn a_link_that_is_not_to_be_followed_and_a_fifo_are_left_to_the_step() {
        let (_keep, dir) = folder();
        std::os::unix::fs::symlink("file", format!("{dir}/link")).unwrap();
        assert!(path(way(&format!("{dir}/link"), libc::O_NOFOLLOW)).is_none());
        assert!(std::process::Command::new("mkfifo").arg(format!("{dir}/fifo")).status().unwrap().success());
        assert!(path(way(&format!("{dir}/fifo"), 0)).is_none());
    }
}
