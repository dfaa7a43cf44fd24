//! What a tracee stopped for.
use super::error::SysError;

/// One answer of waitpid(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waited {
    /// Thread id.
    pub tid: i32,
    /// Why.
    pub stop: Stop,
}

/// Why a tracee is reported (ptrace(2), "Stopped states").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It ended by itself with this status.
    Exited(i32),
    /// A signal ended it.
    Killed { signal: i32, core: bool },
    /// A signal is about to be delivered.
    Signal(i32),
    /// Job control stopped its group (`PTRACE_EVENT_STOP` with a stopping signal).
    Group,
    /// It was attached just now, interrupted, or a group stop ended (`PTRACE_EVENT_STOP` with SIGTRAP).
    Fresh,
    /// A system call has returned.
    CallExit,
    /// The filter wants a decision (`PTRACE_EVENT_SECCOMP`).
    Filter,
    /// fork, vfork or clone of the kind `event`: the message has the new thread's id.
    Newborn(i32),
    /// execve has succeeded (`PTRACE_EVENT_EXEC`).
    Exec,
    /// Another ptrace event, not asked for.
    Other(i32),
}

/// Waits for any tracee or child (`__WALL`). `Ok(None)`: nobody is left. EINTR is an error for the caller to look at.
pub(crate) fn wait_any() -> Result<Option<Waited>, SysError> {
    let mut status: libc::c_int = 0;
    // SAFETY: `status` is a live, aligned c_int; waitpid(2) writes no more than that.
    let tid = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL) };
    if tid < 0 {
        let error = SysError::last("waitpid");
        return if error.errno == libc::ECHILD { Ok(None) } else { Err(error) };
    }
    Ok(Some(Waited { tid, stop: decode(status) }))
}

/// True if we have children already: a shell can exec us with jobs of its own running.
pub(crate) fn has_children() -> bool {
    let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::uninit();
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
    // SAFETY: the kernel writes at most one siginfo_t to `info`; nothing is reaped (WNOWAIT).
    unsafe { libc::waitid(libc::P_ALL, 0, info.as_mut_ptr(), options) == 0 }
}

fn decode(status: libc::c_int) -> Stop {
    if libc::WIFEXITED(status) {
        return Stop::Exited(libc::WEXITSTATUS(status));
    }
    if libc::WIFSIGNALED(status) {
        return Stop::Killed { signal: libc::WTERMSIG(status), core: libc::WCOREDUMP(status) };
    }
    let signal = libc::WSTOPSIG(status);
    match status >> 16 {
        0 if signal == libc::SIGTRAP | 0x80 => Stop::CallExit,
        0 => Stop::Signal(signal),
        libc::PTRACE_EVENT_SECCOMP => Stop::Filter,
        libc::PTRACE_EVENT_EXEC => Stop::Exec,
        event @ (libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE) => Stop::Newborn(event),
        libc::PTRACE_EVENT_STOP if signal == libc::SIGTRAP => Stop::Fresh,
        libc::PTRACE_EVENT_STOP => Stop::Group,
        event => Stop::Other(event),
    }
}
