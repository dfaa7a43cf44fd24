//! Whole-program tests: the real `sekisho` around real programs, judged by what the kernel shows.
//!
//! Invariant (EVASION): effect ⇒ (right event ∨ gap); refusal ⇒ no effect ∧ refused event; recorder dead ⇒ no
//! complete recording ∧ no survivors. Nothing here knows how the recorder works; it knows `docs/interface.md`.
#![forbid(unsafe_code)]

pub mod agreement;
pub mod cage;
pub mod case;
pub mod effect;
pub mod outside;
pub mod pattern;
pub mod places;
pub mod recording;
pub mod skips;
pub mod step;
pub mod suite;
pub mod verdict;
pub mod words;
