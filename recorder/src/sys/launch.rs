//! How the step begins: a child that waits until it is traced, restricts itself, and becomes the command.
use super::error::{SysError, check};
use std::ffi::{CString, c_char};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// The terminal that the step is to have in the foreground, if we had it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal(pub i32);

/// What the child needs; all memory is made before the fork.
pub(crate) struct Launch<'a> {
    /// The program.
    pub program: CString,
    /// Its arguments, the name first.
    pub argv: Vec<CString>,
    /// Its environment.
    pub env: Vec<CString>,
    /// The seccomp program (`struct sock_filter`, linux/filter.h).
    pub filter: &'a [libc::sock_filter],
    /// How it is installed: `SECCOMP_FILTER_FLAG_*` (linux/seccomp.h).
    pub filter_flags: libc::c_ulong,
    /// The limit of open files to give back to it.
    pub descriptors: libc::rlimit,
    /// Terminal to put in its hands.
    pub terminal: Option<Terminal>,
    /// Signals that were ignored when we were started, bit n - 1 for signal n.
    pub ignored: u64,
    /// Landlock scope for signals, where the kernel has it (ABI 6): the step cannot signal outside itself.
    pub scope_signals: bool,
}

/// A started child, stopped before its exec.
#[derive(Debug)]
pub(crate) struct Launched {
    pub pid: i32,
    go: OwnedFd,
    report: OwnedFd,
}

/// Why the child could not become the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Preparing: the stage and errno.
    Prepare { stage: u8, errno: i32 },
    /// The execve itself.
    Exec { errno: i32 },
}

const STAGE_EXEC: u8 = 9;

/// Forks the child. It does nothing until [`Launched::go`].
pub(crate) fn launch(what: &Launch<'_>) -> Result<Launched, SysError> {
    let (go_read, go) = pipe()?;
    let (report, report_write) = pipe()?;
    let argv = pointers(&what.argv);
    let env = pointers(&what.env);
    let shell = [c"/bin/sh".as_ptr(), what.program.as_ptr()];
    let mut fallback: Vec<*const c_char> = shell.to_vec();
    fallback.extend(argv.iter().skip(1));
    // SAFETY: the child calls only async-signal-safe functions on memory made before the fork, and never returns.
    let pid = unsafe { libc::fork() };
    check("fork", i64::from(pid))?;
    if pid == 0 {
        // SAFETY: see `child`.
        unsafe { child(what, &argv, &env, &fallback, go_read.as_raw_fd(), report_write.as_raw_fd()) }
    }
    Ok(Launched { pid, go, report })
}

impl Launched {
    /// Lets the child go on to its exec.
    pub(crate) fn go(&self) -> Result<(), SysError> {
        // SAFETY: one byte from a live array.
        let rc = unsafe { libc::write(self.go.as_raw_fd(), [1u8].as_ptr().cast(), 1) };
        check("write", rc as i64).map(drop)
    }

    /// What went wrong, if anything did. Asked once the exec was seen, or the child has ended.
    pub(crate) fn failure(&self) -> Option<Failed> {
        let mut bytes = [0u8; 5];
        // SAFETY: the kernel writes at most five bytes into `bytes`. The pipe does not block: see `pipe`.
        let rc = unsafe { libc::read(self.report.as_raw_fd(), bytes.as_mut_ptr().cast(), bytes.len()) };
        if rc != 5 {
            return None;
        }
        let errno = i32::from_ne_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]);
        Some(if bytes[0] == STAGE_EXEC { Failed::Exec { errno } } else { Failed::Prepare { stage: bytes[0], errno } })
    }
}

/// A close-on-exec pipe whose first end, kept by the parent for reports, does not block.
fn pipe() -> Result<(OwnedFd, OwnedFd), SysError> {
    let mut fds = [0; 2];
    // SAFETY: the kernel writes two descriptors into `fds`.
    let rc = unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) };
    check("pipe2", i64::from(rc))?;
    // SAFETY: the kernel has just given us both.
    Ok(unsafe { (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])) })
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect()
}

