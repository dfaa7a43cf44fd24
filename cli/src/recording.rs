//! Running a step under the recorder: common to `record` and `run`.
use crate::args::RecordingArgs;
use crate::exit::{CliError, Exit, shown};
use crate::ui::Ui;
use sekisho_events::{Digest, LogError, Mode, PathBytes};
use sekisho_recorder::{Engine, Judge, Options, RecordError, Recorded};
use std::ffi::OsStr;
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What differs between one recording and another besides the command line.
#[derive(Default)]
pub struct Setting {
    /// What happens to acts that are not allowed.
    pub mode: Mode,
    /// Who decides.
    pub judge: Option<Box<dyn Judge>>,
    /// Digest of the profile that is enforced.
    pub profile_sha256: Option<Digest>,
    /// Name of the step.
    pub step: Option<String>,
    /// Variables that the step is not to see.
    pub hidden: &'static [&'static str],
}

/// The workspace: what was asked for, or the working directory; absolute, without links.
pub fn workspace(args: &RecordingArgs) -> Result<PathBuf, CliError> {
    let asked = args.workspace.clone().unwrap_or_else(|| PathBuf::from("."));
    let found = asked.canonicalize().map_err(|e| CliError::file("enter the workspace", &asked, e))?;
    if found.is_dir() {
        return Ok(found);
    }
    Err(CliError::new(format!("the workspace {} is not a directory", shown(&found)))
        .with_hint("name a directory with --workspace"))
}

/// Records the step into `writer`.
pub fn record<W: Write + Send>(args: &RecordingArgs, setting: Setting, writer: W) -> Result<Recorded<W>, CliError> {
    let options = Options {
        env: std::env::vars_os().filter(|(name, _)| !setting.hidden.iter().any(|hidden| name == hidden)).collect(),
        level: args.level.into(),
        engine: engine(&args.engine)?,
        mode: setting.mode,
        step: setting.step,
        profile_sha256: setting.profile_sha256,
        grace: args.grace,
        time_limit: args.time_limit,
        tool: concat!("sekisho ", env!("CARGO_PKG_VERSION")).into(),
        ..Options::new(args.command.clone(), workspace(args)?)
    };
    sekisho_recorder::record(&options, writer, setting.judge).map_err(|e| explain(&e))
}

fn engine(name: &str) -> Result<Engine, CliError> {
    Engine::from_name(name).ok_or_else(|| {
        CliError::new(format!("unknown engine '{}'", sekisho_events::escape(name.as_bytes())))
            .with_hint(format!("engines here: auto, {}; see `sekisho doctor`", Engine::NAMES.join(", ")))
    })
}

fn explain(error: &RecordError) -> CliError {
    let failed = CliError::new(error.to_string());
    match error {
        RecordError::NotFound(name) => failed.with_exit(Exit(127)).with_hint(absent(name)),
        RecordError::NotExecutable(..) => {
            failed.with_exit(Exit(126)).with_hint("make it executable (chmod +x), or name its interpreter first")
        }
        RecordError::CannotTrace(_) | RecordError::CannotFilter(_) => {
            failed.with_hint("`sekisho doctor` says what this kernel or container forbids, and what to do about it")
        }
        RecordError::NoHybrid(_) => failed.with_hint("leave --engine out, or name `ptrace`: it records the same"),
        RecordError::NoThread(..) => {
            failed.with_hint("raise the limit of processes: `ulimit -u`, or pids.max of the container")
        }
        RecordError::Nested(_) => failed.with_hint("run sekisho outside of the tracer, or drop the outer one"),
        RecordError::Log(LogError::Io(e)) if matches!(e.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            failed.with_hint("make room on the disk, or name another place for the recording")
        }
        _ => failed,
    }
}

/// What to do about a command that was not found.
fn absent(name: &PathBytes) -> &'static str {
    let path = Path::new(OsStr::from_bytes(name.as_bytes()));
    match name.as_bytes().contains(&b'/') {
        true if path.exists() => "the file is there; the interpreter that it names (its `#!` line, or ld.so) is not",
        true => "give the path of a program that is there; a relative one begins at the current directory",
        false => "give the command's path, or put its directory into PATH",
    }
}

/// Says why another engine than the fastest was used, to whom wants to know (`-v`).
pub fn note_engine<W>(recorded: &Recorded<W>, ui: &Ui) {
    if let Some(why) = recorded.fallback {
        ui.detail(&format!("engine {}: {why}", recorded.engine));
    }
}

/// Says what of a recording is not as it should be: what could not run, what is missing.
pub fn note_gaps<W>(recorded: &Recorded<W>, ui: &Ui) {
    for (path, why) in &recorded.blinded {
        ui.warn(&format!("{} was ended before it began: {why}", path.escaped()));
    }
    if !recorded.trailer.complete {
        ui.warn(&format!(
            "the recording is incomplete: {} gap{}; `sekisho show` names each",
            recorded.trailer.gaps,
            if recorded.trailer.gaps == 1 { "" } else { "s" }
        ));
    }
}

/// `recorded 1,204 processes, 38,112 file acts, 3 hosts · complete · engine ptrace · 41.2 s`.
pub fn summary<W>(recorded: &Recorded<W>) -> String {
    let count = |n: u64, what: &str| format!("{} {what}{}", grouped(n), if n == 1 { "" } else { "s" });
    format!(
        "recorded {}, {}, {} · {} · engine {} · {:.1} s",
        count(recorded.tally.processes, "process").replace("processs", "processes"),
        count(recorded.tally.file_acts, "file act"),
        count(recorded.tally.hosts, "host"),
        if recorded.trailer.complete { "complete" } else { "incomplete" },
        recorded.engine,
        recorded.duration.as_secs_f64()
    )
}

/// A number with commas.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1204), "1,204");
        assert_eq!(grouped(1_000_000), "1,000,000");
    }
}
