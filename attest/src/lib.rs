//! The paper of sekisho: keys, DSSE envelopes, in-toto statements, and what a recording lets us state.
//!
//! Invariant: a statement says only what the recording says, and the same recording, options and key give the same
//! bytes. Nothing here reads the clock, the environment or a profile; the verdict comes in as a plain value, and so does
//! what the disk says.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod bundle;
pub mod classic;
pub mod dsse;
mod facts;
mod key;
pub mod names;
mod predicates;
mod profile_review;
mod run;
pub mod sbom;
mod sigstore_bundle;
mod statement;
pub mod strict_json;
mod summary;
pub mod timestamp;

pub use bundle::{AttestError, MAX_PAYLOAD_BYTES, Options, Statements, WholeBom, attest};
pub use facts::{
    FactsError, FileDigest, Material, Network, ProductError, Products, Program, RECORDING_NAME, RunFacts, Select,
    file_uri, gather, name_within,
};
pub use key::{Algorithm, Keeper, KeyError, PublicKey, SecretKey};
pub use predicates::attributes::{Claims, Unclaimed, claims};
pub use predicates::verdict::{Verdict, VerdictBlock, VerdictError};
pub use profile_review::{ReviewError, add_review, reviewers, sign_review};
pub use run::{CoverageBlock, Listing, Recording, RunBlock, listing};
pub use statement::{Descriptor, ForeignStatement, Statement, StatementError};
pub use summary::{Summary, SummaryError};
