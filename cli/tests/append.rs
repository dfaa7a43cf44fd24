//! `run --append`: several steps in one directory, each its own recording, one bundle.
#![allow(clippy::unwrap_used, reason = "tests")]
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn append(dir: &Path, step: &str, script: &str) -> Child {
    let words = ["run", "--append", "--key", "ci.key", "--step", step, "--", "sh", "-c", script];
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(words).current_dir(dir).stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn results(dir: &Path, end: &str) -> usize {
    let files = std::fs::read_dir(dir.join("sekisho-out")).unwrap().flatten();
    files.filter(|f| f.file_name().to_str().is_some_and(|name| name.ends_with(end))).count()
}

/// A workspace with a key.
fn workspace() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut keygen = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    assert!(keygen.args(["keygen", "ci", "--quiet"]).current_dir(dir.path()).status().unwrap().success());
    dir
}

/// Each step says its number in its recording, and every recording is there.
fn each_is_there(dir: &Path, steps: usize) {
    assert_eq!((results(dir, ".sekisho"), results(dir, ".html")), (steps, steps));
    let bundle = std::fs::read_to_string(dir.join("sekisho-out/attestations.jsonl")).unwrap();
    assert_eq!(bundle.lines().count(), steps * 3);
    let mut names = Vec::new();
    for n in 1..=steps {
        let name = if n == 1 { "recording.sekisho".to_owned() } else { format!("recording-{n}.sekisho") };
        let mut show = Command::new(env!("CARGO_BIN_EXE_sekisho"));
        let shown = show.arg("show").arg(dir.join("sekisho-out").join(name)).args(["--format", "jsonl"]).output();
        let header = String::from_utf8(shown.unwrap().stdout).unwrap().lines().next().unwrap().to_owned();
        let header: serde_json::Value = serde_json::from_str(&header).unwrap();
        names.push(header["step"].as_str().unwrap().to_owned());
    }
    names.sort_unstable();
    assert_eq!(names, (0..steps).map(|n| format!("s{n}")).collect::<Vec<_>>());
}

#[test]
fn steps_one_after_the_other_have_a_recording_each() {
    let dir = workspace();
    for n in 0..3 {
        assert!(append(dir.path(), &format!("s{n}"), "echo made > product").wait().unwrap().success());
    }
    each_is_there(dir.path(), 3);
}

#[test]
fn steps_beside_each_other_have_a_recording_each() {
    let dir = workspace();
    let script = |n: usize| format!("while [ ! -e go ]; do sleep 0.02; done; echo {n} > product{n}");
    let steps: Vec<Child> = (0..4).map(|n| append(dir.path(), &format!("s{n}"), &script(n))).collect();
    std::fs::write(dir.path().join("go"), "").unwrap();
    for mut step in steps {
        assert!(step.wait().unwrap().success());
    }
    each_is_there(dir.path(), 4);
}

#[test]
fn what_is_left_of_a_recording_that_is_gone_is_not_taken_for_a_new_one() {
    let dir = workspace();
    let out = dir.path().join("sekisho-out");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("verdict.json"), "{\"clean\":true}").unwrap();
    assert!(append(dir.path(), "s0", "true").wait().unwrap().success());
    assert!(!out.join("recording.sekisho").exists() && out.join("recording-2.sekisho").exists());
}
