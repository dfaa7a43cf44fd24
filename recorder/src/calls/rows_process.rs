//! Calls by which a process begins, becomes another program, restricts itself, or reaches for another process.
use super::{Decoder as D, INT, IpcKind, Place as P, Row, Test, at, at_if, guard, traced};
use crate::abi::nr;
use libc::{EBUSY, EINVAL, EPERM};
use sekisho_events::Level::{Exec, Files};

/// clone(2) flags that matter by themselves (linux/sched.h): `CLONE_UNTRACED`, `CLONE_NEWNS`, `CLONE_NEWCGROUP`,
/// `CLONE_NEWUTS`, `CLONE_NEWIPC`, `CLONE_NEWUSER`, `CLONE_NEWPID`, `CLONE_NEWNET`.
const CLONE_FLAGS: u64 = 0x7e82_0000;
const CLONE_VM: u64 = 0x100;
const CLONE_FS: u64 = 0x200;
const CLONE_FILES: u64 = 0x400;
const CLONE_VFORK: u64 = 0x4000;
const CLONE_THREAD: u64 = 0x1_0000;
/// The same namespaces for unshare(2), and `CLONE_NEWTIME`.
const NAMESPACES: u64 = 0x7e02_0080;

/// No signal: it only asks whether somebody is there (kill(2)). Even one that is ignored by default is a message: servers
/// end at `SIGWINCH`.
const NONE: &[u64] = &[0];
/// `SIGURG`, too: Go preempts its own threads with it, all the time (signal(7)).
const OFTEN: &[u64] = &[0, 23];

pub(super) const ROWS: &[Row] = &[
    traced(nr::EXECVE, &[at(Exec, D::Exec(P::path(0)))]),
    traced(nr::EXECVEAT, &[at(Exec, D::Exec(P::at_flags(0, 4)))]),
    traced(
        nr::CLONE,
        &[
            at_if(Exec, &[Test::any_bit(0, CLONE_FLAGS)], D::Clone),
            // Memory, directory or descriptors shared with a process that is no thread and is not waited for.
            at_if(Exec, &[Test::bits(0, CLONE_VM | CLONE_VFORK | CLONE_THREAD, &[CLONE_VM])], D::Clone),
            at_if(Exec, &[Test::bits(0, CLONE_FS | CLONE_THREAD, &[CLONE_FS])], D::Clone),
            at_if(Exec, &[Test::bits(0, CLONE_FILES | CLONE_THREAD, &[CLONE_FILES])], D::Clone),
        ],
    ),
    traced(nr::UNSHARE, &[at_if(Exec, &[Test::any_bit(0, NAMESPACES)], D::Unshare)]),
    traced(nr::SETNS, &[at(Exec, D::Setns)]),
    traced(
        nr::SECCOMP,
        &[
            // SECCOMP_SET_MODE_FILTER with SECCOMP_FILTER_FLAG_NEW_LISTENER (linux/seccomp.h)
            guard(
                &[Test::is(0, &[1]), Test::any_bit(1, 8)],
                EBUSY,
                "a listener of the step's own would answer calls before they are recorded",
            ),
            at_if(Exec, &[Test::is(0, &[0, 1])], D::Seccomp),
            guard(&[Test::is_not(0, &[0, 1, 2, 3])], EINVAL, "seccomp operation that this recorder does not know"),
        ],
    ),
    traced(
        nr::PRCTL,
        &[
            at_if(Exec, &[Test::is(0, &[4])], D::SetDumpable),
            at_if(Exec, &[Test::is(0, &[3])], D::GetDumpable),
            at_if(Exec, &[Test::is(0, &[22])], D::PrctlSeccomp),
            at_if(Exec, &[Test::is(0, &[0x5961_6d61])], D::SetPtracer),
            // PR_SET_MM but for PR_SET_MM_MAP_SIZE
            guard(
                &[Test::is(0, &[35]), Test::is_not(1, &[15])],
                EPERM,
                "would make a process look like another program",
            ),
            guard(
                &[Test::is(0, &[59]), Test::bits_not(1, u64::MAX, &[0])],
                EINVAL,
                "syscall user dispatch would take calls before they are seen",
            ),
            // PR_SCHED_CORE but for PR_SCHED_CORE_GET
            guard(&[Test::is(0, &[62]), Test::is_not(1, &[0])], EINVAL, "could slow other processes down"),
            guard(&[Test::is_not(0, PRCTL_KNOWN)], EINVAL, "prctl option that this recorder does not know"),
        ],
    ),
    traced(nr::SETHOSTNAME, &[at(Exec, D::HostName)]),
    traced(nr::SETDOMAINNAME, &[at(Exec, D::HostName)]),
    traced(nr::LANDLOCK_RESTRICT_SELF, &[at(Exec, D::Landlock)]),
    // Reaching for another process.
    traced(nr::PTRACE, &[at(Exec, D::Ptrace)]),
    traced(nr::PROCESS_VM_READV, &[at(Exec, D::ProcessVm { write: false })]),
    traced(nr::PROCESS_VM_WRITEV, &[at(Exec, D::ProcessVm { write: true })]),
    traced(nr::PIDFD_GETFD, &[at(Exec, D::PidfdGetfd)]),
    traced(nr::KILL, &[at_if(Exec, &[Test::is_not(1, NONE)], D::Signal)]),
    traced(nr::TKILL, &[at_if(Exec, &[Test::is_not(1, NONE)], D::Signal)]),
    traced(nr::TGKILL, &[at_if(Exec, &[Test::is_not(2, OFTEN)], D::Signal)]),
    traced(nr::RT_SIGQUEUEINFO, &[at_if(Exec, &[Test::is_not(1, NONE)], D::Signal)]),
    traced(nr::RT_TGSIGQUEUEINFO, &[at_if(Exec, &[Test::is_not(2, NONE)], D::Signal)]),
    traced(nr::PIDFD_SEND_SIGNAL, &[at_if(Exec, &[Test::is_not(1, NONE)], D::Signal)]),
    traced(nr::PRLIMIT64, &[at_if(Exec, &[Test::non_zero(0)], D::Limits)]),
    traced(nr::SETPRIORITY, &[at_if(Exec, &[Test::non_zero(0)], D::Scheduling), OTHER_WHO]),
    traced(nr::IOPRIO_SET, &[at_if(Exec, &[Test::is_not(0, &[1])], D::Scheduling), OTHER_WHO]),
    traced(nr::SCHED_SETPARAM, OTHER),
    traced(nr::SCHED_SETSCHEDULER, OTHER),
    traced(nr::SCHED_SETATTR, OTHER),
    traced(nr::SCHED_SETAFFINITY, OTHER),
    traced(nr::MIGRATE_PAGES, OTHER),
    traced(nr::MOVE_PAGES, OTHER),
    // Memory that somebody else can change while we read it.
    traced(nr::MMAP, &[at_if(Files, &[Test::any_bit(3, MAP_SHARED)], D::Mmap)]),
    // What a key or a number leads to from outside the step too.
    traced(nr::MSGGET, &[at(Files, D::IpcGet(IpcKind::Queue))]),
    traced(nr::SEMGET, &[at(Files, D::IpcGet(IpcKind::Semaphores))]),
    traced(nr::SHMGET, &[at(Files, D::IpcGet(IpcKind::Memory))]),
    traced(nr::MSGSND, QUEUE),
    traced(nr::MSGRCV, QUEUE),
    traced(nr::MSGCTL, &[at_if(Files, &[Test::bits(1, INT, SET)], D::IpcUse(IpcKind::Queue))]),
    traced(nr::SEMOP, SEMAPHORES),
    traced(nr::SEMTIMEDOP, SEMAPHORES),
    traced(nr::SEMCTL, &[at_if(Files, &[Test::bits(2, INT, SEMCTL)], D::IpcUse(IpcKind::Semaphores))]),
    traced(nr::SHMCTL, &[at_if(Files, &[Test::bits(1, INT, SET)], D::IpcUse(IpcKind::Memory))]),
    traced(nr::SHMAT, &[at(Files, D::Shmat)]),
    traced(nr::IO_SETUP, &[at(Files, D::Aio)]),
];

