//! Attacks on real builds, replayed without harm (EVASION K): a profile made from the clean twin is content with the clean
//! twin, and names the attack in at most five lines. Each runs in a network namespace that has no device but the loopback.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::cage::{Ended, Ran, User};
use e2e::places;
use e2e::recording::Recording;
use e2e::step::Step;
use serde::Deserialize;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a reviewer will read.
const LINES_MAX: usize = 5;

/// `tests/cases/attacks/NAME/case.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    title: String,
    /// Where the attack is described.
    source: String,
    /// What it brings about; shown first without us.
    effect: Effect,
    /// Recording it means that it does not come about.
    #[serde(default)]
    prevented: bool,
    /// The recording has to say that it is not whole.
    #[serde(default)]
    incomplete: bool,
    /// It never ends by itself.
    #[serde(default)]
    endless: bool,
    /// Something of it lives on, and has to be killed and told.
    #[serde(default)]
    outlived: bool,
    /// What the attacker serves.
    #[serde(default)]
    served: Vec<String>,
    /// Lines of the verdict.
    named: Vec<Named>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Effect {
    /// A file of the work directory, which then holds `text`.
    file: Option<String>,
    text: Option<String>,
    /// What the attacker then has.
    received: Option<String>,
    /// What is then on standard output.
    printed: Option<String>,
}

/// One deviation: its code, a part of its `what`, and the name of the program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    code: String,
    what: String,
    by: Option<String>,
}

impl Named {
    fn is(&self, deviation: &Value) -> bool {
        let program = deviation["process"]["path"].as_str().unwrap_or("").rsplit('/').next();
        deviation["code"] == self.code.as_str()
            && deviation["what"].as_str().is_some_and(|w| w.contains(&self.what))
            && self.by.as_deref().is_none_or(|by| program.is_some_and(|p| p.starts_with(by)))
    }
}

/// A build in a place of its own, clean or attacked.
struct Build {
    name: &'static str,
    case: Case,
    step: Step,
}

impl Build {
    fn new(name: &'static str) -> Self {
        let text = std::fs::read_to_string(directory().join(name).join("case.toml")).expect("read the case");
        let case: Case = toml_edit::de::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!case.title.is_empty() && !case.source.is_empty(), "{name}");
        let step = Step::plain();
        let (home, served) = (step.ground.path("home"), step.ground.path("served"));
        std::fs::create_dir_all(home.join(".aws")).unwrap();
        std::fs::create_dir(&served).unwrap();
        for (file, text) in [
            (".gitconfig", "[user]\nname = dummy\n"),
            (".npmrc", "//registry.invalid/:_authToken=dummy-npm-token\n"),
            (".aws/credentials", "[default]\naws_secret_access_key = dummy-aws-key\n"),
        ] {
            std::fs::write(home.join(file), text).unwrap();
        }
        std::fs::write(served.join("package.txt"), "a package\n").unwrap();
        for file in &case.served {
            let from = if file == "sleeper" { PathBuf::from("/bin/sleep") } else { directory().join(name).join(file) };
            std::fs::copy(from, served.join(file)).unwrap();
        }
        Self { name, case, step }
    }

    /// Lays out the source anew, as `kind`, and runs the words followed by the build's own in it.
    fn run(&self, kind: &str, words: &[&str]) -> Ran {
        let work = self.step.ground.work();
        for left in std::fs::read_dir(&work).unwrap().flatten() {
            let gone = if left.path().is_dir() {
                std::fs::remove_dir_all(left.path())
            } else {
                std::fs::remove_file(left.path())
            };
            gone.unwrap();
        }
        for layer in ["clean", kind] {
            let from = directory().join(self.name).join(layer).join(".");
            assert!(Command::new("cp").arg("-r").arg(from).arg(&work).status().unwrap().success());
        }
        let prepare = work.join("prepare.sh");
        if prepare.exists() {
            assert!(Command::new("sh").arg(&prepare).current_dir(&work).status().unwrap().success(), "{}", self.name);
            std::fs::remove_file(prepare).unwrap();
        }
        let mut all: Vec<OsString> = vec!["unshare".into()];
        all.push(if User::available()[0] == User::Root { "-n" } else { "-rn" }.into());
        all.extend(["sh".into(), directory().join("enter.sh").into(), self.name.into(), kind.into()]);
        all.push(self.step.ground.path("log").into());
        all.extend(words.iter().map(Into::into));
        all.extend(["sh".into(), "build.sh".into()]);
        self.step.run(all)
    }

    fn comes_about(&self, ran: &Ran) -> bool {
        let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
        let effect = &self.case.effect;
        let log = std::fs::read(self.step.ground.path("log")).unwrap_or_default();
        let file = effect.file.as_ref().map(|f| std::fs::read(self.step.ground.work().join(f)).unwrap_or_default());
        let text = effect.text.as_deref().unwrap_or("");
        file.is_none_or(|f| has(&f, text))
            && effect.received.as_deref().is_none_or(|r| has(&log, r))
            && effect.printed.as_deref().is_none_or(|p| has(&ran.stdout, p))
    }

    fn sekisho(&self, command: &[&'static str]) -> Vec<String> {
        let bin = places::sekisho().display().to_string();
        std::iter::once(bin).chain(command.iter().map(|w| (*w).to_owned())).collect()
    }

    /// A profile from two runs of the clean twin.
    fn learn(&self) -> String {
        let profile = self.path("p.toml");
        let mut words = self.sekisho(&["profile", "new", "-o"]);
        words.push(profile.clone());
        for n in ["1.rec", "2.rec"] {
            let rec = self.path(n);
            let mut record = self.sekisho(&["record", "-o"]);
            record.extend([rec.clone(), "--".to_owned()]);
            let ran = self.run("clean", &strs(&record));
            assert_eq!(ran.ended, Ended::Exit(0), "{}: {}", self.name, ran.said());
            words.push(rec);
        }
        let ran = self.step.run(words);
        assert_eq!(ran.ended, Ended::Exit(0), "{}: {}", self.name, ran.said());
        profile
    }

    /// `sekisho run` under the profile: how it ended, what was recorded, what was said of it.
    fn judge(&self, kind: &str, profile: &str) -> (Ran, Recording, Value) {
        let out = self.path("out");
        let mut words =
            self.sekisho(&["run", "--mode", "observe", "--grace", "1s", "--time-limit", "10s", "--profile"]);
        if self.case.endless {
            "2s".clone_into(&mut words[7]);
        }
        words.extend([profile.to_owned(), "--out".to_owned(), out.clone(), "--".to_owned()]);
        let ran = self.run(kind, &strs(&words));
        let rec = Recording::load(&Path::new(&out).join("recording.sekisho"));
        let verdict = std::fs::read(Path::new(&out).join("verdict.json")).unwrap_or_default();
        let verdict = serde_json::from_slice(&verdict);
        let (Some(rec), Ok(verdict)) = (rec, verdict) else { panic!("{}: {}", self.name, ran.said()) };
        (ran, rec, verdict)
    }

    fn path(&self, name: &str) -> String {
        self.step.ground.path(name).display().to_string()
    }
}

