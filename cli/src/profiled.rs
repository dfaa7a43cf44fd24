//! A profile as `run` and `record` use it: read once, judged with, named in the verdict by the digest of its bytes.
use crate::args::{self, OriginArgs, RecordingArgs};
use crate::exit::{CliError, shown, word};
use crate::files;
use crate::live::LiveJudge;
use crate::origin;
use crate::recording::{Setting, workspace};
use sekisho_events::{Digest, Mode};
use sekisho_profiles::{Date, Origin, Profile, ProfileError, ProfileErrorKind, Vars};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Longest profile that is read.
const MAX_PROFILE_BYTES: u64 = 64 << 20;

/// A profile read from a file.
#[derive(Clone)]
pub struct Loaded {
    /// Where it was read.
    pub path: PathBuf,
    /// Its meaning.
    pub profile: Profile,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Where its text stands in version control, where that was asked.
    pub origin: Option<Origin>,
}

impl Loaded {
    /// Reads a profile; its errors cite line and column.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        Self::of(path, &files::read_text(path, MAX_PROFILE_BYTES)?)
    }

    /// The same for a verdict, which says where the profile came from.
    pub fn to_judge(path: &Path, args: &OriginArgs) -> Result<Self, CliError> {
        let text = files::read_text(path, MAX_PROFILE_BYTES)?;
        let loaded = Self::of(path, &text)?;
        Ok(Self { origin: origin::of(path, &text, args)?, ..loaded })
    }

    /// One that somebody else read and sent; nothing is known of where it stands.
    pub fn given(path: &Path, text: &str) -> Result<Self, CliError> {
        Self::of(path, text)
    }

    fn of(path: &Path, text: &str) -> Result<Self, CliError> {
        let profile = Profile::parse(text).map_err(|e| unusable(path, &e))?;
        Ok(Self { path: path.to_path_buf(), profile, sha256: Digest::of(text.as_bytes()), origin: None })
    }

    /// The mode in force: what was asked for, or the profile's own, or observe.
    pub fn mode(&self, asked: Option<args::Mode>) -> Mode {
        asked.map(Mode::from).or(self.profile.meta.mode).unwrap_or_default()
    }

    /// How to record under this profile.
    pub fn setting(&self, asked: Option<args::Mode>, args: &RecordingArgs) -> Result<Setting, CliError> {
        let mode = self.mode(asked);
        if mode == Mode::Observe {
            return Ok(Setting { profile_sha256: Some(self.sha256), ..Setting::default() });
        }
        let judge = LiveJudge::new(&self.profile, &vars(args)?, mode, today())?;
        Ok(Setting { mode, judge: Some(Box::new(judge)), profile_sha256: Some(self.sha256), ..Setting::default() })
    }
}

/// Says what is wrong with a profile, where, and what mends it.
fn unusable(path: &Path, error: &ProfileError) -> CliError {
    let failed = CliError::new(format!("{}:{}:{}: {}", shown(path), error.line, error.column, error.kind));
    match error.kind {
        ProfileErrorKind::NotCanonical => failed.with_hint(format!("`sekisho profile fmt {}` rewrites it", word(path))),
        ProfileErrorKind::IncludeDigest { name, .. } => failed.with_hint(format!(
            "`sekisho profile reviewed {name}` prints what is shipped; read it, then pin it as `sekisho profile reviewed` lists it"
        )),
        ProfileErrorKind::UnknownInclude { .. } | ProfileErrorKind::Include => {
            failed.with_hint("`sekisho profile reviewed` lists what can be included")
        }
        _ => failed.with_hint("docs/profile.md says what a profile may hold"),
    }
}

/// What `$WORKSPACE`, `$HOME`, `$TMP` and `$UID` will stand for: as the recording's header will say.
fn vars(args: &RecordingArgs) -> Result<Vars, CliError> {
    use std::os::unix::ffi::OsStrExt as _;
    let workspace = workspace(args)?;
    let home = std::env::var_os("HOME");
    let tmp = std::env::var_os("TMPDIR").filter(|t| !t.is_empty()).unwrap_or_else(|| "/tmp".into());
    Ok(Vars::new(
        Some(workspace.as_os_str().as_bytes()),
        home.as_ref().map(|h| h.as_bytes()),
        Some(tmp.as_bytes()),
        sekisho_recorder::effective_uid(),
    ))
}

/// Today, by the clock: rules expire.
pub fn today() -> Option<Date> {
    Date::from_unix(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs())
}
