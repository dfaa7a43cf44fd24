//! The release gate: numbered checks over evidence.
//!
//! Invariant: bytes, digests, a policy and a time come in, a report goes out. No clock, network, environment or file
//! system is touched, so the same evidence gives the same report. What is not understood is refused, and evidence that
//! a policy demands and that is not there is refused; nothing is accepted because a check could not be made.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod candidate;
mod chain;
mod check;
mod checks;
mod evidence;
mod policy;
mod reason;
mod report;
mod verify;

pub use check::Check;
pub use policy::{
    Key, MaterialRule, Mode, Policy, PolicyError, PolicyErrorKind, PolicyFiles, ReadFailed, Source, StepRule,
};
pub use reason::Reason;
pub use report::{Report, StepResult};
pub use verify::{Artifact, MAX_EVIDENCE_BYTES, verify};
