//! The threads that hash.
use super::{Cache, Stamp};
use crate::emit::Finished;
use crate::served::Device;
use crate::sys::{self, Stat};
use crossbeam_channel::{Receiver, SendError, Sender, bounded};
use sekisho_events::{Content, ContentWhen, Digest, Kind, PathBytes, ProcessId};
use std::collections::HashSet;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

/// Files that may wait to be hashed; each holds a descriptor.
const WAITING: usize = 128;
/// Larger files are not hashed: the time of the step is worth more.
const MAX_BYTES: u64 = 8 << 30;
/// One read.
const CHUNK: usize = 256 << 10;

/// What came of hashing one state of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digested {
    pub sha256: Option<Digest>,
    pub size: u64,
    pub why: Option<&'static str>,
}

impl Digested {
    fn without(why: &'static str) -> Self {
        Self { sha256: None, size: 0, why: Some(why) }
    }
}

/// A digest in the making.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    digested: OnceLock<Digested>,
    /// A `content` event with it was asked for.
    told: AtomicBool,
    /// Events that wait for it.
    waiting: Mutex<Vec<(ProcessId, Content)>>,
}

impl Slot {
    /// A slot that will never have a digest, and why.
    pub(crate) fn without(why: &'static str) -> Arc<Self> {
        Self::with(Digested::without(why))
    }

    /// A slot whose digest is known.
    pub(crate) fn with(digested: Digested) -> Arc<Self> {
        Arc::new(Self { digested: OnceLock::from(digested), ..Self::default() })
    }

    /// The digest, waiting until it is there.
    pub(crate) fn wait(&self) -> Digested {
        *self.digested.wait()
    }

    /// Tells now, or when the digest is there.
    fn tell(&self, process: ProcessId, content: Content, finished: &Finished) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match self.digested.get() {
            None => waiting.push((process, content)),
            Some(digested) => finished.push(process, Kind::Content(fill(content, *digested))),
        }
    }

    fn settle(&self, digested: Digested, finished: &Finished) {
        let _ = self.digested.set(digested);
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        for (process, content) in waiting {
            finished.push(process, Kind::Content(fill(content, digested)));
        }
    }
}

/// A file to be hashed.
pub(crate) enum Source {
    /// Open for reading.
    File(OwnedFd),
    /// `O_PATH`, of a regular file.
    Handle(OwnedFd),
}

impl Source {
    /// A description of our own: the step can do nothing to it.
    fn open(self) -> Option<OwnedFd> {
        match self {
            Self::File(file) => Some(file),
            Self::Handle(handle) => {
                let flags = libc::O_RDONLY | libc::O_NONBLOCK;
                let open = |flags| sys::open_again(handle.as_fd(), flags);
                open(flags | libc::O_NOATIME).or_else(|_| open(flags)).ok()
            }
        }
    }
}

/// Work for a thread.
struct Job {
    source: Source,
    stamp: Stamp,
    slot: Arc<Slot>,
}

/// The way to the threads.
#[derive(Clone)]
struct Hashing {
    jobs: Sender<Job>,
    finished: Finished,
}

/// A file that no thread has been given yet: it is when this is dropped. Whoever holds it can let the step go on first,
/// for only the writer of the log waits for a digest.
#[derive(Default)]
#[must_use]
pub(crate) struct Due(Option<(Job, Hashing)>);

impl Drop for Due {
    fn drop(&mut self) {
        let Some((job, Hashing { jobs, finished })) = self.0.take() else { return };
        if let Err(SendError(job)) = jobs.send(job) {
            job.slot.settle(Digested::without("unreadable"), &finished);
        }
    }
}

/// Hashes files, each state once.
pub(crate) struct Digests {
    cache: Cache,
    /// What is on these is not read: the step serves it.
    avoided: HashSet<Device>,
    hashing: Hashing,
    threads: Vec<JoinHandle<()>>,
}

impl Digests {
    /// Starts the threads.
    pub(crate) fn start(finished: Finished) -> std::io::Result<Self> {
        let (jobs, receiver) = bounded(WAITING);
        let spawn = |n: usize| {
            let (receiver, finished) = (receiver.clone(), finished.clone());
            std::thread::Builder::new()
                .name(format!("hash-{n}"))
                .stack_size(128 << 10)
                .spawn(move || work(&receiver, &finished))
        };
        let threads = (0..2).map(spawn).collect::<Result<_, _>>()?;
        let hashing = Hashing { jobs, finished };
        Ok(Self { cache: Cache::default(), avoided: HashSet::new(), hashing, threads })
    }

