//! One file a subcommand; each has `run`.
pub mod attest;
pub mod completions;
pub mod diff;
pub mod doctor;
pub mod keygen;
pub mod layout;
pub mod man;
pub mod policy;
pub mod profile;
pub mod profile_signing;
pub mod record;
pub mod report;
pub mod review;
pub mod run;
pub mod sbom;
pub mod show;
pub mod verify;
