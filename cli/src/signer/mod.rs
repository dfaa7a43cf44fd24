//! A process of another user that holds the key, and signs what it derives itself from a recording.
//!
//! Invariant: nothing that a client sends is signed as it stands. What is signed are the statements of a finished recording, which was read
//! and checked whole, and of a profile that it was judged by here.
mod asking;
mod peer;
mod protocol;
mod serving;

pub use asking::{Wanted, ask};
pub use serving::serve;
