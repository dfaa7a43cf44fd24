//! From the tracing thread to the log: events are gathered in batches, numbered and written by one thread.
//!
//! Invariant: nothing is dropped. The queue is bounded and waits; if the log cannot be written, `failed` is raised
//! and the tracer ends the step.
use crate::digests::Slot;
use crate::judge::Judge;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use sekisho_events::log::{LogError, LogWriter};
use sekisho_events::{Event, Kind, NetOp, Outcome, ProcessId, Toctou};
use std::collections::HashSet;
use std::io::Write;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Events in one batch: enough that waking the writer costs nothing per event.
const BATCH: usize = 512;
/// Batches that may wait for the writer.
const WAITING: usize = 32;
/// A quiet step's events reach the writer after this time at most, at the next stop; and again after this time what is read
/// along.
const LINGER: Duration = Duration::from_millis(500);
/// Addresses that are told apart for the closing line.
const HOSTS_MAX: usize = 10_000;

/// An event on its way, with digests that may still be in the making.
pub(crate) struct Queued {
    event: Event,
    slots: Vec<Arc<Slot>>,
    /// What came of the act, where it is told before that is known.
    settled: Option<Arc<Answer>>,
}

/// The outcome of an act; `None` inside: it did not take place, and there is no event.
type Answer = OnceLock<Option<Outcome>>;

/// An event that stands in its place already, and whose outcome is to come.
pub(crate) struct Settling(Arc<Answer>);

impl Settling {
    /// Says what came of it. `None`: it did not take place.
    pub(crate) fn settle(self, outcome: Option<Outcome>) {
        let _ = self.0.set(outcome);
    }
}

impl Drop for Settling {
    fn drop(&mut self) {
        // Whoever was to say it has died: nobody knows. The writer waits no longer. Without effect after `settle`.
        let _ = self.0.set(Some(Outcome::Unknown));
    }
}

/// Events that hashing threads have finished, picked up with the next batch.
#[derive(Clone, Default)]
pub(crate) struct Finished(Arc<Mutex<Vec<(ProcessId, Kind)>>>);

impl Finished {
    /// Hands an event over.
    pub(crate) fn push(&self, process: ProcessId, kind: Kind) {
        if let Ok(mut list) = self.0.lock() {
            list.push((process, kind));
        }
    }

    fn take(&self) -> Vec<(ProcessId, Kind)> {
        self.0.lock().map(|mut list| std::mem::take(&mut *list)).unwrap_or_default()
    }
}

/// The tracer's end of the queue.
pub(crate) struct Emitter {
    batch: Vec<Queued>,
    sender: Sender<Vec<Queued>>,
    started: Instant,
    flushed: Instant,
    failed: Arc<AtomicBool>,
    finished: Finished,
    judge: Option<Box<dyn Judge>>,
    gaps: u64,
    racy: bool,
    counts: Tally,
    hosts: HashSet<IpAddr>,
}

/// What was recorded, for the closing line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Processes and threads.
    pub processes: u64,
    /// File events.
    pub file_acts: u64,
    /// Network events.
    pub net_acts: u64,
    /// Distinct network addresses that were spoken to, told apart up to 10,000.
    pub hosts: u64,
    /// All events.
    pub events: u64,
    /// Calls refused.
    pub refused: u64,
    /// Calls denied by a rule.
    pub denied: u64,
}

/// The writer's end of the queue.
pub(crate) struct Writing {
    receiver: Receiver<Vec<Queued>>,
    failed: Arc<AtomicBool>,
}

/// A queue: what the tracer holds, and what the writing thread runs.
pub(crate) fn queue(judge: Option<Box<dyn Judge>>) -> (Emitter, Writing) {
    let (sender, receiver) = bounded(WAITING);
    let failed = Arc::new(AtomicBool::new(false));
    let now = Instant::now();
    let emitter = Emitter {
        batch: Vec::with_capacity(BATCH),
        sender,
        started: now,
        flushed: now,
        failed: failed.clone(),
        finished: Finished::default(),
        judge,
        gaps: 0,
        racy: false,
        counts: Tally::default(),
        hosts: HashSet::new(),
    };
    (emitter, Writing { receiver, failed })
}

impl Emitter {
    /// Puts an event behind the last one.
    pub(crate) fn emit(&mut self, process: ProcessId, kind: Kind) {
        self.emit_with(process, kind, Vec::new());
    }

    /// Puts an event whose digests `slots` (image first, then interpreters) the writer waits for.
    pub(crate) fn emit_with(&mut self, process: ProcessId, kind: Kind, slots: Vec<Arc<Slot>>) {
        self.push(process, kind, slots, None);
    }

    /// Puts a file act before it takes place, so that nothing that follows from it can stand before it.
    pub(crate) fn emit_settling(&mut self, process: ProcessId, kind: Kind) -> Settling {
        let answer = Arc::<Answer>::default();
        self.push(process, kind, Vec::new(), Some(answer.clone()));
        Settling(answer)
    }

