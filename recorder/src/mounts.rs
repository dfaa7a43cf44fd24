//! What is mounted.
use crate::decode::procfs::{self, Mount};
use crate::names::ProcPath;

/// What a thread sees mounted (proc_pid_mountinfo(5)); nothing if it is gone.
pub(crate) fn mounts(tid: i32) -> Vec<Mount> {
    procfs::mountinfo(&std::fs::read(ProcPath::of(tid, "mountinfo").as_str()).unwrap_or_default()).collect()
}
