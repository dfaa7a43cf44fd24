//! `sekisho run`: record, compare, attest, report: the whole loop for CI.
//!
//! Invariant: results appear in the output directory whole, and those of an earlier run that this one does not
//! replace are taken away first, so that nothing old is taken for new.
use crate::args::RunArgs;
use crate::attesting::{self, Request, Signer};
use crate::commands::{report, sbom};
use crate::exit::{CliError, Exit, shown, word};
use crate::files::{self, Output};
use crate::judging;
use crate::keyless;
use crate::passphrase;
use crate::profiled::Loaded;
use crate::recording::{self, Setting};
use crate::ui::Ui;
use sekisho_events::{Mode, escape};
use sekisho_profiles::{DiffReport, TextOptions};
use sekisho_recorder::Recorded;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The profile that is used if none is named.
const DEFAULT_PROFILE: &str = "sekisho.toml";

/// Runs the loop.
pub fn run(args: &RunArgs, ui: &Ui) -> Result<Exit, CliError> {
    let profile = profile(args)?;
    look_for_signer(args)?;
    let mut places = Places::prepare(args)?;
    let setting = match &profile {
        Some(profile) => profile.setting(args.mode, &args.recording)?,
        None if args.mode.is_some_and(|m| m != crate::args::Mode::Observe) => {
            return Err(CliError::new("--mode without a profile: nothing says what is allowed")
                .with_hint("make one: sekisho run -- CMD, then sekisho profile new sekisho-out/recording.sekisho"));
        }
        None => Setting::default(),
    };
    let setting = Setting { step: args.step.clone(), hidden: hidden(args), ..setting };
    let recorded = recording::record(&args.recording, setting, Output::create(&places.recording)?)
        .map_err(|e| e.with_exit(Exit::CANNOT_JUDGE))?;
    ui.note(&recording::summary(&recorded));
    recording::note_gaps(&recorded, ui);
    recording::note_engine(&recorded, ui);
    let outcome = Outcome::of(&recorded);
    places.keep(recorded.writer, args)?;
    let verdict = profile.as_ref().map(|p| judge(p, &places, ui)).transpose()?;
    if verdict.is_none() {
        say_how_to_begin(&places, ui);
    }
    report::write(&places.recording, verdict.as_ref(), &places.report)?;
    attest(args, &places, profile.as_ref().zip(verdict.as_ref()), ui)?;
    Ok(conclude(&outcome, verdict.as_ref(), &places, ui))
}

/// Variables that the step is not to see: what it could sign with in our place.
fn hidden(args: &RunArgs) -> &'static [&'static str] {
    match Signer::of(&args.signing) {
        Some(Signer::Key { .. }) => &passphrase::VARIABLES,
        Some(Signer::Keyless(_)) => &keyless::VARIABLES,
        Some(Signer::Process { .. }) | None => &[],
    }
}

/// What the step itself came to.
struct Outcome {
    status: i32,
    complete: bool,
}

impl Outcome {
    fn of<W>(recorded: &Recorded<W>) -> Self {
        Self { status: recorded.status, complete: recorded.trailer.complete }
    }
}

/// Where results go.
struct Places {
    recording: PathBuf,
    verdict: PathBuf,
    attestations: PathBuf,
    sbom: PathBuf,
    report: PathBuf,
    appended: bool,
}

impl Places {
    /// Makes the directory, and without `--append` empties it of results.
    fn prepare(args: &RunArgs) -> Result<Self, CliError> {
        let out = &args.out;
        std::fs::create_dir_all(out).map_err(|e| CliError::file("create", out, e))?;
        let places = Self::numbered(args, 1);
        if !args.append {
            places.clear(out)?;
        }
        Ok(places)
    }

    /// The names of the results of the nth step.
    fn numbered(args: &RunArgs, n: u32) -> Self {
        let named = |stem: &str, end: &str| {
            args.out.join(if n == 1 { format!("{stem}.{end}") } else { format!("{stem}-{n}.{end}") })
        };
        Self {
            recording: named("recording", "sekisho"),
            verdict: named("verdict", "json"),
            attestations: args.out.join("attestations.jsonl"),
            sbom: named("sbom", "cdx.json"),
            report: named("report", "html"),
            appended: args.append,
        }
    }

    /// Gives the recording its name. With `--append` that is the first that is free by now: other steps may have run beside
    /// this one, and whoever holds the directory's lock counts alone.
    fn keep(&mut self, recording: Output, args: &RunArgs) -> Result<(), CliError> {
        if !args.append {
            return recording.commit();
        }
        let failed = |e| CliError::file("lock", &args.out, e);
        let directory = File::open(&args.out).map_err(failed)?;
        directory.lock().map_err(failed)?;
        let free = |p: &Self| ![&p.recording, &p.verdict, &p.sbom, &p.report].iter().any(|path| path.exists());
        *self = (1..u32::MAX).map(|n| Self::numbered(args, n)).find(free).unwrap_or_else(|| Self::numbered(args, 0));
        recording.renamed(&self.recording).commit()
    }

    /// Takes away what an earlier run left: its recordings, verdicts, attestations and reports.
    fn clear(&self, out: &Path) -> Result<(), CliError> {
        let failed = |e| CliError::file("clear", out, e);
        for entry in std::fs::read_dir(out).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            let ours = [("recording", ".sekisho"), ("verdict", ".json"), ("sbom", ".cdx.json"), ("report", ".html")]
                .iter()
                .any(|(stem, end)| is_numbered(name, stem, end))
                || name == "attestations.jsonl";
            if ours {
                std::fs::remove_file(&path).map_err(|e| CliError::file("remove", &path, e))?;
            }
        }
        Ok(())
    }
}

