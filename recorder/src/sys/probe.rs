//! Trying out what the kernel allows. What would change this process is tried in a child that then ends.
use super::error::{SysError, check};
use std::ptr::{null, null_mut};

/// mseal(2), Linux 6.10: sealing nothing succeeds where the call exists.
pub(crate) fn try_mseal() -> Result<(), SysError> {
    // SAFETY: a range of no bytes names no memory.
    let rc = unsafe { libc::syscall(libc::SYS_mseal, 0usize, 0usize, 0usize) };
    check("mseal", rc).map(drop)
}

/// The Landlock ABI (landlock_create_ruleset(2), `LANDLOCK_CREATE_RULESET_VERSION`); ENOSYS or EOPNOTSUPP without it.
pub(crate) fn landlock_abi() -> Result<u32, SysError> {
    // SAFETY: with this flag the kernel wants a null pointer and a size of 0, and reads no memory.
    let rc = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, null::<u8>(), 0usize, 1u32) };
    check("landlock_create_ruleset", rc).map(|abi| abi as u32)
}

/// io_uring_setup(2) with arguments that cannot succeed: EFAULT or EINVAL where it is there, EPERM where it is
/// forbidden, ENOSYS where there is none.
pub(crate) fn try_io_uring() -> SysError {
    // SAFETY: no entries and a null pointer: the kernel refuses before it makes anything.
    let rc = unsafe { libc::syscall(libc::SYS_io_uring_setup, 0u32, null_mut::<u8>()) };
    check("io_uring_setup", rc).map_or_else(|error| error, |_| SysError { call: "io_uring_setup", errno: 0 })
}

/// unshare(2) of a user namespace.
pub(crate) fn try_user_namespace() -> Result<(), SysError> {
    in_child("unshare", || {
        // SAFETY: takes a number; it changes this child only.
        unsafe { libc::unshare(libc::CLONE_NEWUSER) }
    })
}

/// seccomp(2) with this program and these flags, under `no_new_privs` (prctl(2)).
pub(crate) fn try_filter(program: &[libc::sock_filter], flags: libc::c_ulong) -> Result<(), SysError> {
    let Ok(len) = u16::try_from(program.len()) else {
        return Err(SysError { call: "seccomp", errno: libc::EINVAL });
    };
    let fprog = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    in_child("seccomp", || {
        // SAFETY: takes numbers; it changes this child only.
        if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } < 0 {
            return -1;
        }
        // SAFETY: `fprog` describes `program`, which outlives the call; the kernel only reads it.
        let rc = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const fprog) };
        // Success is 0, or the number of a listener.
        rc.min(0) as i32
    })
}

/// Runs `body` in a child; if it is negative, the child's errno is the error.
///
/// `body` makes system calls on memory that was there before, and nothing else: other threads may have held locks.
fn in_child(call: &'static str, body: impl FnOnce() -> i32) -> Result<(), SysError> {
    // SAFETY: the child runs `body` (see above), reads errno, and leaves by _exit(2) without running destructors.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let errno = if body() < 0 { SysError::last(call).errno.clamp(1, 255) } else { 0 };
        // SAFETY: takes a number and does not return.
        unsafe { libc::_exit(errno) }
    }
    check("fork", i64::from(pid))?;
    match wait(pid)? {
        status if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 => Ok(()),
        status if libc::WIFEXITED(status) => Err(SysError { call, errno: libc::WEXITSTATUS(status) }),
        // Killed: by a filter of the container that we are in.
        _ => Err(SysError { call, errno: libc::EPERM }),
    }
}

/// A child that only waits, to be traced. It dies with this value.
pub(crate) struct Sleeper(i32);

impl Sleeper {
    /// Starts it.
    pub(crate) fn start() -> Result<Self, SysError> {
        // SAFETY: the child makes system calls only, and never returns.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            loop {
                // SAFETY: takes nothing.
                unsafe { libc::pause() };
            }
        }
        check("fork", i64::from(pid)).map(|_| Self(pid))
    }

    /// A child of ours that waits already.
    pub(super) fn of(pid: i32) -> Self {
        Self(pid)
    }

    /// Its number.
    pub(crate) fn pid(&self) -> i32 {
        self.0
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // SAFETY: takes numbers; the child is ours and not yet waited for, so the number is still its own.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
        let _ = wait(self.0);
    }
}

/// Waits until this child has ended.
fn wait(pid: i32) -> Result<i32, SysError> {
    loop {
        let mut status = 0;
        // SAFETY: `status` is a live, aligned c_int; waitpid(2) writes no more than that.
        let rc = unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) };
        match check("waitpid", i64::from(rc)) {
            Ok(_) if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) => return Ok(status),
            Ok(_) => {}
            Err(error) if error.errno == libc::EINTR => {}
            Err(error) => return Err(error),
        }
    }
}
