//! Allowlist profiles: the canonical TOML that a person reviews, matching of events against it, and how it grows.
//!
//! Invariant: what no rule allows is a deviation; what a rule forbids is one whatever else allows it; and equal input
//! gives equal bytes.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod act;
mod canonical;
mod class;
mod classes;
mod compare;
mod date;
mod decide;
mod decision;
mod delegation;
mod deviation;
mod diff;
mod draft;
pub mod errno;
mod error;
mod explain;
mod export;
mod glob;
#[cfg(test)]
mod glob_tests;
mod growth;
mod import;
mod index;
mod learn;
mod lint;
mod load;
mod matcher;
#[cfg(test)]
mod matcher_tests;
mod meaning;
mod memo;
mod need;
mod net;
mod origin;
mod overlap;
mod process;
mod profile;
mod question;
mod report;
mod reviewed;
mod rule;
mod sensitive;
mod simulate;
mod suggest;
mod text;
mod vars;
mod write;

pub use act::{Act, PatternKind};
pub use classes::TooManyClasses;
pub use compare::{ActLine, CompareReport, Outline};
pub use date::Date;
pub use decide::{Alternative, alternatives, forbid, says};
pub use decision::{MatchError, Verdict};
pub use deviation::{Actor, Deviation, MAX_SEQ, Severity};
pub use diff::{DiffOptions, Differ};
pub use draft::{ChangedLine, Decision, Draft, Stamp};
pub use error::{ProfileError, ProfileErrorKind};
pub use explain::{ExplainError, Explanation, explain};
pub use export::{Export, Exported, export};
pub use glob::{Glob, GlobError, GlobErrorKind, Pattern};
pub use growth::Growth;
pub use import::{Import, ImportError, ImportErrorKind, Imported, add as add_imported, import};
pub use learn::Learner;
pub use lint::{Finding, Grade, lint, lint_with};
pub use matcher::Matcher;
pub use meaning::{Cause, Change, Direction, Meaning, MeaningError, Setting, Witness};
pub use need::{Need, Target, needs};
pub use net::{Host, NamePattern, NetError, NetPattern, describe as describe_net};
pub use origin::{Against, Base, Origin, Standing};
pub use process::{Image, Processes};
pub use profile::{EXPECTED_REFUSALS, Meta, Profile};
pub use question::{Asked, Question, questions};
pub use report::{DiffReport, GapLine};
pub use reviewed::Reviewed;
pub use rule::{Item, Rule, Seen};
pub use sensitive::{Secret, secret};
pub use simulate::Simulation;
pub use text::TextOptions;
pub use vars::{Var, Vars};
