//! Much of everything, and little room for the recorder: counted exactly, or refused with the reason, never in silence.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::cage::{Ended, Ran, User};
use e2e::places;
use e2e::recording::Recording;
use e2e::step::{Step, tracee};
use serde_json::json;

/// One run of the tracee `flood`, under no load but its own.
fn flood(step: &Step, how: &str) -> (Ran, Recording) {
    let dir = step.ground.work().display().to_string();
    let (ran, rec) = step.record([tracee("flood"), dir, how.to_owned()]);
    assert_eq!((ran.ended, ran.survivors), (Ended::Exit(0), 0), "{how}: {}", ran.said());
    let rec = rec.unwrap_or_else(|| panic!("{how}: no recording: {}", ran.said()));
    assert!(rec.is_complete() && rec.faults.is_empty(), "{how}: {:?} {}", rec.faults, rec.summary());
    (ran, rec)
}

fn slow() -> Step {
    Step::plain().cage("--time").cage("60")
}

#[test]
fn five_thousand_processes_are_five_thousand() {
    let (_, rec) = flood(&slow(), "generations");
    assert_eq!(rec.count(&json!({"kind": "spawn", "how": "fork", "thread": false})), 5001);
    assert_eq!(rec.count(&json!({"kind": "exit", "status": 0})), 5001);
}

#[test]
fn two_thousand_threads_at_once_are_two_thousand() {
    let (_, rec) = flood(&slow(), "herd");
    assert_eq!(rec.count(&json!({"kind": "spawn", "thread": true})), 2000);
}

#[test]
fn twenty_thousand_names_are_made_and_deleted_twenty_thousand_times() {
    let (_, rec) = flood(&slow(), "names");
    assert_eq!(rec.count(&json!({"kind": "file", "access": "create", "path": "*/work/n*"})), 20_000);
    assert_eq!(rec.count(&json!({"kind": "file", "access": "delete", "path": "*/work/n*"})), 20_000);
}

/// What was counted is there too if the reader of the recording is slow, and nobody reads what is said.
#[test]
fn full_pipes_hold_the_step_up_and_lose_nothing() {
    let step = slow();
    let python = format!(
        "import subprocess, os, fcntl, time\n\
         r, w = os.pipe()\n\
         fcntl.fcntl(w, fcntl.F_SETFL, os.O_NONBLOCK)\n\
         try:\n    while True: os.write(w, b'x' * 4096)\n\
         except BlockingIOError: pass\n\
         fcntl.fcntl(w, fcntl.F_SETFL, 0)\n\
         p = subprocess.Popen([{bin:?}, '-v', 'record', '-o', '-', '--', 'sh', '-c', 'exec {flood} . names > /dev/null'],\n\
                              stdout=subprocess.PIPE, stderr=w)\n\
         time.sleep(2)\n\
         os.set_blocking(r, False)\n\
         out = b''\n\
         while True:\n\
         \x20   piece = p.stdout.read1(3000)\n\
         \x20   if not piece: break\n\
         \x20   out += piece\n\
         \x20   time.sleep(0.001)\n\
         \x20   try: os.read(r, 1 << 20)\n\
         \x20   except BlockingIOError: pass\n\
         open({rec:?}, 'wb').write(out)\n\
         raise SystemExit(p.wait())\n",
        bin = places::sekisho().display().to_string(),
        flood = tracee("flood"),
        rec = step.rec().display().to_string(),
    );
    let ran = step.run(["/usr/bin/python3", "-c", &python]);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    let rec = Recording::load(&step.rec());
    let rec = rec.expect("a recording");
    assert!(rec.is_complete(), "{}", rec.summary());
    assert_eq!(rec.count(&json!({"kind": "file", "access": "delete", "path": "*/work/n*"})), 20_000);
}

/// DESIGN: an event that cannot be stored ends the step; half a recording is none.
#[test]
fn a_full_disk_ends_the_step_and_leaves_nothing() {
    if User::available()[0] != User::Root {
        return;
    }
    let step = slow();
    let small = step.ground.path("small").display().to_string();
    std::fs::create_dir(&small).unwrap();
    // The cage has mounts of its own: this one ends with it.
    let script = format!(
        "mount -t tmpfs -o size=128k none {small} && cd {work} && {bin} record -o {small}/rec -- {flood} . names\n\
         echo status $?; ls -A {small} | sed 's/^/left /'",
        work = step.ground.work().display(),
        bin = places::sekisho().display(),
        flood = tracee("flood"),
    );
    let ran = step.run(["sh", "-c", &script]);
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(out.contains("status 125") && !out.contains("left "), "{out} {}", ran.said());
    assert!(ran.said().contains("sekisho: ") && ran.said().contains("space"), "{}", ran.said());
    assert!(!step.ground.work().join("canary").exists(), "the step went on to its end");
    assert_eq!(ran.survivors, 0);
}

/// `ulimit -u`: the recorder's own threads may be what there is no room for.
#[test]
fn without_room_for_threads_the_recorder_works_or_says_why_not() {
    let step = Step::new(User::Ordinary);
    for processes in 1..=14 {
        let script = format!(
            "ulimit -u {processes}; exec {bin} record -o {rec} -- /bin/true",
            bin = places::sekisho().display(),
            rec = step.rec().display()
        );
        let _ = std::fs::remove_file(step.rec());
        // Not sh: where that is dash, it has no `ulimit -u`.
        let ran = step.run(["bash", "-c", &script]);
        let rec = Recording::load(&step.rec());
        match ran.ended {
            Ended::Exit(0) => assert!(rec.is_some_and(|r| r.is_complete()), "{}", ran.said()),
            Ended::Exit(125) => assert!(rec.is_none() && ran.said().starts_with("sekisho: "), "{}", ran.said()),
            other => panic!("{processes}: {other:?}: {}", ran.said()),
        }
        assert_eq!(ran.survivors, 0);
    }
}

/// Every limit on descriptors, from too few to enough: a complete recording, or none and a reason.
#[test]
fn with_few_descriptors_the_recorder_works_or_says_why_not() {
    let step = Step::plain();
    for files in [4, 8, 12, 16, 24, 64] {
        let script = format!(
            "ulimit -n {files}; exec {bin} record -o {rec} -- sh -c 'cat /etc/passwd /etc/group | sort > sorted'",
            bin = places::sekisho().display(),
            rec = step.rec().display()
        );
        let _ = std::fs::remove_file(step.rec());
        let ran = step.run(["sh", "-c", &script]);
        let rec = Recording::load(&step.rec());
        match (ran.ended, rec) {
            (Ended::Exit(125), None) => assert!(ran.said().contains("sekisho: "), "{files}: {}", ran.said()),
            // The loader of a program may find no descriptor left either.
            (Ended::Exit(0 | 127), None) if files < 8 => {}
            // The step may fail by the same limit. Gaps are said; and where there are none, nothing is missing.
            (Ended::Exit(status), Some(rec)) => {
                let seen = rec.has(&json!({"kind": "file", "access": "read", "path": "/etc/group"}));
                assert!(seen || status != 0 || !rec.is_complete(), "{files}: {}", rec.summary());
            }
            (ended, rec) => panic!("{files}: {ended:?}, recording: {}: {}", rec.is_some(), ran.said()),
        }
        assert_eq!(ran.survivors, 0);
    }
}
