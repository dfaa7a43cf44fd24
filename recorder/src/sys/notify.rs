//! A seccomp listener: calls of the step that wait for our answer (seccomp_unotify(2)).
use super::error::{SysError, check};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// `struct seccomp_notif` (linux/seccomp.h).
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Notification {
    /// Number of this wait; never used again.
    pub id: u64,
    /// Thread id in our pid namespace.
    pub tid: u32,
    flags: u32,
    /// Number of the call.
    pub nr: i32,
    arch: u32,
    instruction: u64,
    /// Its arguments.
    pub args: [u64; 6],
}

/// `struct seccomp_notif_resp` (linux/seccomp.h).
#[repr(C)]
struct Response {
    id: u64,
    value: i64,
    error: i32,
    flags: u32,
}

/// `struct seccomp_notif_addfd` (linux/seccomp.h).
#[repr(C)]
struct AddFd {
    id: u64,
    flags: u32,
    source: u32,
    new: u32,
    new_flags: u32,
}

/// `struct seccomp_notif_sizes` (linux/seccomp.h).
#[derive(Default)]
#[repr(C)]
struct Sizes {
    notification: u16,
    response: u16,
    data: u16,
}

// linux/seccomp.h: `_IOC` of direction (1 write, 2 read), size, '!', number.
const RECV: libc::c_ulong = 0xc050_2100;
const SEND: libc::c_ulong = 0xc018_2101;
const ID_VALID: libc::c_ulong = 0x4008_2102;
const ADDFD: libc::c_ulong = 0x4018_2103;
const SET_FLAGS: libc::c_ulong = 0x4008_2104;
/// `SECCOMP_ADDFD_FLAG_SEND` (Linux 5.14).
const ADDFD_FLAG_SEND: u32 = 2;
/// `SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP` (Linux 6.6).
const SYNC_WAKE_UP: libc::c_ulong = 1;

/// The listener's descriptor.
#[derive(Debug)]
pub(crate) struct Listener(OwnedFd);

impl Listener {
    /// Takes the descriptor over, and asks for wake-ups on the processor of who waits. EINVAL before Linux 6.6.
    pub(crate) fn new(fd: OwnedFd) -> Result<Self, SysError> {
        // SAFETY: this request takes its argument by value (kernel/seccomp.c, `seccomp_notify_set_flags`).
        let rc = unsafe { libc::ioctl(fd.as_raw_fd(), SET_FLAGS, SYNC_WAKE_UP) };
        check("SECCOMP_IOCTL_NOTIF_SET_FLAGS", i64::from(rc))?;
        Ok(Self(fd))
    }

    /// Waits for a call. EINTR: a signal came; ENOENT: who called is gone; ENOTCONN (Linux 6.11): nobody is left.
    pub(crate) fn receive(&self) -> Result<Notification, SysError> {
        let mut notification = Notification::default();
        // SAFETY: the kernel wants a zeroed structure and writes one; `sizes_match` was asked before this was made.
        let rc = unsafe { libc::ioctl(self.0.as_raw_fd(), RECV, &raw mut notification) };
        check("SECCOMP_IOCTL_NOTIF_RECV", i64::from(rc)).map(|_| notification)
    }

    /// True if the call still waits: what was read of its memory meanwhile was read of the caller.
    pub(crate) fn is_waiting(&self, id: u64) -> bool {
        // SAFETY: the kernel reads one u64.
        unsafe { libc::ioctl(self.0.as_raw_fd(), ID_VALID, &raw const id) == 0 }
    }

    /// Answers with a positive errno. ENOENT: the caller does not wait any more.
    pub(crate) fn fail(&self, id: u64, errno: i32) -> Result<(), SysError> {
        let response = Response { id, value: 0, error: -errno, flags: 0 };
        // SAFETY: the kernel reads one structure (and, by the direction of the request, could write it back).
        let rc = unsafe { libc::ioctl(self.0.as_raw_fd(), SEND, &raw const response) };
        check("SECCOMP_IOCTL_NOTIF_SEND", i64::from(rc)).map(drop)
    }

    /// Answers with a descriptor: a duplicate of `file` is put into the caller's table, and its number returned by the
    /// call. EMFILE and the like are the caller's limits; the call still waits then. ENOENT: it does not.
    pub(crate) fn give(&self, id: u64, file: BorrowedFd<'_>, close_on_exec: bool) -> Result<(), SysError> {
        let new_flags = if close_on_exec { libc::O_CLOEXEC as u32 } else { 0 };
        let add = AddFd { id, flags: ADDFD_FLAG_SEND, source: file.as_raw_fd() as u32, new: 0, new_flags };
        // SAFETY: the kernel reads one structure.
        let rc = unsafe { libc::ioctl(self.0.as_raw_fd(), ADDFD, &raw const add) };
        check("SECCOMP_IOCTL_NOTIF_ADDFD", i64::from(rc)).map(drop)
    }
}

/// True if this kernel's structures are ours (`SECCOMP_GET_NOTIF_SIZES`): a longer one would be written past its end.
pub(crate) fn sizes_match() -> bool {
    let mut sizes = Sizes::default();
    // SAFETY: the kernel writes one structure of three u16.
    let rc = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_NOTIF_SIZES, 0, &raw mut sizes) };
    rc == 0
        && usize::from(sizes.notification) == size_of::<Notification>()
        && usize::from(sizes.response) == size_of::<Response>()
}

/// Tries a listener from end to end: a child makes one, we take it, and set its flags. EBUSY: there is one around us.
pub(crate) fn try_listener(program: &[libc::sock_filter]) -> Result<(), SysError> {
    if !sizes_match() {
        return Err(SysError { call: "seccomp", errno: libc::EINVAL });
    }
    let Ok(len) = u16::try_from(program.len()) else {
        return Err(SysError { call: "seccomp", errno: libc::EINVAL });
    };
    let fprog = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    let mut ends = [0; 2];
    // SAFETY: the kernel writes two descriptors into `ends`.
    check("pipe2", i64::from(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) }))?;
    // SAFETY: the kernel has just given us both.
    let (said, say) = unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) };
    // SAFETY: no arguments, no memory.
    let own = unsafe { libc::getpid() };
    // SAFETY: the child makes system calls on memory that was there before, and never returns.
    let pid = unsafe { libc::fork() };
    check("fork", i64::from(pid))?;
    if pid == 0 {
        // SAFETY: as above; the filter lets everything pass that the child does.
        unsafe {
            // If we are killed meanwhile, so is it; if we were already, nobody will tell it.
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
            if libc::getppid() != own {
                libc::_exit(0);
            }
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
            let rc = libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const fprog) as i32;
            let word = if rc < 0 { -*libc::__errno_location() } else { rc };
            libc::write(say.as_raw_fd(), (&raw const word).cast(), size_of::<i32>());
            loop {
                libc::pause();
            }
        }
    }
    let child = super::probe::Sleeper::of(pid);
    drop(say);
    let mut word = [0u8; 4];
    // SAFETY: the kernel writes at most four bytes; it waits until the child has spoken or is dead.
    let rc = unsafe { libc::read(said.as_raw_fd(), word.as_mut_ptr().cast(), word.len()) };
    match i32::from_ne_bytes(word) {
        _ if rc != 4 => Err(SysError { call: "seccomp", errno: libc::EPERM }),
        errno @ ..0 => Err(SysError { call: "seccomp", errno: -errno }),
        fd => super::pidfd_open(child.pid())
            .and_then(|pidfd| super::pidfd_getfd(std::os::fd::AsFd::as_fd(&pidfd), fd))
            .and_then(Listener::new)
            .map(drop),
    }
}
