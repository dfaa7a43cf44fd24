//! The tracer: seccomp and ptrace to events.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

pub mod abi;
pub mod calls;
pub mod filter;
