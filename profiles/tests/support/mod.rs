//! Recordings made of code, for tests of what reads them.
#![allow(dead_code, reason = "each test file uses its part")]
use sekisho_events::{
    Access, Coverage, Digest, Event, Exec, Exit, ExitHow, FileAct, Header, Kind, Level, NetAct, NetOp, PathBytes,
    ProcessId, SpawnHow, Toctou, Trailer,
};

/// Events in order, with the numbers that they need.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    pub(crate) events: Vec<Event>,
    processes: u64,
}

impl Tape {
    pub(crate) fn push(&mut self, process: u64, kind: Kind) -> &mut Self {
        let seq = self.events.len() as u64 + 1;
        self.events.push(Event { seq, process: ProcessId(process), at_us: seq, times: None, kind });
        self
    }

    /// A new process that runs a program; returns its number.
    pub(crate) fn run(&mut self, parent: u64, path: &str) -> u64 {
        self.processes += 1;
        let process = self.processes;
        self.push(process, Kind::Spawn { parent: ProcessId(parent), how: SpawnHow::Fork, thread: false });
        let argv = vec![PathBytes::new(path.rsplit('/').next().unwrap_or(path).as_bytes())];
        self.push(process, Kind::Exec(Box::new(Exec { path: path.into(), argv, ..Exec::default() })));
        process
    }

    pub(crate) fn file(&mut self, process: u64, access: Access, path: &str) -> &mut Self {
        self.push(process, Kind::File(FileAct::new(access, path)))
    }

    pub(crate) fn connect(&mut self, process: u64, address: &str, port: u16) -> &mut Self {
        let mut act = NetAct::new(NetOp::Connect, "tcp");
        act.address = address.parse().ok();
        act.port = Some(port);
        self.push(process, Kind::Net(act))
    }

    pub(crate) fn exit(&mut self, process: u64, status: i32) -> &mut Self {
        self.push(process, Kind::Exit(Exit { how: ExitHow::Status(status), core: false, killed_by_us: false }))
    }
}

pub(crate) fn header() -> Header {
    Header {
        version: 1,
        tool: "sekisho test".into(),
        kernel: "6.1".into(),
        arch: "x86_64".into(),
        command: vec!["make".into()],
        cwd: "/home/u/w".into(),
        workspace: "/home/u/w".into(),
        uid: 1000,
        level: Level::Files,
        engine: "ptrace".into(),
        coverage: Coverage {
            recorded: Vec::new(),
            refused: Vec::new(),
            not_asserted: Vec::new(),
            toctou: Toctou::Verified,
            max_known_call: 0,
            fallback: None,
        },
        home: Some("/home/u".into()),
        tmp: "/tmp".into(),
        started_s: 0,
        mode: "observe".into(),
        step: None,
        profile_sha256: None,
        nonce: [0; 16],
    }
}

pub(crate) fn trailer() -> Trailer {
    Trailer {
        complete: true,
        counts: sekisho_events::Counts::default(),
        lost: 0,
        gaps: 0,
        root: Digest::of(b""),
        status: 0,
        duration_us: 1,
        toctou: Toctou::Verified,
    }
}
