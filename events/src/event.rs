//! One thing that happened, in the order in which it happened.
use crate::{
    Content, Delegated, Denied, Descriptor, Digest, FileAct, Identity, NetAct, Outcome, PathBytes, Refused, Restrict,
    Tamper,
};
use minicbor::{CborLen, Decode, Encode};

/// Our own number of a process or thread: from 1, in order of creation, never reused in a recording.
/// 0 is nobody (the parent of the first, the process of a gap that concerns all).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, CborLen)]
#[cbor(transparent)]
pub struct ProcessId(#[n(0)] pub u64);

/// One event of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Position, from 1, without holes.
    pub seq: u64,
    /// Who.
    pub process: ProcessId,
    /// Microseconds since the recording began (CLOCK_MONOTONIC). Never compared.
    pub at_us: u64,
    /// For how many equal acts this stands; `None` means one.
    pub times: Option<u64>,
    /// What.
    pub kind: Kind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
pub enum Kind {
    /// A process or thread began.
    #[n(0)]
    Spawn {
        /// Its creator.
        #[n(0)]
        parent: ProcessId,
        /// By which call.
        #[n(1)]
        how: SpawnHow,
        /// True if it shares its creator's thread group.
        #[n(2)]
        thread: bool,
    },
    /// A process began to run another program, or tried to.
    #[n(1)]
    Exec(#[n(0)] Box<Exec>),
    /// A process or thread ended.
    #[n(2)]
    Exit(#[n(0)] Exit),
    /// An act on a file.
    #[n(3)]
    File(#[n(0)] FileAct),
    /// What was in a file.
    #[n(4)]
    Content(#[n(0)] Content),
    /// An act on the network.
    #[n(5)]
    Net(#[n(0)] NetAct),
    /// A descriptor that came without an open.
    #[n(6)]
    Descriptor(#[n(0)] Box<Descriptor>),
    /// The step restricted itself or changed its view.
    #[n(7)]
    Restrict(#[n(0)] Restrict),
    /// We did not let the kernel see a call.
    #[n(8)]
    Refused(#[n(0)] Refused),
    /// A rule did not let a call happen.
    #[n(9)]
    Denied(#[n(0)] Denied),
    /// Somebody outside the tree was asked to act.
    #[n(10)]
    Delegated(#[n(0)] Delegated),
    /// An act aimed at the recorder or at another process.
    #[n(11)]
    Tamper(#[n(0)] Tamper),
    /// Something was or may have been missed.
    #[n(12)]
    Gap(#[n(0)] Gap),
}

impl Kind {
    /// How many kinds there are.
    pub const COUNT: usize = 13;
    /// The [`Kind::index`] of a gap.
    pub const GAP_INDEX: usize = 12;
    /// The names, in the order of [`Kind::index`].
    pub const NAMES: [&'static str; Self::COUNT] = [
        "spawn",
        "exec",
        "exit",
        "file",
        "content",
        "net",
        "descriptor",
        "restrict",
        "refused",
        "denied",
        "delegated",
        "tamper",
        "gap",
    ];

    /// Position in [`crate::Counts`] and number in the encoding.
    pub fn index(&self) -> usize {
        match self {
            Self::Spawn { .. } => 0,
            Self::Exec(_) => 1,
            Self::Exit(_) => 2,
            Self::File(_) => 3,
            Self::Content(_) => 4,
            Self::Net(_) => 5,
            Self::Descriptor(_) => 6,
            Self::Restrict(_) => 7,
            Self::Refused(_) => 8,
            Self::Denied(_) => 9,
            Self::Delegated(_) => 10,
            Self::Tamper(_) => 11,
            Self::Gap(_) => Self::GAP_INDEX,
        }
    }

    /// True for an act whose name or address could have been changed while it was read, unconfirmed.
    pub fn is_racy(&self) -> bool {
        match self {
            Self::File(act) => act.racy == Some(true),
            Self::Net(act) => act.racy == Some(true),
            _ => false,
        }
    }

    /// The `kind` of the JSON form.
    pub fn name(&self) -> &'static str {
        Self::NAMES[self.index()]
    }
}

/// By which call a process or thread began, as the kernel reported it (ptrace(2) event stops).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum SpawnHow {
    /// PTRACE_EVENT_FORK: a child that signals SIGCHLD.
    #[n(0)]
    Fork,
    /// PTRACE_EVENT_VFORK: the parent waits until it has executed or ended.
    #[n(1)]
    Vfork,
    /// PTRACE_EVENT_CLONE by clone(2): a thread, or a child with another signal.
    #[n(2)]
    Clone,
    /// The same by clone3(2).
    #[n(3)]
    Clone3,
}

/// A further file that the kernel read in order to run an image.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Interpreter {
    /// Resolved path of the script, interpreter or ELF interpreter.
    #[n(0)]
    pub path: PathBytes,
    /// Its digest, where known.
    #[n(1)]
    pub sha256: Option<Digest>,
}

/// The facts of an execve(2), read after the kernel had done it (PTRACE_EVENT_EXEC).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Exec {
    /// The image that runs at last; for a failed attempt, what the name resolves to, or the name.
    #[n(0)]
    pub path: PathBytes,
    /// The name that was given to execve.
    #[n(1)]
    pub asked: Option<PathBytes>,
    /// Scripts and interpreters that the kernel read, in order.
    #[n(2)]
    pub interpreters: Vec<Interpreter>,
    /// Arguments, up to a limit; see [`Exec::argv_truncated`].
    #[n(3)]
    pub argv: Vec<PathBytes>,
    /// True if `argv` was cut; then [`Exec::argv_sha256`] covers all of it.
    #[n(4)]
    pub argv_truncated: bool,
    /// Working directory.
    #[n(5)]
    pub cwd: PathBytes,
    /// Digest of the image.
    #[n(6)]
    pub sha256: Option<Digest>,
    /// Identity of the image.
    #[n(7)]
    pub identity: Option<Identity>,
    /// Names of environment variables, sorted; never values.
    #[n(8)]
    pub env: Vec<PathBytes>,
    /// What the kernel answered; a failed attempt has `path`, `asked` and this only.
    #[n(9)]
    pub outcome: Outcome,
    /// SHA-256 over all arguments, each with its NUL, if `argv` was cut.
    #[n(10)]
    pub argv_sha256: Option<Digest>,
    /// True for an image that has no name in a file system (memfd, deleted).
    #[n(11)]
    pub anonymous: Option<bool>,
    /// Mount namespace, if it is not the recorder's.
    #[n(12)]
    pub namespace: Option<u64>,
    /// Size of the environment in bytes.
    #[n(13)]
    pub env_bytes: Option<u64>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
pub enum ExitHow {
    /// By exit(2) with this status (0–255).
    #[n(0)]
    Status(#[n(0)] i32),
    /// By this signal.
    #[n(1)]
    Signal(#[n(0)] i32),
}

/// The end of a process or thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Exit {
    /// How.
    #[n(0)]
    pub how: ExitHow,
    /// True if the kernel wrote a core dump.
    #[n(1)]
    pub core: bool,
    /// True if we ended it at the close.
    #[n(2)]
    pub killed_by_us: bool,
}

/// Something was or may have been missed. A recording with one is not complete.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Gap {
    /// What kind of gap.
    #[n(0)]
    pub why: GapWhy,
    /// What is known about it, for a person.
    #[n(1)]
    pub detail: String,
}

/// Why something was missed. Stable names; see `docs/format.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(index_only)]
#[non_exhaustive]
pub enum GapWhy {
    /// An argument could not be read and the call could not be refused.
    #[n(0)]
    Unreadable,
    /// A result was not seen where it matters.
    #[n(1)]
    NoResult,
    /// A limit of the recorder was reached.
    #[n(2)]
    Limit,
    /// The recorder lost track of a process.
    #[n(3)]
    LostProcess,
    /// The recorder itself was interrupted or stopped by force.
    #[n(4)]
    Interrupted,
    /// Files changed by somebody who was not traced.
    #[n(5)]
    ForeignWrite,
    /// The image of a process cannot be read.
    #[n(6)]
    UnreadableImage,
    /// The kernel or a helper did something that no call shows (core dump, FUSE content).
    #[n(7)]
    Unseen,
    /// The recording itself could not be written in full.
    #[n(8)]
    Storage,
    /// The step was ended at its time limit.
    #[n(9)]
    Timeout,
}

impl GapWhy {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::NoResult => "no-result",
            Self::Limit => "limit",
            Self::LostProcess => "lost-process",
            Self::Interrupted => "interrupted",
            Self::ForeignWrite => "foreign-write",
            Self::UnreadableImage => "unreadable-image",
            Self::Unseen => "unseen",
            Self::Storage => "storage",
            Self::Timeout => "timeout",
        }
    }
}
