//! What is missing, broken, altered or full: a clear message, the right status, nothing half-written.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::cage::{Ended, User};
use e2e::step::{Step, as_each_user, tracee};
use std::os::unix::fs::PermissionsExt;

/// `record`: 127 not found (docs/interface.md, "Exit status").
#[test]
fn a_command_that_is_not_there_gives_127() {
    as_each_user(|user| {
        let step = Step::new(user);
        let (ran, recording) = step.record(["no-such-command-here", "x"]);
        assert_eq!(ran.ended, Ended::Exit(127), "{}", ran.said());
        assert!(ran.said().contains("no-such-command-here"), "{}", ran.said());
        assert!(recording.is_none_or(|r| r.events.iter().all(|e| e["kind"] != "exec" || e["outcome"] != "ok")));
    });
}

/// `record`: 126 cannot execute.
#[test]
fn a_command_that_cannot_be_executed_gives_126() {
    as_each_user(|user| {
        let step = Step::new(user);
        std::fs::write(step.ground.work().join("text"), "not a program\n").unwrap();
        let (ran, _) = step.record(["./text"]);
        assert_eq!(ran.ended, Ended::Exit(126), "{}", ran.said());
        assert!(ran.said().contains("text"), "{}", ran.said());
        for directory in ["./.", "."] {
            let (ran, _) = step.record([directory]);
            assert_eq!(ran.ended, Ended::Exit(126), "{directory}: {}", ran.said());
        }
    });
}

/// A program of mode 0111 cannot be looked into by its user, nor by us: it does not run, and that is said.
#[test]
fn a_program_that_may_be_run_but_not_read_is_ended_and_named() {
    let step = Step::new(User::Ordinary);
    let program = step.ground.work().join("closed");
    std::fs::copy(tracee("mk"), &program).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o111)).unwrap();
    let (ran, recording) = step.record(["./closed", "."]);
    assert_eq!(ran.ended, Ended::Exit(137), "{}", ran.said());
    assert!(ran.said().contains("closed was ended before it began"), "{}", ran.said());
    assert!(recording.unwrap().events.iter().any(|e| e["kind"] == "refused" && e["call"] == "execve"));
    assert!(!step.ground.work().join("canary").exists(), "it has run");
}

#[test]
fn a_profile_that_is_not_there_or_cannot_be_read_is_said_before_the_step_starts() {
    let step = Step::new(*User::available().last().unwrap());
    let closed = step.ground.work().join("closed.toml");
    std::fs::write(&closed, "").unwrap();
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o000)).unwrap();
    for name in ["missing.toml", "closed.toml", "."] {
        let ran = step.sekisho(["run", "--profile", name, "--", &tracee("mk"), "."]);
        assert_eq!(ran.ended, Ended::Exit(2), "{name}: {}", ran.said());
        assert!(ran.said().contains(name), "{name}: {}", ran.said());
        assert!(!step.ground.work().join("canary").exists(), "{name}: the step was started");
    }
}

#[test]
fn an_unknown_key_in_a_profile_is_named_with_line_and_nearest_key() {
    let step = Step::plain();
    let (ran, _) = step.record([tracee("mk"), ".".to_owned()]);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    let rec = step.rec().display().to_string();
    step.sekisho_ends(0, ["profile", "new", &rec, "-o", "p.toml"]);
    let path = step.ground.work().join("p.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    let line = good.lines().position(|l| l.starts_with("[[rule]]")).expect("a profile has rules") + 2;
    std::fs::write(&path, good.replacen("[[rule]]\n", "[[rule]]\nraeson = \"x\"\n", 1)).unwrap();
    let ran = step.sekisho_ends(2, ["diff", "--profile", "p.toml", &rec]);
    assert!(ran.said().contains("raeson"), "{}", ran.said());
    assert!(ran.said().contains(&line.to_string()), "no line {line}: {}", ran.said());
}

#[test]
fn a_recording_cut_anywhere_is_read_up_to_the_cut_and_never_complete() {
    let step = Step::plain();
    let (ran, _) = step.record([tracee("mk"), ".".to_owned()]);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    let whole = std::fs::read(step.rec()).unwrap();
    let cut = step.ground.work().join("cut.rec");
    for n in [0, 1, 7, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&cut, &whole[..n]).unwrap();
        let ran = step.sekisho(["show", "cut.rec", "--format", "jsonl"]);
        let out = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(!out.contains("\"complete\":true"), "cut at {n}: {out}");
        assert!(matches!(ran.ended, Ended::Exit(0 | 2)), "cut at {n}: {:?} {}", ran.ended, ran.said());
        assert!(!ran.said().contains("panicked"), "cut at {n}: {}", ran.said());
        assert!(!ran.said().is_empty(), "cut at {n}: nothing is said");
        let ran = step.sekisho(["attest", "cut.rec", "--key", "none.key", "-o", "cut.jsonl"]);
        assert!(!matches!(ran.ended, Ended::Exit(0)), "cut at {n}: attested");
    }
}

