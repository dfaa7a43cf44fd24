//! Files and their identity, without following what a tracee could plant.
use super::error::{SysError, check};
use sekisho_events::{FileType, Identity};
use std::ffi::CStr;
use std::io::Write as _;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::OnceLock;

/// What statx(2) tells of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub identity: Identity,
    pub file_type: FileType,
    pub size: u64,
    /// Modification time, nanoseconds since the epoch.
    pub mtime_ns: i128,
    /// Change time, nanoseconds since the epoch.
    pub ctime_ns: i128,
    pub links: u32,
    pub mode: u32,
    /// Device number of a device node.
    pub rdev: (u32, u32),
}

impl Stat {
    /// Major and minor number of the device that it is on.
    pub(crate) fn device(&self) -> (u32, u32) {
        (self.identity.dev_major, self.identity.dev_minor)
    }
}

/// `STATX_MNT_ID` (linux/stat.h, Linux 5.8).
const STATX_MNT_ID: u32 = 0x1000;

/// statx(2) of `path` relative to `dir` (`None`: the working directory), with `AT_*` flags.
pub(crate) fn statx(dir: Option<BorrowedFd<'_>>, path: &CStr, flags: i32) -> Result<Stat, SysError> {
    // SAFETY: struct statx is plain integers; all zero is a value of it.
    let mut raw: libc::statx = unsafe { std::mem::zeroed() };
    let mask = libc::STATX_BASIC_STATS | STATX_MNT_ID;
    let dir = dir.map_or(libc::AT_FDCWD, |d| d.as_raw_fd());
    // SAFETY: `path` is NUL-terminated; the kernel writes one struct statx to `raw`.
    let rc = unsafe { libc::statx(dir, path.as_ptr(), flags, mask, &raw mut raw) };
    check("statx", i64::from(rc))?;
    let ns = |t: libc::statx_timestamp| i128::from(t.tv_sec) * 1_000_000_000 + i128::from(t.tv_nsec);
    Ok(Stat {
        identity: Identity {
            dev_major: raw.stx_dev_major,
            dev_minor: raw.stx_dev_minor,
            ino: raw.stx_ino,
            mount: if raw.stx_mask & STATX_MNT_ID == 0 { 0 } else { raw.stx_mnt_id },
        },
        file_type: file_type(u32::from(raw.stx_mode)),
        size: raw.stx_size,
        mtime_ns: ns(raw.stx_mtime),
        ctime_ns: ns(raw.stx_ctime),
        links: raw.stx_nlink,
        mode: u32::from(raw.stx_mode),
        rdev: (raw.stx_rdev_major, raw.stx_rdev_minor),
    })
}

/// statx(2) of an open descriptor.
pub(crate) fn fstat(fd: BorrowedFd<'_>) -> Result<Stat, SysError> {
    statx(Some(fd), c"", libc::AT_EMPTY_PATH)
}

/// Takes a mount down at once; who waits for an answer of its server gets an error (umount2(2), `MNT_FORCE`).
pub(crate) fn unmount_by_force(point: &CStr) -> Result<(), SysError> {
    // SAFETY: `point` is NUL-terminated; nothing is written.
    let rc = unsafe { libc::umount2(point.as_ptr(), libc::MNT_FORCE | libc::UMOUNT_NOFOLLOW) };
    check("umount2", i64::from(rc)).map(drop)
}

fn file_type(mode: u32) -> FileType {
    match mode & libc::S_IFMT {
        libc::S_IFREG => FileType::Regular,
        libc::S_IFDIR => FileType::Directory,
        libc::S_IFLNK => FileType::Symlink,
        libc::S_IFIFO => FileType::Fifo,
        libc::S_IFSOCK => FileType::Socket,
        libc::S_IFCHR => FileType::CharDevice,
        libc::S_IFBLK => FileType::BlockDevice,
        _ => FileType::Other,
    }
}

/// open(2), close-on-exec, never a controlling terminal.
pub(crate) fn open(path: &CStr, flags: i32) -> Result<OwnedFd, SysError> {
    open_raw(libc::AT_FDCWD, path, flags)
}

/// openat(2), the same.
pub(crate) fn open_at(dir: BorrowedFd<'_>, path: &CStr, flags: i32) -> Result<OwnedFd, SysError> {
    open_raw(dir.as_raw_fd(), path, flags)
}

fn open_raw(dir: i32, path: &CStr, flags: i32) -> Result<OwnedFd, SysError> {
    // SAFETY: `path` is NUL-terminated; no memory is written.
    let fd = unsafe { libc::openat(dir, path.as_ptr(), flags | libc::O_CLOEXEC | libc::O_NOCTTY) };
    check("openat", i64::from(fd))?;
    // SAFETY: the kernel has just given us this descriptor; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Reads the link text into `buffer`; returns the used part (readlink(2)).
pub(crate) fn readlink<'a>(path: &CStr, buffer: &'a mut [u8]) -> Result<&'a [u8], SysError> {
    readlink_raw(libc::AT_FDCWD, path, buffer)
}

