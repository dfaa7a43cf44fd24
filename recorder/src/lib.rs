//! The tracer: runs a step under seccomp and ptrace, and tells what it does as events.
//!
//! Invariant: what has an effect is told, or refused and told; what was or may have been missed is told as a gap. If
//! this process dies, every tracee dies with it, and no finished recording exists.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

pub mod abi;
mod acts;
pub mod calls;
mod choice;
pub mod decode;
mod digests;
mod emit;
mod error;
pub mod filter;
mod images;
mod judge;
mod listeners;
mod memory;
mod mounts;
mod names;
mod notifier;
mod options;
mod outputs;
mod pages;
mod probe;
mod served;
mod stall;
mod step;
mod sys;
mod tracee;
mod tracer;
mod walk;

pub use choice::NoListener;
pub use emit::Tally;
pub use error::RecordError;
pub use judge::{Judge, Ruling};
pub use options::{Engine, Options};
pub use probe::{Probes, probe};
pub use step::{Recorded, record};
pub use sys::{SysError, effective_uid, peer_credentials};
