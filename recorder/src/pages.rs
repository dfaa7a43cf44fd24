//! Argument pages: memory of a tracee that it can read and not change, into which the tracer copies what the kernel is
//! to use (EVASION F12).
//!
//! Invariant: a page is private, read-only and sealed (mseal(2), Linux 6.10): no thread can unmap, replace or unprotect
//! it; the tracer writes it through `/proc/PID/mem`, which the step cannot open for writing.
use crate::sys::{self, SysError};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

/// One call's room: two paths, and a message header with its address.
pub(crate) const SLOT_BYTES: usize = 2 * 4096 + 1024;
/// Calls that may be under way at once in one address space.
const SLOTS: usize = 16;
/// Size of the mapping in bytes, in whole pages.
pub(crate) const BYTES: u64 = (SLOT_BYTES * SLOTS) as u64;

/// Slots of one address space; processes that share it (vfork) share this.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    address: u64,
    used: Arc<Mutex<[bool; SLOTS]>>,
    mem: Arc<OwnedFd>,
}

/// A slot in use, free again when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    page: Page,
    index: usize,
}

impl Page {
    /// A fresh mapping at `address` of process `pid`.
    pub(crate) fn new(pid: i32, address: u64) -> Result<Self, SysError> {
        Ok(Self { address, used: Arc::default(), mem: Arc::new(open_memory(pid)?) })
    }

    /// The copy of this mapping that a forked process has.
    pub(crate) fn of_child(&self, pid: i32) -> Option<Self> {
        Self::new(pid, self.address).ok()
    }

    /// A free slot, if there is one.
    pub(crate) fn take(&self) -> Option<Slot> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let index = used.iter().position(|u| !u)?;
        used[index] = true;
        Some(Slot { page: self.clone(), index })
    }
}

fn open_memory(pid: i32) -> Result<OwnedFd, SysError> {
    sys::open(crate::names::ProcPath::of(pid, "mem").as_c(), libc::O_RDWR)
}

impl Slot {
    /// Where it begins in the tracee.
    pub(crate) fn address(&self) -> u64 {
        self.page.address + (self.index * SLOT_BYTES) as u64
    }

    /// Copies `bytes` to its beginning.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), SysError> {
        let bytes = &bytes[..bytes.len().min(SLOT_BYTES)];
        match sys::write_memory(self.page.mem.as_fd(), self.address(), bytes)? {
            n if n == bytes.len() => Ok(()),
            _ => Err(SysError { call: "pwrite", errno: libc::EFAULT }),
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.page.used.lock().unwrap_or_else(PoisonError::into_inner)[self.index] = false;
    }
}
