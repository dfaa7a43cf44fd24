//! How fast a profile of 10,000 rules is read and made ready, and events are judged by it: `cargo bench -p sekisho-profiles`.
//! Items of the first two are rules, of the others events.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench")]
#[path = "../../events/tests/every_kind/mod.rs"]
mod every_kind;

use divan::Bencher;
use divan::counter::ItemsCount;
use sekisho_events::{Access, Event, Exec, FileAct, Kind, LogReader, LogWriter, ProcessId, SpawnHow};
use sekisho_profiles::{DiffOptions, DiffReport, Differ, Matcher, Profile, Vars};
use std::fmt::Write as _;

const RULES: usize = 10_000;
const EVENTS: usize = 100_000;
/// Programs, each spoken of by its own part of the rules.
const PROGRAMS: usize = 10;

fn main() {
    divan::main();
}

fn text() -> String {
    let mut text = "[profile]\nversion = 1\nname = \"t\"\n".to_owned();
    for n in 0..RULES {
        let program = n % PROGRAMS;
        let head = format!("\n[[rule]]\nid = \"r{n:05}\"\nprocess = [\"/usr/bin/p{program}\"]\n");
        write!(text, "{head}read = [\"/d/{n}/**\", \"/usr/part{n}/*.h\"]\nwrite = [\"/w/{n}/*\"]\n").unwrap();
    }
    text
}

fn profile() -> Profile {
    Profile::parse(&text()).unwrap()
}

fn event(seq: usize, process: usize, kind: Kind) -> Event {
    Event { seq: seq as u64, process: ProcessId(process as u64), at_us: 0, times: None, kind }
}

/// As many processes as programs, each running one, then reads of `distinct` files, each by the process that may.
fn events(distinct: usize) -> Vec<Event> {
    let mut all = Vec::new();
    for n in 0..PROGRAMS {
        let spawn = Kind::Spawn { parent: ProcessId(0), how: SpawnHow::Fork, thread: false };
        let path = format!("/usr/bin/p{n}");
        all.push(event(all.len() + 1, n + 1, spawn));
        let exec = Exec { path: path.as_str().into(), ..Exec::default() };
        all.push(event(all.len() + 1, n + 1, Kind::Exec(Box::new(exec))));
    }
    for n in (0..EVENTS).map(|n| n % distinct) {
        let path = format!("/d/{}/src/lib/file{n}.c", n % RULES);
        let act = FileAct::new(Access::Read, path.as_str());
        all.push(event(all.len() + 1, n % RULES % PROGRAMS + 1, Kind::File(act)));
    }
    all
}

fn compare(profile: &Profile, events: &[Event]) -> DiffReport {
    let mut differ = Differ::new(profile, &Vars::default(), DiffOptions::default()).unwrap();
    for event in events {
        differ.push(event);
    }
    differ.finish(None)
}

fn recording(events: &[Event]) -> Vec<u8> {
    let mut writer = LogWriter::new(Vec::new(), &every_kind::header()).unwrap();
    for event in events {
        writer.append(event).unwrap();
    }
    writer.finish(every_kind::end()).unwrap().0
}

#[divan::bench(sample_count = 5)]
fn parse(bencher: Bencher<'_, '_>) {
    let text = text();
    bencher.counter(ItemsCount::new(RULES)).bench(|| Profile::parse(&text).unwrap());
}

#[divan::bench(sample_count = 5)]
fn compile(bencher: Bencher<'_, '_>) {
    let profile = profile();
    bencher.counter(ItemsCount::new(RULES)).bench(|| Matcher::new(&profile, &Vars::default()).unwrap());
}

/// Of so many distinct paths; each comes once where there are as many as events.
#[divan::bench(sample_count = 10, args = [1_000, 100_000])]
fn diff(bencher: Bencher<'_, '_>, distinct: usize) {
    let (profile, events) = (profile(), events(distinct));
    let differ = || Differ::new(&profile, &Vars::default(), DiffOptions::default()).unwrap();
    bencher.counter(ItemsCount::new(events.len())).with_inputs(differ).bench_local_values(|mut differ| {
        for event in &events {
            differ.push(event);
        }
        differ
    });
    assert_eq!(compare(&profile, &events).events, events.len() as u64);
}

/// From the recording's bytes, as the command does it: what is judged was read a moment before.
#[divan::bench(sample_count = 10)]
fn read_and_diff(bencher: Bencher<'_, '_>) {
    let (profile, events) = (profile(), events(100_000));
    let bytes = recording(&events);
    let differ = || Differ::new(&profile, &Vars::default(), DiffOptions::default()).unwrap();
    bencher.counter(ItemsCount::new(events.len())).with_inputs(differ).bench_local_values(|mut differ| {
        let mut reader = LogReader::new(&bytes[..]).unwrap();
        while let Some(event) = reader.next_event().unwrap() {
            differ.push(event);
        }
        differ
    });
}

/// As a running step is judged.
#[divan::bench(sample_count = 10, args = [1_000, 100_000])]
fn judge(bencher: Bencher<'_, '_>, distinct: usize) {
    let (profile, events) = (profile(), events(distinct));
    let matcher = || Matcher::new(&profile, &Vars::default()).unwrap();
    bencher.counter(ItemsCount::new(events.len())).with_inputs(matcher).bench_local_values(|mut matcher| {
        for event in &events {
            divan::black_box(matcher.judge(event.process, &event.kind));
            matcher.observe(event);
        }
        matcher
    });
}
