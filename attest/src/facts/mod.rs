//! What a recording lets us state, gathered in one pass.
//!
//! Invariant: nothing is stated that an event does not say. Inputs and products are told apart by the order of
//! access: what the step read before it wrote it was an input, what it made or wrote and left behind is a product.
mod files;
mod names;
mod products;
mod programs;
mod reach;

pub use files::Material;
pub(crate) use names::percent;
pub use names::{file_uri, name_within};
pub use products::{ProductError, Products, RECORDING_NAME, Select};
pub use programs::{Network, Program};
pub(crate) use reach::Reach;

use files::{Candidate, Files};
use programs::Programs;
use sekisho_events::{
    ContentWhen, DescriptorHow, DescriptorTarget, Digest, Event, Gap, Header, Kind, LogError, LogReader, PathBytes,
    Trailer,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::io::{self, Read};

/// How many gaps are kept to be shown; all are counted.
const SHOWN_GAPS: usize = 16;

/// Why a recording cannot be attested.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FactsError {
    /// It cannot be read, or was altered.
    #[error("{0}")]
    Log(#[from] LogError),
    /// It has no trailer: what came behind the cut is not known.
    #[error("truncated: the recording ends after {events} events, without its trailer")]
    Truncated {
        /// Events up to the cut.
        events: u64,
    },
}

/// Digest and size of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// Of its content.
    pub sha256: Digest,
    /// In bytes, where known.
    pub size: Option<u64>,
}

/// What one run did, as far as statements need it.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// What stands before the events.
    pub header: Header,
    /// What stands behind them.
    pub trailer: Trailer,
    /// SHA-256 of the recording as a file.
    pub recording_sha256: Digest,
    /// Its length.
    pub recording_bytes: u64,
    /// What was there before and was read or executed, by path.
    pub materials: Vec<Material>,
    /// What was executed.
    pub programs: Vec<Program>,
    /// Who was talked to.
    pub network: Vec<Network>,
    /// Whom work was handed to outside the tree.
    pub delegated: Vec<String>,
    /// The first gaps.
    pub gaps: Vec<Gap>,
    /// Names of the variables that the step was given.
    pub environment: Vec<PathBytes>,
    /// Digests of all that was read, by whatever name, the step's own files too.
    read: BTreeSet<Digest>,
    candidates: Vec<Candidate>,
    /// Ways out that are no sockets.
    pub(crate) reach: Reach,
}

impl RunFacts {
    /// True if something with this content was read.
    pub fn was_read(&self, content: Digest) -> bool {
        self.read.contains(&content)
    }

    /// What the step made, left behind, and read again itself, with its last content.
    pub(crate) fn consumed(&self) -> impl Iterator<Item = (&PathBytes, Option<Digest>)> {
        self.candidates.iter().filter(|c| c.consumed).map(|c| (&c.path, c.sha256))
    }

    /// Name of the step: what the recording says, or `build`.
    pub fn step(&self) -> &str {
        self.header.step.as_deref().unwrap_or("build")
    }

    /// When the step ended, in seconds since the epoch.
    pub fn finished_s(&self) -> u64 {
        self.header.started_s.saturating_add(self.trailer.duration_us / 1_000_000)
    }
}

/// Reads a recording once, with one block and the names of its files in memory.
pub fn gather(recording: impl Read) -> Result<RunFacts, FactsError> {
    let mut input = Hashing { inner: recording, hash: Sha256::new(), bytes: 0 };
    let mut reader = LogReader::new(&mut input)?;
    let mut gathered = Gathered::default();
    while let Some(event) = reader.next_event()? {
        gathered.push(event);
    }
    if let Some(cut) = reader.truncated() {
        return Err(FactsError::Truncated { events: cut.events });
    }
    let header = reader.header().clone();
    let trailer = reader.trailer().cloned().ok_or(FactsError::Truncated { events: 0 })?;
    drop(reader);
    let (materials, candidates) = gathered.files.finish();
    let (programs, network) = gathered.programs.finish();
    gathered.delegated.sort_unstable();
    gathered.delegated.dedup();
    Ok(RunFacts {
        header,
        trailer,
        recording_sha256: Digest::new(input.hash.finalize().into()),
        recording_bytes: input.bytes,
        materials,
        programs,
        network,
        delegated: gathered.delegated,
        gaps: gathered.gaps,
        environment: gathered.environment.unwrap_or_default(),
        read: gathered.read,
        candidates,
        reach: gathered.reach,
    })
}

#[derive(Default)]
struct Gathered {
    files: Files,
    programs: Programs,
    delegated: Vec<String>,
    gaps: Vec<Gap>,
    environment: Option<Vec<PathBytes>>,
    read: BTreeSet<Digest>,
    reach: Reach,
}

impl Gathered {
    fn push(&mut self, event: &Event) {
        let (process, times) = (event.process, event.times.unwrap_or(1));
        match &event.kind {
            Kind::Spawn { parent, .. } => self.programs.spawned(process, *parent),
            Kind::Exec(exec) if exec.outcome.is_effect() => {
                self.files.executed(exec);
                self.programs.executed(process, exec, times);
                self.environment.get_or_insert_with(|| exec.env.clone());
            }
            Kind::Exit(_) => self.programs.ended(process),
            Kind::File(act) => {
                self.reach.act(act);
                self.files.act(process, act);
            }
            Kind::Content(content) => {
                if content.when == ContentWhen::Read {
                    self.read.extend(content.sha256);
                }
                self.files.content(content);
            }
            Kind::Net(act) => {
                self.reach.net(act);
                self.programs.network(process, act, times);
            }
            Kind::Descriptor(descriptor) => match &descriptor.target {
                DescriptorTarget::File(act) => {
                    // What the step was started with is not of its own choosing.
                    if descriptor.how != DescriptorHow::Inherited {
                        self.reach.act(act);
                    }
                    self.files.act(process, act);
                }
                DescriptorTarget::Net(act) => self.programs.network(process, act, times),
            },
            Kind::Tamper(tamper) => self.reach.tampered(tamper),
            Kind::Delegated(to) => self.delegated.push(to.to.escaped()),
            Kind::Gap(gap) if self.gaps.len() < SHOWN_GAPS => self.gaps.push(gap.clone()),
            _ => {}
        }
    }
}

/// Hashes what passes.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hash.update(&buffer[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
}
