//! What stands before and behind the events.
use crate::{Digest, PathBytes};
use minicbor::{CborLen, Decode, Encode};

/// How much is watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum Level {
    /// Processes and programs only.
    #[n(0)]
    Exec,
    /// Also every open, creation, deletion, rename, link, metadata change, mount and network call.
    #[default]
    #[n(1)]
    Files,
    /// Also stat, access, readlink and directory listing.
    #[n(2)]
    Deep,
}

impl Level {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Files => "files",
            Self::Deep => "deep",
        }
    }

    /// The level of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Exec, Self::Files, Self::Deep].into_iter().find(|l| l.name() == name)
    }
}

/// What happens to an act that the profile does not allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It happens, and is reported.
    #[default]
    Observe,
    /// The call fails.
    Deny,
    /// The step dies.
    Kill,
}

impl Mode {
    /// The name in profiles and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Deny => "deny",
            Self::Kill => "kill",
        }
    }

    /// The mode of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Observe, Self::Deny, Self::Kill].into_iter().find(|m| m.name() == name)
    }
}

/// What holds about arguments that another thread can change while we read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum Toctou {
    /// Every recorded name was confirmed by its result or by arguments that could not change.
    #[n(0)]
    Verified,
    /// Some acts carry `racy`.
    #[n(1)]
    BestEffort,
}

impl Toctou {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::BestEffort => "best-effort",
        }
    }
}

/// What was watched, and what was not: part of every attestation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Coverage {
    /// Classes of act that are recorded, sorted.
    #[n(0)]
    pub recorded: Vec<String>,
    /// Calls that are refused outright, sorted.
    #[n(1)]
    pub refused: Vec<String>,
    /// What this level does not watch, in plain words.
    #[n(2)]
    pub not_asserted: Vec<String>,
    /// What holds about racing arguments.
    #[n(3)]
    pub toctou: Toctou,
    /// Highest system call number that this recorder knows; higher ones are refused.
    #[n(4)]
    pub max_known_call: u32,
    /// Why it was not watched by a faster engine, where that was wanted.
    #[n(5)]
    pub fallback: Option<String>,
}

/// The first item of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Header {
    /// Version of the format: 1.
    #[n(0)]
    pub version: u32,
    /// `sekisho 0.1.0`.
    #[n(1)]
    pub tool: String,
    /// Kernel release (uname(2)).
    #[n(2)]
    pub kernel: String,
    /// `x86_64`.
    #[n(3)]
    pub arch: String,
    /// Arguments of the step.
    #[n(4)]
    pub command: Vec<PathBytes>,
    /// Where it was started.
    #[n(5)]
    pub cwd: PathBytes,
    /// The workspace; `$WORKSPACE` in profiles.
    #[n(6)]
    pub workspace: PathBytes,
    /// Effective user id of the step.
    #[n(7)]
    pub uid: u32,
    /// How much is watched.
    #[n(8)]
    pub level: Level,
    /// `ptrace`, `hybrid`.
    #[n(9)]
    pub engine: String,
    /// What was watched.
    #[n(10)]
    pub coverage: Coverage,
    /// `$HOME` of the step, if it had one.
    #[n(11)]
    pub home: Option<PathBytes>,
    /// `$TMPDIR` of the step, or `/tmp`.
    #[n(12)]
    pub tmp: PathBytes,
    /// Seconds since the epoch when the recording began. Never compared.
    #[n(13)]
    pub started_s: u64,
    /// `observe`, `deny` or `kill`.
    #[n(14)]
    pub mode: String,
    /// Name of the step, if it was given one.
    #[n(15)]
    pub step: Option<String>,
    /// Digest of the profile that was enforced, if any.
    #[n(16)]
    pub profile_sha256: Option<Digest>,
    /// 16 random bytes, so that no two recordings are equal.
    #[n(17)]
    #[cbor(with = "minicbor::bytes")]
    pub nonce: [u8; 16],
}

/// Number of events by kind, in the order of [`crate::Kind`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(transparent)]
pub struct Counts(#[n(0)] pub [u64; crate::Kind::COUNT]);

/// The last item of a recording: without it, the recording was cut.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Trailer {
    /// True if nothing was missed.
    #[n(0)]
    pub complete: bool,
    /// Number of events by kind.
    #[n(1)]
    pub counts: Counts,
    /// Events known to be lost.
    #[n(2)]
    pub lost: u64,
    /// Number of gaps.
    #[n(3)]
    pub gaps: u64,
    /// Hash over header and events (docs/format.md).
    #[n(4)]
    pub root: Digest,
    /// What `record` returns: the step's status, or 128 + n for signal n.
    #[n(5)]
    pub status: i32,
    /// Wall time of the step in microseconds. Never compared.
    #[n(6)]
    pub duration_us: u64,
    /// What holds about racing arguments, now that all are seen.
    #[n(7)]
    pub toctou: Toctou,
}
