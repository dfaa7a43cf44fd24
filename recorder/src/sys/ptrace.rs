//! ptrace(2) requests. Each needs the tracee in a ptrace-stop; ESRCH means that it was killed meanwhile.
use super::error::{SysError, check};
use std::ptr::null_mut;

/// General registers (`struct user_regs_struct`, sys/user.h).
pub(crate) type Regs = libc::user_regs_struct;

/// Options of [`seize`] (`PTRACE_O_*`, linux/ptrace.h).
pub(crate) struct Options;

impl Options {
    /// Life cycle, exec, filter stops, marked call stops, and death of the tracees with the tracer.
    pub(crate) const ALL: i32 = libc::PTRACE_O_TRACEFORK
        | libc::PTRACE_O_TRACEVFORK
        | libc::PTRACE_O_TRACECLONE
        | libc::PTRACE_O_TRACEEXEC
        | libc::PTRACE_O_TRACESECCOMP
        | libc::PTRACE_O_TRACESYSGOOD
        | libc::PTRACE_O_EXITKILL;
}

/// A system call at which a tracee is stopped (`PTRACE_GET_SYSCALL_INFO`, Linux 5.3).
#[derive(Clone, Copy, Debug)]
pub(crate) enum CallInfo {
    /// Before it: at a filter stop.
    Entry { arch: u32, nr: u64, args: [u64; 6], instruction: u64, stack: u64 },
    /// After it: the raw result, negative errno included.
    Exit { result: i64 },
    /// Not at a call.
    None,
}

/// `struct ptrace_syscall_info` (linux/ptrace.h); `words` is its union.
#[repr(C)]
struct RawInfo {
    op: u8,
    pad: [u8; 3],
    arch: u32,
    instruction_pointer: u64,
    stack_pointer: u64,
    words: [u64; 8],
}

const PTRACE_GET_SYSCALL_INFO: libc::c_uint = 0x420e;
const OP_ENTRY: u8 = 1;
const OP_EXIT: u8 = 2;
const OP_SECCOMP: u8 = 3;

fn request(name: &'static str, request: libc::c_uint, tid: i32, addr: usize, data: usize) -> Result<i64, SysError> {
    // SAFETY: every caller in this file passes null or plain numbers where the request does not write memory; those
    // that do write have their own call below.
    let rc = unsafe { libc::ptrace(request, tid, addr as *mut libc::c_void, data as *mut libc::c_void) };
    check(name, rc)
}

/// Attaches without stopping (`PTRACE_SEIZE`) with `options`.
pub(crate) fn seize(tid: i32, options: i32) -> Result<(), SysError> {
    request("PTRACE_SEIZE", libc::PTRACE_SEIZE, tid, 0, options as usize).map(drop)
}

/// Lets the tracee run on to the next event, delivering `signal` (0: none).
pub(crate) fn cont(tid: i32, signal: i32) -> Result<(), SysError> {
    request("PTRACE_CONT", libc::PTRACE_CONT, tid, 0, signal as usize).map(drop)
}

/// Lets the tracee run on to the end of its call, delivering `signal`.
pub(crate) fn to_exit(tid: i32, signal: i32) -> Result<(), SysError> {
    request("PTRACE_SYSCALL", libc::PTRACE_SYSCALL, tid, 0, signal as usize).map(drop)
}

/// Keeps a tracee in its group stop, but hears of its end (`PTRACE_LISTEN`).
pub(crate) fn listen(tid: i32) -> Result<(), SysError> {
    request("PTRACE_LISTEN", libc::PTRACE_LISTEN, tid, 0, 0).map(drop)
}

/// The message of the event at which the tracee is stopped.
pub(crate) fn event_message(tid: i32) -> Result<u64, SysError> {
    let mut message: libc::c_ulong = 0;
    // SAFETY: the kernel writes one unsigned long to `message`.
    let rc = unsafe { libc::ptrace(libc::PTRACE_GETEVENTMSG, tid, null_mut::<libc::c_void>(), &raw mut message) };
    check("PTRACE_GETEVENTMSG", rc).map(|_| message)
}

