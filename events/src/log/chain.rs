//! The running hash: each block's value covers it and all before it.
use super::frame::FrameKind;
use crate::{Digest, Hasher};

/// The value of the chain so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chain(Digest);

impl Chain {
    /// Before the first block: SHA-256 of `sekisho recording 1` and a newline.
    pub(super) fn new() -> Self {
        Self(Digest::of(b"sekisho recording 1\n"))
    }

    /// SHA-256 of the value so far, the kind (1 byte), the count and the length (`u32`, little-endian), the bytes.
    pub(super) fn extend(self, kind: FrameKind, count: u32, bytes: &[u8]) -> Self {
        let mut hash = Hasher::new();
        hash.update(self.0.as_bytes());
        hash.update(&[kind as u8]);
        hash.update(&count.to_le_bytes());
        hash.update(&(bytes.len() as u32).to_le_bytes());
        hash.update(bytes);
        Self(hash.finish())
    }

    pub(super) fn value(self) -> Digest {
        self.0
    }
}
