//! Modes `deny` and `kill`: what the profile does not allow has no effect, is recorded, and is in the verdict.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::cage::{Ended, User};
use e2e::outside::Outside;
use e2e::places;
use e2e::recording::Recording;
use e2e::step::{Step, as_each_user, tracee};
use serde_json::{Value, json};

/// A profile made from a run of `clean`, in the step's directory.
fn profile(step: &Step, clean: &str) {
    std::fs::write(step.ground.work().join("build.sh"), clean).unwrap();
    let (ran, _) = step.record(["sh", "build.sh"]);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    let rec = step.rec().display().to_string();
    let made = step.ground.path("sekisho.toml").display().to_string();
    step.sekisho_ends(0, ["profile", "new", &rec, "-o", &made]);
    for left in std::fs::read_dir(step.ground.work()).unwrap().flatten().filter(|e| e.file_name() != "build.sh") {
        let _ = std::fs::remove_file(left.path());
    }
}

/// Runs another script under that profile: its end, its recording, its verdict.
fn run(step: &Step, mode: &str, script: &str) -> (e2e::cage::Ran, Recording, Value) {
    std::fs::write(step.ground.work().join("build.sh"), script).unwrap();
    let (made, out) = (step.ground.path("sekisho.toml"), step.ground.path("out"));
    let words = [
        "run",
        "--profile",
        made.to_str().unwrap(),
        "--mode",
        mode,
        "--out",
        out.to_str().unwrap(),
        "--",
        "sh",
        "build.sh",
    ];
    let ran = step.sekisho(words);
    let rec = Recording::load(&out.join("recording.sekisho")).unwrap_or_else(|| panic!("no recording: {}", ran.said()));
    let text = std::fs::read_to_string(out.join("verdict.json")).unwrap_or_else(|e| panic!("{e}: {}", ran.said()));
    (ran, rec, serde_json::from_str(&text).expect("verdict.json is JSON"))
}

fn codes(verdict: &Value) -> Vec<String> {
    verdict["deviations"].as_array().unwrap().iter().map(|d| d["code"].as_str().unwrap_or("").to_owned()).collect()
}

#[test]
fn what_the_profile_was_made_from_is_clean_in_every_mode() {
    as_each_user(|user| {
        let step = Step::new(user);
        let script = "echo x > out; cat out > /dev/null; ls > /dev/null";
        profile(&step, script);
        for mode in ["observe", "deny", "kill"] {
            let (ran, rec, verdict) = run(&step, mode, script);
            assert_eq!(ran.ended, Ended::Exit(0), "{mode}: {} {verdict}", ran.said());
            assert_eq!(verdict["clean"], true, "{mode}: {verdict}");
            assert!(!rec.has(&json!({"kind": "denied"})), "{mode}");
        }
    });
}

#[test]
fn a_file_outside_is_not_written_under_deny_and_the_attempt_is_named() {
    as_each_user(|user| {
        let step = Step::new(user);
        profile(&step, "echo x > out");
        let target = step.ground.path("home").join("planted");
        let (ran, rec, verdict) =
            run(&step, "deny", "echo x > out; echo evil > $HOME/planted; echo went on > out2 || true; true");
        assert!(!target.exists(), "it was written");
        assert!(
            rec.has(&json!({"kind": "denied", "would": {"kind": "file", "path": target.to_str()}})),
            "{}",
            rec.summary()
        );
        assert_eq!(ran.ended, Ended::Exit(1), "{}", ran.said());
        assert_eq!(verdict["clean"], false);
        let what: Vec<&str> =
            verdict["deviations"].as_array().unwrap().iter().filter_map(|d| d["what"].as_str()).collect();
        assert!(what.iter().any(|w| w.contains("planted")), "{verdict}");
        assert!(step.ground.work().join("out").exists(), "what is allowed was done");
    });
}

#[test]
fn under_observe_it_is_written_and_named() {
    let step = Step::plain();
    profile(&step, "echo x > out");
    let (ran, rec, verdict) = run(&step, "observe", "echo x > out; echo evil > $HOME/planted");
    assert!(step.ground.path("home").join("planted").exists());
    assert_eq!(ran.ended, Ended::Exit(1), "{}", ran.said());
    assert!(!rec.has(&json!({"kind": "denied"})));
    assert!(codes(&verdict).iter().any(|c| c.starts_with("file-")), "{verdict}");
}

#[test]
fn a_program_that_is_not_listed_does_not_run_under_deny() {
    as_each_user(|user| {
        let step = Step::new(user);
        profile(&step, "echo x > out");
        let (_, rec, verdict) = run(&step, "deny", &format!("{} . || true", tracee("mk")));
        assert!(!step.ground.work().join("canary").exists(), "it ran");
        assert!(
            rec.has(&json!({"kind": "denied", "would": {"kind": "exec", "path": tracee("mk")}})),
            "{}",
            rec.summary()
        );
        assert!(!rec.has(&json!({"kind": "exec", "path": tracee("mk")})));
        assert!(codes(&verdict).iter().any(|c| c == "denied-rule" || c == "exec"), "{verdict}");
    });
}

