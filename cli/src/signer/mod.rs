//! A process of another user that holds the key, and signs what it derives itself from a recording.
//!
//! Invariant: nothing that a client sends is signed as it stands. What is signed are the statements of a finished recording, which was read
//! and checked whole, and of a profile that it was judged by here.
mod asking;
mod held;
mod peer;
mod place;
mod protocol;
mod serving;
// A static program has a C library of its own, and cannot load one that wants the system's.
#[cfg(all(feature = "pkcs11", not(target_feature = "crt-static")))]
mod token;

pub use asking::{Wanted, ask};
pub use serving::serve;
