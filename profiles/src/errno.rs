//! Which failed calls are judged.
use sekisho_events::errno;

/// Permission denied: what a forbidden call returns unless its rule says otherwise.
pub const EACCES: i32 = 13;

/// The name of this number, or the number in decimal.
pub fn name(number: i32) -> String {
    errno::name(number).map_or_else(|| number.to_string(), str::to_owned)
}

/// True if a file call that failed with this says nothing about what the step may do: the name was not there, was there
/// already, or the call made no sense. Build tools do this all day (search paths, `mkdir -p`, `rm -f`).
pub fn is_idle_for_files(number: i32) -> bool {
    matches!(
        errno::name(number),
        Some(
            "EBADF"
                | "EBUSY"
                | "EEXIST"
                | "EFAULT"
                | "EINTR"
                | "EINVAL"
                | "EISDIR"
                | "ELOOP"
                | "ENAMETOOLONG"
                | "ENODEV"
                | "ENOENT"
                | "ENOEXEC"
                | "ENOTDIR"
                | "ENOTEMPTY"
                | "ENXIO"
                | "EXDEV"
        )
    )
}

/// The same for the network. A refused connection is an attempt, and judged; a socket file that is not there is none.
pub fn is_idle_for_net(number: i32) -> bool {
    matches!(errno::name(number), Some("EBADF" | "EFAULT" | "EINTR" | "EINVAL" | "ENOENT" | "ENOTDIR"))
}
