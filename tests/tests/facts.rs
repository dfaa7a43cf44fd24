//! What was recorded is what happened: programs, processes, files, digests, addresses; compared with strace and sha256sum.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::cage::{Ended, User};
use e2e::outside::Outside;
use e2e::recording::Recording;
use e2e::step::{Step, as_each_user, tracee};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

fn whole(step: &Step, command: &[&str]) -> Recording {
    let (ran, rec) = step.record(command);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    let rec = rec.expect("a recording");
    assert!(rec.faults.is_empty(), "{:?}", rec.faults);
    assert!(rec.is_complete(), "{}", rec.summary());
    rec
}

fn sha256(path: &std::path::Path) -> String {
    let out = Command::new("sha256sum").arg(path).output().expect("run sha256sum");
    String::from_utf8_lossy(&out.stdout).split_whitespace().next().unwrap_or("").to_owned()
}

#[test]
fn an_exec_tells_program_interpreter_arguments_directory_and_names_of_variables() {
    as_each_user(|user| {
        let step = Step::new(user).env("SECRET_TOKEN", "value-that-is-not-recorded");
        let work = step.ground.work();
        std::fs::create_dir(work.join("sub")).unwrap();
        std::fs::write(work.join("sub/an argument"), "").unwrap();
        let rec = whole(&step, &["sh", "-c", "cd sub && exec env -u HOME cat /dev/null 'an argument'"]);
        let cat = std::fs::canonicalize("/bin/cat").unwrap();
        assert!(rec.has(&json!({
            "kind": "exec", "path": cat.to_str(), "argv": ["cat", "/dev/null", "an argument"], "argv_truncated": false,
            "cwd": work.join("sub").to_str(), "sha256": sha256(&cat), "env": ["SECRET_TOKEN", "PATH"],
            "interpreters": [{"path": "*/ld-linux*"}],
        })), "{:?}", rec.events.iter().filter(|e| e["kind"] == "exec").collect::<Vec<_>>());
        let last = rec.events.iter().rfind(|e| e["kind"] == "exec").unwrap();
        assert!(!last["env"].as_array().unwrap().contains(&Value::from("HOME")), "HOME was taken out: {last}");
        let text: String = rec.events.iter().map(ToString::to_string).collect();
        assert!(!text.contains("value-that-is-not-recorded"));
    });
}

/// Where the cage has a mount namespace of its own, its standard input and error were opened outside, as a container's are.
#[test]
fn null_is_the_same_in_every_view_and_a_file_is_not() {
    let step = Step::plain();
    let (ran, rec) = step.record(["sh", "-c", "readlink /proc/self/ns/mnt; cat /dev/stdin; echo >/dev/stderr"]);
    let rec = rec.expect("a recording");
    let ours = std::fs::read_link("/proc/self/ns/mnt").unwrap();
    let elsewhere = String::from_utf8_lossy(&ran.stdout).trim() != ours.to_str().unwrap();
    let named = |path: &str| {
        let acts = rec.events.iter().filter(|e| e["kind"] == "file" && e["path"] == path);
        let all: Vec<bool> = acts.map(|e| e.get("namespace").is_some_and(|n| !n.is_null())).collect();
        assert!(!all.is_empty(), "{path}: {}", rec.summary());
        all
    };
    assert!(named("/dev/null").iter().all(|other| !other));
    assert!(named(step.ground.path("stderr").to_str().unwrap()).iter().all(|other| *other == elsewhere));
}

#[test]
fn the_header_tells_the_command_and_the_trailer_counts_the_events() {
    let step = Step::plain();
    let rec = whole(&step, &["sh", "-c", "true"]);
    assert_eq!(rec.header["command"], json!(["sh", "-c", "true"]));
    assert_eq!(rec.header["cwd"], step.ground.work().to_str().unwrap());
    assert_eq!(rec.header["workspace"], step.ground.work().to_str().unwrap());
    for key in ["version", "tool", "kernel", "arch", "uid", "level", "engine", "coverage"] {
        assert!(!rec.header[key].is_null(), "no {key} in the header");
    }
    let trailer = rec.trailer.as_ref().expect("a trailer");
    for (kind, n) in trailer["counts"].as_object().expect("counts") {
        let have = rec.events.iter().filter(|e| e["kind"] == kind.as_str()).count() as u64;
        assert_eq!(n.as_u64(), Some(have), "{kind}");
    }
}