fn directory() -> PathBuf {
    places::root().join("tests/cases/attacks")
}

fn strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// Says that a case cannot be played here; false if it can.
fn cannot_play(name: &str, ran: &Ran) -> bool {
    let missing = ran.ended == Ended::Exit(77) || ran.said().contains("unshare failed");
    if missing {
        let why = format!("{name}: no network namespace: {}", ran.last_words());
        e2e::skips::skip("tests/allowed-skips.txt", "attack in a network namespace", &why);
    }
    missing
}

/// Plays a case from end to end, and gives back what was recorded of the attack.
fn play(name: &'static str) -> Option<(Recording, Value)> {
    let build = Build::new(name);
    let limit = if build.case.endless { "1" } else { "10" };
    let alone = build.run("attack", &["timeout", limit]);
    if cannot_play(name, &alone) {
        return None;
    }
    assert!(build.comes_about(&alone), "{name} does nothing without us: {}", alone.said());

    let profile = build.learn();
    let (ran, rec, verdict) = build.judge("clean", &profile);
    assert_eq!(ran.ended, Ended::Exit(0), "{name}, clean: {verdict:#}");
    assert!(verdict["clean"] == true && rec.is_complete(), "{name}, clean: {verdict:#}");

    let (ran, rec, verdict) = build.judge("attack", &profile);
    assert_ne!(ran.ended, Ended::Exit(0), "{name}: {}", ran.said());
    assert_eq!(verdict["clean"], false, "{name}");
    assert_eq!(build.comes_about(&ran), !build.case.prevented, "{name}: {verdict:#}");
    assert_eq!(rec.is_complete(), !build.case.incomplete, "{name}: {}", rec.summary());
    let gaps = verdict["gaps"].as_array().unwrap().iter();
    let gap = |g: &Value| json!({"code": "incomplete", "severity": "high", "what": g["detail"], "gap": g["why"]});
    let deviations = verdict["deviations"].as_array().unwrap().iter().filter(|d| d["code"] != "incomplete");
    let lines: Vec<Value> = deviations.cloned().chain(gaps.map(gap)).collect();
    let high: Vec<Value> = lines.iter().filter(|d| d["severity"] == "high").cloned().collect();
    for named in &build.case.named {
        assert!(lines.iter().any(|d| named.is(d)), "{name}: {named:?} is not in {}", in_lines(&lines));
    }
    assert!(high.len() <= LINES_MAX, "{name}: {}", in_lines(&high));
    if build.case.outlived {
        assert!(rec.has(&json!({"kind": "exit", "killed_by_us": true})), "{name}: {}", rec.summary());
        assert_eq!(ran.survivors, 0, "{name}");
    }
    Some((rec, verdict))
}

fn in_lines(deviations: &[Value]) -> String {
    let line = |d: &Value| format!("\n  {} {} {} by {}", d["severity"], d["code"], d["what"], d["process"]["path"]);
    deviations.iter().map(line).collect()
}

#[test]
fn sunspot_in_the_step_is_named_with_its_writer() {
    play("sunspot-inside");
}

#[test]
fn sunspot_outside_the_step_is_named_by_the_file() {
    play("sunspot-outside");
}

#[test]
fn xz_is_named() {
    play("xz");
}

#[test]
fn codecov_is_named() {
    play("codecov");
}

#[test]
fn ua_parser_js_is_named_and_what_it_leaves_running_is_killed() {
    play("ua-parser-js");
}

#[test]
fn torchtriton_is_named() {
    play("torchtriton");
}

#[test]
fn tj_actions_is_named_and_prints_nothing() {
    play("tj-actions");
}

#[test]
fn shai_hulud_is_named() {
    play("shai-hulud");
}

/// The negative control: the loop is told, and nobody is accused of theft.
#[test]
fn colors_js_runs_out_of_time_and_is_accused_of_nothing_else() {
    // A read of what the kernel tells everybody, say of its memory, is no alarm.
    if let Some((rec, verdict)) = play("colors") {
        assert!(rec.has(&json!({"kind": "gap", "why": "timeout"})));
        let other: Vec<&Value> = verdict["deviations"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|d| d["code"] != "incomplete" && d["severity"] != "low")
            .collect();
        assert!(other.is_empty(), "{other:#?}");
    }
}