    /// Files on this device have no digest from now on.
    pub(crate) fn avoid(&mut self, device: Device) {
        self.avoided.insert(device);
    }

    /// The digest of a program or library that runs; `open` gives the file if it has not been hashed yet.
    pub(crate) fn of_image(&mut self, stat: &Stat, open: impl FnOnce() -> Option<OwnedFd>) -> Arc<Slot> {
        self.ask(stat, || open().map(Source::File)).0
    }

    /// Asks for the digest of a file just opened for reading, or left behind; a `content` event follows if this
    /// state was not told before. Returns the digest in the making.
    pub(crate) fn tell(
        &mut self,
        process: ProcessId,
        path: &PathBytes,
        when: ContentWhen,
        stat: &Stat,
        open: impl FnOnce() -> Option<Source>,
    ) -> (Arc<Slot>, Due) {
        let (slot, due) = self.ask(stat, open);
        let told = slot.told.swap(true, Ordering::Relaxed);
        if when == ContentWhen::Final || !told {
            let content = Content {
                path: path.clone(),
                identity: Some(stat.identity),
                sha256: None,
                size: Some(stat.size),
                when,
                why: None,
            };
            slot.tell(process, content, &self.hashing.finished);
        }
        (slot, due)
    }

    /// The digest of this state, known, in the making, or due.
    fn ask(&mut self, stat: &Stat, open: impl FnOnce() -> Option<Source>) -> (Arc<Slot>, Due) {
        if let Some(slot) = self.cache.get(stat) {
            return (slot, Due::default());
        }
        let source = match () {
            () if self.avoided.contains(&stat.device()) => Err("served-by-step"),
            () if stat.size > MAX_BYTES => Err("too-large"),
            () => open().ok_or("unreadable"),
        };
        match source {
            Err(why) => (Slot::without(why), Due::default()),
            Ok(source) => {
                let slot = Arc::<Slot>::default();
                self.cache.put(stat, slot.clone());
                let job = Job { source, stamp: Stamp::of(stat), slot: slot.clone() };
                (slot, Due(Some((job, self.hashing.clone()))))
            }
        }
    }

    /// Waits until all is hashed. True if every thread ended well.
    pub(crate) fn finish(self) -> bool {
        drop(self.hashing);
        self.threads.into_iter().all(|t| t.join().is_ok())
    }
}

fn work(jobs: &Receiver<Job>, finished: &Finished) {
    let mut buffer = vec![0; CHUNK];
    for Job { source, stamp, slot } in jobs {
        let file = source.open();
        let digested = file.map_or(Digested::without("unreadable"), |file| digest(&file, stamp, &mut buffer));
        slot.settle(digested, finished);
    }
}

fn fill(mut content: Content, digested: Digested) -> Content {
    content.sha256 = digested.sha256;
    if digested.sha256.is_some() {
        content.size = Some(digested.size);
    }
    content.why = digested.why.map(str::to_owned);
    content
}

/// Hashes one state of `file`; a change meanwhile is tried once more.
fn digest(file: &OwnedFd, expected: Stamp, buffer: &mut [u8]) -> Digested {
    let mut before = expected;
    for _ in 0..2 {
        if before.size() > MAX_BYTES {
            return Digested::without("too-large");
        }
        let hashed = match hash_once(file, before.size(), buffer) {
            Ok(hashed) => hashed,
            Err(why) => return Digested::without(why),
        };
        match (sys::fstat(file.as_fd()).map(|s| Stamp::of(&s)), hashed) {
            (Ok(after), Some(sha256)) if after == before => {
                return Digested { sha256: Some(sha256), size: before.size(), why: None };
            }
            (Ok(after), _) => before = after,
            (Err(_), _) => break,
        }
    }
    Digested::without("changed-while-read")
}

/// `None` if there is more than `size`: it grows, perhaps without end (EVASION E17, E19), and another look is due.
fn hash_once(file: &OwnedFd, size: u64, buffer: &mut [u8]) -> Result<Option<Digest>, &'static str> {
    let mut hasher = sekisho_events::Hasher::new();
    let mut offset = 0;
    loop {
        match sys::pread(file.as_fd(), buffer, offset) {
            Ok(0) => return Ok(Some(hasher.finish())),
            Ok(n) => {
                hasher.update(&buffer[..n]);
                offset += n as u64;
                if offset > size {
                    return Ok(None);
                }
            }
            Err(e) if e.errno == libc::EINTR => {}
            Err(_) => return Err("unreadable"),
        }
    }
}
