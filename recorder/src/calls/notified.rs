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

/// True for calls that stop for the sake of a listener, where there is one, however harmless the table calls them.
pub fn concerns_listener(number: u32, args: &[u64; 6]) -> bool {
    changes_identity(number, args) || locks_description(number, args)
}

/// True for locks that last as long as the open file description (flock(2), fcntl(2)): a listener has one in common with
/// the step for a moment.
pub fn locks_description(number: u32, args: &[u64; 6]) -> bool {
    number == nr::FLOCK || number == nr::FCNTL && DESCRIPTION_LOCKS.holds(args)
}

/// `F_OFD_SETLK`, `F_OFD_SETLKW` (asm-generic/fcntl.h).
pub const DESCRIPTION_LOCKS: Test = Test::is(1, &[37, 38]);

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

/// The numbers of a user and of a group: real, effective, saved and of the file system alike (credentials(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    /// All of the user's numbers.
    pub user: u32,
    /// All of the group's.
    pub group: u32,
}

impl Ids {
    /// What a call of this number may ask for without changing anything in a process that has these numbers: the
    /// number itself or -1 (no change) in each of its first so many arguments. make(1) asks so before each job
    /// (`POSIX_SPAWN_RESETIDS`). `None`: the call is about something else.
    pub fn kept_by(self, number: u32) -> Option<Kept> {
        let (own, arguments) = match number {
            nr::SETUID | nr::SETFSUID => (self.user, 1),
            nr::SETREUID => (self.user, 2),
            nr::SETRESUID => (self.user, 3),
            nr::SETGID | nr::SETFSGID => (self.group, 1),
            nr::SETREGID => (self.group, 2),
            nr::SETRESGID => (self.group, 3),
            _ => return None,
        };
        Some(Kept { values: [own, u32::MAX], arguments })
    }
}

/// Arguments that change no identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What each may be; the kernel looks at the low half.
    pub values: [u32; 2],
    /// How many.
    pub arguments: u8,
}

impl Kept {
    /// True if these arguments are such.
    pub fn holds(&self, args: &[u64; 6]) -> bool {
        args.iter().take(usize::from(self.arguments)).all(|arg| self.values.contains(&(*arg as u32)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_for_the_own_number_keeps_it() {
        let ids = Ids { user: 1000, group: 100 };
        let kept = |number, args: [u64; 3]| {
            ids.kept_by(number).is_some_and(|kept| kept.holds(&[args[0], args[1], args[2], 7, 7, 7]))
        };
        let same = u64::from(u32::MAX);
        assert!(kept(nr::SETRESUID, [same, 1000, same]));
        assert!(kept(nr::SETRESUID, [u64::MAX, (5 << 32) + 1000, 1000]), "the upper half is not looked at");
        assert!(kept(nr::SETUID, [1000, 0, 0]));
        assert!(kept(nr::SETREGID, [100, same, 0]));
        for (number, args) in [
            (nr::SETRESUID, [same, same, 0]),
            (nr::SETRESUID, [same, 100, same]),
            (nr::SETREUID, [1000, 0, 1000]),
            (nr::SETGID, [1000, 100, 100]),
            (nr::SETFSUID, [0, 1000, 1000]),
            (nr::SETGROUPS, [0, 0, 0]),
            (nr::CAPSET, [1000, 1000, 1000]),
        ] {
            assert!(!kept(number, args), "{number} {args:?}");
        }
    }

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
