//! File systems that a process of the step serves itself (fuse(4)).
//!
//! Their answers are whatever that process likes at the moment, and it gives them only while it runs: it may be stopped,
//! waiting for us. So nothing is read from them, and nothing asked that the kernel knows without them.
use crate::decode::procfs::Mount;
use crate::{mounts, sys};
use std::collections::HashSet;
use std::ffi::CString;
use std::sync::{Arc, Mutex, PoisonError};

/// Major and minor number.
pub(crate) type Device = (u32, u32);

/// What the step serves, for whoever watches it too. Held for moments only, never while anybody is waited for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Own(Arc<Mutex<HashSet<Device>>>);

/// What is served since the step opened /dev/fuse.
#[derive(Debug, Default)]
pub(crate) struct Served {
    /// What others served before that.
    others: Option<HashSet<Device>>,
    own: Own,
}

impl Served {
    /// True once the step can serve files.
    pub(crate) fn has_begun(&self) -> bool {
        self.others.is_some()
    }

    /// A thread has opened /dev/fuse.
    pub(crate) fn begin(&mut self, tid: i32) {
        if self.others.is_none() {
            self.others = Some(served(tid).map(|mount| mount.device).collect());
        }
    }

    /// What a thread sees mounted that the step serves and was not seen before.
    pub(crate) fn look(&mut self, tid: i32) -> Vec<Device> {
        let Some(others) = &self.others else { return Vec::new() };
        let seen = served(tid).map(|mount| mount.device).filter(|device| !others.contains(device));
        seen.filter(|device| self.own.insert(*device)).collect()
    }

    /// What the step serves, now and later.
    pub(crate) fn own(&self) -> Own {
        self.own.clone()
    }
}

impl Own {
    fn insert(&self, device: Device) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(device)
    }

    fn contains(&self, device: Device) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&device)
    }

    /// Takes it down, as far as we may: who waits for an answer gets an error then, be its server dead or not
    /// (umount2(2), `MNT_FORCE`).
    pub(crate) fn take_down(&self) {
        for mount in served(sys::thread_id()).filter(|mount| self.contains(mount.device)) {
            if let Ok(point) = CString::new(mount.point.as_bytes()) {
                // EPERM: the step, too, could not mount it here then. EBUSY: it is in use, and answers with errors now.
                let _ = sys::unmount_by_force(&point);
            }
        }
    }
}

fn served(tid: i32) -> impl Iterator<Item = Mount> {
    mounts::mounts(tid).into_iter().filter(|mount| mount.kind.as_bytes().starts_with(b"fuse"))
}
