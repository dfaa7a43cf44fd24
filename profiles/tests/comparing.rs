//! Reports: what is in them, in which order, in which form.
#![allow(clippy::unwrap_used, reason = "tests")]
mod support;
use sekisho_events::{Access, Delegated, Denied, Event, FileAct, Gap, GapWhy, Kind, Level, NetAct, NetOp, Outcome};
use sekisho_profiles::{CompareReport, DiffOptions, DiffReport, Differ, Outline, Profile, Severity, TextOptions, Vars};
use std::fmt::Write as _;
use support::{Tape, header, trailer};

const RULES: &str = "[[rule]]\nid = \"all\"\nexec = [\"/usr/bin/*\"]\nread = [\"$WORKSPACE/**\"]\n\
    [[rule]]\nid = \"no\"\nread = [\"/etc/x\"]\ndeny = true\nwhy = \"secret plans\"\n\
    [[rule]]\nid = \"test\"\nexec = [\"/usr/bin/check\"]\nrequired = true\n\
    [[rule]]\nid = \"spare\"\nread = [\"/opt/**\"]\n";

fn profile(rules: &str) -> Profile {
    Profile::parse_any_form(&format!("[profile]\nversion = 1\nname = \"t\"\n{rules}")).unwrap()
}

fn diff_with(profile: &Profile, events: &[Event], options: DiffOptions) -> DiffReport {
    let mut differ = Differ::new(profile, &Vars::from_header(&header()), options).unwrap();
    for event in events {
        differ.push(event);
    }
    differ.finish(Some(&trailer()))
}

fn diff(events: &[Event]) -> DiffReport {
    diff_with(&profile(RULES), events, DiffOptions { profile_path: "sekisho.toml".into(), ..DiffOptions::default() })
}

fn good() -> Tape {
    let mut tape = Tape::default();
    let make = tape.run(0, "/usr/bin/make");
    tape.file(make, Access::Read, "/home/u/w/Makefile");
    tape.run(make, "/usr/bin/check");
    tape
}

fn codes(report: &DiffReport) -> Vec<(&'static str, String, u64)> {
    report.deviations.iter().map(|d| (d.code, d.what.clone(), d.times)).collect()
}

#[test]
fn a_good_run_is_clean_and_names_unused_rules() {
    let report = diff(&good().events);
    assert!(report.clean && report.complete);
    assert_eq!(report.unused_rules, ["spare"]);
    assert_eq!((report.events, report.allowed), (5, 5));
}

#[test]
fn equal_deviations_are_one_and_the_worst_stand_first() {
    let mut tape = good();
    for _ in 0..30 {
        tape.file(1, Access::Write, "/home/u/w/out");
    }
    tape.file(1, Access::Read, "/etc/x").connect(2, "203.0.113.7", 443);
    let report = diff(&tape.events);
    assert!(!report.clean && report.complete);
    assert_eq!(
        codes(&report),
        [
            ("denied-rule", "read /etc/x".to_owned(), 1),
            ("net-connect", "connect tcp 203.0.113.7:443".to_owned(), 1),
            ("file-write", "write $WORKSPACE/out".to_owned(), 30),
        ]
    );
    assert_eq!(report.deviations[2].seq.len(), sekisho_profiles::MAX_SEQ);
    assert_eq!(report.deviations[0].why, "rule no forbids it: secret plans");
    assert_eq!(report.allowed, report.events - 32);
}

#[test]
fn the_suggested_rule_allows_the_deviation() {
    let mut tape = good();
    tape.connect(2, "203.0.113.7", 443).file(1, Access::Write, "/home/u/w/a*b");
    let report = diff(&tape.events);
    let mut rules = RULES.to_owned();
    report.deviations.iter().for_each(|d| rules.push_str(d.suggest.as_ref().unwrap()));
    assert!(rules.contains("write = ['$WORKSPACE/a\\*b']"), "{rules}");
    assert!(diff_with(&profile(&rules), &tape.events, DiffOptions::default()).clean);
}

fn delegates(tape: &mut Tape, process: u64, to: &str) {
    tape.push(process, Kind::Delegated(Delegated { to: to.into(), peer: None }));
}

