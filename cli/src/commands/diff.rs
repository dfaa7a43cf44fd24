//! `sekisho diff`: a recording against a profile, or against another recording.
use crate::args::{DiffArgs, DiffFormat};
use crate::commands::show::failure;
use crate::exit::{CliError, Exit, word};
use crate::files;
use crate::judging::judge;
use crate::profiled::Loaded;
use crate::ui::Ui;
use sekisho_events::{LogError, LogReader};
use sekisho_profiles::{CompareReport, Outline, TextOptions};
use std::io::Write as _;
use std::path::Path;

/// The profile if none is named.
const DEFAULT_PROFILE: &str = "sekisho.toml";

/// Runs the command.
pub fn run(args: &DiffArgs, ui: &Ui) -> Result<Exit, CliError> {
    match args.recordings.as_slice() {
        [recording] => {
            let path = args.profile.as_deref().unwrap_or(Path::new(DEFAULT_PROFILE));
            against_profile(path, recording, args, ui)
        }
        [before, after] if args.profile.is_none() => against_recording(before, after, args.format, ui),
        _ => Err(CliError::new("a profile judges one recording at a time")
            .with_hint("drop --profile to compare the two recordings, or name one of them")),
    }
}

fn against_profile(profile: &Path, recording: &Path, args: &DiffArgs, ui: &Ui) -> Result<Exit, CliError> {
    let loaded = Loaded::to_judge(profile, &args.origin).map_err(|e| match e {
        CliError::File { ref source, .. } if source.kind() == std::io::ErrorKind::NotFound => e.with_hint(format!(
            "make one from good runs: sekisho profile new {} -o {}",
            word(recording),
            word(profile)
        )),
        other => other,
    })?;
    let report = judge(recording, &loaded)?;
    let out = match args.format {
        DiffFormat::Text => report.to_text(&TextOptions {
            recording: word(recording),
            profile: word(&loaded.path),
            colour: ui.stdout_colour(),
            suggest: ui.verbosity() > 0,
        }),
        DiffFormat::Json => pretty(&report.to_json()),
        DiffFormat::Sarif => pretty(&sekisho_review::sarif(&report, env!("CARGO_PKG_VERSION"))),
        DiffFormat::Markdown => sekisho_review::markdown(&report),
        DiffFormat::Junit => sekisho_review::junit(&report),
    };
    print(&out)?;
    Ok(if report.clean { Exit::OK } else { Exit::NOT_CLEAN })
}

fn against_recording(before: &Path, after: &Path, format: DiffFormat, ui: &Ui) -> Result<Exit, CliError> {
    let report = CompareReport::new(&outline(before)?, &outline(after)?);
    let out = match format {
        DiffFormat::Text => report.to_text(ui.stdout_colour()),
        DiffFormat::Json => pretty(&report.to_json()),
        DiffFormat::Markdown => format!("```text\n{}```\n", report.to_text(false).replace("```", "'''")),
        DiffFormat::Sarif | DiffFormat::Junit => {
            return Err(CliError::new(
                "SARIF and JUnit are forms of findings, and two recordings have differences only",
            )
            .with_hint("use --format json, or name a profile"));
        }
    };
    print(&out)?;
    Ok(if report.is_clean() { Exit::OK } else { Exit::NOT_CLEAN })
}

/// What a recording did, to be compared.
pub fn outline(recording: &Path) -> Result<Outline, CliError> {
    let failed = |error: LogError| failure(recording, error.into());
    let mut reader = LogReader::new(files::open(recording)?).map_err(failed)?;
    let mut outline = Outline::new(reader.header());
    while let Some(event) = reader.next_event().map_err(failed)? {
        outline.push(event);
    }
    outline.end(reader.trailer());
    Ok(outline)
}

/// JSON as a person can read it too, with a line break at its end.
pub fn pretty(value: &serde_json::Value) -> String {
    sekisho_events::json::pretty(value)
}

/// Writes to standard output.
pub fn print(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| CliError::file("write", "-", e))
}
