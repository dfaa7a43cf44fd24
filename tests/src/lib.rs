//! Shared pieces of the whole-program tests.
#![forbid(unsafe_code)]