#[test]
fn a_recording_altered_in_any_byte_is_never_shown_as_whole() {
    let step = Step::plain();
    let (ran, _) = step.record([tracee("mk"), ".".to_owned()]);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    let whole = std::fs::read(step.rec()).unwrap();
    for at in (0..whole.len()).step_by((whole.len() / 40).max(1)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        std::fs::write(step.ground.work().join("altered.rec"), &bytes).unwrap();
        let ran = step.sekisho(["show", "altered.rec", "--format", "jsonl"]);
        let out = String::from_utf8_lossy(&ran.stdout).into_owned();
        let whole_again = ran.ended == Ended::Exit(0) && out.contains("\"complete\":true");
        assert!(!whole_again, "byte {at} of {} changed and nobody noticed", whole.len());
        assert!(!ran.said().contains("panicked"), "byte {at}: {}", ran.said());
    }
}

#[test]
fn a_directory_that_is_read_only_is_said_before_the_step_starts() {
    let step = Step::new(*User::available().last().unwrap());
    let closed = step.ground.work().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o555)).unwrap();
    if e2e::places::uid() != 0 || User::available().len() > 1 {
        let ran = step.sekisho(["record", "-o", "closed/rec", "--", &tracee("mk"), "."]);
        assert_eq!(ran.ended, Ended::Exit(125), "{}", ran.said());
        assert!(ran.said().contains("closed"), "{}", ran.said());
        assert!(!step.ground.work().join("canary").exists(), "the step was started");
    }
}

/// A tmpfs of 64 KB: the recording cannot be written in full, so there is none under its name.
#[test]
fn a_full_disk_leaves_no_recording_that_looks_whole() {
    let step = Step::plain();
    let dir = step.ground.path("tmp").display().to_string();
    let mount = format!("mount -t tmpfs -o size=64k none {dir}");
    let prefix = if e2e::places::uid() == 0 { mount } else { return unprivileged_mount_is_tested_as_root() };
    let script = format!(
        "{prefix} && {bin} record -o {dir}/rec -- sh -c 'i=0; while [ $i -lt 4000 ]; do : > f$i; i=$((i+1)); done'; echo status $?; ls -A {dir}; {bin} show {dir}/rec --format jsonl | grep -c trailer",
        bin = e2e::places::sekisho().display()
    );
    let ran = step.run(["/bin/sh", "-c", &script]);
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(out.contains("status 125"), "{out} {}", ran.said());
    assert!(ran.said().to_lowercase().contains("space"), "{}", ran.said());
    assert!(out.trim_end().ends_with('0'), "a trailer was written: {out}");
    assert!(!out.contains("\nrec\n"), "a half recording has the name of a whole one: {out}");
}

fn unprivileged_mount_is_tested_as_root() {
    assert_ne!(e2e::places::uid(), 0);
}

#[test]
fn a_key_is_never_overwritten_and_a_wrong_one_is_refused() {
    let step = Step::plain();
    let (ran, _) = step.record(["sh", "-c", "echo product > product"]);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    let rec = step.rec().display().to_string();
    step.sekisho_ends(0, ["keygen", "a"]);
    step.sekisho_ends(0, ["keygen", "b"]);
    let before = std::fs::read(step.ground.work().join("a.key")).unwrap();
    let ran = step.sekisho(["keygen", "a"]);
    assert_ne!(ran.ended, Ended::Exit(0), "overwrote a key");
    assert_eq!(std::fs::read(step.ground.work().join("a.key")).unwrap(), before);
    let mode = std::fs::metadata(step.ground.work().join("a.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    step.sekisho_ends(0, ["attest", &rec, "--key", "a.key", "--product", "product", "-o", "att.jsonl"]);
    let ran = step.sekisho(["attest", &rec, "--key", "a.pub", "--product", "product", "-o", "other.jsonl"]);
    assert_eq!(ran.ended, Ended::Exit(2), "a public key signs: {}", ran.said());
    assert!(!step.ground.work().join("other.jsonl").exists());
}
