//! Reading a recording.
use super::blocks::{Blocks, fill};
use super::frame::FrameKind;
use super::item::Place;
use super::{Corruption, LogError, MAGIC, VERSION};
use crate::{Counts, Digest, Event, Header, Kind, ProcessId, SpawnHow, Toctou, Trailer};
use std::io::{ErrorKind, Read};

/// Where a recording without trailer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncation {
    /// Events that could be read.
    pub events: u64,
    /// Number of the block that is missing or cut, the header being 0.
    pub block: u64,
    /// Where that block begins, or would begin.
    pub offset: u64,
}

/// Reads a recording, one block in memory. Reads are large; a `BufReader` around the input gains nothing.
pub struct LogReader<R: Read> {
    blocks: Blocks<R>,
    header: Header,
    /// The event that was read last: the memory for the next one.
    event: Event,
    place: Place,
    counts: Counts,
    racy: bool,
    state: State,
}

/// Stands in a reader before its first event.
const NOTHING: Kind = Kind::Spawn { parent: ProcessId(0), how: SpawnHow::Fork, thread: false };

enum State {
    Events,
    Ended(Trailer),
    Cut(Truncation),
    Corrupt { block: u64, offset: u64, what: Corruption },
    Failed(ErrorKind),
}

impl<R: Read> LogReader<R> {
    /// Reads the magic bytes, the version and the header.
    pub fn new(mut input: R) -> Result<Self, LogError> {
        let mut start = [0; MAGIC.len() + 4];
        let got = fill(&mut input, &mut start)?;
        let (magic, version) = start.split_at(MAGIC.len());
        let there = got.min(MAGIC.len());
        if got == 0 || magic[..there] != MAGIC[..there] {
            return Err(LogError::NotARecording);
        }
        if got < start.len() {
            return Err(LogError::CutHeader);
        }
        let version = version.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b));
        if version != VERSION {
            return Err(LogError::UnknownVersion(version));
        }
        let mut blocks = Blocks::new(input, start.len() as u64)?;
        match blocks.advance()? {
            None => return Err(LogError::CutHeader),
            Some(FrameKind::Header) => {}
            Some(_) => return Err(blocks.corrupt(Corruption::Kind)),
        }
        let header: Header = blocks.item()?;
        if header.version != VERSION {
            return Err(blocks.corrupt(Corruption::Encoding));
        }
        Ok(Self {
            blocks,
            header,
            event: Event { seq: 0, process: ProcessId(0), at_us: 0, times: None, kind: NOTHING },
            place: Place::first(),
            counts: Counts::default(),
            racy: false,
            state: State::Events,
        })
    }

    /// What stands before the events.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next event; `None` behind the last one. Then [`LogReader::trailer`] or [`LogReader::truncated`] says
    /// how the recording ends. An error stays: there is no reading on behind it. The event stays in the reader, which
    /// uses its memory for the next one: half of what reading took was to take memory and to move events about.
    pub fn next_event(&mut self) -> Result<Option<&Event>, LogError> {
        match self.step() {
            Ok(true) => Ok(Some(&self.event)),
            Ok(false) => Ok(None),
            Err(error) => {
                match &error {
                    LogError::Corrupt { block, offset, what } => {
                        self.state = State::Corrupt { block: *block, offset: *offset, what: *what };
                    }
                    LogError::Io(error) => self.state = State::Failed(error.kind()),
                    _ => {}
                }
                Err(error)
            }
        }
    }

    /// The trailer, once [`LogReader::next_event`] has returned `None` for a recording that has one.
    pub fn trailer(&self) -> Option<&Trailer> {
        if let State::Ended(trailer) = &self.state { Some(trailer) } else { None }
    }

    /// Where the recording is cut, once [`LogReader::next_event`] has returned `None` for one without trailer.
    pub fn truncated(&self) -> Option<&Truncation> {
        if let State::Cut(cut) = &self.state { Some(cut) } else { None }
    }

    /// How many events of each kind were read so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Reads the next event into its place; false behind the last one.
    fn step(&mut self) -> Result<bool, LogError> {
        match &self.state {
            State::Events => {}
            State::Ended(_) | State::Cut(_) => return Ok(false),
            State::Corrupt { block, offset, what } => {
                return Err(LogError::Corrupt { block: *block, offset: *offset, what: *what });
            }
            State::Failed(kind) => return Err(LogError::Io((*kind).into())),
        }
        if self.blocks.left() == 0 && !self.next_block()? {
            return Ok(false);
        }
        let event = &mut self.event;
        self.place.put(&self.blocks.event(&mut event.kind)?, event);
        self.place.pass(event.at_us);
        self.counts.0[event.kind.index()] += 1;
        self.racy |= event.kind.is_racy();
        Ok(true)
    }

    /// Goes to the next block of events; false at the trailer and at the cut.
    fn next_block(&mut self) -> Result<bool, LogError> {
        let root = self.blocks.chain();
        match self.blocks.advance()? {
            Some(FrameKind::Events) => return Ok(true),
            Some(FrameKind::Trailer) => self.state = State::Ended(self.end(root)?),
            Some(FrameKind::Header) => return Err(self.blocks.corrupt(Corruption::Kind)),
            None => {
                let (block, offset) = self.blocks.current();
                self.state = State::Cut(Truncation { events: self.place.next_seq - 1, block, offset });
            }
        }
        Ok(false)
    }

    /// Holds the trailer against what was read; nothing may follow it.
    fn end(&mut self, root: Digest) -> Result<Trailer, LogError> {
        let trailer: Trailer = self.blocks.item()?;
        let gaps = self.counts.0[Kind::GAP_INDEX];
        let agrees = trailer.counts == self.counts
            && trailer.root == root
            && trailer.gaps == gaps
            && !(trailer.complete && (gaps > 0 || trailer.lost > 0))
            && !(trailer.toctou == Toctou::Verified && self.racy);
        if !agrees {
            return Err(self.blocks.corrupt(Corruption::Trailer));
        }
        if self.blocks.at_end()? { Ok(trailer) } else { Err(self.blocks.corrupt(Corruption::Behind)) }
    }
}
