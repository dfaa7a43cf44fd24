//! Why a step could not be recorded.
use crate::choice::NoListener;
use crate::sys::SysError;
use sekisho_events::PathBytes;
use sekisho_events::log::LogError;

/// Why a step could not be recorded, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// No such command (status 127).
    #[error("command {} not found", .0.escaped())]
    NotFound(PathBytes),
    /// The command cannot be executed (status 126).
    #[error("cannot execute {}: {}", .0.escaped(), std::io::Error::from_raw_os_error(*.1))]
    NotExecutable(PathBytes, i32),
    /// The kernel or container does not let us trace.
    #[error("cannot trace: {0}")]
    CannotTrace(SysError),
    /// The step could not be prepared at this stage.
    #[error("cannot install the seccomp filter: {}", std::io::Error::from_raw_os_error(*.0))]
    CannotFilter(i32),
    /// The engine that was asked for does not work here.
    #[error("no engine hybrid here: {0}")]
    NoHybrid(NoListener),
    /// A system call of ours failed.
    #[error(transparent)]
    System(#[from] SysError),
    /// The recording could not be written.
    #[error("cannot write the recording: {0}")]
    Log(#[from] LogError),
    /// We are inside another recorder.
    #[error("already traced by process {0}: a recorder inside a recorder sees nothing of its own")]
    Nested(i32),
    /// `/proc` is not the kernel's.
    #[error("/proc is not a proc file system, so nothing it says can be believed")]
    FakeProc,
    /// A thread of ours could not be started.
    #[error("no room for the {0} thread: {1}")]
    NoThread(&'static str, std::io::Error),
    /// A thread of ours ended early.
    #[error("the {0} thread ended before its work was done")]
    Thread(&'static str),
}
