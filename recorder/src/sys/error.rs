//! What the kernel answered when it did not do what was asked.
use std::fmt;

/// A failed system call: which one, and its errno.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SysError {
    /// Name of the call.
    pub call: &'static str,
    /// Positive errno (asm-generic/errno.h).
    pub errno: i32,
}

impl SysError {
    /// The error of the call that has just failed on this thread.
    pub(crate) fn last(call: &'static str) -> Self {
        Self { call, errno: std::io::Error::last_os_error().raw_os_error().unwrap_or(0) }
    }

    /// True if the process is gone (ESRCH): ordinary for a tracee that was killed meanwhile.
    pub fn is_gone(self) -> bool {
        self.errno == libc::ESRCH
    }
}

impl fmt::Display for SysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, std::io::Error::from_raw_os_error(self.errno))
    }
}

impl fmt::Debug for SysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for SysError {}

/// `rc` as a value, or the thread's errno if it is negative.
pub(super) fn check(call: &'static str, rc: i64) -> Result<i64, SysError> {
    if rc < 0 { Err(SysError::last(call)) } else { Ok(rc) }
}
