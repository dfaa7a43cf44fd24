//! Each rendering of one recording with every kind of event, as a whole; and that nothing hostile gets through.
#![allow(clippy::unwrap_used, reason = "tests")]
#[path = "../../events/tests/every_kind/mod.rs"]
mod every_kind;

use sekisho_events::{Access, Content, ContentWhen, Digest, Event, FileAct, Kind, LogReader, Mode, PathBytes};
use sekisho_profiles::{Actor, CompareReport, Deviation, DiffReport, GapLine, Outline, Severity};
use sekisho_review::{Filter, Summary, Who};

fn reader(bytes: &[u8]) -> LogReader<&[u8]> {
    LogReader::new(bytes).unwrap()
}

/// A verdict with deviations of every severity; `names` stand where a step's own words would.
fn verdict(names: &[&[u8]]) -> DiffReport {
    let actor = Actor {
        path: "/usr/bin/curl".into(),
        argv: vec!["curl".into(), "-d".into(), PathBytes::new(names[0])],
        ancestry: vec!["make".into(), "sh".into(), "curl".into()],
    };
    let deviation = |code, what: String, severity, seq| Deviation {
        code,
        process: Some(actor.clone()),
        what,
        argv: Vec::new(),
        seq,
        times: 3,
        severity,
        why: "no rule lets curl write anything".to_owned(),
        suggest: Some("[[rule]]\nid = \"x\"\n".to_owned()),
        rule: None,
        delegated: None,
    };
    let mut deviations =
        vec![deviation("net-connect", "connect tcp 203.0.113.7:443".to_owned(), Severity::High, vec![9])];
    let shown = names.iter().map(|name| format!("write $WORKSPACE/{}", sekisho_events::escape(name)));
    deviations.extend(shown.map(|what| deviation("file-write", what, Severity::Medium, vec![10, 11])));
    deviations.push(Deviation {
        process: None,
        suggest: None,
        ..deviation("incomplete", "the recording has 1 gaps".to_owned(), Severity::Low, vec![])
    });
    DiffReport {
        clean: false,
        complete: false,
        profile_path: "sekisho.toml".to_owned(),
        profile_sha256: Some(Digest::of(b"profile")),
        profile_origin: None,
        profile_reviewed_on: None,
        profile_rules: 4,
        profile_unreviewed: 0,
        mode: Mode::Observe,
        events: 4121,
        allowed: 4100,
        deviations,
        omitted: 5,
        unused_rules: vec!["old".to_owned()],
        unused_includes: Vec::new(),
        gaps: vec![GapLine { why: "limit", detail: "argument list of 3 MB".to_owned(), times: 1 }],
    }
}

