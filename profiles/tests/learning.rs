//! Profiles made from recordings accept them, have one form, and stay narrow.
#![allow(clippy::unwrap_used, reason = "tests")]
mod support;
use proptest::prelude::*;
use sekisho_events::{Access, Event, Kind};
use sekisho_profiles::{Act, DiffOptions, DiffReport, Differ, Glob, Grade, Learner, Profile, Vars, lint};
use support::{Tape, header, trailer};

fn learn(tapes: &[&Tape]) -> Profile {
    learn_with(Learner::new(), tapes)
}

fn learn_with(mut learner: Learner, tapes: &[&Tape]) -> Profile {
    for tape in tapes {
        learner.begin(&header()).unwrap();
        tape.events.iter().for_each(|e| learner.push(e));
        learner.end();
    }
    learner.finish("test")
}

fn diff(profile: &Profile, events: &[Event]) -> DiffReport {
    let mut differ = Differ::new(profile, &Vars::from_header(&header()), DiffOptions::default()).unwrap();
    for event in events {
        differ.push(event);
    }
    differ.finish(Some(&trailer()))
}

/// A small build whose temporary names depend on `run`.
fn build(run: &str) -> Tape {
    let mut tape = Tape::default();
    let make = tape.run(0, "/usr/bin/make");
    tape.file(make, Access::Read, "/home/u/w/Makefile");
    for unit in ["a", "b", "c", "d"] {
        let cc = tape.run(make, "/usr/bin/gcc-12");
        tape.file(cc, Access::Read, &format!("/home/u/w/src/{unit}.c")).file(cc, Access::Read, "/usr/include/stdio.h");
        let temporary = format!("/tmp/cc{run}{unit}.s");
        for access in [Access::Create, Access::Write] {
            tape.file(cc, access, &temporary).file(cc, access, &format!("/home/u/w/src/{unit}.o"));
        }
        tape.file(cc, Access::Delete, &temporary).exit(cc, 0);
    }
    tape.exit(make, 0);
    tape
}

#[test]
fn two_runs_teach_the_third() {
    let profile = learn(&[&build("AbX1y"), &build("Zq9kk")]);
    let report = diff(&profile, &build("Wm3Tz").events);
    assert!(report.clean, "{:#?}\n{}", report.deviations, profile.to_toml());
    assert!(profile.rules.len() < 10, "{}", profile.to_toml());
    let text = profile.to_toml();
    assert!(text.contains("\"$WORKSPACE/src/*.o\"") && text.contains("\"$TMP/cc??????.s\""), "{text}");
    assert!(profile.rules.iter().all(|r| r.seen.is_none_or(|s| s.to_string() == "2 of 2")), "{text}");
}

/// Perl's File::Temp makes ten letters, digits and underscores; one run may make more such files than another.
#[test]
fn random_names_are_left_open_also_where_one_run_made_more_of_them() {
    let run = |names: &[&str]| {
        let mut tape = Tape::default();
        let perl = tape.run(0, "/usr/bin/perl");
        for name in names {
            let path = format!("/tmp/{name}");
            tape.file(perl, Access::Create, &path).file(perl, Access::Write, &path).file(perl, Access::Delete, &path);
        }
        tape.file(perl, Access::Write, "/tmp/listing.txt");
        tape
    };
    let profile = learn(&[&run(&["K7a_92Lkqz", "b_3Tfoo_qQ", "Xy1_ab2_cd"]), &run(&["abQdeFGhiJ"])]);
    let text = profile.to_toml();
    assert!(diff(&profile, &run(&["pL_0kk9_Tq", "mn_opq_rs1"]).events).clean, "{text}");
    assert!(!text.contains("92Lkqz") && !text.contains("3Tfoo") && text.contains("\"$TMP/??????????\""), "{text}");
    let whats: Vec<String> =
        diff(&profile, &run(&["elevenchars", "lock"]).events).deviations.into_iter().map(|d| d.what).collect();
    assert_eq!(whats.len(), 6, "nothing but names of that length: {whats:?}");
}

/// What every compiler does is not said again by a project's profile, and what it does not do is still refused.
#[test]
fn a_profile_stands_on_what_is_shipped_and_says_only_what_is_special() {
    let mut tape = Tape::default();
    let make = tape.run(0, "/usr/bin/make");
    tape.file(make, Access::Read, "/etc/ld.so.cache").file(make, Access::Read, "/home/u/w/Makefile");
    let cc = tape.run(make, "/usr/bin/x86_64-linux-gnu-gcc-12");
    let cc1 = tape.run(cc, "/usr/lib/gcc/x86_64-linux-gnu/12/cc1");
    tape.file(cc1, Access::Read, "/usr/include/stdio.h").file(cc1, Access::Create, "/tmp/ccAbCdEf.s");
    tape.file(cc1, Access::Write, "/tmp/ccAbCdEf.s").file(cc, Access::Delete, "/tmp/ccAbCdEf.s");
    tape.file(make, Access::Create, "/home/u/w/out");
    let profile = learn_with(Learner::new().with_include(), &[&tape]);
    let names: Vec<&str> = profile.meta.include.iter().filter_map(|i| i.text.split('@').next()).collect();
    assert_eq!(names, ["gcc", "make"], "libc is in both");
    let ids: Vec<&str> = profile.own_rules().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["read-workspace", "write-workspace-make"], "{}", profile.to_toml());
    let again = Profile::parse(&profile.to_toml()).unwrap();
    assert!(diff(&again, &tape.events).clean);
    tape.file(cc1, Access::Write, "/tmp/other").file(make, Access::Write, "/tmp/ccAbCdEf.s").run(make, "/usr/bin/git");
    let whats: Vec<String> = diff(&again, &tape.events).deviations.into_iter().map(|d| d.what).collect();
    assert_eq!(whats, ["exec /usr/bin/git", "write $TMP/ccAbCdEf.s", "write $TMP/other"]);
}

