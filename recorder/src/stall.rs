//! Ends the step when we wait for it while it waits for us.
//!
//! A file system that a process of the step serves (fuse(4)) answers a look-up of ours only when that process runs; it may
//! be stopped, waiting for us. No signal to us ends such a wait (the request has been read already), only the end of
//! the file system does: its server's death, if nobody else holds it open, or its being taken down.
use crate::served::Own;
use crate::sys;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How long nothing may move before the step is ended, in looks of [`EVERY`].
const LOOKS: u32 = 20;
const EVERY: Duration = Duration::from_millis(500);

/// What the threads that answer the step have taken up and finished.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    begun: AtomicU64,
    done: AtomicU64,
    watched: AtomicBool,
    ended_step: AtomicBool,
}

/// A stop or a call is being answered, until dropped.
pub(crate) struct Busy<'a>(&'a Progress);

impl Progress {
    /// One more is taken up.
    pub(crate) fn begin(&self) -> Busy<'_> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Busy(self)
    }

    /// True if the step was ended because nothing moved any more.
    pub(crate) fn has_ended_step(&self) -> bool {
        self.ended_step.load(Ordering::Relaxed)
    }

    /// From now on the step may serve files itself, `own`. `tracer` is the tracing thread. False: there is no room for a
    /// thread.
    pub(crate) fn watch(self: &Arc<Self>, tracer: i32, own: Own) -> bool {
        if self.watched.swap(true, Ordering::Relaxed) {
            return true;
        }
        let weak = Arc::downgrade(self);
        let blocked = sys::block_signals();
        let started =
            std::thread::Builder::new().name("stall".into()).spawn(move || look_on(&weak, tracer, &own)).is_ok();
        drop(blocked);
        started
    }

    fn counts(&self) -> (u64, u64) {
        (self.begun.load(Ordering::Relaxed), self.done.load(Ordering::Relaxed))
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.done.fetch_add(1, Ordering::Relaxed);
    }
}

/// Until the recording ends.
fn look_on(progress: &Weak<Progress>, tracer: i32, own: &Own) {
    let (mut last, mut still) = ((0, 0), 0);
    loop {
        std::thread::sleep(EVERY);
        let Some(progress) = progress.upgrade() else { return };
        let now = progress.counts();
        still = if now == last && now.0 != now.1 { still + 1 } else { 0 };
        last = now;
        if still >= LOOKS {
            progress.ended_step.store(true, Ordering::Relaxed);
            kill_tracees(tracer);
            own.take_down();
        }
    }
}

/// Everybody whom `tracer` traces (proc_pid_status(5), `TracerPid`).
fn kill_tracees(tracer: i32) {
    let pids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()) {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        if status.lines().filter_map(|l| l.strip_prefix("TracerPid:")).any(|t| t.trim().parse() == Ok(tracer)) {
            // ESRCH: gone already.
            let _ = sys::kill(pid, libc::SIGKILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_finished_is_not_busy() {
        let progress = Progress::default();
        let busy = progress.begin();
        assert_ne!(progress.counts().0, progress.counts().1);
        drop(busy);
        assert_eq!(progress.counts().0, progress.counts().1);
    }
}