/// `IPC_RMID`, `IPC_SET` (linux/ipc.h).
const SET: &[u64] = &[0, 1];
/// The same, `GETPID` to `GETZCNT`, `SETVAL`, `SETALL` (linux/sem.h).
const SEMCTL: &[u64] = &[0, 1, 11, 12, 13, 14, 15, 16, 17];
const QUEUE: &[super::Stop] = &[at(Files, D::IpcUse(IpcKind::Queue))];
const SEMAPHORES: &[super::Stop] = &[at(Files, D::IpcUse(IpcKind::Semaphores))];
/// The first argument is a process that is not the caller.
const OTHER: &[super::Stop] = &[at_if(Exec, &[Test::non_zero(0)], D::Scheduling)];
/// The second is.
const OTHER_WHO: super::Stop = at_if(Exec, &[Test::any_bit(1, INT)], D::Scheduling);
/// `MAP_SHARED`, and so `MAP_SHARED_VALIDATE` (linux/mman.h).
const MAP_SHARED: u64 = 1;

/// Every prctl(2) option of Linux 6.19 and 79, which came after it (linux/prctl.h).
const PRCTL_KNOWN: &[u64] = &[
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
    19,
    20,
    21,
    22,
    23,
    24,
    25,
    26,
    27,
    28,
    29,
    30,
    31,
    32,
    33,
    34,
    35,
    36,
    37,
    38,
    39,
    40,
    41,
    42,
    43,
    44,
    45,
    46,
    47,
    50,
    51,
    52,
    53,
    54,
    55,
    56,
    57,
    58,
    59,
    60,
    61,
    62,
    63,
    64,
    65,
    66,
    67,
    68,
    69,
    70,
    71,
    72,
    73,
    74,
    75,
    76,
    77,
    78,
    79,
    0x4155_5856,
    0x5356_4d41,
    0x5961_6d61,
];
