//! Roots of trust as files: fetched by TUF, shown, and how old they are.
//!
//! Invariant: a root that was fetched is used by nobody who does not name its file. A step that runs as the same user could put
//! another one wherever this program would look by itself.
#[cfg(not(feature = "sigstore"))]
mod absent;
mod age;
#[cfg(feature = "sigstore")]
mod showing;
#[cfg(feature = "sigstore")]
mod updating;

#[cfg(not(feature = "sigstore"))]
pub use absent::{show, update};
pub use age::say_age;
#[cfg(feature = "sigstore")]
pub use showing::show;
#[cfg(feature = "sigstore")]
pub use updating::update;