/// The child's life between fork and exec.
///
/// # Safety
/// Runs in a forked child of a possibly threaded process: async-signal-safe calls only, no allocation, no return.
unsafe fn child(
    what: &Launch<'_>,
    argv: &[*const c_char],
    env: &[*const c_char],
    fallback: &[*const c_char],
    go: i32,
    report: i32,
) -> ! {
    // SAFETY: every call below is async-signal-safe (signal-safety(7)) or a bare system call on memory that the
    // parent made before the fork; pointers come from live slices and CStrings of `what`.
    unsafe {
        // The parent may be killed at any moment: then so are we.
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
        libc::setpgid(0, 0);
        let mut byte = 0u8;
        while libc::read(go, (&raw mut byte).cast(), 1) != 1 {
            if *libc::__errno_location() != libc::EINTR {
                libc::_exit(125);
            }
        }
        if let Some(Terminal(fd)) = what.terminal {
            libc::signal(libc::SIGTTOU, libc::SIG_IGN);
            libc::tcsetpgrp(fd, libc::getpid());
        }
        libc::prctl(libc::PR_SET_PDEATHSIG, 0, 0, 0, 0);
        for signal in 1..=64 {
            // What was ignored when we were started stays ignored (nohup(1)); the rest of ours goes.
            let keep = signal == libc::SIGKILL || signal == libc::SIGSTOP;
            let action = if what.ignored & (1 << (signal - 1)) == 0 { libc::SIG_DFL } else { libc::SIG_IGN };
            if !keep {
                libc::signal(signal, action);
            }
        }
        libc::setrlimit(libc::RLIMIT_NOFILE, &raw const what.descriptors);
        // Everything above 2 closes, the report pipe at the exec.
        if libc::dup3(report, 3, libc::O_CLOEXEC) < 0 && report != 3 {
            libc::_exit(125);
        }
        libc::syscall(libc::SYS_close_range, 4, u32::MAX, 0);
        if what.scope_signals {
            scope();
        }
        let program = libc::sock_fprog { len: what.filter.len() as u16, filter: what.filter.as_ptr().cast_mut() };
        let mode = libc::SECCOMP_SET_MODE_FILTER;
        // Success is 0, or the number of a close-on-exec listener.
        if libc::syscall(libc::SYS_seccomp, mode, what.filter_flags, &raw const program) < 0 {
            // Without CAP_SYS_ADMIN the kernel asks for no_new_privs first (seccomp(2)).
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            if libc::syscall(libc::SYS_seccomp, mode, what.filter_flags, &raw const program) < 0 {
                say(3, 1);
            }
        }
        libc::execve(what.program.as_ptr(), argv.as_ptr(), env.as_ptr());
        if *libc::__errno_location() == libc::ENOEXEC {
            // A script without `#!`, as execvp(3) and every shell would run it.
            libc::execve(c"/bin/sh".as_ptr(), fallback.as_ptr(), env.as_ptr());
        }
        say(3, STAGE_EXEC)
    }
}

/// Landlock domain that handles nothing but the scope of signals (landlock(7), ABI 6). Its failure is not fatal: it
/// is a second lock behind the tracer's own check.
///
/// # Safety
/// As [`child`].
unsafe fn scope() {
    #[repr(C)]
    struct Attr {
        handled_access_fs: u64,
        handled_access_net: u64,
        scoped: u64,
    }
    const LANDLOCK_SCOPE_SIGNAL: u64 = 2;
    let attr = Attr { handled_access_fs: 0, handled_access_net: 0, scoped: LANDLOCK_SCOPE_SIGNAL };
    // SAFETY: the kernel reads one structure of the given size; numbers otherwise.
    unsafe {
        let fd = libc::syscall(libc::SYS_landlock_create_ruleset, &raw const attr, size_of::<Attr>(), 0);
        if fd < 0 {
            return;
        }
        if libc::syscall(libc::SYS_landlock_restrict_self, fd, 0) != 0 {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            libc::syscall(libc::SYS_landlock_restrict_self, fd, 0);
        }
        libc::close(fd as i32);
    }
}

/// Tells the parent the stage and errno, and ends.
///
/// # Safety
/// As [`child`].
unsafe fn say(report: i32, stage: u8) -> ! {
    // SAFETY: five bytes from our stack; write and _exit are async-signal-safe.
    unsafe {
        let errno = (*libc::__errno_location()).to_ne_bytes();
        let bytes = [stage, errno[0], errno[1], errno[2], errno[3]];
        libc::write(report, bytes.as_ptr().cast(), bytes.len());
        libc::_exit(125)
    }
}
