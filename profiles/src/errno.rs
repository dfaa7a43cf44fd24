//! Which failed calls are judged.
use sekisho_events::errno::number;

/// Permission denied: what a forbidden call returns unless its rule says otherwise.
pub const EACCES: i32 = 13;

/// The name of this number, or the number in decimal.
pub fn name(errno: i32) -> String {
    sekisho_events::errno::name(errno).map_or_else(|| errno.to_string(), str::to_owned)
}

/// True if a file call that failed with this says nothing about what the step may do: the name was not there, was there
/// already, or the call made no sense. Build tools do this all day (search paths, `mkdir -p`, `rm -f`).
pub fn is_idle_for_files(errno: i32) -> bool {
    const IDLE: [&str; 16] = [
        "EBADF",
        "EBUSY",
        "EEXIST",
        "EFAULT",
        "EINTR",
        "EINVAL",
        "EISDIR",
        "ELOOP",
        "ENAMETOOLONG",
        "ENODEV",
        "ENOENT",
        "ENOEXEC",
        "ENOTDIR",
        "ENOTEMPTY",
        "ENXIO",
        "EXDEV",
    ];
    IDLE.iter().any(|n| number(n) == Some(errno))
}

/// The same for the network. A refused connection is an attempt, and judged; a socket file that is not there is none.
pub fn is_idle_for_net(errno: i32) -> bool {
    const IDLE: [&str; 6] = ["EBADF", "EFAULT", "EINTR", "EINVAL", "ENOENT", "ENOTDIR"];
    IDLE.iter().any(|n| number(n) == Some(errno))
}
