//! Registers of a stopped tracee, by what they mean for a system call (System V ABI x86-64, A.2.1).
use super::nr;
use crate::sys::{self, Regs, SysError};

/// Makes the kernel skip the call at which the tracee is stopped, and return `result` from it.
///
/// At a filter stop a call number of -1 is skipped (seccomp(2), `SECCOMP_RET_TRACE`).
pub(crate) fn answer(regs: &mut Regs, result: i64) {
    regs.orig_rax = u64::MAX;
    regs.rax = result as u64;
}

/// The same at a filter stop with ENOSYS, in one request: that stands in the result's register since the call's entry
/// (arch/x86/entry/entry_64.S, `PUSH_AND_CLEAR_REGS rax=$-ENOSYS`).
pub(crate) fn skip(tid: i32) -> Result<(), SysError> {
    sys::set_register(tid, std::mem::offset_of!(Regs, orig_rax), u64::MAX)
}

/// Replaces argument `n` (0 to 5) of the call at which the tracee is stopped.
pub(crate) fn set_argument(regs: &mut Regs, n: usize, value: u64) {
    let register = match n {
        0 => &mut regs.rdi,
        1 => &mut regs.rsi,
        2 => &mut regs.rdx,
        3 => &mut regs.r10,
        4 => &mut regs.r8,
        _ => &mut regs.r9,
    };
    *register = value;
}

/// Flags of the fork, vfork or clone at whose event the tracee is stopped.
pub(crate) fn clone_flags(regs: &Regs) -> u64 {
    match regs.orig_rax as u32 {
        nr::CLONE => regs.rdi,
        nr::VFORK => (libc::CLONE_VM | libc::CLONE_VFORK) as u64,
        _ => 0,
    }
}

/// The stack pointer.
pub(crate) fn stack_pointer(regs: &Regs) -> u64 {
    regs.rsp
}

/// Makes the call at whose entry the tracee is stopped another one.
pub(crate) fn set_call(regs: &mut Regs, number: u32, args: [u64; 6]) {
    regs.orig_rax = u64::from(number);
    put_args(regs, args);
}

/// At the exit of a call: makes the tracee run the `syscall` instruction once more, for this call.
pub(crate) fn again(regs: &mut Regs, number: u32, args: [u64; 6]) {
    regs.rip = regs.rip.wrapping_sub(2);
    regs.rax = u64::from(number);
    // Not inside a call any more: nothing is to be restarted.
    regs.orig_rax = u64::MAX;
    put_args(regs, args);
}

/// Number and arguments of the call at which the tracee is stopped.
pub(crate) fn call_of(regs: &Regs) -> (u32, [u64; 6]) {
    (regs.orig_rax as u32, [regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9])
}

/// At the exit of a call: its number and arguments as the tracee made it.
pub(crate) fn put_back(regs: &mut Regs, number: u64, args: [u64; 6]) {
    regs.orig_rax = number;
    put_args(regs, args);
}

fn put_args(regs: &mut Regs, args: [u64; 6]) {
    [regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9] = args;
}

/// What the call at whose end the tracee is stopped returns.
pub(crate) fn result(regs: &Regs) -> i64 {
    regs.rax as i64
}

/// Behind which instruction, and in which stack frame, the tracee is.
pub(crate) fn place(regs: &Regs) -> (u64, u64) {
    (regs.rip, regs.rsp)
}

/// At the exit of a call: what it returns.
pub(crate) fn set_result(regs: &mut Regs, result: i64) {
    regs.rax = result as u64;
}