    /// An act told before it took place did not.
    pub(crate) fn retract(&mut self) {
        self.counts.events = self.counts.events.saturating_sub(1);
        self.counts.file_acts = self.counts.file_acts.saturating_sub(1);
    }

    fn push(&mut self, process: ProcessId, kind: Kind, slots: Vec<Arc<Slot>>, settled: Option<Arc<Answer>>) {
        self.count(&kind);
        let event = Event { seq: 0, process, at_us: self.started.elapsed().as_micros() as u64, times: None, kind };
        if let Some(judge) = &mut self.judge {
            judge.observe(&event);
        }
        self.batch.push(Queued { event, slots, settled });
        if self.batch.len() >= BATCH || self.flushed.elapsed() > LINGER {
            self.flush();
        }
    }

    fn count(&mut self, kind: &Kind) {
        self.counts.events += 1;
        match kind {
            Kind::Gap(_) => self.gaps += 1,
            Kind::Spawn { .. } => self.counts.processes += 1,
            Kind::File(f) => {
                self.counts.file_acts += 1;
                self.racy |= f.racy == Some(true);
            }
            Kind::Net(n) => {
                self.counts.net_acts += 1;
                let outward = matches!(n.op, NetOp::Connect | NetOp::Send) && n.outcome.is_effect();
                if let Some(address) = n.address.filter(|_| outward && self.hosts.len() < HOSTS_MAX) {
                    self.hosts.insert(address);
                    self.counts.hosts = self.hosts.len() as u64;
                }
                self.racy |= n.racy == Some(true);
            }
            Kind::Refused(_) => self.counts.refused += 1,
            Kind::Denied(_) => self.counts.denied += 1,
            _ => {}
        }
    }

    /// Hands the batch to the writer, waiting if it is behind.
    pub(crate) fn flush(&mut self) {
        for (process, kind) in self.finished.take() {
            self.counts.events += 1;
            let at_us = self.started.elapsed().as_micros() as u64;
            self.batch.push(Queued {
                event: Event { seq: 0, process, at_us, times: None, kind },
                slots: Vec::new(),
                settled: None,
            });
        }
        self.flushed = Instant::now();
        if self.batch.is_empty() {
            return;
        }
        let full = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        if self.sender.send(full).is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
    }

    /// Where hashing threads put what they have finished.
    pub(crate) fn finished(&self) -> Finished {
        self.finished.clone()
    }

    /// True if the log cannot be written any more.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Who decides, if anybody does.
    pub(crate) fn judge(&mut self) -> Option<&mut (dyn Judge + 'static)> {
        self.judge.as_deref_mut()
    }

    /// Time since the recording began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What holds about racing arguments so far.
    pub(crate) fn toctou(&self) -> Toctou {
        if self.racy { Toctou::BestEffort } else { Toctou::Verified }
    }

    /// What was recorded so far.
    pub(crate) fn tally(&self) -> Tally {
        self.counts
    }
}

impl Writing {
    /// Writes until every emitter is gone. After an error it goes on taking batches, so that nobody waits for ever. What
    /// does not fill a block is sent out all the same before long: somebody may read along.
    pub(crate) fn run<W: Write>(self, mut log: LogWriter<W>) -> Result<LogWriter<W>, LogError> {
        let mut seq = 0;
        let mut result = Ok(());
        let mut held = None;
        loop {
            let batch = match self.next(held) {
                Ok(batch) => batch,
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            for queued in batch {
                if result.is_ok()
                    && let Some(event) = resolve(queued, seq + 1)
                {
                    seq += 1;
                    result = log.append(&event);
                    held.get_or_insert_with(Instant::now);
                }
            }
            if result.is_ok() && held.is_some_and(|since| since.elapsed() >= LINGER) {
                result = log.flush_block();
                held = None;
            }
            if result.is_err() {
                held = None;
                self.failed.store(true, Ordering::Relaxed);
            }
        }
        result.map(|()| log)
    }

    /// The next batch; where events are held back since then, no later than they may be.
    fn next(&self, held: Option<Instant>) -> Result<Vec<Queued>, RecvTimeoutError> {
        match held {
            Some(since) => self.receiver.recv_timeout(LINGER.saturating_sub(since.elapsed())),
            None => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }
}

/// Waits for the digests or the outcome of an event and numbers it. `None`: its act did not take place.
fn resolve(queued: Queued, seq: u64) -> Option<Event> {
    let Queued { mut event, slots, settled } = queued;
    if let (Some(answer), Kind::File(act)) = (settled, &mut event.kind) {
        act.outcome = (*answer.wait())?;
        if !act.outcome.is_effect() {
            // As of every call that fails, only its name is told.
            (act.identity, act.file_type, act.size) = (None, None, None);
        }
    }
    event.seq = seq;
    if let Kind::Exec(exec) = &mut event.kind {
        let mut slots = slots.iter();
        exec.sha256 = slots.next().and_then(|s| s.wait().sha256);
        for (interpreter, slot) in exec.interpreters.iter_mut().zip(slots) {
            interpreter.sha256 = slot.wait().sha256;
        }
    }
    Some(event)
}