/// fork, vfork, threads, setsid, subshells: every process has its creator.
#[test]
fn every_process_and_thread_is_told_with_its_creator() {
    let step = Step::plain();
    let rec = whole(&step, &[&tracee("twin"), ".", "threads"]);
    assert_eq!(rec.count(&json!({"kind": "spawn", "thread": true, "parent": 1})), 50);
    let step = Step::plain();
    let rec = whole(&step, &["sh", "-c", "(setsid sh -c 'true; : > a'); true | cat; /bin/true"]);
    let spawned: BTreeSet<u64> =
        rec.events.iter().filter(|e| e["kind"] == "spawn").filter_map(|e| e["process"].as_u64()).collect();
    let ended: BTreeSet<u64> =
        rec.events.iter().filter(|e| e["kind"] == "exit").filter_map(|e| e["process"].as_u64()).collect();
    assert_eq!(spawned, ended, "each process that began has ended");
}

#[test]
fn make_with_many_jobs_is_recorded_whole() {
    let step = Step::plain();
    let rule = "all: $(patsubst %,%.out,1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20)\n%.out:\n\t@echo $* > $@\n";
    std::fs::write(step.ground.work().join("Makefile"), rule).unwrap();
    let rec = whole(&step, &["make", "-j8"]);
    assert_eq!(rec.count(&json!({"kind": "file", "access": "create", "path": "*/work/*.out"})), 20);
    for n in 1..=20 {
        let path = step.ground.work().join(format!("{n}.out"));
        assert!(rec.has(&json!({"kind": "content", "when": "final", "path": path.to_str(), "sha256": sha256(&path)})));
    }
}

#[test]
fn digests_are_those_of_sha256sum_for_programs_inputs_and_outputs() {
    let step = Step::plain();
    let work = step.ground.work();
    std::fs::write(work.join("in"), vec![7u8; 300_000]).unwrap();
    std::fs::write(work.join("empty"), "").unwrap();
    let rec =
        whole(&step, &["sh", "-c", "cat in empty > out; cp out out.tmp; mv out.tmp staged; ln out hard; rm -f gone"]);
    for (name, when) in [("in", "read"), ("empty", "read"), ("out", "final"), ("staged", "final")] {
        let path = work.join(name);
        // Two threads hash: what was read last may be told behind what was left at the end.
        let told = json!({"kind": "content", "path": path.to_str(), "sha256": sha256(&path), "when": when});
        assert!(rec.has(&told), "{name}");
        let mut contents = rec.events.iter().filter(|e| e["kind"] == "content" && e["path"] == told["path"]);
        assert!(contents.all(|e| e["sha256"] == told["sha256"]), "{name}");
    }
    assert!(
        !rec.has(&json!({"kind": "content", "path": "*/out.tmp", "when": "final"})),
        "a name that is gone has no final content"
    );
}

#[test]
fn every_socket_call_is_told_with_address_and_port() {
    as_each_user(|user| {
        let step = Step::new(user);
        let outside = Outside::start(&step.ground.path("")).unwrap();
        let (tcp, udp) = (outside.tcp.to_string(), outside.udp.to_string());
        for (how, port, op) in [("tcp", &tcp, "connect"), ("sendto", &udp, "send"), ("sendmsg", &udp, "send")] {
            let (ran, rec) = step.record([tracee("net"), ".".into(), how.into(), port.clone()]);
            assert_eq!(ran.ended, Ended::Exit(0), "{how}: {}", ran.said());
            let protocol = if how == "tcp" { "tcp" } else { "udp" };
            let want = json!({"kind": "net", "op": op, "protocol": protocol, "address": "127.0.0.1", "port": port});
            assert!(rec.expect("a recording").has(&want), "{how}");
        }
        let (_, rec) = step.record([tracee("tell"), ".".into(), "unix".into(), outside.unix.display().to_string()]);
        let rec = rec.expect("a recording");
        assert!(rec.has(&json!({"kind": "net", "op": "connect", "protocol": "unix", "path": outside.unix.to_str()})));
        assert!(rec.has(&json!({"kind": "delegated", "to": format!("unix:{}", outside.unix.display())})));
    });
}

/// A failed act is told as failed.
#[test]
fn what_failed_is_told_with_its_errno() {
    let step = Step::plain();
    let rec = whole(&step, &["sh", "-c", "cat missing; mkdir /proc/x; rmdir .; true"]);
    let work = step.ground.work();
    assert!(rec.has(&json!({"kind": "file", "access": "read", "path": work.join("missing").to_str(), "outcome": {"errno": "ENOENT"}})));
    assert!(rec.has(&json!({"kind": "file", "access": "mkdir", "path": "/proc/x", "outcome": {"errno": "ENOENT"}})));
}