/// `stem.end` or `stem-N.end`.
fn is_numbered(name: &str, stem: &str, end: &str) -> bool {
    let middle = name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(end));
    middle.is_some_and(|m| m.is_empty() || m.strip_prefix('-').is_some_and(|n| n.parse::<u32>().is_ok()))
}

/// A key that is not there is said before the step has run for hours. It is read behind the step, which cannot learn it
/// from us then; and so is a token.
fn look_for_signer(args: &RunArgs) -> Result<(), CliError> {
    match Signer::of(&args.signing) {
        Some(Signer::Key { path, .. }) if path.as_os_str() != "-" => std::fs::metadata(path).map(drop).map_err(|e| {
            CliError::file("read", path, e).with_hint("`sekisho keygen NAME` makes NAME.key and NAME.pub")
        }),
        Some(Signer::Keyless(keyless)) => keyless.look(),
        Some(Signer::Process { socket, .. }) => std::fs::metadata(socket)
            .map(drop)
            .map_err(|e| CliError::file("ask", socket, e).with_hint("`sekisho signer` listens there; docs/signer.md")),
        _ => Ok(()),
    }
}

fn profile(args: &RunArgs) -> Result<Option<Loaded>, CliError> {
    match &args.profile {
        Some(path) => {
            if path.as_os_str() != "-"
                && let Err(error) = std::fs::metadata(path)
                && error.kind() == std::io::ErrorKind::NotFound
            {
                return Err(CliError::file("read", path, error).with_hint(format!(
                    "make one: run without --profile, then sekisho profile new {} -o {}",
                    word(&args.out.join("recording.sekisho")),
                    word(path)
                )));
            }
            Loaded::to_judge(path, &args.origin).map(Some)
        }
        None if Path::new(DEFAULT_PROFILE).exists() => {
            Loaded::to_judge(Path::new(DEFAULT_PROFILE), &args.origin).map(Some)
        }
        None => Ok(None),
    }
}

/// Compares, writes the verdict, and says what a person needs to know.
fn judge(profile: &Loaded, places: &Places, ui: &Ui) -> Result<DiffReport, CliError> {
    let report = judging::judge(&places.recording, profile)?;
    let text = sekisho_events::json::pretty(&report.to_json());
    files::write(&places.verdict, text.as_bytes())?;
    let options = TextOptions {
        recording: word(&places.recording),
        profile: word(&profile.path),
        colour: ui.colour(),
        suggest: false,
    };
    let said = report.to_text(&options);
    let mut lines = said.lines();
    if let Some(first) = lines.next() {
        if report.clean { ui.note(first) } else { ui.warn(first) }
    }
    for line in lines {
        ui.plain(line);
    }
    Ok(report)
}

fn say_how_to_begin(places: &Places, ui: &Ui) {
    ui.note("no profile: nothing was judged");
    ui.plain(&format!("  begin: sekisho profile new {} -o {DEFAULT_PROFILE}", word(&places.recording)));
    ui.plain("  then review it, commit it, and run again");
}

fn attest(args: &RunArgs, places: &Places, judged: Option<(&Loaded, &DiffReport)>, ui: &Ui) -> Result<(), CliError> {
    let Some(signer) = Signer::of(&args.signing) else {
        if args.signing.scai {
            ui.warn("--scai states nothing: nobody is named who signs (--key K, --keyless or --signer SOCKET)");
        }
        return if args.sbom { sbom::write(&places.recording, &places.sbom, ui) } else { Ok(()) };
    };
    let (profile, verdict) = judged.unzip();
    let verdict = verdict.map(DiffReport::to_json);
    let request = Request {
        recording: &places.recording,
        signer,
        products: &args.product,
        verdict: verdict.as_ref(),
        profile: profile.map(|p| &*p.path),
        step: args.step.as_deref(),
        sbom: args.sbom.then_some(&*places.sbom),
        scai: args.signing.scai,
        link: None,
        output: &places.attestations,
        append: places.appended,
        image: None,
    };
    let attested = attesting::attest(&request, ui)?;
    let plural = if attested.subjects == 1 { "" } else { "s" };
    ui.note(&format!(
        "attested {} product{plural} in {} statements, {}: {}",
        attested.subjects,
        attested.statements,
        attested.signer,
        shown(&places.attestations)
    ));
    Ok(())
}

/// The rule by which the step was killed.
fn killer(verdict: &DiffReport) -> Option<&str> {
    let denied = verdict.deviations.iter().find(|d| d.code == "denied-rule");
    denied.filter(|_| verdict.mode == Mode::Kill).and_then(|d| d.rule.as_deref())
}

/// The exit status: the step's own if it failed; else whether all was clean and complete.
fn conclude(outcome: &Outcome, verdict: Option<&DiffReport>, places: &Places, ui: &Ui) -> Exit {
    if verdict.is_none_or(|v| !v.clean) || outcome.status != 0 {
        ui.plain(&format!("  look: {}", escape(places.report.as_os_str().as_encoded_bytes())));
    }
    if outcome.status != 0 {
        match verdict.and_then(killer) {
            Some(rule) => ui.warn(&format!("run: the step was killed by rule {rule}, status {}", outcome.status)),
            None => ui.warn(&format!("run: the step itself failed with status {}", outcome.status)),
        }
        return Exit(u8::try_from(outcome.status).unwrap_or(u8::MAX));
    }
    let clean = outcome.complete && verdict.is_none_or(|v| v.clean);
    if clean { Exit::OK } else { Exit::NOT_CLEAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_results_are_taken_away() {
        assert!(is_numbered("recording.sekisho", "recording", ".sekisho"));
        assert!(is_numbered("verdict-12.json", "verdict", ".json"));
        assert!(!is_numbered("verdict-old.json", "verdict", ".json"));
        assert!(!is_numbered("my-report.html", "report", ".html"));
    }
}