/// A configure has no program of its own: `config.status`, which only autoconf makes, tells it from a script that merely calls sed.
#[test]
fn a_script_is_known_by_the_file_that_only_its_toolchain_has() {
    let run = |read: &str| {
        let mut tape = Tape::default();
        let shell = tape.run(0, "/usr/bin/dash");
        tape.run(shell, "/usr/bin/sed");
        tape.file(shell, Access::Read, read);
        let profile = learn_with(Learner::new().with_include(), &[&tape]);
        let names: Vec<&str> = profile.meta.include.iter().filter_map(|i| i.text.split('@').next()).collect();
        assert!(diff(&Profile::parse(&profile.to_toml()).unwrap(), &tape.events).clean);
        names.join(" ")
    };
    assert_eq!(run("/home/u/w/build/config.status"), "configure");
    assert_eq!(run("/home/u/w/build/config.log"), "");
    assert_eq!(run("/home/u/config.status"), "", "not in the workspace");
}

#[test]
fn a_learned_profile_refuses_what_attacks_do() {
    let profile = learn(&[&build("AbX1y"), &build("Zq9kk")]);
    for (access, path) in [
        (Access::Write, "/home/u/w/src/a.c"),
        (Access::Write, "/home/u/w/Makefile"),
        (Access::Write, "/home/u/.bashrc"),
        (Access::Create, "/home/u/w/.git/hooks/pre-commit"),
        (Access::Read, "/home/u/.ssh/id_rsa"),
        (Access::Read, "/home/u/notes"),
        (Access::Write, "/usr/bin/gcc-12"),
        (Access::Read, "/home/u/w/.env"),
    ] {
        let mut tape = build("Wm3Tz");
        let cc = tape.run(1, "/usr/bin/gcc-12");
        tape.file(cc, access, path);
        assert_eq!(diff(&profile, &tape.events).deviations.len(), 1, "{access:?} {path}");
    }
    let mut tape = build("Wm3Tz");
    let sh = tape.run(1, "/usr/bin/sh");
    tape.connect(sh, "203.0.113.7", 443);
    let report = diff(&profile, &tape.events);
    let codes: Vec<&str> = report.deviations.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["exec", "net-connect"]);
}

#[test]
fn merging_learns_only_what_is_new_and_counts() {
    let before = learn(&[&build("AbX1y"), &build("Zq9kk")]);
    let mut more = build("Wm3Tz");
    let strip = more.run(1, "/usr/bin/strip");
    more.file(strip, Access::Write, "/home/u/w/bin/out");
    let mut learner = Learner::on(before.clone());
    learner.begin(&header()).unwrap();
    more.events.iter().for_each(|e| learner.push(e));
    learner.end();
    let after = learner.finish("test");
    assert!(diff(&after, &more.events).clean);
    let fresh: Vec<String> = after
        .rules
        .iter()
        .filter(|r| before.rule(&r.id).is_none())
        .map(|r| format!("{} {}", r.id, r.seen.unwrap()))
        .collect();
    assert_eq!(fresh, ["programs-2 1 of 3", "write-workspace-strip 1 of 3"]);
    assert_eq!(after.rule("programs").unwrap().seen.unwrap().to_string(), "3 of 3");
}

/// The smallest change: what was left out of a profile with narrow rules is added by its name, and not all beside it.
#[test]
fn a_file_more_that_is_read_does_not_open_the_workspace() {
    let rules = "[[rule]]\nid = \"all\"\nexec = [\"/usr/bin/*\"]\nread = [\"$WORKSPACE/src/**\"]\n";
    let narrow = Profile::parse_any_form(&format!("[profile]\nversion = 1\nname = \"t\"\n{rules}")).unwrap();
    let mut tape = Tape::default();
    let sed = tape.run(0, "/usr/bin/sed");
    tape.file(sed, Access::Read, "/home/u/w/src/a.c").file(sed, Access::Read, "/home/u/w/tests/data/damaged.bin");
    let grown = |tape: &Tape| {
        let mut learner = Learner::on(narrow.clone());
        learner.begin(&header()).unwrap();
        tape.events.iter().for_each(|e| learner.push(e));
        learner.end();
        learner.finish("t")
    };
    let after = grown(&tape);
    let added = after.rule("read-workspace").unwrap();
    assert_eq!(added.acts[&Act::Read][0].text, "$WORKSPACE/tests/data/damaged.bin");
    assert_eq!(added.process[0].text, "/usr/bin/sed");
    assert!(diff(&after, &tape.events).clean);
    for n in 0..20 {
        tape.file(sed, Access::Read, &format!("/home/u/w/d{n}/{n}.bin"));
    }
    let after = grown(&tape);
    assert_eq!(after.rule("read-workspace").unwrap().acts[&Act::Read][0].text, "$WORKSPACE/**", "too many to be read");
}