/// Files that strace saw opened with success, in the same build, are files that we recorded, and the other way round.
#[test]
fn a_real_compile_opens_the_same_files_under_strace_and_under_us() {
    let strace = Command::new("strace").arg("-V").output();
    assert!(strace.is_ok(), "this test needs strace: it is what the recording is held against");
    let step = Step::plain();
    let work = step.ground.work();
    std::fs::write(work.join("a.c"), "#include <stdio.h>\n#include \"b.h\"\nint main(void){puts(B);return 0;}\n")
        .unwrap();
    std::fs::write(work.join("b.h"), "#define B \"b\"\n").unwrap();
    let build = ["gcc", "-O1", "-o", "a", "a.c"];
    let mut strace = vec![
        "strace",
        "-f",
        "-qq",
        "-y",
        "-e",
        "trace=open,openat,openat2,creat",
        "-e",
        "signal=none",
        "-o",
        "../trace",
    ];
    strace.extend(build);
    let ran = step.run(strace.clone());
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    let trace = std::fs::read_to_string(step.ground.path("trace")).unwrap();
    let rec = whole(&step, &build);
    // `… = 3</usr/include/stdio.h>`: what the kernel resolved. Temporary names differ from run to run.
    let plain = |p: &str| !p.contains("/cc") && p.starts_with('/') && !p.starts_with("/proc/");
    let theirs: BTreeSet<String> = trace
        .lines()
        .filter_map(|l| {
            let (_, result) = l.rsplit_once(" = ")?;
            let path = result.split_once('<')?.1.strip_suffix('>')?;
            plain(path).then(|| path.to_owned())
        })
        .collect();
    let opened = |e: &&Value| {
        e["kind"] == "file"
            && matches!(e["access"].as_str(), Some("read" | "write" | "create" | "truncate"))
            && e["outcome"] == "ok"
    };
    let ours: BTreeSet<String> = rec
        .events
        .iter()
        .filter(opened)
        .filter_map(|e| e["path"].as_str())
        .filter(|p| plain(p))
        .map(str::to_owned)
        .collect();
    assert!(theirs.len() > 20, "{theirs:?}");
    assert_eq!(theirs.difference(&ours).collect::<Vec<_>>(), Vec::<&String>::new(), "strace saw, we did not");
    assert_eq!(ours.difference(&theirs).collect::<Vec<_>>(), Vec::<&String>::new(), "we say, strace did not see");
}

/// Levels say what they watch.
#[test]
fn level_exec_has_no_files_and_level_deep_has_stat() {
    let step = Step::plain().option("--level").option("exec");
    let rec = whole(&step, &["sh", "-c", ": > f; stat f > /dev/null"]);
    assert!(!rec.has(&json!({"kind": "file"})));
    assert!(rec.has(&json!({"kind": "exec", "path": "*/stat"})));
    assert_eq!(rec.header["level"], "exec");
    let step = Step::plain().option("--level").option("deep");
    let rec = whole(&step, &["sh", "-c", ": > f; stat f > /dev/null; ls . > /dev/null"]);
    assert!(rec.has(&json!({"kind": "file", "access": "stat", "path": step.ground.work().join("f").to_str()})));
    assert!(rec.has(&json!({"kind": "file", "access": "list", "path": step.ground.work().to_str()})));
}

/// capabilities(7), "File capabilities": a filter that was installed without privileges keeps them from whoever it filters.
#[test]
fn capabilities_that_a_program_does_not_get_are_told() {
    if !User::available().contains(&User::Root) {
        return e2e::skips::skip("tests/allowed-skips.txt", "capabilities of files", "needs root to give them");
    }
    let step = Step::new(User::Ordinary);
    let program = step.ground.work().join("program");
    std::fs::copy("/bin/true", &program).unwrap();
    let given = "import os, sys, struct; os.setxattr(sys.argv[1], 'security.capability', struct.pack('<5I', 0x2000001, 1 << 10, 0, 0, 0))";
    let given = Command::new("python3").args(["-c", given]).arg(&program).output().expect("run python3");
    if !given.status.success() {
        let why = String::from_utf8_lossy(&given.stderr).lines().last().unwrap_or_default().to_owned();
        return e2e::skips::skip("tests/allowed-skips.txt", "capabilities of files", &why);
    }
    let rec = whole(&step, &["sh", "-c", "/bin/true; ./program"]);
    let refused = json!({"kind": "refused", "call": "execve", "why": "the capabilities of the file are not given*"});
    assert_eq!(rec.count(&refused), 1, "{}", rec.summary());
}

/// The same build twice: nothing in the recording but numbers and times differs.
#[test]
fn recordings_of_the_same_step_say_the_same() {
    let acts = || {
        let step = Step::plain();
        let rec = whole(&step, &["sh", "-c", "mkdir d; echo x > d/f; cat d/f; rm -r d"]);
        let base = step.ground.work().display().to_string();
        let mut list: Vec<String> = Vec::new();
        for e in &rec.events {
            let path = e["path"].as_str().unwrap_or("").replace(&base, "$W");
            if !path.contains("/std") && e["kind"] != "content" {
                list.push(format!("{} {} {path} {}", e["kind"], e["access"], e["outcome"]));
            }
        }
        list
    };
    assert_eq!(acts(), acts());
}
