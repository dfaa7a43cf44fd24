//! The life of a profile by its commands, on recordings of real steps.
#![allow(clippy::unwrap_used, reason = "tests")]
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(dir: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(words).current_dir(dir).stdin(Stdio::null()).env_remove("CI").env("USER", "dana").output().unwrap()
}

fn returns(status: i32, dir: &Path, words: &[&str]) -> (String, String) {
    let output = run(dir, words);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{words:?}\n{out}{said}");
    (out, said)
}

/// Records a step that writes `out/a` and `out/b`, then does `more`.
fn record(dir: &Path, name: &str, more: &str) {
    let step = format!("mkdir -p out && echo a > out/a && echo b > out/b; {more}");
    returns(0, dir, &["record", "-o", name, "--", "sh", "-c", &step]);
    std::fs::remove_dir_all(dir.join("out")).unwrap();
    let _ = std::fs::remove_file(dir.join("planted"));
}

fn learned() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    record(dir.path(), "1.rec", ":");
    record(dir.path(), "2.rec", ":");
    record(dir.path(), "bad.rec", "echo x > planted");
    returns(0, dir.path(), &["profile", "new", "1.rec", "2.rec", "--name", "t"]);
    dir
}

#[test]
fn a_profile_of_two_runs_accepts_a_third_and_not_another_act() {
    let dir = learned();
    record(dir.path(), "3.rec", ":");
    assert!(returns(0, dir.path(), &["diff", "3.rec"]).0.starts_with("clean"));
    let (json, _) = returns(1, dir.path(), &["diff", "bad.rec", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let whats: Vec<&str> = value["deviations"].as_array().unwrap().iter().filter_map(|d| d["what"].as_str()).collect();
    assert_eq!(whats, ["create $WORKSPACE/planted", "write $WORKSPACE/planted"]);
    assert!(returns(1, dir.path(), &["diff", "3.rec", "bad.rec"]).0.contains("+ create $WORKSPACE/planted"));
    assert!(returns(0, dir.path(), &["diff", "1.rec", "3.rec"]).0.contains("do the same"));
}

#[test]
fn the_verdict_says_how_far_the_profile_was_reviewed() {
    let dir = learned();
    let at = dir.path();
    let verdict = || returns(0, at, &["diff", "1.rec"]).0;
    assert!(verdict().contains(" not reviewed)"), "{}", verdict());

    let file = at.join("sekisho.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let signed = text.replace("[[rule]]\n", "[[rule]]\nreviewed_by = \"dana\"\nreviewed_on = \"2026-03-01\"\n");
    std::fs::write(&file, signed).unwrap();
    returns(0, at, &["profile", "fmt", "sekisho.toml"]);
    // What it includes was reviewed on other days.
    assert!(verdict().contains(", reviewed 2026-03-01)"), "{}", verdict());
}

#[test]
fn a_profile_is_not_overwritten_and_grows_by_merging_suggesting_and_reviewing() {
    let dir = learned();
    let at = dir.path();
    let before = std::fs::read_to_string(at.join("sekisho.toml")).unwrap();
    assert!(returns(2, at, &["profile", "new", "bad.rec"]).1.contains("--force"));
    assert!(returns(2, at, &["review", "sekisho.toml", "bad.rec"]).1.contains("not a terminal"));
    assert_eq!(std::fs::read_to_string(at.join("sekisho.toml")).unwrap(), before);

    let (patch, _) = returns(0, at, &["profile", "suggest", "sekisho.toml", "bad.rec"]);
    std::fs::write(at.join("suggested.toml"), format!("{before}\n{patch}")).unwrap();
    returns(0, at, &["profile", "fmt", "suggested.toml"]);
    returns(0, at, &["profile", "fmt", "--check", "suggested.toml"]);
    returns(0, at, &["diff", "--profile", "suggested.toml", "bad.rec"]);

    std::fs::write(at.join("merged.toml"), &before).unwrap();
    assert!(returns(0, at, &["profile", "merge", "merged.toml", "bad.rec"]).1.contains("new: "));
    returns(0, at, &["diff", "--profile", "merged.toml", "bad.rec"]);
    assert!(std::fs::read_to_string(at.join("merged.toml")).unwrap().contains("seen = \"1 of 3\""));
    assert!(
        returns(0, at, &["profile", "merge", "merged.toml", "1.rec"]).1.contains("; needed before, and not in these: ")
    );

    returns(
        0,
        at,
        &["review", "sekisho.toml", "bad.rec", "--accept-all", "--reason", "a marker", "--reviewer", "dana"],
    );
    returns(0, at, &["diff", "bad.rec"]);
    let after = std::fs::read_to_string(at.join("sekisho.toml")).unwrap();
    assert!(after.contains("why = \"a marker\"\nreviewed_by = \"dana\""), "{after}");
}

#[test]
fn profiles_are_simulated_linted_explained_and_exported() {
    let dir = learned();
    let at = dir.path();
    let (text, _) = returns(1, at, &["profile", "simulate", "sekisho.toml", "1.rec", "bad.rec"]);
    assert!(text.contains("1.rec: clean") && text.contains("create $WORKSPACE/planted"), "{text}");
    returns(0, at, &["profile", "lint"]);
    assert!(returns(1, at, &["profile", "lint", "--strict"]).0.contains("[unreviewed]"));
    let explain = |act| vec!["profile", "explain", "sekisho.toml", act];
    assert!(returns(0, at, &explain("read /usr/lib/x")).0.contains("rule libc/loader allows it"));
    assert!(returns(1, at, &explain("connect tcp 203.0.113.7:443")).0.contains("no rule lists it"));
    returns(2, at, &explain("fly away"));
    for kind in ["seccomp", "apparmor", "networkpolicy", "cilium", "landlock"] {
        assert!(!returns(0, at, &["profile", "export", "--to", kind]).0.is_empty(), "{kind}");
    }
}

#[test]
fn includes_that_no_recording_needed_are_pointed_out() {
    let dir = learned();
    let at = dir.path();
    let (shipped, _) = returns(0, at, &["profile", "reviewed"]);
    let pin = shipped.lines().find(|l| l.starts_with("pip@")).unwrap();
    let text = std::fs::read_to_string(at.join("sekisho.toml")).unwrap();
    std::fs::write(at.join("wide.toml"), text.replacen("include = [", &format!("include = [\"{pin}\", "), 1)).unwrap();
    returns(0, at, &["profile", "fmt", "wide.toml"]);
    let (found, _) = returns(0, at, &["profile", "lint", "wide.toml", "1.rec", "2.rec"]);
    assert!(found.contains("warning: include pip: none of the recordings needed it [unused]"), "{found}");
    assert_eq!(found.matches("include ").count(), 1, "{found}");
    assert!(!returns(0, at, &["profile", "lint", "wide.toml"]).0.contains("include pip"));
}

#[test]
fn what_is_wrong_with_a_profile_is_said_with_its_place() {
    let dir = learned();
    let at = dir.path();
    std::fs::write(at.join("sekisho.toml"), "[profile]\nversion = 1\nname = \"t\"\nmoed = \"deny\"\n").unwrap();
    let said = returns(2, at, &["diff", "1.rec"]).1;
    assert!(said.contains("sekisho.toml:4:1: unknown key `moed` (did you mean `mode`?)"), "{said}");
    std::fs::write(at.join("sekisho.toml"), "[profile]\nname = \"t\"\nversion = 1\n").unwrap();
    assert!(returns(2, at, &["diff", "1.rec"]).1.contains("profile fmt"));
    returns(1, at, &["profile", "fmt", "--check"]);
}

#[test]
fn what_is_not_allowed_is_denied_and_the_attempt_is_a_deviation() {
    let dir = learned();
    let at = dir.path();
    let step = "mkdir -p out && echo a > out/a && echo b > out/b; echo x > planted; :";
    let words = ["record", "-o", "deny.rec", "--profile", "sekisho.toml", "--mode", "deny", "--", "sh", "-c", step];
    returns(0, at, &words);
    assert!(at.join("out/b").exists() && !at.join("planted").exists());
    let (json, _) = returns(1, at, &["diff", "deny.rec", "--format", "json"]);
    assert!(json.contains("\"denied-rule\"") && json.contains("create $WORKSPACE/planted"), "{json}");
}

#[test]
fn a_change_of_a_profile_is_told_with_a_witness_that_explain_confirms() {
    let dir = learned();
    let at = dir.path();
    let before = std::fs::read_to_string(at.join("sekisho.toml")).unwrap();
    let added = "\n[[rule]]\nid = \"upload\"\nprocess = [\"/usr/bin/curl\"]\nconnect = [\"203.0.113.7:443/tcp\"]\n";
    std::fs::write(at.join("wider.toml"), format!("{before}{added}")).unwrap();
    returns(0, at, &["profile", "fmt", "wider.toml"]);
    assert_eq!(returns(0, at, &["profile", "diff", "sekisho.toml", "sekisho.toml"]).0, "the profiles mean the same\n");
    let (text, _) = returns(1, at, &["profile", "diff", "sekisho.toml", "wider.toml"]);
    assert!(text.contains("witness: connect tcp 203.0.113.7:443 by /usr/bin/curl"), "{text}");
    let (json, _) = returns(1, at, &["profile", "diff", "sekisho.toml", "wider.toml", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let witness = &value["possible"][0]["witness"];
    let (act, by) = (witness["act"].as_str().unwrap(), witness["process"].as_str().unwrap());
    returns(1, at, &["profile", "explain", "sekisho.toml", act, "--by", by]);
    returns(0, at, &["profile", "explain", "wider.toml", act, "--by", by]);
    returns(2, at, &["profile", "diff", "sekisho.toml", "missing.toml"]);
}

/// docs/profile.md, "Growing": what is imported lints clean, and is added to a profile that is there.
#[test]
fn lists_of_other_tools_become_a_profile_or_grow_one() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    std::fs::write(at.join("build.yml"), "with:\n  allowed-endpoints: >\n    github.com:443\n").unwrap();
    let lock = "version = 4\n[[package]]\nname = \"a\"\nsource = \"git+https://git.example.org/a#01\"\n";
    std::fs::write(at.join("Cargo.lock"), lock).unwrap();
    returns(0, at, &["profile", "import", "build.yml"]);
    returns(0, at, &["profile", "import", "Cargo.lock"]);
    assert!(returns(0, at, &["profile", "import", "Cargo.lock"]).1.contains("nothing new"));
    let text = std::fs::read_to_string(at.join("sekisho.toml")).unwrap();
    assert!(text.contains("\"github.com:443/tcp\"") && text.contains("\"git.example.org:443/tcp\""), "{text}");
    returns(0, at, &["profile", "lint"]);
    returns(0, at, &["profile", "fmt", "--check"]);
    let allowed = ["profile", "explain", "sekisho.toml", "connect tcp github.com:443"];
    assert!(returns(0, at, &allowed).0.contains("endpoints"));

    assert!(returns(2, at, &["profile", "import", "Cargo.lock", "--from", "npm"]).1.contains("not JSON"));
    assert!(returns(2, at, &["profile", "import", "build.yml", "--by", "no/path"]).1.contains("--by"));
    assert_eq!(std::fs::read_to_string(at.join("sekisho.toml")).unwrap(), text);
}