fn text(bytes: &[u8], filter: &mut Filter) -> String {
    let mut out = Vec::new();
    sekisho_review::text(&mut reader(bytes), filter, false, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn page(bytes: &[u8], verdict: Option<&DiffReport>) -> String {
    let summary = Summary::read(&mut reader(bytes), |_| false).unwrap();
    let mut out = Vec::new();
    sekisho_review::page(&summary, verdict, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn sample() -> Vec<u8> {
    every_kind::recording(&every_kind::events_with_gap(), 10)
}

#[test]
fn text_shows_every_kind_of_event() {
    insta::assert_snapshot!(text(&sample(), &mut Filter::default()));
}

#[test]
fn tree_shows_processes_with_their_acts_in_counts() {
    let mut out = Vec::new();
    sekisho_review::tree(&mut reader(&sample()), &mut Filter::default(), &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn the_page_shows_verdict_processes_files_network_and_coverage() {
    let bytes = sample();
    let page = page(&bytes, Some(&verdict(&[b"a b"])));
    let body = &page[page.find("<main").unwrap()..];
    insta::assert_snapshot!(body);
}

/// What a recording did, to be compared.
fn outline(bytes: &[u8]) -> Outline {
    let mut reader = reader(bytes);
    let mut outline = Outline::new(reader.header());
    while let Some(event) = reader.next_event().unwrap() {
        outline.push(event);
    }
    outline.end(reader.trailer());
    outline
}

#[test]
fn the_page_says_what_is_new_since_another_recording_and_no_name_leaves_its_place_there() {
    let (before, after) = (sample(), every_kind::recording(&hostile(), 100));
    let mut summary = Summary::read(&mut reader(&after), |_| false).unwrap();
    summary.compare(CompareReport::new(&outline(&before), &outline(&after)));
    let mut out = Vec::new();
    sekisho_review::page(&summary, None, &mut out).unwrap();
    let page = String::from_utf8(out).unwrap();
    let section = &page[page.find("<section id=\"changes\">").unwrap()..];
    let section = &section[..section.find("</section>").unwrap()];
    assert!(
        section.contains("<h3>New<small>") && section.contains("alert(1)") && section.contains("<h3>Gone<small>"),
        "{section}"
    );
    assert!(!section.contains("<script") && !section.contains("<img") && !section.contains('\u{1b}'), "{section}");
    assert_eq!(page.matches("<script").count(), 2);
}

#[test]
fn the_page_without_a_profile_says_that_nothing_was_judged() {
    let page = page(&every_kind::recording(&every_kind::events(), 10), None);
    assert!(page.contains("nothing was judged"));
    assert!(page.contains("every process created from the step was traced"));
}

#[test]
fn markdown_and_sarif_show_the_verdict() {
    let report = verdict(&[b"a b"]);
    insta::assert_snapshot!("markdown", sekisho_review::markdown(&report));
    let sarif = sekisho_review::sarif(&report, "0.1.0");
    insta::assert_snapshot!("sarif", serde_json::to_string_pretty(&sarif).unwrap());
}

#[test]
fn a_cut_recording_is_shown_as_cut() {
    let bytes = sample();
    let cut = &bytes[..bytes.len() - 30];
    assert!(text(cut, &mut Filter::default()).contains("TRUNCATED behind event 36"));
    assert!(page(cut, None).contains("<strong>Truncated</strong>"));
}

/// Names that try to leave their line, element, attribute, code span or terminal.
const HOSTILE: [&[u8]; 6] = [
    b"/w/\x1b]0;owned\x07",
    b"/w/<script>alert(1)</script>",
    b"/w/\" onload=\"x",
    b"/w/`](http://e.example)",
    b"/w/a\nread /w/b",
    b"/w/\xe2\x80\xaegnp.exe\xff",
];

fn hostile() -> Vec<Event> {
    let act = |name: &&[u8]| Kind::File(FileAct::new(Access::Write, PathBytes::new(*name)));
    every_kind::numbered(every_kind::kinds().into_iter().take(1).chain(HOSTILE.iter().map(act)).collect())
}

#[test]
fn no_name_leaves_its_place() {
    let bytes = every_kind::recording(&hostile(), 100);
    let report = verdict(&HOSTILE);
    let text = text(&bytes, &mut Filter::default());
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()) && !text.contains('\u{202e}'));
    assert!(!text.lines().any(|line| line.starts_with("read /w/b")));
    let page = page(&bytes, Some(&report));
    // The data and the script, and no other.
    assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (2, 2));
    assert!(!page.contains("\" onload=\"") && !page.contains('\u{1b}'));
    let markdown = sekisho_review::markdown(&report);
    assert!(markdown.contains("``write $WORKSPACE//w/`](http://e.example)``"), "{markdown}");
    assert!(markdown.chars().all(|c| c == '\n' || !c.is_control()));
}

#[test]
fn a_filter_keeps_what_it_names() {
    let mut kinds = Filter { kinds: vec!["net".to_owned()], ..Filter::default() };
    let shown = text(&sample(), &mut kinds);
    assert!(shown.contains("connect    unix") && !shown.contains("rename "));
    let mut path = Filter { path: Some("*.ssh*".to_owned()), ..Filter::default() };
    assert!(text(&sample(), &mut path).contains("id_ed25519"));
}

#[test]
fn a_filter_knows_programs_hosts_acts_and_times() {
    let lines = |filter: Filter| {
        let mut filter = filter;
        let sample = sample();
        let mut reader = reader(&sample);
        let mut kept = Vec::new();
        while let Some(event) = reader.next_event().unwrap() {
            if filter.keeps(event) {
                kept.push(event.clone());
            }
        }
        kept
    };
    let all = lines(Filter::default());
    let program = lines(Filter { process: Some(Who::Program("da*".to_owned())), ..Filter::default() });
    assert!(program.iter().any(|e| matches!(e.kind, Kind::Exec(_))));
    assert!(lines(Filter { process: Some(Who::Program("nobody".to_owned())), ..Filter::default() }).is_empty());
    let act = lines(Filter { acts: vec!["connect".to_owned()], ..Filter::default() });
    assert!(!act.is_empty() && act.iter().all(|e| matches!(&e.kind, Kind::Net(n) if n.op.name() == "connect")));
    let late = all[all.len() / 2].at_us;
    let since = lines(Filter { since_us: Some(late), ..Filter::default() });
    assert!(!since.is_empty() && since.iter().all(|e| e.at_us >= late));
    let host = lines(Filter { host: Some("*.example*".to_owned()), ..Filter::default() });
    assert!(!host.is_empty() && host.len() < 12, "{host:#?}");
    let outside = lines(Filter { path: Some("!/w/*".to_owned()), ..Filter::default() });
    let inside = lines(Filter { path: Some("/w/*".to_owned()), ..Filter::default() });
    assert!(!outside.is_empty() && outside.iter().all(|e| !inside.contains(e)));
}

#[test]
fn a_digest_stands_on_the_line_of_its_file() {
    let content = |path: &str| {
        Kind::Content(Content {
            path: path.into(),
            identity: None,
            sha256: Some(Digest::of(b"")),
            size: Some(0),
            when: ContentWhen::Read,
            why: None,
        })
    };
    let read = Kind::File(FileAct::new(Access::Read, "/w/empty"));
    let kinds = vec![every_kind::kinds().remove(0), read, content("/w/empty"), content("/w/other")];
    let shown = text(&every_kind::recording(&every_kind::numbered(kinds), 100), &mut Filter::default());
    assert!(shown.contains("  read       /w/empty  sha256:e3b0c44298fc\n"), "{shown}");
    assert!(shown.contains("  content    /w/other (read) e3b0c442"), "{shown}");
}

#[test]
fn more_than_memory_holds_is_written_in_parts_and_nothing_is_left_out() {
    let mut kinds = every_kind::kinds();
    kinds.truncate(1);
    let long = "x".repeat(3000);
    kinds.extend((0..4000).map(|n| Kind::File(FileAct::new(Access::Read, format!("/{long}/{n}").as_str()))));
    let shown = text(&every_kind::recording(&every_kind::numbered(kinds), 10_000), &mut Filter::default());
    assert_eq!(shown.matches("  read       /xxx").count(), 4000);
    assert!(shown.contains("(continued)"));
}

#[test]
fn a_trace_has_a_slice_for_each_program_and_is_json() {
    let mut out = Vec::new();
    sekisho_review::trace(&mut reader(&sample()), &mut Filter::default(), &mut out).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let events = value["traceEvents"].as_array().unwrap();
    let slices: Vec<_> = events.iter().filter(|e| e["ph"] == "X").collect();
    assert!(!slices.is_empty());
    for slice in slices {
        assert!(slice["ts"].is_u64() && slice["dur"].is_u64() && slice["name"].is_string(), "{slice}");
        assert!(events.iter().any(|e| e["ph"] == "M" && e["pid"] == slice["pid"]), "{slice}");
    }
}

#[test]
fn junit_has_a_failure_for_each_deviation_and_nothing_of_the_step_breaks_out() {
    let names: Vec<&[u8]> = vec![b"\"><x/>&amp;", b"]]>", b"\x1b[2J\xff"];
    let xml = sekisho_review::junit(&verdict(&names));
    assert_eq!(xml.matches("<testcase ").count(), 6, "the last one counts what is not listed");
    assert_eq!(xml.matches("<failure ").count(), 6);
    assert!(xml.contains("tests=\"6\" failures=\"6\"") && !xml.contains("<x/>"), "{xml}");
    assert!(xml.chars().all(|c| c == '\n' || !c.is_control()));
    let clean = sekisho_review::junit(&DiffReport {
        clean: true,
        deviations: Vec::new(),
        gaps: Vec::new(),
        omitted: 0,
        ..verdict(&names)
    });
    assert!(clean.contains("tests=\"1\" failures=\"0\""), "{clean}");
}
