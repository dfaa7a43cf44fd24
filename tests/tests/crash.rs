//! The recorder dies, or is told to end; the step outlives its parent. No survivors, and nothing that could be attested.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::cage::{Ended, User};
use e2e::places;
use e2e::step::{Step, as_each_user, tracee};
use serde_json::json;

/// DESIGN §3: recorder dead ⇒ no valid attestation, no survivors.
#[test]
fn a_recorder_killed_in_the_middle_takes_the_step_with_it_and_leaves_nothing_to_attest() {
    as_each_user(|user| {
        for moment_ms in [30, 60, 90, 130, 200, 300] {
            let step = Step::new(user);
            let script = format!(
                "{bin} record -o {rec} -- sh -c 'sleep 30 & (setsid sleep 31 &) ; while :; do : > f; rm f; done' & \
                 sleep 0.{moment_ms:03}; kill -9 $!; wait $!; echo status $?",
                bin = places::sekisho().display(),
                rec = step.rec().display()
            );
            let ran = step.run(["/bin/sh", "-c", &script]);
            assert_eq!(ran.survivors, 0, "after {moment_ms} ms");
            let out = String::from_utf8_lossy(&ran.stdout).into_owned();
            assert!(out.contains("status 137"), "{out}");
            let key = step.sekisho(["keygen", "k"]);
            assert_eq!(key.ended, Ended::Exit(0), "{}", key.said());
            let left = std::fs::read_dir(step.ground.path("")).unwrap().filter_map(Result::ok).map(|e| e.path());
            for file in left.filter(|p| p.is_file()) {
                let file = file.display().to_string();
                let ran = step.sekisho(["attest", &file, "--key", "k.key", "-o", "att.jsonl"]);
                assert_ne!(ran.ended, Ended::Exit(0), "{file} was attested");
            }
            assert!(!step.ground.work().join("att.jsonl").exists());
        }
    });
}

#[test]
fn a_daemon_is_waited_for() {
    as_each_user(|user| {
        let step = Step::new(user);
        let (ran, rec) = step.record([tracee("daemon"), ".".to_owned(), "500".to_owned()]);
        assert_eq!((ran.ended, ran.survivors), (Ended::Exit(0), 0), "{}", ran.said());
        let rec = rec.expect("a recording");
        assert!(rec.has(&json!({"kind": "file", "access": "mkdir", "path": "*/canary"})));
        assert!(rec.is_complete());
    });
}

#[test]
fn what_is_left_when_the_grace_is_over_is_killed_and_recorded() {
    as_each_user(|user| {
        let step = Step::new(user).option("--grace").option("1s");
        let (ran, rec) = step.record([tracee("daemon"), ".".to_owned(), "8000".to_owned()]);
        assert_eq!((ran.ended, ran.survivors), (Ended::Exit(0), 0), "{}", ran.said());
        let rec = rec.expect("a recording");
        assert!(rec.has(&json!({"kind": "exit", "killed_by_us": true})), "{}", rec.summary());
        assert!(!step.ground.work().join("canary").exists());
    });
}

/// Sends SIGINT this often to a recorder of this shell script, and says how it ended. Python starts it, for a shell's
/// background job would ignore the signal.
fn interrupted(step: &Step, times: u32, script: &str) -> (e2e::cage::Ran, String) {
    let python = format!(
        "import subprocess,sys,time,signal\n\
         p=subprocess.Popen([{bin:?},'record','-o',{rec:?},'--','sh','-c',{script:?}])\n\
         for _ in range({times}):\n    time.sleep(0.5)\n    p.send_signal(signal.SIGINT)\n\
         print('status',p.wait())\n",
        bin = places::sekisho().display().to_string(),
        rec = step.rec().display().to_string()
    );
    let ran = step.run(["/usr/bin/python3", "-c", &python]);
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    (ran, out)
}

/// Once: the step is told, and may end as it likes. Twice: everything ends, and the recording is still whole.
#[test]
fn ctrl_c_once_reaches_the_step_and_twice_ends_it() {
    let step = Step::plain();
    let (ran, out) = interrupted(&step, 1, "trap 'echo told; exit 7' INT; while :; do sleep 0.05; done");
    assert!(out.contains("told") && out.contains("status 7"), "{out} {}", ran.said());

    let step = Step::plain();
    let (ran, out) = interrupted(&step, 2, "trap '' INT TERM; while :; do sleep 0.05; done");
    assert!(out.contains("status 137") || out.contains("status 130"), "{out} {}", ran.said());
    assert_eq!(ran.survivors, 0);
    let rec = e2e::recording::Recording::load(&step.rec()).expect("a recording");
    assert!(rec.trailer.is_some());
}

