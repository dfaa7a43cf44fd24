//! The blocks' bytes, compressed: one zstd frame (RFC 8878) for the whole recording, flushed at the end of each block, so
//! that a block finds in those before it what it says again, and yet can be read as soon as it is there.
use crate::log::Corruption;
use std::io;
use zstd::stream::raw::{CParameter, DParameter, Decoder, Encoder, InBuffer, Operation, OutBuffer};
use zstd::zstd_safe::compress_bound;

/// log2 of how far back a block refers: 1 MiB, which a reader keeps in memory beside the block.
const WINDOW_LOG: u32 = 20;
/// zstd level: speed first, the recorder shares the build's machine.
const LEVEL: i32 = 1;
/// More than the frame's head and the ends of its blocks can take.
const HEAD_ROOM: usize = 64;

/// Compresses a recording, block by block.
pub(super) struct Compressor(Encoder<'static>);

impl Compressor {
    pub(super) fn new() -> io::Result<Self> {
        let mut encoder = Encoder::new(LEVEL)?;
        encoder.set_parameter(CParameter::WindowLog(WINDOW_LOG))?;
        Ok(Self(encoder))
    }

    /// What is to be stored of `items`, in place of what was in `stored`. The `last` block ends the frame.
    pub(super) fn compress(&mut self, items: &[u8], last: bool, stored: &mut Vec<u8>) -> io::Result<()> {
        stored.clear();
        stored.reserve(compress_bound(items.len()) + HEAD_ROOM);
        let mut input = InBuffer::around(items);
        loop {
            let at = stored.len();
            let mut output = OutBuffer::around_pos(stored, at);
            let taken = input.pos() == items.len();
            let left = match taken {
                false => self.0.run(&mut input, &mut output)?,
                true if last => self.0.finish(&mut output, true)?,
                true => self.0.flush(&mut output)?,
            };
            if taken && left == 0 {
                return Ok(());
            }
            if stored.capacity() == stored.len() {
                stored.reserve(stored.len());
            }
        }
    }
}

/// Decompresses a recording, block by block.
pub(super) struct Decompressor(Decoder<'static>);

impl Decompressor {
    pub(super) fn new() -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
        Ok(Self(decoder))
    }

    /// The `len` bytes that `stored` stands for, in place of what was in `items`; takes memory for no more. The frame ends
    /// with the `last` block and not before.
    pub(super) fn decompress(
        &mut self,
        stored: &[u8],
        len: usize,
        last: bool,
        items: &mut Vec<u8>,
    ) -> Result<(), Corruption> {
        items.clear();
        // One byte more: what is longer shows.
        items.reserve(len + 1);
        let mut input = InBuffer::around(stored);
        let mut ended = false;
        while input.pos() < stored.len() {
            let before = (input.pos(), items.len());
            let mut output = OutBuffer::around_pos(items, before.1);
            let hint = self.0.run(&mut input, &mut output).map_err(|_| Corruption::Compression)?;
            if ended || items.len() > len || (input.pos(), items.len()) == before {
                return Err(Corruption::Compression);
            }
            ended = hint == 0;
        }
        if items.len() == len && ended == last { Ok(()) } else { Err(Corruption::Compression) }
    }
}