/// Which call the tracee is stopped at.
pub(crate) fn call_info(tid: i32) -> Result<CallInfo, SysError> {
    let mut raw = RawInfo { op: 0, pad: [0; 3], arch: 0, instruction_pointer: 0, stack_pointer: 0, words: [0; 8] };
    // SAFETY: the kernel writes at most the given size into `raw`, which has the layout of its structure.
    let rc = unsafe { libc::ptrace(PTRACE_GET_SYSCALL_INFO, tid, size_of::<RawInfo>(), &raw mut raw) };
    check("PTRACE_GET_SYSCALL_INFO", rc)?;
    Ok(match raw.op {
        OP_ENTRY | OP_SECCOMP => CallInfo::Entry {
            arch: raw.arch,
            nr: raw.words[0],
            args: [raw.words[1], raw.words[2], raw.words[3], raw.words[4], raw.words[5], raw.words[6]],
            instruction: raw.instruction_pointer,
            stack: raw.stack_pointer,
        },
        OP_EXIT => CallInfo::Exit { result: raw.words[0] as i64 },
        _ => CallInfo::None,
    })
}

/// Replaces the signals that the tracee blocks, and returns those that it blocked before (`PTRACE_SETSIGMASK`, Linux
/// 3.11); bit n - 1 for signal n. SIGKILL and SIGSTOP cannot be blocked.
pub(crate) fn block_in_tracee(tid: i32, signals: u64) -> Result<u64, SysError> {
    const GETSIGMASK: libc::c_uint = 0x420a;
    const SETSIGMASK: libc::c_uint = 0x420b;
    let mut before = 0u64;
    // SAFETY: the kernel writes eight bytes, the size of its sigset_t, to `before`.
    let rc = unsafe { libc::ptrace(GETSIGMASK, tid, size_of::<u64>(), &raw mut before) };
    check("PTRACE_GETSIGMASK", rc)?;
    // SAFETY: the kernel reads eight bytes from `signals`.
    let rc = unsafe { libc::ptrace(SETSIGMASK, tid, size_of::<u64>(), &raw const signals) };
    check("PTRACE_SETSIGMASK", rc).map(|_| before)
}

/// `si_code` of the signal that the tracee is stopped for (`PTRACE_GETSIGINFO`, sigaction(2)).
pub(crate) fn signal_code(tid: i32) -> Result<i32, SysError> {
    // SAFETY: siginfo_t is plain data; all zero is a value of it.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes one siginfo_t to `info`.
    let rc = unsafe { libc::ptrace(libc::PTRACE_GETSIGINFO, tid, 0, &raw mut info) };
    check("PTRACE_GETSIGINFO", rc).map(|_| info.si_code)
}

/// Writes one general register, the one at `offset` in [`Regs`] (`PTRACE_POKEUSER`).
pub(crate) fn set_register(tid: i32, offset: usize, value: u64) -> Result<(), SysError> {
    request("PTRACE_POKEUSER", libc::PTRACE_POKEUSER, tid, offset, value as usize).map(drop)
}

/// Reads the general registers.
pub(crate) fn get_regs(tid: i32) -> Result<Regs, SysError> {
    // SAFETY: user_regs_struct is plain integers; all zero is a value of it.
    let mut regs: Regs = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes one user_regs_struct to `regs`.
    let rc = unsafe { libc::ptrace(libc::PTRACE_GETREGS, tid, null_mut::<libc::c_void>(), &raw mut regs) };
    check("PTRACE_GETREGS", rc).map(|_| regs)
}

/// Writes the general registers.
pub(crate) fn set_regs(tid: i32, regs: &Regs) -> Result<(), SysError> {
    // SAFETY: the kernel reads one user_regs_struct from `regs`.
    let rc = unsafe { libc::ptrace(libc::PTRACE_SETREGS, tid, null_mut::<libc::c_void>(), std::ptr::from_ref(regs)) };
    check("PTRACE_SETREGS", rc).map(drop)
}