/// The same of a symbolic link that is open (`O_PATH | O_NOFOLLOW`).
pub(crate) fn readlink_of<'a>(link: BorrowedFd<'_>, buffer: &'a mut [u8]) -> Result<&'a [u8], SysError> {
    readlink_raw(link.as_raw_fd(), c"", buffer)
}

fn readlink_raw<'a>(dir: i32, path: &CStr, buffer: &'a mut [u8]) -> Result<&'a [u8], SysError> {
    // SAFETY: `path` is NUL-terminated; the kernel writes at most `buffer.len()` bytes.
    let rc = unsafe { libc::readlinkat(dir, path.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
    let used = check("readlink", rc as i64)? as usize;
    Ok(&buffer[..used.min(buffer.len())])
}

/// Opens again what a descriptor of ours leads to, with other flags (proc(5), `/proc/PID/fd`).
pub(crate) fn open_again(fd: BorrowedFd<'_>, flags: i32) -> Result<OwnedFd, SysError> {
    open_raw(own_descriptors()?, FdName::of(fd).as_c(), flags)
}

/// The name of what a descriptor of ours leads to, as the kernel tells it.
pub(crate) fn name_of<'a>(fd: BorrowedFd<'_>, buffer: &'a mut [u8]) -> Result<&'a [u8], SysError> {
    readlink_raw(own_descriptors()?, FdName::of(fd).as_c(), buffer)
}

/// `/proc/self/fd`, opened once and kept: the way there costs half of what a look into it does.
fn own_descriptors() -> Result<i32, SysError> {
    static DIRECTORY: OnceLock<Result<OwnedFd, SysError>> = OnceLock::new();
    let opened = DIRECTORY.get_or_init(|| open(c"/proc/self/fd", libc::O_PATH | libc::O_DIRECTORY));
    opened.as_ref().map(AsRawFd::as_raw_fd).map_err(|error| *error)
}

/// The number of a descriptor as text, without allocation.
struct FdName([u8; 12]);

impl FdName {
    fn of(fd: BorrowedFd<'_>) -> Self {
        let mut text = [0; 12];
        // Eleven bytes hold every i32; the last one stays zero.
        let _ = write!(&mut text[..11], "{}", fd.as_raw_fd());
        Self(text)
    }

    fn as_c(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or(c"")
    }
}

/// True if a file has this extended attribute (getxattr(2)).
pub(crate) fn has_attribute(path: &CStr, name: &CStr) -> bool {
    // SAFETY: both are NUL-terminated; with size 0 nothing is written.
    let length = unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), std::ptr::null_mut(), 0) };
    length >= 0
}

/// pread(2): reads at `offset` without moving it.
pub(crate) fn pread(fd: BorrowedFd<'_>, buffer: &mut [u8], offset: u64) -> Result<usize, SysError> {
    // SAFETY: the kernel writes at most `buffer.len()` bytes into a live buffer.
    let rc = unsafe { libc::pread(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), offset as libc::off_t) };
    check("pread", rc as i64).map(|n| n as usize)
}

/// The file system's magic number (statfs(2), linux/magic.h).
pub(crate) fn statfs_type(fd: BorrowedFd<'_>) -> Result<i64, SysError> {
    // SAFETY: struct statfs is plain integers; all zero is a value of it.
    let mut raw: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes one struct statfs to `raw`.
    let rc = unsafe { libc::fstatfs(fd.as_raw_fd(), &raw mut raw) };
    check("fstatfs", i64::from(rc)).map(|_| raw.f_type as i64)
}

/// The inode number of a namespace file such as `/proc/PID/ns/mnt`.
pub(crate) fn namespace_inode(path: &CStr) -> Result<u64, SysError> {
    statx(None, path, 0).map(|s| s.identity.ino)
}

/// openat2(2) (Linux 5.6) that follows no magic link (`/proc/PID/fd/N` and its kin), and with `links` false no symbolic link at
/// all; close-on-exec. ELOOP: there was one.
pub(crate) fn open_plain(
    dir: Option<BorrowedFd<'_>>,
    path: &CStr,
    flags: i32,
    links: bool,
) -> Result<OwnedFd, SysError> {
    // SAFETY: struct open_how is plain integers; all zero is a value of it.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = (flags | libc::O_CLOEXEC) as u64;
    how.resolve = if links { libc::RESOLVE_NO_MAGICLINKS } else { libc::RESOLVE_NO_SYMLINKS };
    let dir = dir.map_or(libc::AT_FDCWD, |d| d.as_raw_fd());
    // SAFETY: `path` is NUL-terminated; the kernel reads one struct open_how of the given size.
    let fd =
        unsafe { libc::syscall(libc::SYS_openat2, dir, path.as_ptr(), &raw const how, size_of::<libc::open_how>()) };
    check("openat2", fd)?;
    // SAFETY: the kernel has just given us this descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// fcntl(2) `F_SETFL`.
pub(crate) fn set_status_flags(fd: BorrowedFd<'_>, flags: i32) -> Result<(), SysError> {
    // SAFETY: plain numbers; no memory.
    let rc = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags) };
    check("fcntl", i64::from(rc)).map(drop)
}
