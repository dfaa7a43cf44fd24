//! The recording as a file: written by appending, read with one block in memory (docs/format.md).
//!
//! Invariant: a reader yields the events that the writer appended, in their order, or a prefix of them with
//! [`Truncation`], or an error; never another stream. Sizes are checked before memory is taken for them.

mod blocks;
mod chain;
mod frame;
mod item;
mod plain;
mod reader;
mod stream;
mod writer;

pub use reader::{LogReader, Truncation};
pub use writer::{End, LogWriter};

/// The first bytes of a recording.
pub const MAGIC: [u8; 8] = *b"\x89SEKISHO";
/// The version that follows them (`u32`, little-endian), and the only one that this code reads.
pub const VERSION: u32 = 1;
/// A block is closed when it holds this many bytes.
pub const BLOCK_BYTES: usize = 128 << 10;
/// No event is longer than this when encoded.
pub const MAX_EVENT_BYTES: usize = 2 << 20;
/// No block is longer than this when decompressed.
pub const MAX_BLOCK_BYTES: usize = BLOCK_BYTES + MAX_EVENT_BYTES;
/// No block is longer than this when compressed (`ZSTD_COMPRESSBOUND` of the above, rounded up).
pub const MAX_COMPRESSED_BYTES: usize = MAX_BLOCK_BYTES + MAX_BLOCK_BYTES / 128 + 1024;

/// Why a recording cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file system or the stream failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The magic bytes are not there.
    #[error("not a recording: it does not begin with the magic bytes")]
    NotARecording,
    /// A version that this code does not know.
    #[error("unknown version {0} of the recording format, only {VERSION} is known")]
    UnknownVersion(u32),
    /// The file ends before its header is whole: no event can be read.
    #[error("truncated: the recording ends before its header is whole")]
    CutHeader,
    /// A block is not what the writer wrote.
    #[error("corrupt: block {block} at byte {offset}: {what}")]
    Corrupt {
        /// Which block, the header being 0.
        block: u64,
        /// Where it begins in the file.
        offset: u64,
        /// What is wrong with it.
        what: Corruption,
    },
    /// An event was appended out of turn.
    #[error("event {got} appended where {expected} is next")]
    Sequence {
        /// The number that is next.
        expected: u64,
        /// The number that came.
        got: u64,
    },
    /// An event, or the header, is longer than a reader accepts.
    #[error("encoded length of {bytes} bytes is over the limit of {MAX_EVENT_BYTES}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// An event that no reader accepts (a denied act within a denied act).
    #[error("an event of this shape cannot be written")]
    Unwritable,
}

/// What is wrong with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Corruption {
    /// A kind of block that this version does not have, or has not here.
    #[error("unexpected kind of block")]
    Kind,
    /// A length or a count that no writer writes.
    #[error("length out of bounds")]
    Length,
    /// The block is not what was written there, or does not continue the one before it.
    #[error("altered, moved or removed: the hash chain does not match")]
    Chain,
    /// The bytes do not decompress to the stated length.
    #[error("does not decompress to the stated length")]
    Compression,
    /// The items are not as this version writes them: unknown key or value, other encoding, other count.
    #[error("not encoded as this version writes it")]
    Encoding,
    /// The trailer contradicts the events.
    #[error("the trailer contradicts the events")]
    Trailer,
    /// Something follows the trailer.
    #[error("bytes behind the trailer")]
    Behind,
}
