//! What came of an act.
use minicbor::{CborLen, Decode, Encode};

/// What the kernel answered to an act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
pub enum Outcome {
    /// The call succeeded. EINPROGRESS of a connect counts as this.
    #[default]
    #[n(0)]
    Ok,
    /// The call failed with this errno (positive, asm-generic/errno.h).
    #[n(1)]
    Errno(#[n(0)] i32),
    /// The process died inside the call, or no exit was seen: treated as done.
    #[n(2)]
    Unknown,
    /// We kept the call from the kernel and answered with this errno (tamper events only).
    #[n(3)]
    Refused(#[n(0)] i32),
}

impl Outcome {
    /// True if the act had, or may have had, its effect.
    pub fn is_effect(self) -> bool {
        matches!(self, Self::Ok | Self::Unknown)
    }
}
