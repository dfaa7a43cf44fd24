//! `sekisho review --serve`: the page of the recordings in a browser on this machine, where deviations are decided.
//!
//! Invariant: only who has the link that was printed, or one made in its window, sees or decides anything; it opens once, and no
//! cookie or other thing that a browser sends by itself stands for it. Nothing is bound but the loopback address.
#[cfg(not(feature = "serve"))]
mod absent;
#[cfg(feature = "serve")]
mod desk;
#[cfg(feature = "serve")]
mod guard;
#[cfg(feature = "serve")]
mod reading;
#[cfg(feature = "serve")]
mod routes;
#[cfg(feature = "serve")]
mod running;

#[cfg(not(feature = "serve"))]
pub use absent::run;
#[cfg(feature = "serve")]
pub use running::run;