#[test]
fn sigterm_is_passed_on_and_its_status_comes_back() {
    let step = Step::plain();
    let script = format!(
        "{bin} record -o {rec} -- sleep 20 & sleep 0.5; kill -TERM $!; wait $!; echo status $?",
        bin = places::sekisho().display(),
        rec = step.rec().display()
    );
    let ran = step.run(["/bin/sh", "-c", &script]);
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(out.contains("status 143"), "{out} {}", ran.said());
    let rec = e2e::recording::Recording::load(&step.rec()).expect("a recording");
    assert!(rec.has(&json!({"kind": "exit", "signal": 15})));
    assert_eq!(rec.trailer.expect("a trailer")["status"], 143);
}

/// SIGSTOP of the recorder stops the world; after SIGCONT nothing is missing.
#[test]
fn a_recorder_that_was_stopped_for_a_while_misses_nothing() {
    let step = Step::plain();
    let script = format!(
        "{bin} record -o {rec} -- sh -c 'i=0; while [ $i -lt 300 ]; do : > f$i; i=$((i+1)); done' & \
         for i in 1 2 3 4 5; do sleep 0.02; kill -STOP $!; sleep 0.05; kill -CONT $!; done; wait $!; echo status $?",
        bin = places::sekisho().display(),
        rec = step.rec().display()
    );
    let ran = step.run(["/bin/sh", "-c", &script]);
    assert!(String::from_utf8_lossy(&ran.stdout).contains("status 0"), "{}", ran.said());
    let rec = e2e::recording::Recording::load(&step.rec()).expect("a recording");
    assert_eq!(rec.count(&json!({"kind": "file", "access": "create", "path": "*/work/f*"})), 300);
    assert!(rec.is_complete());
}

#[test]
fn a_time_limit_ends_the_step_and_says_so() {
    let step = Step::new(*User::available().last().unwrap()).option("--time-limit").option("1s");
    let (ran, rec) = step.record(["sh", "-c", "while :; do :; done"]);
    assert!(matches!(ran.ended, Ended::Exit(124 | 125 | 137)), "{:?} {}", ran.ended, ran.said());
    let rec = rec.expect("a recording");
    assert!(rec.has(&json!({"kind": "gap", "why": "timeout"})));
    assert!(!rec.is_complete());
}

/// The script of [`two_hundred_random_moments`]: kills a recorder at a moment, and looks for what is left of the step.
const KILLING: &str = r#"
import os, random, signal, subprocess, sys, time
binary, moments, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
here = os.getcwd()
open("build.sh", "w").write("cc -c -o a.o a.c & for i in 1 2 3; do echo $i > f$i; ls > list & done; wait\n")
open("a.c", "w").write("int main(void) { return 0; }\n")
os.mkdir("../out")

before = []

def left():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if pid not in before and os.readlink(f"/proc/{pid}/cwd") == here:
                state = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0]
                found += [pid] if state not in "ZX" else []
        except OSError:
            pass
    return found

def record():
    words = [binary, "record", "-o", "../out/rec", "--", "sh", "build.sh"]
    return subprocess.Popen(words, cwd=here, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

before = left()
start = time.monotonic()
assert record().wait() == 0
whole = time.monotonic() - start
os.unlink("../out/rec")
early = 0
for n in range(moments):
    step = record()
    moment = chance.uniform(0, whole)
    time.sleep(moment)
    step.send_signal(signal.SIGKILL)
    ended = step.wait()
    until = time.monotonic() + 2
    while left() and time.monotonic() < until:
        time.sleep(0.002)
    said = f"seed {seed}, moment {n}, {moment * 1000:.1f} of {whole * 1000:.0f} ms"
    assert not left(), f"{said}: survivors {left()}"
    there = os.listdir("../out")
    if there == ["rec"]:
        shown = subprocess.run([binary, "show", "../out/rec", "--format", "jsonl"], capture_output=True)
        assert shown.returncode == 0 and b'"complete":true' in shown.stdout, f"{said}: half a recording"
        os.unlink("../out/rec")
    else:
        assert not there, f"{said}: left {there}"
        early += ended == -signal.SIGKILL
print("killed early:", early)
"#;

/// Whenever the recorder dies: no survivors, and at the output's name a whole recording or nothing.
#[test]
fn two_hundred_random_moments() {
    let step = Step::plain().cage("--time").cage("300");
    let seed = std::env::var("SEKISHO_SEED").ok().and_then(|s| s.parse::<u32>().ok()).unwrap_or(20);
    let bin = places::sekisho().display().to_string();
    let ran = step.run(["/usr/bin/python3", "-S", "-c", KILLING, &bin, "200", &seed.to_string()]);
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_eq!((ran.ended, ran.survivors), (Ended::Exit(0), 0), "{out} {}", ran.said());
    let early: u32 = out.trim().rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    assert!(early > 100, "too few moments lay inside the build: {out}");
}
