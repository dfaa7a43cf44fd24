//! Whom a call is aimed at.
use crate::abi::nr;

/// Whom a signal, limit or priority is aimed at. Numbers are in the caller's PID namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A process or thread by number; never 0.
    Process(i32),
    /// A thread of a process (tgkill).
    Thread {
        /// The process.
        group: i32,
        /// The thread.
        thread: i32,
    },
    /// A process group by number.
    Group(i32),
    /// The caller itself.
    Caller,
    /// The caller's process group.
    CallersGroup,
    /// All processes of a user; 0 is the caller's.
    User(u32),
    /// Everyone whom the caller may reach.
    Everyone,
    /// The process behind a pidfd.
    PidFd(i32),
    /// The process group of the process behind a pidfd.
    PidFdsGroup(i32),
    /// An `int` at this address, positive for a process, negative for a group.
    NumberAt(u64),
    /// A `struct f_owner_ex` (type, number) at this address (fcntl.h).
    OwnerAt(u64),
}

/// Whom this call is aimed at, or `None` for a call that is aimed at nobody.
pub fn target(call: u32, args: &[u64; 6]) -> Option<Target> {
    let int = |at: usize| args[at] as i32;
    let process = |at: usize| if int(at) == 0 { Target::Caller } else { Target::Process(int(at)) };
    Some(match call {
        nr::KILL => signalled(int(0)),
        nr::TKILL | nr::RT_SIGQUEUEINFO | nr::PROCESS_VM_READV | nr::PROCESS_VM_WRITEV => Target::Process(int(0)),
        nr::TGKILL | nr::RT_TGSIGQUEUEINFO => Target::Thread { group: int(0), thread: int(1) },
        nr::PIDFD_SEND_SIGNAL if args[3] & PIDFD_SIGNAL_PROCESS_GROUP != 0 => Target::PidFdsGroup(int(0)),
        nr::PIDFD_SEND_SIGNAL | nr::PIDFD_GETFD => Target::PidFd(int(0)),
        nr::PRLIMIT64
        | nr::SCHED_SETAFFINITY
        | nr::SCHED_SETPARAM
        | nr::SCHED_SETSCHEDULER
        | nr::SCHED_SETATTR
        | nr::MIGRATE_PAGES
        | nr::MOVE_PAGES => process(0),
        nr::PTRACE => process(1),
        // PRIO_PROCESS, PRIO_PGRP, PRIO_USER (sys/resource.h)
        nr::SETPRIORITY => by_kind(int(0), int(1)),
        // IOPRIO_WHO_PROCESS and so on (linux/ioprio.h), which begin at 1
        nr::IOPRIO_SET => by_kind(int(0).wrapping_sub(1), int(1)),
        nr::FCNTL if int(1) == libc::F_SETOWN => match int(2) {
            0 => return None,
            n if n < 0 => Target::Group(n.wrapping_neg()),
            n => Target::Process(n),
        },
        nr::FCNTL if int(1) == F_SETOWN_EX => Target::OwnerAt(args[2]),
        nr::IOCTL => Target::NumberAt(args[2]),
        _ => return None,
    })
}

/// linux/pidfd.h, Linux 6.9.
const PIDFD_SIGNAL_PROCESS_GROUP: u64 = 4;
/// `F_SETOWN_EX` (asm-generic/fcntl.h).
const F_SETOWN_EX: i32 = 15;

/// The meaning of a process number in kill(2).
fn signalled(number: i32) -> Target {
    match number {
        0 => Target::CallersGroup,
        -1 => Target::Everyone,
        n if n < 0 => Target::Group(n.wrapping_neg()),
        n => Target::Process(n),
    }
}

fn by_kind(which: i32, who: i32) -> Target {
    match (which, who) {
        (0, 0) => Target::Caller,
        (0, n) => Target::Process(n),
        (1, 0) => Target::CallersGroup,
        (1, n) => Target::Group(n),
        (2, n) => Target::User(n as u32),
        _ => Target::Everyone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// kill(2): 0 is the own group, -1 everyone, other negative numbers groups.
    #[test]
    fn kill_can_be_aimed_at_groups_and_everyone() {
        let kill = |n: i32| target(nr::KILL, &[n as u32 as u64, 9, 0, 0, 0, 0]);
        assert_eq!(kill(0), Some(Target::CallersGroup));
        assert_eq!(kill(-1), Some(Target::Everyone));
        assert_eq!(kill(-12), Some(Target::Group(12)));
        assert_eq!(kill(12), Some(Target::Process(12)));
        assert_eq!(kill(i32::MIN), Some(Target::Group(i32::MIN)));
    }

    #[test]
    fn setpriority_of_a_user_is_aimed_at_that_user() {
        assert_eq!(target(nr::SETPRIORITY, &[2, 0, 19, 0, 0, 0]), Some(Target::User(0)));
        assert_eq!(target(nr::IOPRIO_SET, &[1, 7, 0, 0, 0, 0]), Some(Target::Process(7)));
        assert_eq!(target(nr::READ, &[0; 6]), None);
    }

    /// pidfd_send_signal(2): a flag makes one process mean its whole group.
    #[test]
    fn a_pidfd_can_mean_a_group() {
        let send = |flags: u64| target(nr::PIDFD_SEND_SIGNAL, &[3, 9, 0, flags, 0, 0]);
        assert_eq!(send(0), Some(Target::PidFd(3)));
        assert_eq!(send(4), Some(Target::PidFdsGroup(3)));
    }

    /// fcntl(2), F_SETOWN: 0 is nobody, and -1 is group 1, not everyone.
    #[test]
    fn the_owner_of_a_descriptor_can_be_nobody() {
        let owner = |n: i32| target(nr::FCNTL, &[3, libc::F_SETOWN as u64, n as u32 as u64, 0, 0, 0]);
        assert_eq!(owner(0), None);
        assert_eq!(owner(-1), Some(Target::Group(1)));
        assert_eq!(owner(5), Some(Target::Process(5)));
    }
}
