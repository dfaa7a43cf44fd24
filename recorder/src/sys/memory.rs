//! Memory of a tracee, read without stopping anybody else.
use super::error::{SysError, check};
use std::os::fd::{AsRawFd, BorrowedFd};

/// Reads up to `buffer.len()` bytes at `address` of `tid` (process_vm_readv(2)); returns how many.
///
/// Fewer bytes mean that the rest is not readable. EFAULT: nothing is; EPERM: not ours to read.
pub(crate) fn read_memory(tid: i32, address: u64, buffer: &mut [u8]) -> Result<usize, SysError> {
    let local = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: buffer.len() };
    // SAFETY: `local` describes a live, exclusively borrowed buffer; `remote` is never dereferenced here.
    let rc = unsafe { libc::process_vm_readv(tid, &raw const local, 1, &raw const remote, 1, 0) };
    check("process_vm_readv", rc as i64).map(|n| n as usize)
}

/// Writes `bytes` at `address` through an open `/proc/PID/mem` (proc(5)); the mapping may be read-only for the tracee.
pub(crate) fn write_memory(mem: BorrowedFd<'_>, address: u64, bytes: &[u8]) -> Result<usize, SysError> {
    // SAFETY: the kernel reads `bytes.len()` bytes from a live slice.
    let rc = unsafe { libc::pwrite(mem.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), address as libc::off_t) };
    check("pwrite", rc as i64).map(|n| n as usize)
}

/// Writes `bytes` at `address` of `tid`, where the tracee itself may write (process_vm_writev(2)).
pub(crate) fn write_own(tid: i32, address: u64, bytes: &[u8]) -> Result<(), SysError> {
    let local = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: bytes.len() };
    // SAFETY: the kernel only reads the live slice that `local` describes; `remote` is never dereferenced here.
    let rc = unsafe { libc::process_vm_writev(tid, &raw const local, 1, &raw const remote, 1, 0) };
    match check("process_vm_writev", rc as i64)? as usize {
        n if n == bytes.len() => Ok(()),
        _ => Err(SysError { call: "process_vm_writev", errno: libc::EFAULT }),
    }
}