#[test]
fn a_connection_that_is_not_listed_is_not_made_under_deny() {
    as_each_user(|user| {
        let step = Step::new(user);
        let outside = Outside::start(&step.ground.path("")).unwrap();
        let net = tracee("net");
        // The profile knows the program, by another port that nobody listens on.
        profile(&step, &format!("{net} . tcp 9 || true"));
        for (how, port) in [("tcp", outside.tcp), ("sendto", outside.udp), ("sendmsg", outside.udp)] {
            let (_, rec, verdict) = run(&step, "deny", &format!("{net} . {how} {port} || true"));
            assert!(!outside.got("seen"), "{how}: bytes got out");
            let want = json!({"kind": "denied", "would": {"kind": "net", "port": port.to_string()}});
            assert!(rec.has(&want), "{how}: {}", rec.summary());
            assert_eq!(verdict["clean"], false, "{how}");
        }
    });
}

/// A profile that allows everything but this act.
fn everything_but(step: &Step, act: &str) {
    let allow = "[[rule]]\nid = \"all\"\nexec = [\"/**\"]\nread = [\"/**\"]\nchange = [\"/**\"]\nconnect = [\"127.0.0.1:*/tcp\"]\nlisten = [\"127.0.0.1:*/tcp\"]\n";
    let text =
        format!("[profile]\nversion = 1\nname = \"race\"\n\n{allow}\n[[rule]]\nid = \"no-evil\"\n{act}\ndeny = true\n");
    let path = step.ground.path("sekisho.toml");
    std::fs::write(&path, text).unwrap();
    step.sekisho_ends(0, ["profile", "fmt", path.to_str().unwrap()]);
}

/// DESIGN §4: decided on arguments that cannot change. The tracee flips between an allowed and a denied object, and counts
/// which it really had.
#[test]
fn deny_cannot_be_raced_past() {
    as_each_user(|user| {
        for mode in ["thread", "shared", "dirfd", "cwd", "symlink"] {
            let step = Step::new(user);
            everything_but(&step, "read = [\"$WORKSPACE/b/x\"]");
            let (ran, _, _) = run(&step, "deny", &format!("{} . {mode}", tracee("race")));
            let out = String::from_utf8_lossy(&ran.stdout).into_owned();
            assert!(out.contains("evil 0\n"), "{mode} as {}: {out}{}", user.name(), ran.said());
            assert!(!out.contains("good 0\n"), "{mode} as {}: {out}{}", user.name(), ran.said());
        }
        let step = Step::new(user);
        everything_but(&step, "change = [\"$WORKSPACE/d/e*\"]");
        let (ran, _, _) = run(&step, "deny", &format!("{} .", tracee("racemk")));
        let out = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(out.contains("evil 0\n") && !out.contains("good 0\n"), "mkdir as {}: {out}{}", user.name(), ran.said());

        let step = Step::new(user);
        let outside = Outside::start(&step.ground.path("")).unwrap();
        everything_but(&step, &format!("connect = [\"127.0.0.1:{}/tcp\"]", outside.tcp));
        let (ran, _, _) = run(&step, "deny", &format!("{} . {}", tracee("addrrace"), outside.tcp));
        let out = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(out.contains("conn_1 0\n"), "connected as {}: {out}{}", user.name(), ran.said());
        assert!(!out.contains("conn_0 0\n"), "nothing was allowed as {}: {out}{}", user.name(), ran.said());
    });
}

#[test]
fn kill_ends_the_whole_step_and_says_by_which_rule() {
    as_each_user(|user| {
        let step = Step::new(user);
        // What stays in the background is in the profile too: only the planted act may be what kills.
        profile(&step, "(sleep 0.01; echo x > out) & echo x > out; wait");
        let (ran, rec, verdict) =
            run(&step, "kill", "(sleep 0.3; echo late > out) & echo evil > $HOME/planted; echo after > out");
        assert!(!step.ground.path("home").join("planted").exists(), "it was written");
        let out = std::fs::read_to_string(step.ground.work().join("out")).unwrap_or_default();
        assert!(!out.contains("after") && !out.contains("late"), "the step went on: {out}");
        assert_eq!(ran.survivors, 0);
        assert!(!matches!(ran.ended, Ended::Exit(0)), "{}", ran.said());
        assert!(rec.has(&json!({"kind": "denied", "would": {"path": "*/planted"}})), "{}", rec.summary());
        assert!(!codes(&verdict).is_empty(), "{verdict}");
    });
}

/// The gate: what deviated is not accepted, with the reason.
#[test]
fn nothing_that_deviated_or_was_cut_is_called_clean() {
    let step = Step::new(*User::available().last().unwrap());
    profile(&step, "echo x > out");
    let (_, _, verdict) = run(&step, "observe", "echo x > out; kill -9 $$");
    assert_eq!(verdict["complete"], true, "{verdict}");
    assert!(places::sekisho().exists());
}

/// mount_namespaces(7): the same name means another file in another view. A call that is judged by its resolved name is not
/// made by it where that name is not the caller's.
#[test]
fn what_is_allowed_in_another_view_is_not_done_in_ours() {
    as_each_user(|user| {
        for how in ["foreign-fd", "foreign-mkdir"] {
            let step = Step::new(user);
            let script = format!("{} \"$PWD\" {how}", tracee("elsewhere"));
            profile(&step, &script);
            std::fs::remove_dir_all(step.ground.work().join("m")).unwrap();
            let (ran, rec, verdict) = run(&step, "deny", &script);
            assert_eq!(ran.ended, Ended::Exit(0), "{how}: {} {verdict}", ran.said());
            let made = step.ground.work().join("m/canary");
            let told = json!({"kind": "file", "path": made.to_str(), "namespace": "*"});
            assert!(rec.has(&told), "{how}: {}", rec.summary());
            assert!(!made.exists(), "{how}: it was done in our view");
        }
    });
}
