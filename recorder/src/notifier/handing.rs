//! Which notifications are being answered with a descriptor, and when that is over.
//!
//! Who hands a descriptor over has it too until its caller has it, and a moment longer. A lock that the step laid on it
//! within that moment (flock(2)) would outlast the step's own closing of it. So whoever takes such a lock stops at the
//! tracer ([`crate::calls::locks_description`]), and the tracer lets no call go on before that moment is over: who opens,
//! locks and closes a file twice finds it free the second time, as without us.
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What is being handed over, of all threads that answer.
#[derive(Default)]
pub(super) struct Handing {
    now: Mutex<Now>,
    over: Condvar,
}

#[derive(Default)]
struct Now {
    /// The numbers of the notifications.
    ids: Vec<u64>,
    /// Threads that wait until one is over.
    waiting: usize,
}

/// A descriptor is being handed over, until dropped.
pub(super) struct Handed<'a> {
    handing: &'a Handing,
    id: u64,
}

impl Handing {
    /// Begins to answer `id`.
    pub(super) fn begin(&self, id: u64) -> Handed<'_> {
        self.now().ids.push(id);
        Handed { handing: self, id }
    }

    /// Returns once nobody holds what the step already has. `waits` says of a notification that its caller has no
    /// descriptor yet: then it can have done nothing with it.
    pub(super) fn until_over(&self, waits: impl Fn(u64) -> bool) {
        let mut now = self.now();
        while now.ids.iter().any(|id| !waits(*id)) {
            now.waiting += 1;
            now = self.over.wait(now).unwrap_or_else(PoisonError::into_inner);
            now.waiting -= 1;
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handed<'_> {
    fn drop(&mut self) {
        let mut now = self.handing.now();
        now.ids.retain(|id| *id != self.id);
        if now.waiting > 0 {
            self.handing.over.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// flock(2): a lock goes when the last descriptor of its description is closed, and ours is one.
    #[test]
    fn what_the_step_has_is_waited_for_until_we_have_it_no_more() {
        let handing = Handing::default();
        let first = handing.begin(10);
        let _without = handing.begin(11);
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let tracer = scope.spawn(|| {
                handing.until_over(|id| id == 11);
                assert!(over.load(Ordering::SeqCst), "the first still holds it");
            });
            while handing.now().waiting < 1 {
                assert!(!tracer.is_finished(), "it did not wait");
                std::thread::yield_now();
            }
            over.store(true, Ordering::SeqCst);
            drop(first);
        });
        assert_eq!(handing.now().ids, [11]);
    }

    #[test]
    fn callers_without_a_descriptor_keep_nobody_waiting() {
        let handing = Handing::default();
        let _first = handing.begin(10);
        handing.until_over(|_| true);
    }
}
