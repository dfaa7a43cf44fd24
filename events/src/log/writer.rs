//! Writing a recording.
use super::chain::Chain;
use super::frame::{Frame, FrameKind};
use super::item::Place;
use super::stream::Compressor;
use super::{BLOCK_BYTES, LogError, MAGIC, MAX_EVENT_BYTES, VERSION};
use crate::{Counts, Event, Header, Kind, Toctou, Trailer};
use std::io::Write;

/// What the writer cannot know by itself when a recording ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Events known to be lost.
    pub lost: u64,
    /// The step's status, or 128 + n for signal n.
    pub status: i32,
    /// Wall time of the step in microseconds.
    pub duration_us: u64,
    /// What holds about racing arguments; an event that is `racy` makes it best-effort.
    pub toctou: Toctou,
    /// False if something was missed; a gap or a lost event makes it false.
    pub complete: bool,
}

/// Appends events to a recording. Bytes go out a block at a time; no event allocates.
pub struct LogWriter<W: Write> {
    out: W,
    zstd: Compressor,
    block: Vec<u8>,
    stored: Vec<u8>,
    count: u32,
    place: Place,
    chain: Chain,
    counts: Counts,
    racy: bool,
    /// A block was written in part: what follows it would not be readable.
    failed: bool,
}

impl<W: Write> LogWriter<W> {
    /// Writes the magic bytes, the version and the header.
    pub fn new(mut out: W, header: &Header) -> Result<Self, LogError> {
        out.write_all(&MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        let mut writer = Self {
            out,
            zstd: Compressor::new()?,
            block: Vec::with_capacity(BLOCK_BYTES * 2),
            stored: Vec::with_capacity(BLOCK_BYTES),
            count: 0,
            place: Place::first(),
            chain: Chain::new(),
            counts: Counts::default(),
            racy: false,
            failed: false,
        };
        writer.encode(header)?;
        writer.count = 1;
        writer.write_block(FrameKind::Header)?;
        writer.out.flush()?;
        Ok(writer)
    }

    /// Appends the event, whose number must be the next one. After an error that is not [`LogError::Io`] the
    /// recording is as before the call.
    pub fn append(&mut self, event: &Event) -> Result<(), LogError> {
        if event.seq != self.place.next_seq {
            return Err(LogError::Sequence { expected: self.place.next_seq, got: event.seq });
        }
        if matches!(&event.kind, Kind::Denied(d) if matches!(*d.would, Kind::Denied(_))) {
            return Err(LogError::Unwritable);
        }
        self.encode(&self.place.item_of(event))?;
        self.count += 1;
        self.place.pass(event.at_us);
        self.counts.0[event.kind.index()] += 1;
        self.racy |= event.kind.is_racy();
        if self.block.len() >= BLOCK_BYTES {
            self.write_block(FrameKind::Events)?;
        }
        Ok(())
    }

    /// The number that the next event must have.
    pub fn next_seq(&self) -> u64 {
        self.place.next_seq
    }

    /// Sends out what was appended, so that a crash of the recorder loses nothing before this.
    pub fn flush_block(&mut self) -> Result<(), LogError> {
        if self.count > 0 {
            self.write_block(FrameKind::Events)?;
        }
        Ok(self.out.flush()?)
    }

    /// Ends the recording.
    pub fn finish(mut self, end: End) -> Result<(W, Trailer), LogError> {
        self.flush_block()?;
        let gaps = self.counts.0[Kind::GAP_INDEX];
        let trailer = Trailer {
            complete: end.complete && gaps == 0 && end.lost == 0,
            counts: self.counts.clone(),
            lost: end.lost,
            gaps,
            root: self.chain.value(),
            status: end.status,
            duration_us: end.duration_us,
            toctou: if self.racy { Toctou::BestEffort } else { end.toctou },
        };
        self.encode(&trailer)?;
        self.count = 1;
        self.write_block(FrameKind::Trailer)?;
        self.out.flush()?;
        Ok((self.out, trailer))
    }

    /// Encodes an item behind the others of the block, or leaves the block as it was.
    fn encode<T: minicbor::Encode<()>>(&mut self, item: &T) -> Result<(), LogError> {
        let before = self.block.len();
        let encoded = minicbor::encode(item, &mut self.block);
        let bytes = self.block.len() - before;
        if encoded.is_err() || bytes > MAX_EVENT_BYTES {
            self.block.truncate(before);
            self.block.shrink_to(BLOCK_BYTES * 2);
            return Err(LogError::TooLarge { bytes });
        }
        Ok(())
    }

    fn write_block(&mut self, kind: FrameKind) -> Result<(), LogError> {
        if self.failed {
            return Err(std::io::Error::other("an earlier write failed").into());
        }
        self.failed = true;
        self.zstd.compress(&self.block, kind == FrameKind::Trailer, &mut self.stored)?;
        let mut frame = Frame {
            kind,
            count: self.count,
            len: self.block.len() as u32,
            compressed_len: self.stored.len() as u32,
            chain: self.chain.value(),
        };
        let chain = self.chain.extend(Frame::fields(&frame.encode()), &self.stored);
        frame.chain = chain.value();
        self.out.write_all(&frame.encode())?;
        self.out.write_all(&self.stored)?;
        self.chain = chain;
        self.count = 0;
        self.block.clear();
        self.failed = false;
        Ok(())
    }
}