/// One act has one deviation, whatever of it needs a rule; and the rule that is suggested allows all of it.
#[test]
fn a_connection_to_somebody_on_this_machine_is_one_deviation() {
    let mut tape = good();
    for _ in 0..2 {
        tape.connect(2, "127.0.0.1", 8080);
        delegates(&mut tape, 2, "tcp:127.0.0.1:8080");
        let mut socket = NetAct::new(NetOp::Connect, "unix");
        socket.path = Some("/run/docker.sock".into());
        tape.push(2, Kind::Net(socket));
        delegates(&mut tape, 2, "unix:/run/docker.sock");
        tape.file(2, Access::Write, "/run/initctl");
        delegates(&mut tape, 2, "fifo:/run/initctl");
    }
    let report = diff(&tape.events);
    assert_eq!(
        codes(&report),
        [
            ("delegated", "delegate fifo:/run/initctl".to_owned(), 2),
            ("delegated", "delegate unix:/run/docker.sock".to_owned(), 2),
            ("net-connect", "connect tcp 127.0.0.1:8080".to_owned(), 2),
        ]
    );
    for deviation in &report.deviations {
        assert_eq!(deviation.severity, Severity::High);
        assert!(deviation.why.contains("outside of the step") && deviation.delegated.is_some(), "{deviation:?}");
    }
    let mut rules = RULES.to_owned();
    report.deviations.iter().for_each(|d| {
        rules.push_str(&d.suggest.as_ref().unwrap().replace("check-", &d.what[..11].replace([' ', ':'], "-")));
    });
    assert!(rules.contains("connect = [\"127.0.0.1:8080/tcp\"]\ndelegate = [\"tcp:127.0.0.1:8080\"]"), "{rules}");
    assert!(diff_with(&profile(&rules), &tape.events, DiffOptions::default()).clean, "{rules}");
}

#[test]
fn a_delegation_by_an_act_that_is_allowed_or_of_somebody_else_stands_for_itself() {
    let rules =
        format!("{RULES}[[rule]]\nid = \"web\"\nprocess = [\"/usr/bin/make\"]\nconnect = [\"127.0.0.1:80/tcp\"]\n");
    let mut tape = good();
    tape.connect(1, "127.0.0.1", 80).connect(2, "127.0.0.1", 80);
    delegates(&mut tape, 1, "tcp:127.0.0.1:80");
    let report = diff_with(&profile(&rules), &tape.events, DiffOptions::default());
    let found: Vec<_> =
        report.deviations.iter().map(|d| (d.code, d.process.as_ref().unwrap().path.escaped())).collect();
    assert_eq!(found, [("delegated", "/usr/bin/make".to_owned()), ("net-connect", "/usr/bin/check".to_owned())]);
    assert!(report.deviations.iter().all(|d| d.delegated.is_none()));
}

#[test]
fn gaps_cuts_and_missing_rules_are_never_clean() {
    let mut tape = good();
    tape.push(1, Kind::Gap(Gap { why: GapWhy::Limit, detail: "argument list".into() }));
    let report = diff(&tape.events);
    assert!(!report.clean && !report.complete);
    assert_eq!(report.deviations[0].code, "incomplete");
    assert_eq!(report.gaps[0].why, "limit");

    let rules = profile(RULES);
    let mut differ = Differ::new(&rules, &Vars::from_header(&header()), DiffOptions::default()).unwrap();
    good().events[..4].iter().for_each(|e| differ.push(e));
    let report = differ.finish(None);
    let codes: Vec<&str> = report.deviations.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["incomplete", "missing"]);
}

#[test]
fn a_recording_that_watched_less_than_the_profile_demands_deviates() {
    let rules = profile(RULES);
    let strict = Profile { meta: sekisho_profiles::Meta { level: Some(Level::Files), ..rules.meta }, ..rules };
    let options = DiffOptions { level: Some(Level::Exec), ..DiffOptions::default() };
    assert_eq!(diff_with(&strict, &good().events, options).deviations[0].code, "coverage");
}

#[test]
fn what_was_denied_while_it_ran_deviates() {
    let mut tape = good();
    let would = Box::new(Kind::File(FileAct::new(Access::Read, "/srv/a")));
    tape.push(1, Kind::Denied(Denied { rule: "default".into(), call: "openat".into(), errno: 13, would }));
    let report = diff(&tape.events);
    assert_eq!(report.deviations[0].code, "denied-rule");
    assert!(report.deviations[0].suggest.as_ref().unwrap().contains("read = [\"/srv/a\"]"));
}

#[test]
fn the_json_form_is_the_documented_one() {
    let mut tape = good();
    tape.connect(2, "203.0.113.7", 443);
    let value = diff(&tape.events).to_json();
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["version", "clean", "complete", "profile", "mode", "counts", "deviations", "unused_rules", "gaps"]
    );
    assert_eq!(
        value["deviations"][0],
        serde_json::json!({
            "code": "net-connect",
            "process": {"path": "/usr/bin/check", "argv": ["check"], "ancestry": ["make", "check"]},
            "what": "connect tcp 203.0.113.7:443", "seq": [6], "times": 1, "severity": "high",
            "why": "no rule lets check connect to anything",
            "suggest": "[[rule]]\nid = \"check-connect\"\nprocess = [\"/usr/bin/check\"]\nconnect = [\"203.0.113.7:443/tcp\"]\n",
        })
    );
    assert_eq!(value["counts"], serde_json::json!({"events": 6, "allowed": 5, "deviations": 1}));
}

