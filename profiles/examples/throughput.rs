//! How many events a second a comparison takes: `cargo run --release -p sekisho-profiles --example throughput`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement for developers"
)]
use sekisho_events::{Access, Event, Exec, FileAct, Kind, ProcessId, SpawnHow};
use sekisho_profiles::{DiffOptions, Differ, Profile, Vars};
use std::fmt::Write as _;
use std::time::Instant;

const EVENTS: usize = 2_000_000;
const RULES: usize = 10_000;

fn main() {
    let mut text = "[profile]\nversion = 1\nname = \"t\"\n".to_owned();
    for n in 0..RULES {
        write!(
            text,
            "\n[[rule]]\nid = \"r{n:05}\"\nprocess = [\"/usr/bin/p{}\"]\nread = [\"/d/{n}/**\", \"/usr/*/x{n}*.h\"]\n",
            n % 10
        )
        .unwrap();
    }
    let profile = Profile::parse(&text).unwrap();
    let event = |process, kind| Event { seq: 1, process: ProcessId(process), at_us: 0, times: None, kind };
    let mut start = Vec::new();
    for n in 0..10 {
        start.push(event(n + 1, Kind::Spawn { parent: ProcessId(0), how: SpawnHow::Fork, thread: false }));
        let exec = Exec { path: format!("/usr/bin/p{n}").as_str().into(), ..Exec::default() };
        start.push(event(n + 1, Kind::Exec(Box::new(exec))));
    }
    for (name, distinct) in [("10,000 distinct paths", 10_000), ("every path another (100,000 at a time)", 100_000)] {
        let acts: Vec<Event> = (0..distinct)
            .map(|n| {
                let path = format!("/d/{}/src/lib/file{n}.c", n % RULES);
                event((n % RULES % 10) as u64 + 1, Kind::File(FileAct::new(Access::Read, path.as_str())))
            })
            .collect();
        let vars = Vars::new(Some(b"/w"), None, Some(b"/tmp"), 0);
        let mut differ = Differ::new(&profile, &vars, DiffOptions::default()).unwrap();
        for event in &start {
            differ.push(event);
        }
        let began = Instant::now();
        for n in 0..EVENTS {
            differ.push(&acts[n % distinct]);
        }
        let rate = EVENTS as f64 / began.elapsed().as_secs_f64() / 1e6;
        let report = differ.finish(None);
        println!("{RULES} rules, {name}: {rate:.2} M events/s, {} deviate", report.events - report.allowed);
    }
}
