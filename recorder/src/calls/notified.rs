//! Which calls a listener gets (`SECCOMP_RET_USER_NOTIF`) and not the tracer: the frequent ones that somebody else can
//! make for the step.
use super::{INT, Test};
use crate::abi::nr;

/// Argument that neither open(2) nor openat(2) looks at, and in which a call can bear the [`MARK`].
pub const MARK_ARG: usize = 5;
/// A call with this in argument [`MARK_ARG`] goes to the tracer. It is no secret: a step that puts it there itself is
/// recorded as exactly, only more slowly.
pub const MARK: u64 = 0x7365_6b69_7368_6f21;

/// Flags of an open that changes nothing but the caller's descriptors: none of these is set (fcntl.h).
/// 0o20000000 is what `O_TMPFILE` is beside `O_DIRECTORY`; `O_ASYNC` is left to the tracee, whom it would signal.
const ACTS: u64 =
    (libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_PATH | libc::O_ASYNC | 0o20_000_000) as u64 & INT;

const NOT_MARKED: Test = Test::bits_not(MARK_ARG as u8, u64::MAX, &[MARK]);
const OPEN: &[Test] = &[Test::bits(1, ACTS, &[0]), NOT_MARKED];
const OPENAT: &[Test] = &[Test::bits(2, ACTS, &[0]), NOT_MARKED];

/// What holds for a call of this number that goes to the listener; `None` if none does.
pub fn notified(number: u32) -> Option<&'static [Test]> {
    match number {
        nr::OPEN => Some(OPEN),
        nr::OPENAT => Some(OPENAT),
        _ => None,
    }
}

/// True if a listener, where there is one, gets this call.
pub fn is_notified(number: u32, args: &[u64; 6]) -> bool {
    notified(number).is_some_and(|tests| tests.iter().all(|test| test.holds(args)))
}

/// True for calls that can give their caller other rights than we have: the tracer wants to know of them where a
/// listener acts for the step. They stay as harmless as the table says.
pub fn changes_identity(number: u32, args: &[u64; 6]) -> bool {
    number == nr::PRCTL && CAPABILITIES.holds(args) || always_changes_identity(number)
}

/// `PR_CAPBSET_DROP`, `PR_SET_SECUREBITS` (linux/prctl.h): what an execve then gives is less.
pub const CAPABILITIES: Test = Test::is(0, &[24, 28]);

/// [`changes_identity`], whatever the arguments.
pub fn always_changes_identity(number: u32) -> bool {
    matches!(
        number,
        nr::SETUID
            | nr::SETGID
            | nr::SETREUID
            | nr::SETREGID
            | nr::SETRESUID
            | nr::SETRESGID
            | nr::SETFSUID
            | nr::SETFSGID
            | nr::SETGROUPS
            | nr::CAPSET
            | nr::LSM_SET_SELF_ATTR
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_reading_goes_to_the_listener() {
        let args = |flags: i32, mark: u64| [0, 0, flags as u32 as u64, 0, 0, mark];
        assert!(is_notified(nr::OPENAT, &args(libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NOFOLLOW, 7)));
        assert!(is_notified(nr::OPENAT, &args(libc::O_DIRECTORY | libc::O_NONBLOCK, 0)));
        for flags in [libc::O_WRONLY, libc::O_RDWR, 3, libc::O_CREAT, libc::O_TRUNC, libc::O_PATH, libc::O_TMPFILE] {
            assert!(!is_notified(nr::OPENAT, &args(flags, 0)), "{flags:o}");
        }
        assert!(!is_notified(nr::OPENAT, &args(libc::O_RDONLY, MARK)));
        assert!(!is_notified(nr::OPENAT2, &args(libc::O_RDONLY, 0)));
    }
}