#[test]
fn nothing_that_the_step_chose_moves_the_terminal() {
    let mut tape = good();
    tape.run(1, "/usr/bin/x\u{1b}]0;y\u{7}");
    tape.file(3, Access::Write, "/home/u/w/a\n::error::b\u{202e}").connect(3, "203.0.113.7", 1);
    let mut refused = FileAct::new(Access::Write, [b"/\xff".as_slice(), b"\x1b[2J"].concat().as_slice());
    refused.outcome = Outcome::Unknown;
    tape.push(3, Kind::File(refused));
    let text =
        diff(&tape.events).to_text(&TextOptions { recording: "r.rec".into(), suggest: true, ..TextOptions::default() });
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()) && !text.contains('\u{202e}'), "{text:?}");
    assert!(text.lines().all(|l| !l.starts_with("::")), "{text}");
}

#[test]
fn the_text_names_who_what_and_how_to_go_on() {
    let mut tape = good();
    tape.connect(2, "203.0.113.7", 443).file(2, Access::Create, "/home/u/.bashrc").file(
        2,
        Access::Write,
        "/home/u/.bashrc",
    );
    let text = diff(&tape.events).to_text(&TextOptions { recording: "r.rec".into(), ..TextOptions::default() });
    assert_eq!(
        text,
        "3 deviations from sekisho.toml (4 rules not reviewed)\n  on 2 lines: what a process did to one thing stands on one\n\n  check ← make  check\n    1  high   create, write $HOME/.bashrc\n              no rule lets check make anything\n    \
        2  high   connect tcp 203.0.113.7:443\n              no rule lets check connect to anything\n  unused  1 of the rules: spare\n\n  \
        decide  sekisho review sekisho.toml r.rec\n  patch   sekisho profile suggest sekisho.toml r.rec\n"
    );
}

fn outline(tape: &Tape) -> Outline {
    let mut outline = Outline::new(&header());
    tape.events.iter().for_each(|e| outline.push(e));
    outline.end(Some(&trailer()));
    outline
}

#[test]
fn two_recordings_differ_by_what_they_do_and_not_by_temporary_names() {
    let run = |temporary: &str| {
        let mut tape = good();
        tape.file(1, Access::Write, temporary).exit(2, 0);
        tape
    };
    assert!(CompareReport::new(&outline(&run("/tmp/ccAb12xy.s")), &outline(&run("/tmp/ccZZ99ab.s"))).is_clean());
    let mut other = run("/tmp/ccAb12xy.s");
    other.connect(1, "203.0.113.7", 443).exit(1, 3);
    let report = CompareReport::new(&outline(&run("/tmp/ccAb12xy.s")), &outline(&other));
    assert_eq!(report.appeared.iter().map(|l| l.what.as_str()).collect::<Vec<_>>(), ["connect tcp 203.0.113.7:443"]);
    assert_eq!(report.endings, [("/usr/bin/make".to_owned(), "status 3".to_owned(), 0, 1)]);
    assert!(report.vanished.is_empty() && !report.is_clean());
}

/// A recording of another project says so in one line; one of this project that failed early, or went astray, does not.
#[test]
fn a_recording_of_another_project_is_called_one() {
    let mut rules = String::new();
    for n in 0..4 {
        writeln!(rules, "[[rule]]\nid = \"r{n}\"\nexec = [\"/usr/bin/p{n}\"]\nwrite = [\"$WORKSPACE/out{n}/**\"]")
            .unwrap();
    }
    let mut other = Tape::default();
    let node = other.run(0, "/usr/bin/node");
    for n in 0..20 {
        other.file(node, Access::Write, &format!("/home/u/w/dist/{n}.js"));
    }
    let report = diff_with(&profile(&rules), &other.events, DiffOptions::default());
    let remark = "this is probably a recording of another project, or of another step: 0 of the profile's own 4 rules came to use, \
        and 95 % of all events deviate";
    assert_eq!(report.remark().as_deref(), Some(remark));
    let text = report.to_text(&TextOptions::default());
    assert_eq!(text.lines().nth(1), Some(format!("  {remark}").as_str()));
    assert_eq!(report.to_json()["probably_foreign"], true);

    let mut early = Tape::default();
    early.run(0, "/usr/bin/p0");
    let mut astray = Tape::default();
    for n in 0..4 {
        let process = astray.run(0, &format!("/usr/bin/p{n}"));
        astray.file(process, Access::Write, &format!("/home/u/w/out{n}/x"));
        for file in 0..20 {
            astray.file(process, Access::Write, &format!("/home/u/w/else/{file}"));
        }
    }
    let mut few = Tape::default();
    few.run(0, "/usr/bin/node");
    for tape in [early, astray, few] {
        let report = diff_with(&profile(&rules), &tape.events, DiffOptions::default());
        assert_eq!((report.remark(), report.to_json().get("probably_foreign")), (None, None));
    }
}
