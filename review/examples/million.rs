//! Writes the recording of a build that never was, of as many events as wanted, to standard output: `million [EVENTS]`. For measuring
//! what reads recordings (scripts/bench-page).
#![allow(clippy::unwrap_used, reason = "a tool for developers")]
use sekisho_events::{
    Access, Coverage, End, Event, Exec, Exit, ExitHow, FileAct, Header, Kind, Level, LogWriter, NetAct, NetOp,
    PathBytes, ProcessId, SpawnHow, Toctou,
};

/// Events of one process: a compiler that reads and writes.
const OF_ONE: u64 = 50;
/// Files of the project and of the system, each.
const FILES: u64 = 20_000;

fn main() {
    let events: u64 = std::env::args().nth(1).map_or(1_000_000, |n| n.parse().unwrap());
    let out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut writer = LogWriter::new(out, &header()).unwrap();
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
            let object = format!("/home/u/w/out/part{}/unit{}.o", n % 200, n % FILES);
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

fn header() -> Header {
    let coverage = Coverage {
        recorded: Vec::new(),
        refused: Vec::new(),
        not_asserted: Vec::new(),
        toctou: Toctou::Verified,
        max_known_call: 0,
        fallback: None,
    };
    Header {
        version: 1,
        tool: "million".into(),
        kernel: "6.1".into(),
        arch: "x86_64".into(),
        command: vec!["make".into(), "-j8".into()],
        cwd: "/home/u/w".into(),
        workspace: "/home/u/w".into(),
        uid: 1000,
        level: Level::Files,
        engine: "none".into(),
        coverage,
        home: Some("/home/u".into()),
        tmp: "/tmp".into(),
        started_s: 0,
        mode: "observe".into(),
        step: None,
        profile_sha256: None,
        nonce: [0; 16],
    }
}
