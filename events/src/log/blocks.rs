//! The blocks of a recording, read one at a time, each checked before it is decompressed and before it is used.
use super::chain::Chain;
use super::frame::{Frame, FrameKind};
use super::item::{Item, Stamp};
use super::plain;
use super::stream::Decompressor;
use super::{Corruption, LogError};
use crate::{Access, Digest, FileAct, Kind};
use minicbor::{CborLen, Decode};
use std::io::Read;

/// The block in memory, and where in the file it stands.
pub(super) struct Blocks<R: Read> {
    input: R,
    zstd: Decompressor,
    stored: Vec<u8>,
    items: Vec<u8>,
    /// Where in `items` the next one begins.
    at: usize,
    /// Items of this block that were not yet read.
    left: u32,
    /// An event's facts whose memory is used again.
    spare: Kind,
    chain: Chain,
    /// Number and place of the block that is next.
    next: (u64, u64),
    /// Number and place of the block in memory.
    current: (u64, u64),
}

impl<R: Read> Blocks<R> {
    /// Reads on behind the magic bytes and the version, which are `offset` bytes long.
    pub(super) fn new(input: R, offset: u64) -> Result<Self, LogError> {
        Ok(Self {
            input,
            zstd: Decompressor::new()?,
            stored: Vec::new(),
            items: Vec::new(),
            at: 0,
            left: 0,
            spare: Kind::File(FileAct::new(Access::Read, "")),
            chain: Chain::new(),
            next: (0, offset),
            current: (0, offset),
        })
    }

    /// Reads, checks and decompresses the next block; `None` if the file ends before the block does.
    pub(super) fn advance(&mut self) -> Result<Option<FrameKind>, LogError> {
        self.current = self.next;
        self.left = 0;
        let mut head = [0; Frame::LEN];
        if fill(&mut self.input, &mut head)? < head.len() {
            return Ok(None);
        }
        let frame = Frame::decode(&head).map_err(|what| self.corrupt(what))?;
        // The vector grows with what is really there, not with what the head promises.
        self.stored.clear();
        let len = u64::from(frame.compressed_len);
        if self.input.by_ref().take(len).read_to_end(&mut self.stored)? as u64 != len {
            return Ok(None);
        }
        self.chain = self.chain.extend(Frame::fields(&head), &self.stored);
        if self.chain.value() != frame.chain {
            return Err(self.corrupt(Corruption::Chain));
        }
        let last = frame.kind == FrameKind::Trailer;
        let done = self.zstd.decompress(&self.stored, frame.len as usize, last, &mut self.items);
        done.map_err(|what| self.corrupt(what))?;
        self.at = 0;
        self.left = frame.count;
        self.next = (self.next.0 + 1, self.next.1 + Frame::LEN as u64 + len);
        Ok(Some(frame.kind))
    }

    /// Items of this block that were not yet read.
    pub(super) fn left(&self) -> u32 {
        self.left
    }

    /// The next item of the block. It must be as long as the writer makes it: what the writer would not have written
    /// (an unknown key, a key twice, a longer form) is longer, and is not read as something else. Keys in another order would be the same item.
    pub(super) fn item<T: for<'b> Decode<'b, ()> + CborLen<()>>(&mut self) -> Result<T, LogError> {
        let bytes = &self.items[self.at..];
        let mut decoder = minicbor::Decoder::new(bytes);
        let Ok(item) = decoder.decode::<T>() else { return Err(self.corrupt(Corruption::Encoding)) };
        let read = decoder.position();
        if minicbor::len(&item) != read {
            return Err(self.corrupt(Corruption::Encoding));
        }
        self.pass(read)?;
        Ok(item)
    }

    /// The same of an event, by a shorter way where there is one; its kind is put in place of `kind`.
    #[inline]
    pub(super) fn event(&mut self, kind: &mut Kind) -> Result<Stamp, LogError> {
        if let Some((stamp, read)) = plain::event(&self.items[self.at..], kind, &mut self.spare) {
            self.pass(read)?;
            return Ok(stamp);
        }
        let (stamp, other) = self.item::<Item<Kind>>()?.split();
        *kind = other;
        Ok(stamp)
    }

    /// Goes on behind an item of that length. The last one must end where the block does.
    #[inline]
    fn pass(&mut self, read: usize) -> Result<(), LogError> {
        self.at += read;
        self.left = self.left.saturating_sub(1);
        if self.left == 0 && self.at != self.items.len() {
            return Err(self.corrupt(Corruption::Encoding));
        }
        Ok(())
    }

    /// True if nothing is left of the file.
    pub(super) fn at_end(&mut self) -> Result<bool, LogError> {
        Ok(fill(&mut self.input, &mut [0])? == 0)
    }

    /// The chain behind the block in memory.
    pub(super) fn chain(&self) -> Digest {
        self.chain.value()
    }

    /// Number and place of the block in memory, or of the one that is missing.
    pub(super) fn current(&self) -> (u64, u64) {
        self.current
    }

    /// Says what is wrong with the block in memory.
    pub(super) fn corrupt(&self, what: Corruption) -> LogError {
        LogError::Corrupt { block: self.current.0, offset: self.current.1, what }
    }
}

/// Reads until the buffer is full or the input ends; returns how much was read.
pub(super) fn fill(input: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match input.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(got)
}
