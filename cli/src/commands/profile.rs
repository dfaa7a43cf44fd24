//! `sekisho profile`: make, grow, test and convert profiles.
use crate::args::{ExportKind, ProfileArgs, ProfileCommand};
use crate::commands::diff::{pretty, print};
use crate::commands::show::failure;
use crate::commands::{profile_import, profile_signing};
use crate::exit::{CliError, Exit, shown, shown_output, word};
use crate::files;
use crate::judging::judge;
use crate::profiled::{Loaded, today};
use crate::ui::Ui;
use sekisho_events::{LogError, LogReader};
use sekisho_profiles::{
    Export, Grade, Growth, Learner, Meaning, Profile, Reviewed, Simulation, explain, export, lint_with,
};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Longest profile that is read.
const MAX_PROFILE_BYTES: u64 = 64 << 20;

/// Runs the command.
pub fn run(args: &ProfileArgs, ui: &Ui) -> Result<Exit, CliError> {
    match &args.command {
        ProfileCommand::New { recordings, output, force, name, no_include } => {
            let learner = if *no_include { Learner::new() } else { Learner::new().with_include() };
            new(learner, recordings, output, *force, name.as_deref(), ui)
        }
        ProfileCommand::Import { lists, from, by, output } => profile_import::run(lists, *from, by, output, ui),
        ProfileCommand::Merge { profile, recordings } => merge(profile, recordings, ui),
        ProfileCommand::Suggest { profile, recordings } => suggest(profile, recordings, ui),
        ProfileCommand::Simulate { profile, recordings, json } => simulate(profile, recordings, *json),
        ProfileCommand::Lint { profile, recordings, strict } => check(profile, recordings, *strict, ui),
        ProfileCommand::Fmt { check, profile } => fmt(profile, *check, ui),
        ProfileCommand::Export { profile, to } => convert(profile, *to, ui),
        ProfileCommand::Reviewed { name } => reviewed(name.as_deref()),
        ProfileCommand::Diff { before, after, json } => diff(before, after, *json),
        ProfileCommand::Sign { profile, key, passphrase_file, signatures } => {
            profile_signing::sign(profile, key, passphrase_file.as_deref(), signatures.as_deref(), ui)
        }
        ProfileCommand::Verify { profile, keys, threshold, signatures } => {
            profile_signing::verify(profile, keys, *threshold, signatures.as_deref(), ui)
        }
        ProfileCommand::Explain { profile, act, by } => {
            let loaded = Loaded::read(profile)?;
            let answer =
                explain(&loaded.profile, act, by.as_deref(), today()).map_err(|e| CliError::new(e.to_string()))?;
            print(&answer.text)?;
            Ok(if answer.allowed { Exit::OK } else { Exit::NOT_CLEAN })
        }
    }
}

/// Feeds a recording to a learner; says what makes it a doubtful teacher. Returns the name of its workspace.
fn learn(learner: &mut Learner, recording: &Path, ui: &Ui) -> Result<String, CliError> {
    let failed = |error: LogError| failure(recording, error.into());
    let mut reader = LogReader::new(files::open(recording)?).map_err(failed)?;
    let header = reader.header();
    let name = String::from_utf8_lossy(header.workspace.file_name()).into_owned();
    learner.begin(header).map_err(|e| CliError::new(e.to_string()))?;
    while let Some(event) = reader.next_event().map_err(failed)? {
        learner.push(event);
    }
    learner.end();
    match reader.trailer() {
        None => ui.warn(&format!("{} is cut: what came later is not in the profile", shown(recording))),
        Some(t) if !t.complete => {
            ui.warn(&format!("{} is not complete: what was missed is not in the profile", shown(recording)));
        }
        Some(t) if t.status != 0 => {
            ui.warn(&format!("the step of {} ended with status {}: was it a good run?", shown(recording), t.status));
        }
        Some(_) => {}
    }
    Ok(name)
}

fn new(
    mut learner: Learner,
    recordings: &[PathBuf],
    output: &Path,
    force: bool,
    name: Option<&str>,
    ui: &Ui,
) -> Result<Exit, CliError> {
    if !force && output.as_os_str() != "-" && output.exists() {
        return Err(CliError::new(format!("{} exists", shown(output)))
            .with_hint(format!("`sekisho profile merge {} REC...` adds to it, `--force` replaces it", word(output))));
    }
    let mut workspace = String::new();
    for recording in recordings {
        workspace = learn(&mut learner, recording, ui)?;
    }
    let profile = learner.finish(name.unwrap_or(&workspace));
    files::write(output, profile.to_toml().as_bytes())?;
    ui.note(&format!(
        "wrote {}: {} rules from {} recording{}; read it, then put your name under each rule",
        shown_output(output),
        profile.own_rules().count(),
        recordings.len(),
        if recordings.len() == 1 { " (a second one shows what changes from run to run)" } else { "s" }
    ));
    ui.plain(&format!("  check: sekisho profile lint {}", word(output)));
    Ok(Exit::OK)
}

fn merge(path: &Path, recordings: &[PathBuf], ui: &Ui) -> Result<Exit, CliError> {
    let before = Loaded::read(path)?.profile;
    let mut learner = Learner::on(before.clone());
    for recording in recordings {
        learn(&mut learner, recording, ui)?;
    }
    let after = learner.finish(&before.meta.name);
    files::write(path, after.to_toml().as_bytes())?;
    let lines = Growth::between(&before, &after).lines();
    ui.note(&format!("wrote {}: {}", shown_output(path), lines.join("; ")));
    Ok(Exit::OK)
}

