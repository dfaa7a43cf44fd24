//! Writes a recording to standard output: `write_sample every-kind` for one of every kind of event, `write_sample N`
//! for N events like those of a build. For trying readers and for measuring.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a tool for developers")]
#[path = "../tests/every_kind/mod.rs"]
mod every_kind;

use sekisho_events::{Access, Event, Exec, Exit, ExitHow, FileAct, Kind, LogWriter, ProcessId, SpawnHow};
use std::io::Write;

fn main() {
    let what = std::env::args().nth(1).unwrap_or_default();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if what == "every-kind" {
        out.write_all(&every_kind::recording(&every_kind::events_with_gap(), 10)).unwrap();
        return;
    }
    let mut writer = LogWriter::new(&mut out, &every_kind::header()).unwrap();
    let count = what.parse().unwrap();
    while writer.next_seq() <= count {
        writer.append(&build_like(writer.next_seq())).unwrap();
    }
    writer.finish(every_kind::end()).unwrap();
}

/// Every process is forked by the first, executes a compiler, reads headers, writes one object and ends.
fn build_like(seq: u64) -> Event {
    let (process, step) = ((seq - 1) / 40 + 1, (seq - 1) % 40);
    let kind = match step {
        0 => Kind::Spawn { parent: ProcessId(u64::from(process > 1)), how: SpawnHow::Vfork, thread: false },
        1 => Kind::Exec(Box::new(Exec {
            path: "/usr/lib/gcc/x86_64-linux-gnu/12/cc1".into(),
            argv: vec!["cc1".into(), "-quiet".into(), "-O2".into(), format!("src/unit{process}.c").as_str().into()],
            cwd: "/w".into(),
            env: vec!["HOME".into(), "PATH".into(), "LANG".into()],
            ..Exec::default()
        })),
        38 => Kind::File(FileAct::new(Access::Write, format!("/w/obj/unit{process}.o").as_str())),
        39 => Kind::Exit(Exit { how: ExitHow::Status(0), core: false, killed_by_us: false }),
        n => Kind::File(FileAct::new(Access::Read, format!("/usr/include/x86_64-linux-gnu/bits/header{n}.h").as_str())),
    };
    Event { seq, process: ProcessId(process), at_us: seq * 17, times: None, kind }
}
