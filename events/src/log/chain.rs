//! The running hash: each block's value covers it and all before it.
use crate::{Digest, Hasher};

/// The value of the chain so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chain(Digest);

impl Chain {
    /// Before the first block: SHA-256 of `sekisho recording 1` and a newline.
    pub(super) fn new() -> Self {
        Self(Digest::of(b"sekisho recording 1\n"))
    }

    /// SHA-256 of the value so far, the fields of the block's head and its stored bytes. What is hashed is what is
    /// stored: a tenth of the items' bytes, and checked before anything is decompressed.
    pub(super) fn extend(self, fields: &[u8], stored: &[u8]) -> Self {
        let mut hash = Hasher::new();
        hash.update(self.0.as_bytes());
        hash.update(fields);
        hash.update(stored);
        Self(hash.finish())
    }

    pub(super) fn value(self) -> Digest {
        self.0
    }
}