#[test]
fn what_was_denied_or_forbidden_is_not_learned() {
    let mut forbidding = Profile::parse_any_form(
        "[profile]\nversion = 1\nname = \"t\"\n[[rule]]\nid = \"no\"\nread = [\"/etc/x\"]\ndeny = true\n",
    )
    .unwrap();
    forbidding.normalise();
    let mut tape = Tape::default();
    let make = tape.run(0, "/usr/bin/make");
    tape.file(make, Access::Read, "/etc/x");
    let mut learner = Learner::on(forbidding);
    learner.begin(&header()).unwrap();
    tape.events.iter().for_each(|e| learner.push(e));
    let after = learner.finish("t");
    assert!(!after.rules.iter().any(|r| !r.deny && r.acts.values().flatten().any(|i| i.text == "/etc/x")));
    assert_eq!(diff(&after, &tape.events).deviations[0].code, "denied-rule");
}

fn path() -> impl Strategy<Value = String> {
    let area = prop::sample::select(vec![
        "/home/u/w",
        "/home/u/w/build",
        "/home/u",
        "/home/u/.ssh",
        "/home/u/.cache/x",
        "/tmp",
        "/usr/lib",
        "/usr/bin",
        "/etc",
        "/srv/data",
        "/proc/12",
        "/dev",
        "",
    ]);
    let name = prop_oneof![
        "[a-z]{1,3}(\\.[ch])?",
        "cc[A-Za-z0-9]{6}\\.s",
        "[0-9a-f]{2}/[0-9a-f]{16}",
        "conf[0-9]{3}\\.sh",
        Just("null".to_owned()),
        Just("environ".to_owned()),
        Just("a*b".to_owned()),
        Just("id_rsa".to_owned()),
        Just("x\u{1b}[2J".to_owned()),
        Just("a b/c$d".to_owned()),
        Just("gcc-12".to_owned()),
        Just("x86_64-linux-gnu-gcc-12".to_owned()),
        Just("ld.so.cache".to_owned()),
        Just(".npmrc".to_owned()),
    ];
    (area, name).prop_map(|(a, n)| format!("{a}/{n}"))
}

fn tape() -> impl Strategy<Value = Tape> {
    let act = (0..4u64, 0..14usize, path(), path(), 1u16..60000);
    let programs = prop::collection::vec((0..3u64, path()), 1..4);
    (programs, prop::collection::vec(act, 0..40)).prop_map(|(programs, acts)| {
        let mut tape = Tape::default();
        for (parent, path) in &programs {
            tape.run(*parent, path);
        }
        for (process, what, path, to, port) in acts {
            let process = process % (programs.len() as u64 + 1);
            let all = Access::ALL;
            match what {
                0 => drop(tape.connect(process, "203.0.113.7", port)),
                1 => drop(tape.connect(process, "127.0.0.1", port)),
                2 => {
                    let mut act = sekisho_events::FileAct::new(Access::Rename, path.as_str());
                    act.to = Some(to.as_str().into());
                    tape.push(process, Kind::File(act));
                }
                3 => {
                    let mut raw = path.into_bytes();
                    raw.push(0xff);
                    tape.push(process, Kind::File(sekisho_events::FileAct::new(Access::Write, raw.as_slice())));
                }
                n => drop(tape.file(process, all[(n + usize::from(port)) % all.len()], &path)),
            }
        }
        tape
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_profile_of_any_recordings_accepts_them_and_has_one_form(tapes in prop::collection::vec(tape(), 1..4), include in any::<bool>()) {
        let learner = if include { Learner::new().with_include() } else { Learner::new() };
        let profile = learn_with(learner, &tapes.iter().collect::<Vec<_>>());
        let text = profile.to_toml();
        let again = Profile::parse(&text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(&again.to_toml(), &text);
        for tape in &tapes {
            let report = diff(&again, &tape.events);
            prop_assert!(report.clean, "{:#?}\n{}", report.deviations, text);
        }
        let errors: Vec<String> = lint(&again, None).into_iter().filter(|f| f.grade == Grade::Error).map(|f| f.to_string()).collect();
        prop_assert!(errors.is_empty(), "{:#?}\n{}", errors, text);
        for rule in again.own_rules() {
            for item in rule.acts.iter().filter(|(a, _)| a.is_change() || **a == Act::Exec).flat_map(|(_, l)| l) {
                let glob = Glob::parse(&item.text).unwrap();
                prop_assert!(glob.is_literal() || glob.depth().0 > 0 || glob.shortest_last() > 1 || !glob.is_deep(), "{}", item.text);
            }
        }
    }
}
