//! A recording against a profile: common to `run`, `diff` and `attest`.
use crate::commands::show::failure;
use crate::exit::{CliError, shown};
use crate::files;
use crate::profiled::{Loaded, today};
use sekisho_events::{Header, LogError, LogReader, Mode};
use sekisho_profiles::{DiffOptions, DiffReport, Differ, Vars};
use std::io::Read;
use std::path::Path;

/// Compares a recording with a profile, streaming.
pub fn judge(recording: &Path, profile: &Loaded) -> Result<DiffReport, CliError> {
    judge_from(files::open(recording)?, recording, profile)
}

/// The same for a recording that is open already.
pub fn judge_from(input: impl Read, recording: &Path, profile: &Loaded) -> Result<DiffReport, CliError> {
    let failed = |error: LogError| failure(recording, error.into());
    let mut reader = LogReader::new(input).map_err(failed)?;
    let mut differ = begin(reader.header(), profile)?;
    while let Some(event) = reader.next_event().map_err(failed)? {
        differ.push(event);
    }
    Ok(differ.finish(reader.trailer()))
}

/// Begins the comparison of a recording that is read elsewhere.
pub fn begin(header: &Header, profile: &Loaded) -> Result<Differ, CliError> {
    let options = DiffOptions {
        today: today(),
        mode: Mode::from_name(&header.mode).unwrap_or_default(),
        profile_path: shown(&profile.path),
        profile_sha256: Some(profile.sha256),
        origin: profile.origin.clone(),
        level: Some(header.level),
    };
    Differ::new(&profile.profile, &Vars::from_header(header), options)
        .map_err(|e| CliError::new(format!("{}: {e}", shown(&profile.path))))
}
