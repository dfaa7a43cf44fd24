//! The threads that hash.
use super::{Cache, Stamp};
use crate::emit::Finished;
use crate::served::Device;
use crate::sys::{self, Stat};
use crossbeam_channel::{Receiver, Sender, bounded};
use sekisho_events::{Content, ContentWhen, Digest, Kind, PathBytes, ProcessId};
use std::collections::HashSet;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
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

/// A digest in the making.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    digested: OnceLock<Digested>,
    /// A `content` event with it was asked for.
    told: AtomicBool,
}

impl Slot {
    /// A slot that will never have a digest, and why.
    pub(crate) fn without(why: &'static str) -> Arc<Self> {
        Self::with(Digested { sha256: None, size: 0, why: Some(why) })
    }

    /// A slot whose digest is known.
    pub(crate) fn with(digested: Digested) -> Arc<Self> {
        Arc::new(Self { digested: OnceLock::from(digested), told: AtomicBool::new(false) })
    }

    /// The digest, waiting until it is there.
    pub(crate) fn wait(&self) -> Digested {
        *self.digested.wait()
    }
}

/// Work for a thread: hash `file` if there is one, then tell if asked to.
struct Job {
    file: Option<(OwnedFd, Stamp)>,
    slot: Arc<Slot>,
    tell: Option<(ProcessId, Content)>,
}

/// Hashes files, each state once.
pub(crate) struct Digests {
    cache: Cache,
    /// What is on these is not read: the step serves it.
    avoided: HashSet<Device>,
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    finished: Finished,
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
        Ok(Self { cache: Cache::default(), avoided: HashSet::new(), jobs: Some(jobs), threads, finished })
    }

    /// Files on this device have no digest from now on.
    pub(crate) fn avoid(&mut self, device: Device) {
        self.avoided.insert(device);
    }

    /// The digest of a program or library that runs; `open` gives the file if it has not been hashed yet.
    pub(crate) fn of_image(&mut self, stat: &Stat, open: impl FnOnce() -> Option<OwnedFd>) -> Arc<Slot> {
        self.ask(stat, open, None).unwrap_or_else(|slot| slot)
    }

    /// Asks for the digest of a file just opened for reading, or left behind; a `content` event follows if this
    /// state was not told before. Returns the digest in the making.
    pub(crate) fn tell(
        &mut self,
        process: ProcessId,
        path: &PathBytes,
        when: ContentWhen,
        stat: &Stat,
        open: impl FnOnce() -> Option<OwnedFd>,
    ) -> Arc<Slot> {
        let content = Content {
            path: path.clone(),
            identity: Some(stat.identity),
            sha256: None,
            size: Some(stat.size),
            when,
            why: None,
        };
        let slot = match self.ask(stat, open, Some((process, content.clone()))) {
            Ok(slot) => slot,
            Err(new) => return new,
        };
        let told = slot.told.swap(true, Ordering::Relaxed);
        if when == ContentWhen::Final || !told {
            self.send(Job { file: None, slot: slot.clone(), tell: Some((process, content)) });
        }
        slot
    }

    /// `Ok`: known or already in the making. `Err`: new, and now in the making.
    fn ask(
        &mut self,
        stat: &Stat,
        open: impl FnOnce() -> Option<OwnedFd>,
        tell: Option<(ProcessId, Content)>,
    ) -> Result<Arc<Slot>, Arc<Slot>> {
        if let Some(slot) = self.cache.get(stat) {
            return Ok(slot);
        }
        let refuse = |why: &'static str| {
            if let Some((process, content)) = tell.clone() {
                let digested = Digested { sha256: None, size: stat.size, why: Some(why) };
                self.finished.push(process, Kind::Content(fill(content, digested)));
            }
            Err(Slot::without(why))
        };
        if self.avoided.contains(&stat.device()) {
            return refuse("served-by-step");
        }
        if stat.size > MAX_BYTES {
            return refuse("too-large");
        }
        let Some(file) = open() else { return refuse("unreadable") };
        let slot = Arc::new(Slot { digested: OnceLock::new(), told: AtomicBool::new(tell.is_some()) });
        self.cache.put(stat, slot.clone());
        if self.send(Job { file: Some((file, Stamp::of(stat))), slot: slot.clone(), tell }) {
            Err(slot)
        } else {
            Err(Slot::without("unreadable"))
        }
    }

    fn send(&self, job: Job) -> bool {
        self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok())
    }

    /// Waits until all is hashed. True if every thread ended well.
    pub(crate) fn finish(mut self) -> bool {
        self.jobs = None;
        self.threads.drain(..).all(|t| t.join().is_ok())
    }
}

fn work(jobs: &Receiver<Job>, finished: &Finished) {
    let mut buffer = vec![0; CHUNK];
    for job in jobs {
        if let Some((file, stamp)) = job.file {
            let _ = job.slot.digested.set(digest(&file, stamp, &mut buffer));
        }
        if let Some((process, content)) = job.tell {
            finished.push(process, Kind::Content(fill(content, job.slot.wait())));
        }
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
    let without = |why| Digested { sha256: None, size: 0, why: Some(why) };
    let mut before = expected;
    for _ in 0..2 {
        if before.size() > MAX_BYTES {
            return without("too-large");
        }
        let hashed = match hash_once(file, before.size(), buffer) {
            Ok(hashed) => hashed,
            Err(why) => return without(why),
        };
        match (sys::fstat(file.as_fd()).map(|s| Stamp::of(&s)), hashed) {
            (Ok(after), Some(sha256)) if after == before => {
                return Digested { sha256: Some(sha256), size: before.size(), why: None };
            }
            (Ok(after), _) => before = after,
            (Err(_), _) => break,
        }
    }
    without("changed-while-read")
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
