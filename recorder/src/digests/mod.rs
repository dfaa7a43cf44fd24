//! SHA-256 of what the step reads and leaves behind, taken beside it.
//!
//! Invariant: a digest is of one state of a file. A file that changes while it is read is read once more, and then
//! has no digest but a reason.
mod cache;
mod inputs;
mod pool;

pub(crate) use cache::{Cache, Stamp};
pub(crate) use inputs::Inputs;
pub(crate) use pool::{Digests, Due, Slot, Source};
