//! The listener's threads: they open for the step what it opens only to read, and hand it the descriptor.
//!
//! Invariant: what was looked up, judged and recorded is the very object whose descriptor the step gets, so nothing can
//! be exchanged in between; and whatever the step may not have from us exactly as the kernel would give it to the step
//! itself is left to the step ([`Way::Own`], `tracer/diverting.rs`). A call is never let go on as it is.
mod lookup;
mod serve;

use crate::stall::Progress;
use crate::sys::{self, Listener, SysError};
use crate::tracer::Tracer;
use crossbeam_channel::{Receiver, Sender, bounded};
use lookup::Links;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The tracer's state: taken for one stop or for part of one notification, never while waiting for the step.
pub(crate) type Shared = Arc<Mutex<Tracer>>;

/// The state, also after another thread has died with it: that thread's end kills the step.
pub(crate) fn lock(shared: &Shared) -> MutexGuard<'_, Tracer> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread that answers, and how it is told to end.
pub(crate) struct Notifiers {
    thread: JoinHandle<Result<(), SysError>>,
    control: Arc<Control>,
}

#[derive(Default)]
struct Control {
    stopping: AtomicBool,
    tid: AtomicI32,
}

/// Where the tracer puts the listener once the step has made it.
pub(crate) fn hand_over() -> (Sender<OwnedFd>, Receiver<OwnedFd>) {
    bounded(1)
}

impl Notifiers {
    /// Starts the thread. All its signals are blocked already but for the one that ends it.
    pub(crate) fn start(shared: Shared, listener: Receiver<OwnedFd>) -> std::io::Result<Self> {
        let control = Arc::new(Control::default());
        let thread = {
            let control = control.clone();
            std::thread::Builder::new().name("notify".into()).spawn(move || answer(shared, &listener, &control))?
        };
        Ok(Self { thread, control })
    }

    /// Ends the thread. False: it had ended early, or in error.
    pub(crate) fn stop(self) -> bool {
        self.control.stopping.store(true, Ordering::SeqCst);
        let own = std::process::id() as i32;
        while !self.thread.is_finished() {
            // Again and again, for the signal could come just before the wait that it is to end.
            let _ = sys::tgkill(own, self.control.tid.load(Ordering::SeqCst), sys::WAKE);
            std::thread::sleep(Duration::from_micros(200));
        }
        matches!(self.thread.join(), Ok(Ok(())))
    }
}

/// Kills the step when the thread ends otherwise than it should: nobody would answer the step any more.
struct FailClosed {
    shared: Shared,
    ended_well: bool,
}

impl Drop for FailClosed {
    fn drop(&mut self) {
        if !self.ended_well {
            lock(&self.shared).kill_all();
        }
    }
}

fn answer(shared: Shared, listener: &Receiver<OwnedFd>, control: &Control) -> Result<(), SysError> {
    control.tid.store(sys::thread_id(), Ordering::SeqCst);
    sys::hear_wake()?;
    let mut guard = FailClosed { shared: shared.clone(), ended_well: false };
    let done = match listener.recv() {
        // The step never began.
        Err(_) => Ok(()),
        Ok(fd) => Listener::new(fd).and_then(|listener| {
            let progress = lock(&shared).progress.clone();
            Notifier { shared, listener, links: Links::default() }.run(control, &progress)
        }),
    };
    guard.ended_well = done.is_ok();
    done
}

/// One answering thread.
struct Notifier {
    shared: Shared,
    listener: Listener,
    links: Links,
}

impl Notifier {
    fn run(&mut self, control: &Control, progress: &Progress) -> Result<(), SysError> {
        loop {
            match self.listener.receive() {
                Ok(notification) => {
                    let _busy = progress.begin();
                    self.serve(&notification)?;
                }
                Err(_) if control.stopping.load(Ordering::SeqCst) => return Ok(()),
                // Whoever called was killed or interrupted meanwhile; before Linux 6.11 also: nobody is left.
                Err(SysError { errno: libc::EINTR | libc::ENOENT, .. }) => {}
                // Nobody is left.
                Err(SysError { errno: libc::ENOTCONN, .. }) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}
