//! The listener's threads: they open for the step what it opens only to read, and hand it the descriptor.
//!
//! Invariant: what was looked up, judged and recorded is the very object whose descriptor the step gets, so nothing can
//! be exchanged in between; and whatever the step may not have from us exactly as the kernel would give it to the step
//! itself is left to the step ([`Way::Own`], `tracer/diverting.rs`). A call is never let go on as it is.
mod handing;
mod lookup;
mod serve;

use crate::stall::Progress;
use crate::sys::{self, Listener, SysError};
use crate::tracer::Tracer;
use crossbeam_channel::{Receiver, Sender, bounded};
use handing::Handing;
use lookup::Links;
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

/// Threads that answer, so that while one waits for a caller to take its descriptor, another can answer the next. The
/// kernel wakes all that wait at each call, so more of them cost more than they give.
const THREADS: usize = 2;

/// The threads that answer, and how they are told to end.
pub(crate) struct Notifiers {
    threads: Vec<Answering>,
}

struct Answering {
    thread: JoinHandle<Result<(), SysError>>,
    control: Arc<Control>,
}

#[derive(Default)]
struct Control {
    stopping: AtomicBool,
    tid: AtomicI32,
}

/// What the threads share beside the tracer's state.
#[derive(Clone)]
pub(crate) struct Common {
    listener: Arc<Listener>,
    handing: Arc<Handing>,
}

impl Common {
    fn of(listener: Listener) -> Self {
        Self { listener: Arc::new(listener), handing: Arc::default() }
    }

    /// Returns once no thread of ours holds a file that the step already has. What it waits for needs no state.
    pub(crate) fn until_handed_over(&self) {
        self.handing.until_over(|id| self.listener.is_waiting(id));
    }
}

/// Where the tracer puts the listener once the step has made it: once for each thread.
pub(crate) struct ListenerTo(Sender<Common>);

impl ListenerTo {
    /// Gives the listener to the threads. `None`: they are gone.
    pub(crate) fn send(&self, listener: Listener) -> Option<Common> {
        let common = Common::of(listener);
        // There is room for each, should fewer threads take one.
        (0..THREADS).all(|_| self.0.send(common.clone()).is_ok()).then_some(common)
    }
}

/// Where the threads take it from.
pub(crate) struct ListenerFrom(Receiver<Common>);

/// Where the tracer puts the listener, and where the threads take it from.
pub(crate) fn hand_over() -> (ListenerTo, ListenerFrom) {
    let (sender, receiver) = bounded(THREADS);
    (ListenerTo(sender), ListenerFrom(receiver))
}

impl Notifiers {
    /// Starts the threads, as many as there is room for: one can do it all. All their signals are blocked already but for
    /// the one that ends them.
    pub(crate) fn start(shared: &Shared, from: &ListenerFrom) -> std::io::Result<Self> {
        let mut threads = Vec::new();
        for number in 0..THREADS {
            let (shared, from, control) = (shared.clone(), from.0.clone(), Arc::new(Control::default()));
            let told = control.clone();
            let builder = std::thread::Builder::new().name(format!("notify-{number}"));
            match builder.spawn(move || answer(shared, &from, &told)) {
                Ok(thread) => threads.push(Answering { thread, control }),
                Err(error) if threads.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(Self { threads })
    }

    /// Ends the threads. False: one had ended early, or in error.
    pub(crate) fn stop(self) -> bool {
        let own = std::process::id() as i32;
        for answering in &self.threads {
            answering.control.stopping.store(true, Ordering::SeqCst);
        }
        let mut well = true;
        for Answering { thread, control } in self.threads {
            while !thread.is_finished() {
                // Again and again, for the signal could come just before the wait that it is to end.
                let _ = sys::tgkill(own, control.tid.load(Ordering::SeqCst), sys::WAKE);
                std::thread::sleep(Duration::from_micros(200));
            }
            well &= matches!(thread.join(), Ok(Ok(())));
        }
        well
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

fn answer(shared: Shared, from: &Receiver<Common>, control: &Control) -> Result<(), SysError> {
    let mut guard = FailClosed { shared: shared.clone(), ended_well: false };
    control.tid.store(sys::thread_id(), Ordering::SeqCst);
    sys::hear_wake()?;
    let done = match from.recv() {
        // The step never began.
        Err(_) => Ok(()),
        Ok(common) => {
            let progress = lock(&shared).progress.clone();
            Notifier { shared, common, links: Links::default() }.run(control, &progress)
        }
    };
    guard.ended_well = done.is_ok();
    done
}

/// One answering thread.
struct Notifier {
    shared: Shared,
    common: Common,
    links: Links,
}

impl Notifier {
    fn run(&mut self, control: &Control, progress: &Progress) -> Result<(), SysError> {
        loop {
            match self.common.listener.receive() {
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
