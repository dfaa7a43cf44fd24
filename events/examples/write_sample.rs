//! Writes a recording to standard output: `write_sample every-kind` for one of every kind of event, `write_sample N`
//! for about N events, those of a build that never was. For trying readers and for measuring (scripts/bench-page).
#![allow(clippy::unwrap_used, reason = "a tool for developers")]
#[path = "../tests/every_kind/mod.rs"]
mod every_kind;

use sekisho_events::{
    Access, End, Event, Exec, Exit, ExitHow, FileAct, Header, Kind, LogWriter, NetAct, NetOp, PathBytes, ProcessId,
    SpawnHow, Toctou,
};
use std::io::Write;

/// Events of one process: a compiler that reads and writes.
const OF_ONE: u64 = 50;
/// Files of the project and of the system, each.
const FILES: u64 = 20_000;

fn main() {
    let what = std::env::args().nth(1).unwrap_or_default();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if what == "every-kind" {
        out.write_all(&every_kind::recording(&every_kind::events_with_gap(), 10)).unwrap();
    } else {
        build(what.parse().unwrap(), out);
    }
}

/// Each process is a compiler, forked by one make, that reads headers, and writes an object or connects.
fn build(events: u64, out: impl Write) {
    let header = Header { step: None, profile_sha256: None, ..every_kind::header() };
    let mut writer = LogWriter::new(out, &header).unwrap();
    let mut seq = 0;
    let mut push = |process: u64, kind: Kind| {
        seq += 1;
        writer.append(&Event { seq, process: ProcessId(process), at_us: seq * 40, times: None, kind }).unwrap();
    };
    push(1, Kind::Spawn { parent: ProcessId(0), how: SpawnHow::Fork, thread: false });
    push(1, exec("/usr/bin/make", &["make", "-j8"]));
    let processes = events / OF_ONE;
    for n in 2..2 + processes {
        push(n, Kind::Spawn { parent: ProcessId(1), how: SpawnHow::Fork, thread: false });
        let source = format!("src/part{}/unit{n}.c", n % 200);
        push(n, exec("/usr/lib/gcc/x86_64-linux-gnu/12/cc1", &["cc1", "-quiet", &source, "-o", "/tmp/cc.s"]));
        for act in 0..OF_ONE - 4 {
            let header = format!("/usr/include/part{}/header{}.h", act, (n * 31 + act * 7) % FILES);
            push(n, Kind::File(FileAct::new(Access::Read, header.as_str())));
        }
        if n % 1000 == 0 {
            let mut act = NetAct::new(NetOp::Connect, "tcp");
            (act.address, act.port) = ("203.0.113.7".parse().ok(), Some((n / 1000) as u16));
            push(n, Kind::Net(act));
        } else {
            let object = format!("/w/out/part{}/unit{}.o", n % 200, n % FILES);
            push(n, Kind::File(FileAct::new(Access::Write, object.as_str())));
        }
        push(n, Kind::Exit(Exit { how: ExitHow::Status(0), core: false, killed_by_us: false }));
    }
    push(1, Kind::Exit(Exit { how: ExitHow::Status(0), core: false, killed_by_us: false }));
    let end = End { lost: 0, status: 0, duration_us: seq * 40, toctou: Toctou::Verified, complete: true };
    writer.finish(end).unwrap();
}

fn exec(path: &str, argv: &[&str]) -> Kind {
    let argv = argv.iter().map(|word| PathBytes::from(*word)).collect();
    Kind::Exec(Box::new(Exec { path: path.into(), argv, ..Exec::default() }))
}
