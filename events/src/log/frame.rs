//! The head of a stored block.
use super::{Corruption, MAX_BLOCK_BYTES, MAX_COMPRESSED_BYTES};
use crate::Digest;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum FrameKind {
    Header = 1,
    Events = 2,
    Trailer = 3,
}

/// The head: 45 bytes, integers little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Byte 0.
    pub(super) kind: FrameKind,
    /// Bytes 1–4: number of items.
    pub(super) count: u32,
    /// Bytes 5–8: length of the items.
    pub(super) len: u32,
    /// Bytes 9–12: length as stored.
    pub(super) compressed_len: u32,
    /// Bytes 13–44: the chain behind this block.
    pub(super) chain: Digest,
}

/// Bytes before the chain: what the chain covers of a head.
const FIELDS: usize = 13;

impl Frame {
    /// Length of the head.
    pub(super) const LEN: usize = FIELDS + 32;

    /// The head as it is written.
    pub(super) fn encode(&self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        out[0] = self.kind as u8;
        out[1..5].copy_from_slice(&self.count.to_le_bytes());
        out[5..9].copy_from_slice(&self.len.to_le_bytes());
        out[9..13].copy_from_slice(&self.compressed_len.to_le_bytes());
        out[FIELDS..].copy_from_slice(self.chain.as_bytes());
        out
    }

    /// Reads a head; lengths are within their limits when it returns.
    pub(super) fn decode(head: &[u8; Self::LEN]) -> Result<Self, Corruption> {
        let kind = match head[0] {
            1 => FrameKind::Header,
            2 => FrameKind::Events,
            3 => FrameKind::Trailer,
            _ => return Err(Corruption::Kind),
        };
        let mut chain = [0; 32];
        chain.copy_from_slice(&head[FIELDS..]);
        let frame = Self {
            kind,
            count: int(&head[1..5]),
            len: int(&head[5..9]),
            compressed_len: int(&head[9..13]),
            chain: Digest::new(chain),
        };
        let single = frame.kind != FrameKind::Events;
        let fits = frame.len as usize <= MAX_BLOCK_BYTES
            && frame.compressed_len as usize <= MAX_COMPRESSED_BYTES
            && frame.count >= 1
            && frame.count <= frame.len
            && (!single || frame.count == 1);
        if fits { Ok(frame) } else { Err(Corruption::Length) }
    }

    /// What the chain covers of a head.
    pub(super) fn fields(head: &[u8; Self::LEN]) -> &[u8] {
        &head[..FIELDS]
    }
}

fn int(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b))
}
