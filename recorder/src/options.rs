//! What to record, and how.
use sekisho_events::{Digest, Level, Mode};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// How to trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// The best that this kernel allows.
    #[default]
    Auto,
    /// ptrace with a seccomp filter, and a seccomp listener that opens what is only read.
    Hybrid,
    /// ptrace with a seccomp filter.
    Ptrace,
}

impl Engine {
    /// Names of the engines that this build has, best first, without `auto`.
    pub const NAMES: &'static [&'static str] = &["hybrid", "ptrace"];

    /// The engine of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Auto),
            "hybrid" => Some(Self::Hybrid),
            "ptrace" => Some(Self::Ptrace),
            _ => None,
        }
    }
}

/// A step to record.
#[derive(Clone, Debug)]
pub struct Options {
    /// The command and its arguments; not empty.
    pub command: Vec<OsString>,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// How much is watched.
    pub level: Level,
    /// How.
    pub engine: Engine,
    /// What happens to acts that are not allowed (with a judge).
    pub mode: Mode,
    /// The workspace, absolute.
    pub workspace: PathBuf,
    /// Name of the step.
    pub step: Option<String>,
    /// Digest of the profile that the judge enforces.
    pub profile_sha256: Option<Digest>,
    /// How long processes that outlive the command may go on before they are killed.
    pub grace: Duration,
    /// How long the whole step may take.
    pub time_limit: Option<Duration>,
    /// `sekisho X.Y.Z`.
    pub tool: String,
}

impl Options {
    /// Options with defaults for everything but the command.
    pub fn new(command: Vec<OsString>, workspace: PathBuf) -> Self {
        Self {
            command,
            env: Vec::new(),
            level: Level::default(),
            engine: Engine::default(),
            mode: Mode::default(),
            workspace,
            step: None,
            profile_sha256: None,
            grace: Duration::from_secs(5),
            time_limit: None,
            tool: format!("sekisho {}", env!("CARGO_PKG_VERSION")),
        }
    }
}