/// Ids of rules that only the second profile has.
fn fresh(before: &Profile, after: &Profile) -> Vec<String> {
    after.rules.iter().filter(|r| before.rule(&r.id).is_none()).map(|r| r.id.clone()).collect()
}

fn suggest(path: &Path, recordings: &[PathBuf], ui: &Ui) -> Result<Exit, CliError> {
    let before = Loaded::read(path)?.profile;
    let mut learner = Learner::on(before.clone()).with_denied();
    for recording in recordings {
        learn(&mut learner, recording, ui)?;
    }
    let after = learner.finish(&before.meta.name);
    let ids = fresh(&before, &after);
    if ids.is_empty() {
        ui.note("the profile allows all of it: nothing to suggest");
    }
    let rules = after.rules.into_iter().filter(|r| ids.contains(&r.id)).map(|mut rule| {
        rule.seen = None;
        rule.to_toml()
    });
    print(&rules.collect::<Vec<_>>().join("\n"))?;
    Ok(Exit::OK)
}

fn simulation(loaded: &Loaded, recordings: &[PathBuf]) -> Result<Simulation, CliError> {
    let mut simulation = Simulation::default();
    for recording in recordings {
        simulation.add(shown(recording), &judge(recording, loaded)?);
    }
    Ok(simulation)
}

fn simulate(path: &Path, recordings: &[PathBuf], json: bool) -> Result<Exit, CliError> {
    let simulation = simulation(&Loaded::read(path)?, recordings)?;
    print(&if json { pretty(&simulation.to_json()) } else { simulation.to_text() })?;
    Ok(if simulation.is_clean() { Exit::OK } else { Exit::NOT_CLEAN })
}

fn reviewed(name: Option<&str>) -> Result<Exit, CliError> {
    match name {
        Some(name) => {
            let found = Reviewed::named(name).ok_or_else(|| {
                CliError::new(format!("no abstraction `{}` is shipped", sekisho_events::escape(name.as_bytes())))
                    .with_hint("`sekisho profile reviewed` lists them")
            })?;
            print(found.text())?;
        }
        None => {
            for one in Reviewed::all() {
                print(&format!("{}\n    {}\n", one.pin(), one.description().unwrap_or_default()))?;
            }
        }
    }
    Ok(Exit::OK)
}

fn diff(before: &Path, after: &Path, json: bool) -> Result<Exit, CliError> {
    let (old, new) = (Loaded::read(before)?, Loaded::read(after)?);
    let meaning = Meaning::compare(&old.profile, &new.profile, today()).map_err(|e| CliError::new(e.to_string()))?;
    let named = |l: &Loaded| serde_json::json!({"path": shown(&l.path), "sha256": l.sha256.to_hex()});
    print(&if json { pretty(&meaning.to_json(&named(&old), &named(&new))) } else { meaning.to_text() })?;
    Ok(if meaning.is_same() { Exit::OK } else { Exit::NOT_CLEAN })
}

fn check(path: &Path, recordings: &[PathBuf], strict: bool, ui: &Ui) -> Result<Exit, CliError> {
    let loaded = Loaded::read(path)?;
    let found = lint_with(&loaded.profile, today(), &simulation(&loaded, recordings)?);
    let errors = found.iter().filter(|f| f.grade == Grade::Error).count();
    let unreviewed = found.iter().filter(|f| f.code == "unreviewed").count();
    let mut out = String::new();
    for finding in found.iter().filter(|f| f.code != "unreviewed" || unreviewed <= 3) {
        let _ = writeln!(out, "{finding}");
    }
    if unreviewed > 3 {
        let _ = writeln!(out, "warning: nobody has put a name and a day under {unreviewed} rules [unreviewed]");
    }
    print(&out)?;
    let warnings = found.len() - errors;
    ui.note(&format!(
        "{}: {} rules, {errors} errors, {warnings} warnings",
        shown(path),
        loaded.profile.own_rules().count()
    ));
    Ok(if errors > 0 || strict && warnings > 0 { Exit::NOT_CLEAN } else { Exit::OK })
}

fn fmt(path: &Path, check: bool, ui: &Ui) -> Result<Exit, CliError> {
    let text = files::read_text(path, MAX_PROFILE_BYTES)?;
    let profile = Profile::parse_alone(&text)
        .map_err(|e| CliError::new(format!("{}:{}:{}: {}", shown(path), e.line, e.column, e.kind)))?;
    let canonical = profile.to_toml();
    if check {
        if text == canonical {
            return Ok(Exit::OK);
        }
        ui.warn(&format!("{} is not in canonical form", shown(path)));
        ui.note(&format!("hint: run `sekisho profile fmt {}`", word(path)));
        return Ok(Exit::NOT_CLEAN);
    }
    // What passes through comes out, changed or not; a file that is right already is left alone.
    if text != canonical || path.as_os_str() == "-" {
        files::write(path, canonical.as_bytes())?;
    }
    Ok(Exit::OK)
}

fn convert(path: &Path, to: ExportKind, ui: &Ui) -> Result<Exit, CliError> {
    let loaded = Loaded::read(path)?;
    let to = match to {
        ExportKind::Seccomp => Export::Seccomp,
        ExportKind::Apparmor => Export::Apparmor,
        ExportKind::Networkpolicy => Export::NetworkPolicy,
        ExportKind::Cilium => Export::Cilium,
        ExportKind::Landlock => Export::Landlock,
    };
    let exported = export(&loaded.profile, to);
    print(&exported.text)?;
    for loss in &exported.lost {
        ui.note(&format!("not expressed: {loss}"));
    }
    Ok(Exit::OK)
}
