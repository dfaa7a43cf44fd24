//! The release gate: numbered checks over evidence.
//!
//! Invariant: bytes, digests, a policy and a time come in, a report goes out. No network, environment or file system is
//! touched, nor a clock but to refuse log entries of the future, so the same evidence gives the same report. What is not understood is refused, and evidence that
//! a policy demands and that is not there is refused; nothing is accepted because a check could not be made.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod candidate;
mod chain;
mod check;
mod checks;
mod claims;
mod evidence;
mod explain;
mod layout;
mod origin;
mod paper;
mod policy;
mod reason;
mod report;
mod reviewed;
mod signers;
mod statements;
mod trust;
mod verify;
mod wrapped;

pub use check::Check;
pub use explain::{Evidence, Origin};
pub use layout::{LayoutCheck, LayoutInput, LayoutReport, verify_layout};
pub use policy::{
    Finding, Grade, Key, MaterialRule, Mode, Policy, PolicyError, PolicyErrorKind, PolicyFiles, ReadFailed, SignerRule,
    Source, StatementRule, StepRule,
};
pub use reason::Reason;
pub use report::{Report, StepResult};
pub use trust::{
    BuiltIn, By, Certificate, Claim, Content, Demands, EMBEDDED_ROOT_DATE, Identity, SanRule, Trust, TrustError,
};
pub use verify::{Artifact, MAX_EVIDENCE_BYTES, verify};
pub use wrapped::unwrapped;
