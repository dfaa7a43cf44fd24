//! `sekisho policy`: lint, and test by cases.
use crate::args::{PolicyArgs, PolicyCommand};
use crate::artifacts;
use crate::exit::{CliError, Exit, shown};
use crate::files;
use crate::gate::{self, Evidence};
use crate::ui::Ui;
use sekisho_verifier::{Grade, Report, verify};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Longest file that says a time or a code.
const MAX_WORD_BYTES: u64 = 4096;

/// Runs the command.
pub fn run(args: &PolicyArgs, ui: &Ui) -> Result<Exit, CliError> {
    match &args.command {
        PolicyCommand::Lint { policy, strict } => lint(policy, *strict, ui),
        PolicyCommand::Test { cases, policy } => test(cases, policy.as_deref(), ui),
    }
}

fn lint(path: &Path, strict: bool, ui: &Ui) -> Result<Exit, CliError> {
    let found = gate::policy(path, None)?.0.lint();
    let mut out = String::new();
    for finding in &found {
        let _ = writeln!(out, "{finding}");
    }
    print(&out)?;
    let counted = found.iter().filter(|f| strict || f.grade == Grade::Warning).count();
    ui.note(&format!("{}: {} findings, {counted} of them count", shown(path), found.len()));
    Ok(if counted == 0 { Exit::OK } else { Exit::NOT_CLEAN })
}

fn test(folder: &Path, policy: Option<&Path>, ui: &Ui) -> Result<Exit, CliError> {
    let failed = |e| CliError::file("read", folder, e);
    let entries = folder.read_dir().map_err(failed)?.map(|entry| entry.map(|e| e.path()));
    let mut cases: Vec<PathBuf> = entries.collect::<Result<_, _>>().map_err(failed)?;
    cases.retain(|path| path.is_dir());
    cases.sort_unstable();
    if cases.is_empty() {
        return Err(CliError::new(format!("there is no case in {}", shown(folder)))
            .with_hint("a case is a folder with attestations.jsonl and artifact; see `sekisho policy test --help`"));
    }
    let (mut out, mut wrong) = (String::new(), 0);
    for case in &cases {
        let judged = Case::read(case, policy)?;
        let mark = if judged.expected() { "ok" } else { "WRONG" };
        wrong += usize::from(!judged.expected());
        let name = case.file_name().map(Path::new).map(shown).unwrap_or_default();
        let _ = writeln!(out, "{mark:<6} {name}: {}", judged.outcome());
    }
    print(&out)?;
    ui.note(&format!("{} cases, {wrong} not as expected", cases.len()));
    Ok(if wrong == 0 { Exit::OK } else { Exit::NOT_CLEAN })
}

/// A case that was judged.
struct Case {
    report: Report,
    accept: bool,
    reason: Option<String>,
}

impl Case {
    fn read(case: &Path, policy: Option<&Path>) -> Result<Self, CliError> {
        let own = case.join("policy.toml");
        let policy = match (own.exists(), policy) {
            (true, _) => own.as_path(),
            (false, Some(policy)) => policy,
            (false, None) => {
                return Err(CliError::new(format!("{} has no policy.toml", shown(case)))
                    .with_hint("--policy POLICY.toml is that of cases without one"));
            }
        };
        let policy = gate::policy(policy, None)?.0;
        let now = word(&case.join("now"))?;
        let now_s =
            gate::now(now.as_deref()).map_err(|e| CliError::new(format!("{}: {e}", shown(&case.join("now")))))?;
        let artifacts = artifacts::named(&[case.join("artifact")], &[], policy.wants_sha512())?;
        let evidence = Evidence::read(&[case.join("attestations.jsonl")])?;
        let name = case.file_name().unwrap_or_default();
        Ok(Self {
            report: verify(&evidence.bytes, &artifacts, &policy, now_s),
            accept: !name.as_encoded_bytes().ends_with(b"_fail"),
            reason: word(&case.join("reason"))?,
        })
    }

    fn code(&self) -> Option<&'static str> {
        self.report.reasons.first().map(|r| r.code)
    }

    fn expected(&self) -> bool {
        let reason = self.reason.as_deref();
        self.report.accepted == self.accept && reason.is_none_or(|reason| Some(reason) == self.code())
    }

    fn outcome(&self) -> String {
        let found = self.code().map_or("accepted".to_owned(), |code| format!("refused, {code}"));
        match (&self.reason, self.expected()) {
            (_, true) => found,
            (Some(reason), false) => format!("{found}; expected was {}", sekisho_events::escape(reason.as_bytes())),
            (None, false) if self.accept => format!("{found}; it is to be accepted"),
            (None, false) => format!("{found}; it is to be refused"),
        }
    }
}

/// The word that a file holds, if there is the file.
fn word(path: &Path) -> Result<Option<String>, CliError> {
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(files::read_text(path, MAX_WORD_BYTES)?.trim().to_owned()))
}

fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| CliError::file("write", Path::new("-"), e))
}
