//! Error numbers by name (asm-generic/errno-base.h, errno.h), as rules and outcomes need them.

/// Permission denied.
pub const EACCES: i32 = 13;

/// Those that a rule may name, and those that decide whether a failed call is judged.
const NAMES: &[(&str, i32)] = &[
    ("EACCES", EACCES),
    ("EBADF", 9),
    ("EBUSY", 16),
    ("ECONNREFUSED", 111),
    ("EEXIST", 17),
    ("EFAULT", 14),
    ("EHOSTUNREACH", 113),
    ("EINTR", 4),
    ("EINVAL", 22),
    ("EIO", 5),
    ("EISDIR", 21),
    ("ELOOP", 40),
    ("ENAMETOOLONG", 36),
    ("ENETUNREACH", 101),
    ("ENODEV", 19),
    ("ENOENT", 2),
    ("ENOEXEC", 8),
    ("ENOSYS", 38),
    ("ENOTDIR", 20),
    ("ENOTEMPTY", 39),
    ("ENXIO", 6),
    ("EPERM", 1),
    ("EROFS", 30),
    ("ETIMEDOUT", 110),
    ("EXDEV", 18),
];

/// The number of this name.
pub fn from_name(name: &str) -> Option<i32> {
    NAMES.iter().find(|(n, _)| *n == name).map(|(_, number)| *number)
}

/// The name of this number, or the number in decimal.
pub fn name(number: i32) -> String {
    NAMES.iter().find(|(_, n)| *n == number).map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}

/// All names, for messages.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

/// True if a file call that failed with this says nothing about what the step may do: the name was not there, was there
/// already, or the call made no sense. Build tools do this all day (search paths, `mkdir -p`, `rm -f`).
pub fn is_idle_for_files(number: i32) -> bool {
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
    IDLE.iter().any(|n| from_name(n) == Some(number))
}

/// The same for the network. A refused connection is an attempt, and judged; a socket file that is not there is none.
pub fn is_idle_for_net(number: i32) -> bool {
    const IDLE: [&str; 6] = ["EBADF", "EFAULT", "EINTR", "EINVAL", "ENOENT", "ENOTDIR"];
    IDLE.iter().any(|n| from_name(n) == Some(number))
}
