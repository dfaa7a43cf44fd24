//! Runs the cases of a section, without us and with us, and writes what came of them.
use crate::agreement::{self, Acts, Told};
use crate::cage::{Caged, Ended, Ground, Ran, User};
use crate::case::{self, Case};
use crate::outside::Outside;
use crate::places;
use crate::recording::Recording;
use crate::verdict::{Verdict, judge};
use crate::words::Words;
use std::fmt::Write as _;

/// How often a case is run again on both engines before they are said to differ.
const RUNS_MORE: usize = 6;

/// One line of the table.
#[derive(Debug)]
struct Row {
    id: String,
    user: &'static str,
    engine: String,
    verdict: String,
    note: String,
}

/// Runs every case of the section and fails if one is unseen, or is skipped here without being on the list.
///
/// # Panics
/// If so.
pub fn run(section: &str) {
    let sections = std::env::var("SEKISHO_SECTIONS").unwrap_or_default();
    if !sections.is_empty() && !sections.split_whitespace().any(|s| s == section) {
        return;
    }
    let only = std::env::var("SEKISHO_CASE").ok();
    let alone = std::env::var_os("SEKISHO_ALONE").is_some();
    let engines = if alone { Vec::new() } else { places::engines() };
    let allowed = allowed_skips();
    let (mut rows, mut bad) = (Vec::new(), String::new());
    let chosen = |c: &Case| only.as_ref().is_none_or(|o| o.split(',').any(|id| id == c.id));
    for case in case::section(section).iter().filter(|c| chosen(c)) {
        for user in User::available().into_iter().filter(|u| case.is_for(*u)) {
            for row in run_case(case, user, &engines) {
                let skip_ok = || allowed.iter().any(|(id, why)| *id == row.id && row.note.contains(why.as_str()));
                if matches!(row.verdict.as_str(), "UNSEEN" | "DIFFER") || (row.verdict == "skip" && !skip_ok()) {
                    let _ = writeln!(bad, "{} as {} on {}: {} {}", row.id, row.user, row.engine, row.verdict, row.note);
                }
                rows.push(row);
            }
        }
    }
    if only.is_none() && !alone {
        let line = |r: &Row| {
            format!("{}\t{}\t{}\t{}\t{}\n", r.id, r.user, r.engine, r.verdict, r.note.replace(['\t', '\n'], " "))
        };
        let text: String = rows.iter().map(line).collect();
        std::fs::write(places::results().join(format!("{section}.tsv")), text).expect("write the results");
    }
    assert!(bad.is_empty(), "section {section}:\n{bad}");
}

/// Lines `ID: reason` of `tests/cases/allowed-skips.txt`.
fn allowed_skips() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(places::root().join("tests/cases/allowed-skips.txt")).unwrap_or_default();
    let line = |l: &str| l.split_once(": ").map(|(id, why)| (id.trim().to_owned(), why.trim().to_owned()));
    text.lines().filter(|l| !l.starts_with('#')).filter_map(line).collect()
}

/// Cases whose acts differ from run to run: lines `ID: reason` of `tests/cases/chance.txt`.
fn chance() -> Vec<String> {
    let text = std::fs::read_to_string(places::root().join("tests/cases/chance.txt")).unwrap_or_default();
    text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| Some(l.split_once(": ")?.0.to_owned())).collect()
}

fn run_case(case: &Case, user: User, engines: &[String]) -> Vec<Row> {
    let row = |engine: &str, verdict: &str, note: String| Row {
        id: case.id.clone(),
        user: user.name(),
        engine: engine.to_owned(),
        verdict: verdict.to_owned(),
        note,
    };
    let (works, ran) = without_us(case, user);
    if !works {
        return vec![row("-", "skip", format!("{:?} {}", ran.ended, ran.last_words()))];
    }
    let mut rows = vec![row("-", "works", case.title.clone())];
    let mut told: Vec<(&str, Acts)> = Vec::new();
    for engine in engines {
        let (verdict, acts) = with_us(case, user, engine);
        let note = if let Verdict::Unseen(why) = &verdict { why.clone() } else { String::new() };
        rows.push(row(engine, verdict.name(), note));
        told.extend(acts.map(|acts| (engine.as_str(), acts)));
    }
    let sure = rows.iter().all(|row| row.verdict != "incomplete");
    if let ([(one, a), .., (other, b)], true) = (&told[..], sure && !chance().contains(&case.id)) {
        let differ = disagreement(case, user, (one, a), (other, b));
        if !differ.is_empty() {
            rows.push(row("engines", "DIFFER", differ.join(" | ")));
        }
    }
    rows
}

