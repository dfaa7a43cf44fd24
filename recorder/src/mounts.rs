//! What is mounted.
use crate::decode::procfs::{self, Mount};
use crate::names::ProcPath;
use crate::sys;
use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

/// What a thread sees mounted (proc_pid_mountinfo(5)); nothing if it is gone.
pub(crate) fn mounts(tid: i32) -> Vec<Mount> {
    procfs::mountinfo(&std::fs::read(ProcPath::of(tid, "mountinfo").as_str()).unwrap_or_default()).collect()
}

/// Mounts of ours, as far as they are known.
static OURS: RwLock<Option<HashSet<u64>>> = RwLock::new(None);

/// True if what is on this mount (statx(2), `stx_mnt_id`) has, in our own view, the name that the kernel gives it. Of a
/// file that is mounted nowhere, or only in a namespace of the step's own, that name means another here, or nothing
/// (EVASION C05-C07).
pub(crate) fn is_ours(mount: u64) -> bool {
    let known = |ours: &Option<HashSet<u64>>| ours.as_ref().is_some_and(|ours| ours.contains(&mount));
    if mount == 0 || known(&OURS.read().unwrap_or_else(PoisonError::into_inner)) {
        return true;
    }
    let mut ours = OURS.write().unwrap_or_else(PoisonError::into_inner);
    *ours = Some(look());
    known(&ours)
}

/// Something was mounted or taken down: numbers may mean others now.
pub(crate) fn forget_ours() {
    *OURS.write().unwrap_or_else(PoisonError::into_inner) = None;
}

fn look() -> HashSet<u64> {
    // Below a root that is no mount point of its own, the list is without what the root is on.
    let root = sys::statx(None, c"/", 0).map(|stat| stat.identity.mount);
    mounts(std::process::id() as i32).into_iter().map(|mount| mount.id).chain(root.ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_see_mounted_is_ours() {
        for place in [c"/", c"/proc", c"/dev/null"] {
            assert!(is_ours(sys::statx(None, place, 0).unwrap().identity.mount), "{place:?}");
        }
        assert!(!is_ours(u64::MAX));
    }
}
