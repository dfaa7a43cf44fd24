//! Calls that the kernel never sees: they would act where nobody looks, or reach past the step.
use super::{Row, refused};
use crate::abi::nr;
use libc::{EACCES, ENOSYS, EPERM};

const UNSEEN: &str = "would do file and network calls that nobody sees";
const KEYS: &str = "could have the kernel run a program or ask the network outside the step";
const MEMORY: &str = "memory that the recorder cannot read";
const STALL: &str = "could stall whoever reads the step's memory";
const MACHINE: &str = "would change the machine, not the step";
const KERNEL: &str = "would change or watch the kernel";
const LOOK: &str = "would look into or act on other processes unseen";
const CLOCK: &str = "would change the clock of the machine";
const GONE: &str = "this kernel has no such call any more";

pub(super) const ROWS: &[Row] = &[
    refused(nr::IO_URING_SETUP, ENOSYS, UNSEEN),
    refused(nr::IO_URING_ENTER, ENOSYS, UNSEEN),
    refused(nr::IO_URING_REGISTER, ENOSYS, UNSEEN),
    refused(nr::CLONE3, ENOSYS, "its flags are in memory that another thread can change; clone does the same"),
    refused(nr::MEMFD_SECRET, ENOSYS, MEMORY),
    refused(nr::USERFAULTFD, ENOSYS, STALL),
    refused(nr::ADD_KEY, ENOSYS, KEYS),
    refused(nr::REQUEST_KEY, ENOSYS, KEYS),
    refused(nr::KEYCTL, ENOSYS, KEYS),
    refused(nr::OPEN_BY_HANDLE_AT, EPERM, "would open a file without a name"),
    refused(nr::FANOTIFY_INIT, EPERM, "could hold back whoever opens a file, and hands out descriptors"),
    refused(nr::FANOTIFY_MARK, EPERM, "could hold back whoever opens a file"),
    refused(nr::BPF, EPERM, KERNEL),
    refused(nr::PERF_EVENT_OPEN, EACCES, KERNEL),
    refused(nr::INIT_MODULE, EPERM, KERNEL),
    refused(nr::FINIT_MODULE, EPERM, KERNEL),
    refused(nr::DELETE_MODULE, EPERM, KERNEL),
    refused(nr::KEXEC_LOAD, EPERM, KERNEL),
    refused(nr::KEXEC_FILE_LOAD, EPERM, KERNEL),
    refused(nr::SYSLOG, EPERM, KERNEL),
    refused(nr::IOPL, EPERM, KERNEL),
    refused(nr::IOPERM, EPERM, KERNEL),
    refused(nr::MODIFY_LDT, ENOSYS, "would prepare code of a foreign ABI"),
    refused(nr::KCMP, ENOSYS, LOOK),
    refused(nr::PROCESS_MRELEASE, ENOSYS, LOOK),
    refused(nr::PROCESS_MADVISE, ENOSYS, LOOK),
    refused(nr::ACCT, EPERM, MACHINE),
    refused(nr::SWAPON, EPERM, MACHINE),
    refused(nr::SWAPOFF, EPERM, MACHINE),
    refused(nr::REBOOT, EPERM, MACHINE),
    refused(nr::QUOTACTL, EPERM, MACHINE),
    refused(nr::QUOTACTL_FD, EPERM, MACHINE),
    refused(nr::VHANGUP, EPERM, "would take the terminal from everyone"),
    refused(nr::CLOCK_SETTIME, EPERM, CLOCK),
    refused(nr::CLOCK_ADJTIME, EPERM, CLOCK),
    refused(nr::SETTIMEOFDAY, EPERM, CLOCK),
    refused(nr::ADJTIMEX, EPERM, CLOCK),
    refused(nr::USELIB, ENOSYS, GONE),
    refused(nr::_SYSCTL, ENOSYS, GONE),
    refused(nr::CREATE_MODULE, ENOSYS, GONE),
    refused(nr::GET_KERNEL_SYMS, ENOSYS, GONE),
    refused(nr::QUERY_MODULE, ENOSYS, GONE),
    refused(nr::NFSSERVCTL, ENOSYS, GONE),
    refused(nr::GETPMSG, ENOSYS, GONE),
    refused(nr::PUTPMSG, ENOSYS, GONE),
    refused(nr::AFS_SYSCALL, ENOSYS, GONE),
    refused(nr::TUXCALL, ENOSYS, GONE),
    refused(nr::SECURITY, ENOSYS, GONE),
    refused(nr::SET_THREAD_AREA, ENOSYS, GONE),
    refused(nr::GET_THREAD_AREA, ENOSYS, GONE),
    refused(nr::LOOKUP_DCOOKIE, ENOSYS, GONE),
    refused(nr::EPOLL_CTL_OLD, ENOSYS, GONE),
    refused(nr::EPOLL_WAIT_OLD, ENOSYS, GONE),
    refused(nr::VSERVER, ENOSYS, GONE),
];
