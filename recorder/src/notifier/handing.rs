//! Which file is being handed over, and when the next may be.
//!
//! Who hands a descriptor over has it too until its caller has it, and a moment longer. A lock (flock(2)) that the step
//! lays on it and gives up by closing it lasts as long as that. So nobody gets the same file from another thread of ours
//! between, and the tracer lets no call go on: who opens, locks and closes a file twice finds it free the second time,
//! as without us.
use crate::sys::Stat;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Device and inode.
type File = (u32, u32, u64);

/// What is being handed over, of all threads that answer.
#[derive(Default)]
pub(super) struct Handing {
    now: Mutex<Now>,
    over: Condvar,
}

#[derive(Default)]
struct Now {
    /// The file, and the number of the notification that it answers.
    files: Vec<(File, u64)>,
    /// Threads that wait until one is over.
    waiting: usize,
}

/// One file is being handed over, until dropped.
pub(super) struct Handed<'a> {
    handing: &'a Handing,
    id: u64,
}

impl Handing {
    /// Begins to answer `id` with the file of `stat`, once nobody else still holds what the step already had of it.
    /// `waits` says of another's notification that its caller has no descriptor yet: then it can have done nothing with it.
    pub(super) fn begin(&self, stat: &Stat, id: u64, waits: impl Fn(u64) -> bool) -> Handed<'_> {
        let file = (stat.identity.dev_major, stat.identity.dev_minor, stat.identity.ino);
        let mut now = self.now();
        while now.files.iter().any(|(other, id)| *other == file && !waits(*id)) {
            now = self.wait(now);
        }
        now.files.push((file, id));
        Handed { handing: self, id }
    }

    /// Returns once nobody holds what the step already has. `waits` as above.
    pub(super) fn until_over(&self, waits: impl Fn(u64) -> bool) {
        let mut now = self.now();
        while now.files.iter().any(|(_, id)| !waits(*id)) {
            now = self.wait(now);
        }
    }

    fn wait<'a>(&self, mut now: MutexGuard<'a, Now>) -> MutexGuard<'a, Now> {
        now.waiting += 1;
        now = self.over.wait(now).unwrap_or_else(PoisonError::into_inner);
        now.waiting -= 1;
        now
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handed<'_> {
    fn drop(&mut self) {
        let mut now = self.handing.now();
        now.files.retain(|(_, id)| *id != self.id);
        if now.waiting > 0 {
            self.handing.over.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_events::{FileType, Identity};
    use std::sync::atomic::{AtomicBool, Ordering};

    fn file(ino: u64) -> Stat {
        Stat {
            identity: Identity { dev_major: 8, dev_minor: 1, ino, mount: 0 },
            file_type: FileType::Regular,
            size: 0,
            mtime_ns: 0,
            ctime_ns: 0,
            links: 1,
            mode: 0o644,
            rdev: (0, 0),
        }
    }

    /// flock(2): a lock goes when the last descriptor of its description is closed, and ours is one.
    #[test]
    fn the_same_file_is_handed_over_again_once_the_last_time_is_over() {
        let handing = Handing::default();
        let first = handing.begin(&file(1), 10, |_| unreachable!("nobody else hands anything over"));
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| {
                let _second = handing.begin(&file(1), 11, |_| false);
                assert!(over.load(Ordering::SeqCst), "the first still holds it");
            });
            let tracer = scope.spawn(|| {
                handing.until_over(|id| id == 11);
                assert!(over.load(Ordering::SeqCst), "the first still holds it");
            });
            while handing.now().waiting < 2 {
                assert!(!second.is_finished() && !tracer.is_finished(), "it did not wait");
                std::thread::yield_now();
            }
            over.store(true, Ordering::SeqCst);
            drop(first);
        });
        assert!(handing.now().files.is_empty());
    }

    #[test]
    fn other_files_and_callers_without_a_descriptor_keep_nobody_waiting() {
        let handing = Handing::default();
        let _first = handing.begin(&file(1), 10, |_| true);
        let _other = handing.begin(&file(2), 11, |_| false);
        let _same = handing.begin(&file(1), 12, |_| true);
        assert_eq!(handing.now().files.len(), 3);
        handing.until_over(|_| true);
    }
}
