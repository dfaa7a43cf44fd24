//! The words of sekisho: what a step did, as typed events, and the log that holds them.
//!
//! Invariant: an event says only what was seen. What was or may have been missed is a [`Gap`], and a recording
//! with a gap is never complete. Sources (ptrace today) write events; every consumer (diff, page, attestation)
//! reads the same stream and knows its source only by [`Coverage`].
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod act;
mod bytes;
mod digest;
pub mod errno;
mod event;
mod header;
pub mod json;
pub mod log;
mod names;
mod outcome;

pub use act::{
    Access, Content, ContentWhen, Delegated, Denied, Descriptor, DescriptorHow, DescriptorTarget, FileAct, FileType,
    Identity, NetAct, NetOp, Refused, Restrict, RestrictWhat, Tamper,
};
pub use bytes::{PathBytes, escape};
pub use digest::{Digest, Hasher};
pub use event::{Event, Exec, Exit, ExitHow, Gap, GapWhy, Interpreter, Kind, ProcessId, SpawnHow};
pub use header::{Counts, Coverage, Header, Level, Mode, Toctou, Trailer};
pub use log::{Corruption, End, LogError, LogReader, LogWriter, Truncation};
pub use outcome::Outcome;
