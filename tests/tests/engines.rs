//! An act is the same event, whichever engine told it.
use e2e::agreement::{self, Acts, differences};
use e2e::cage::{Ended, Ground, User};
use e2e::places;
use e2e::recording::Recording;
use e2e::skips;
use e2e::step::{Step, tracee};
use serde_json::Value;
use std::process::{Command, Stdio};

/// Records the command with an engine, within a time limit, in a folder of its own.
fn record(engine: &str, files: &[(&str, &str)], command: &[&str]) -> (String, Acts) {
    let ground = Ground::new(User::available()[0]);
    for (name, text) in files {
        std::fs::write(ground.work().join(name), text).expect("write a file of the step");
    }
    let log = ground.path("recording");
    let status = Command::new("timeout")
        .args(["-s", "KILL", "120"])
        .arg(places::sekisho())
        .args(["--quiet", "record", "--engine", engine, "-o"])
        .arg(&log)
        .arg("--")
        .args(command)
        .current_dir(ground.work())
        .env("TMPDIR", ground.path("tmp"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        // What grows meanwhile would be other content in each recording.
        .stderr(Stdio::null())
        .status()
        .expect("run timeout");
    assert!(status.success(), "{engine}: {command:?} ended with {status}");
    let recording = Recording::load(&log).expect("a recording");
    assert!(recording.trailer.is_some() && recording.faults.is_empty(), "{engine}: {:?}", recording.faults);
    let acts = agreement::acts(&recording, &ground.path(""));
    (recording.header["engine"].as_str().unwrap_or_default().to_owned(), acts)
}

/// True if this machine has both; else that is said, and counted.
fn both_work() -> bool {
    let works = places::engines().iter().any(|engine| engine == "hybrid");
    if !works {
        skips::skip("tests/allowed-skips.txt", "engines agree", "engine hybrid does not work here");
    }
    works
}

fn same_acts(files: &[(&str, &str)], command: &[&str]) {
    if !both_work() {
        return;
    }
    let (engine, plain) = record("ptrace", files, command);
    assert_eq!(engine, "ptrace");
    let (engine, hybrid) = record("hybrid", files, command);
    assert_eq!(engine, "hybrid");
    assert!(plain.len() > 5);
    let differ = differences(("ptrace", &plain), ("hybrid", &hybrid));
    assert!(differ.is_empty(), "{command:?}\n{}", differ.join("\n"));
}

#[test]
fn a_compiler_does_the_same_on_both_engines() {
    let source = "#include <stdio.h>\n#include \"own.h\"\nint main(void) { return puts(\"x\") < 0; }\n";
    same_acts(&[("main.c", source), ("own.h", "\n")], &["cc", "-I.", "-Imissing", "-o", "main", "main.c"]);
}

#[test]
fn an_interpreter_does_the_same_on_both_engines() {
    let script = "import json, os, sys\n\
        fd = os.open('.', os.O_RDONLY | os.O_DIRECTORY)\n\
        os.close(os.open('own.txt', os.O_RDONLY, dir_fd=fd))\n\
        for name in ['/dev/null', '/proc/self/status', 'no/such', 'own.txt/below', '', 'link', 'loop', '/proc/self/fd/0', 'self/status']:\n\
        \x20   try: os.close(os.open(name, os.O_RDONLY))\n\
        \x20   except OSError as e: print(name, e.errno, file=open('said', 'a'))\n\
        for name in ['link', 'own.txt', '.']:\n\
        \x20   try: os.close(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY))\n\
        \x20   except OSError as e: print(name, e.errno, file=open('said', 'a'))\n";
    let shell = "ln -s own.txt link; ln -s loop loop; ln -s /proc/self self; exec python3 -S -B main.py";
    same_acts(&[("main.py", script), ("own.txt", "text\n")], &["sh", "-c", shell]);
}

#[test]
fn threads_do_the_same_on_both_engines() {
    let source = "import os, threading\n\
        def work(n):\n\
        \x20   for i in range(200):\n\
        \x20       os.close(os.open('own.txt', os.O_RDONLY))\n\
        \x20       try: os.open('missing', os.O_RDONLY)\n\
        \x20       except OSError: pass\n\
        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]\n\
        [t.start() for t in threads]; [t.join() for t in threads]\n";
    same_acts(&[("main.py", source), ("own.txt", "text\n")], &["python3", "-S", "-B", "main.py"]);
}

/// open(2): a signal whose handler does not restart calls does not interrupt the opening of a file; EMFILE is the
/// caller's own limit; the registers that a call does not use are left alone.
#[test]
fn opening_is_as_it_was() {
    let source = "import os, resource, signal\n\
        signal.signal(signal.SIGALRM, lambda *_: None); signal.siginterrupt(signal.SIGALRM, True)\n\
        signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)\n\
        for i in range(400): os.close(os.open('own.txt', os.O_RDONLY)); os.close(os.open('/proc/self/status', os.O_RDONLY))\n\
        signal.setitimer(signal.ITIMER_REAL, 0)\n\
        resource.setrlimit(resource.RLIMIT_NOFILE, (5, 5))\n\
        held = [os.open('own.txt', os.O_RDONLY) for _ in range(2)]\n\
        try: os.open('own.txt', os.O_RDONLY); raise SystemExit(1)\n\
        except OSError as e: raise SystemExit(0 if e.errno == 24 else 2)\n";
    same_acts(&[("main.py", source), ("own.txt", "text\n")], &["python3", "-S", "-B", "main.py"]);
}

/// flock(2), fcntl(2): such a lock goes with the last descriptor of the file that was opened, and the listener's thread has one too, for
/// a moment. Whoever opens the file next must not find it locked for that.
#[test]
fn a_lock_that_was_given_up_is_free_at_once() {
    let source = "import fcntl, os, struct, threading\n\
        def work(name):\n\
        \x20   for i in range(2000):\n\
        \x20       own = os.open(name, os.O_RDWR if i % 3 == 0 else os.O_RDONLY)\n\
        \x20       kind = fcntl.F_WRLCK if i % 3 == 0 else fcntl.F_RDLCK\n\
        \x20       if i % 2: fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)\n\
        \x20       else: fcntl.fcntl(own, fcntl.F_OFD_SETLK, struct.pack('hhqqi4x', kind, os.SEEK_SET, 0, 0, 0))\n\
        \x20       os.close(own)\n\
        beside = threading.Thread(target=work, args=('other.txt',))\n\
        beside.start(); work('own.txt'); beside.join()\n";
    let files = [("main.py", source), ("own.txt", "text\n"), ("other.txt", "text\n")];
    same_acts(&files, &["python3", "-S", "-B", "main.py"]);
}

/// A step on a kernel that lacks something; what `doctor` says there; what an engine asked for by name says.
fn fallback(lacks: &str) -> (Value, String, Value, String) {
    let step = Step::plain();
    let dir = step.ground.work().display().to_string();
    let there = |words: &[&str]| {
        let words = words.iter().map(|word| (*word).to_owned());
        let sekisho = places::sekisho().display().to_string();
        step.run([tracee("without"), dir.clone(), lacks.to_owned(), sekisho].into_iter().chain(words))
    };
    let rec = step.rec().display().to_string();
    let ran = there(&["-v", "record", "--engine", "auto", "-o", &rec, "--", "cat", "/etc/passwd"]);
    assert_eq!(ran.ended, Ended::Exit(0), "{lacks}: {}", ran.said());
    let recording = Recording::load(&step.rec()).expect("a recording");
    assert!(recording.is_complete(), "{lacks}: {}", recording.summary());
    let doctor = there(&["doctor", "--format", "json"]);
    let doctor = serde_json::from_slice(doctor.stdout.as_ref()).expect("doctor speaks JSON");
    let by_name = there(&["record", "--engine", "hybrid", "-o", &rec, "--", "true"]);
    assert_eq!(by_name.ended, Ended::Exit(125), "{lacks}: {}", by_name.said());
    (recording.header, ran.said(), doctor, by_name.said())
}

/// Without what engine hybrid needs, ptrace does all: the header, `-v` and `doctor` say so, and why.
#[test]
fn what_falls_back_says_why() {
    if !both_work() {
        return;
    }
    for (lacks, why) in [
        ("wakeup", "this kernel cannot wake a listener on the caller's processor"),
        ("getfd", "a listener cannot be taken out of the step: pidfd_getfd"),
        ("listener", "a seccomp listener around this process"),
    ] {
        let (header, said, doctor, refused) = fallback(lacks);
        assert_eq!(header["engine"], "ptrace", "{lacks}");
        assert!(header["coverage"]["fallback"].as_str().is_some_and(|text| text.starts_with(why)), "{lacks}: {header}");
        assert!(said.contains(why), "{lacks}: {said}");
        assert_eq!(doctor["engines"], serde_json::json!(["ptrace"]), "{lacks}");
        assert!(doctor["checks"].to_string().contains(why), "{lacks}: {doctor}");
        assert!(refused.contains(why), "{lacks}: {refused}");
    }
}

/// Under enforcement the names that were judged are fixed, which only ptrace does.
#[test]
fn a_profile_is_enforced_by_ptrace() {
    let step = Step::plain();
    let profile = step.ground.work().join("p.toml").display().to_string();
    let (rec, bin) = (step.rec().display().to_string(), "/bin/true");
    step.sekisho_ends(0, ["record", "-o", &rec, "--", bin]);
    step.sekisho_ends(0, ["profile", "new", &rec, "-o", &profile]);
    let (_, kept) = step.option("--profile").option(&profile).option("--mode").option("deny").record([bin]);
    let kept = kept.expect("a recording");
    assert_eq!(kept.header["engine"], "ptrace");
    if both_work() {
        assert_eq!(kept.header["coverage"]["fallback"], "a profile is enforced, which only engine ptrace does");
    }
}