/// What the engines tell otherwise, however often they run the case: what a program does by chance (Node.js reads its own
/// executable at some addresses and not at others) is told by neither at every run.
fn disagreement(case: &Case, user: User, (one, a): (&str, &Acts), (other, b): (&str, &Acts)) -> Vec<String> {
    let (mut ours, mut theirs) = (Told::of(a), Told::of(b));
    for _ in 0..RUNS_MORE {
        if ours.agrees_with(&theirs) {
            return Vec::new();
        }
        for (engine, told) in [(one, &mut ours), (other, &mut theirs)] {
            if let (_, Some(acts)) = with_us(case, user, engine) {
                told.add(&acts);
            }
        }
    }
    agreement::differences((one, &ours.always_without(&theirs)), (other, &theirs.always_without(&ours)))
}

struct Stage {
    // Before the ground: its sockets are there, and are needed to end it.
    outside: Outside,
    ground: Ground,
    words: Words,
}

fn stage(case: &Case, user: User) -> Stage {
    let ground = Ground::new(user);
    let outside = Outside::start(&ground.path("")).expect("start the servers outside");
    let mut words = Words::new(ground.work());
    words.set("home", &ground.path("home").display());
    words.set("tmp", &ground.path("tmp").display());
    words.set("tracees", &places::tracees().display());
    words.set("sekisho", &places::sekisho().display());
    words.set("tcp", &outside.tcp);
    words.set("udp", &outside.udp);
    words.set("unix", &outside.unix.display());
    words.set("dgram", &outside.dgram.display());
    words.set("abstract", &outside.abstract_name);
    words.set("uid", &if user == User::Root { 0 } else { places::ORDINARY_UID });
    if let Some(text) = &case.prepare {
        let prepared = Caged::new(&ground, ["/bin/sh", "-ec", &words.fill(text)]).run();
        assert!(prepared.ended == Ended::Exit(0), "{}: its preparation failed: {}", case.id, prepared.said());
    }
    Stage { outside, ground, words }
}

/// A tracee's name becomes its path.
fn resolve(command: &[String], words: &Words) -> Vec<String> {
    let mut filled: Vec<String> = command.iter().map(|w| words.fill(w)).collect();
    if let Some(first) = filled.first_mut() {
        let built = places::tracees().join(&*first);
        let source = places::root().join("tests/tracees").join(format!("{first}.c"));
        if !first.contains('/') && (built.is_file() || source.is_file()) {
            *first = built.display().to_string();
        } else if !first.contains('/') {
            let in_path =
                places::PATH.split(':').map(|d| format!("{d}/{first}")).find(|p| std::fs::metadata(p).is_ok());
            *first = in_path.unwrap_or_else(|| first.clone());
        }
    }
    filled
}

fn go(case: &Case, stage: &mut Stage, command: Vec<String>) -> (bool, Ran) {
    let ran = Caged::new(&stage.ground, command).options(case.cage.iter().map(|w| stage.words.fill(w))).run();
    stage.words.learn(&ran.stdout);
    let effect = case.effect.shows(&ran, &stage.ground.work(), &stage.outside, &stage.words);
    (effect, ran)
}

fn without_us(case: &Case, user: User) -> (bool, Ran) {
    let mut stage = stage(case, user);
    let mut command = resolve(&case.launcher, &stage.words);
    if case.standin {
        command.push(places::tracees().join("standin").display().to_string());
    }
    command.extend(resolve(case.alone.as_ref().unwrap_or(&case.run), &stage.words));
    let (effect, ran) = go(case, &mut stage, command);
    (effect && ran.ended != Ended::Exit(77), ran)
}

/// What came of it, and the kinds of act that were told, if there is a recording.
fn with_us(case: &Case, user: User, engine: &str) -> (Verdict, Option<Acts>) {
    let mut stage = stage(case, user);
    let rec = stage.ground.path("rec");
    let mut command = resolve(&case.launcher, &stage.words);
    command.push(places::sekisho().display().to_string());
    command.extend(["record", "--engine", engine, "-o"].map(str::to_owned));
    command.push(rec.display().to_string());
    command.extend(case.record.iter().map(|w| stage.words.fill(w)));
    command.push("--".to_owned());
    command.extend(resolve(&case.run, &stage.words));
    let (effect, ran) = go(case, &mut stage, command);
    let recording = Recording::load(&rec);
    let acts = recording.as_ref().map(|recording| agreement::kinds(recording, &stage.ground.path("")));
    (judge(case, effect, &ran, recording.as_ref(), &stage.words), acts)
}
