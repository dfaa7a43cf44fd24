//! Strings and structures in a tracee's memory, bounded and page by page.
use crate::sys::{self, SysError};
use sekisho_events::PathBytes;

const PAGE: u64 = 4096;

/// Why an argument could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not readable for us. EFAULT: maybe not for the kernel either; EPERM: the process hides its memory.
    Unreadable(i32),
    /// No NUL within the limit of the kernel: it fails with ENAMETOOLONG.
    TooLong,
    /// The process is gone.
    Gone,
}

impl From<SysError> for Fault {
    fn from(error: SysError) -> Self {
        if error.is_gone() { Self::Gone } else { Self::Unreadable(error.errno) }
    }
}

/// Reads a NUL-terminated path of at most `PATH_MAX` bytes. Never reads past the page in which the NUL stands.
pub(crate) fn read_path(tid: i32, address: u64) -> Result<PathBytes, Fault> {
    read_string(tid, address, PathBytes::MAX).map(PathBytes::new)
}

/// Reads a NUL-terminated string of at most `limit` bytes, the NUL included.
pub(crate) fn read_string(tid: i32, address: u64, limit: usize) -> Result<Vec<u8>, Fault> {
    let mut buffer = [0u8; PAGE as usize];
    let mut out = Vec::new();
    let mut at = address;
    while out.len() < limit {
        let to_page_end = (PAGE - at % PAGE) as usize;
        let want = to_page_end.min(limit - out.len());
        let got = sys::read_memory(tid, at, &mut buffer[..want])?;
        match buffer[..got].iter().position(|b| *b == 0) {
            Some(end) => {
                out.extend_from_slice(&buffer[..end]);
                return Ok(out);
            }
            None if got < want => return Err(Fault::Unreadable(libc::EFAULT)),
            None => out.extend_from_slice(&buffer[..got]),
        }
        at = at.wrapping_add(got as u64);
    }
    Err(Fault::TooLong)
}

/// Reads exactly `N` bytes.
pub(crate) fn read_array<const N: usize>(tid: i32, address: u64) -> Result<[u8; N], Fault> {
    let mut out = [0; N];
    read_exact(tid, address, &mut out)?;
    Ok(out)
}

/// Fills `out`.
pub(crate) fn read_exact(tid: i32, address: u64, out: &mut [u8]) -> Result<(), Fault> {
    let mut done = 0;
    while done < out.len() {
        match sys::read_memory(tid, address.wrapping_add(done as u64), &mut out[done..])? {
            0 => return Err(Fault::Unreadable(libc::EFAULT)),
            n => done += n,
        }
    }
    Ok(())
}
