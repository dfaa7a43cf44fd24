//! A recording with every kind of event and every fact of each, for tests of readers and renderings.
#![allow(dead_code, reason = "each test uses a part")]
use sekisho_events::{
    Access, Content, ContentWhen, Coverage, Delegated, Denied, Descriptor, DescriptorHow, DescriptorTarget, Digest,
    End, Event, Exec, Exit, ExitHow, FileAct, FileType, Gap, GapWhy, Header, Identity, Interpreter, Kind, Level,
    LogWriter, NetAct, NetOp, Outcome, PathBytes, ProcessId, Refused, Restrict, RestrictWhat, SpawnHow, Tamper, Toctou,
};

/// A header with every fact.
pub(crate) fn header() -> Header {
    Header {
        version: 1,
        tool: "sekisho 0.1.0".to_owned(),
        kernel: "6.18.0".to_owned(),
        arch: "x86_64".to_owned(),
        command: vec!["make".into(), "-j2".into()],
        cwd: "/w".into(),
        workspace: "/w".into(),
        uid: 1000,
        level: Level::Files,
        engine: "ptrace".to_owned(),
        coverage: Coverage {
            recorded: vec!["exec".to_owned(), "file".to_owned(), "net".to_owned()],
            refused: vec!["io_uring_setup".to_owned()],
            not_asserted: vec!["stat, access, readlink".to_owned()],
            toctou: Toctou::BestEffort,
            max_known_call: 469,
            fallback: None,
        },
        home: Some("/home/b".into()),
        tmp: "/tmp".into(),
        started_s: 1_800_000_000,
        mode: "observe".to_owned(),
        step: Some("build".to_owned()),
        profile_sha256: Some(Digest::of(b"profile")),
        nonce: *b"0123456789abcdef",
    }
}

/// One event of every kind, and more where a kind has several shapes.
pub(crate) fn kinds() -> Vec<Kind> {
    let mut kinds = vec![
        Kind::Spawn { parent: ProcessId(0), how: SpawnHow::Fork, thread: false },
        descriptor(DescriptorTarget::File(file_full())),
        descriptor(DescriptorTarget::Net(net_full())),
        Kind::Exec(Box::new(exec_full())),
        Kind::Exec(Box::new(Exec {
            path: b"/w/\xff".as_slice().into(),
            argv: vec!["a".into(), b"\x80".as_slice().into()],
            env: vec![b"\xc3\x28".as_slice().into()],
            outcome: Outcome::Errno(2),
            ..Exec::default()
        })),
        Kind::Spawn { parent: ProcessId(1), how: SpawnHow::Clone3, thread: true },
        Kind::Content(Content {
            path: "/w/out".into(),
            identity: Some(identity()),
            sha256: Some(Digest::of(b"out")),
            size: Some(3),
            when: ContentWhen::Final,
            why: None,
        }),
        Kind::Content(Content {
            path: "/w/gone".into(),
            identity: None,
            sha256: None,
            size: None,
            when: ContentWhen::Read,
            why: Some("vanished".to_owned()),
        }),
        Kind::Net(net_full()),
        Kind::Net(NetAct {
            path: Some("@/tmp/.X11-unix/X0".into()),
            peer: Some(0),
            outcome: Outcome::Errno(111),
            ..NetAct::new(NetOp::Connect, "unix")
        }),
        Kind::Restrict(Restrict {
            what: RestrictWhat::Seccomp,
            flags: u64::MAX,
            digest: Some(Digest::of(b"bpf")),
            outcome: Outcome::Ok,
            path: None,
        }),
        Kind::Restrict(Restrict {
            what: RestrictWhat::Chroot,
            flags: 0,
            digest: None,
            outcome: Outcome::Unknown,
            path: Some("/w/root".into()),
        }),
        Kind::Refused(Refused {
            call: "io_uring_setup".to_owned(),
            why: "acts without system calls".to_owned(),
            errno: 38,
        }),
        Kind::Denied(Denied {
            rule: "no-ssh".to_owned(),
            call: "openat".to_owned(),
            errno: 13,
            would: Box::new(Kind::File(FileAct::new(Access::Read, "/home/b/.ssh/id_ed25519"))),
        }),
        Kind::Denied(Denied {
            rule: "default".to_owned(),
            call: "connect".to_owned(),
            errno: 0,
            would: Box::new(Kind::Net(net_full())),
        }),
        Kind::Delegated(Delegated { to: "unix:/run/docker.sock".into(), peer: Some("pid 812 uid 0 dockerd".into()) }),
        Kind::Tamper(Tamper {
            what: "signal".to_owned(),
            call: "kill".to_owned(),
            target: "recorder".into(),
            outcome: Outcome::Refused(1),
        }),
        Kind::Exit(Exit { how: ExitHow::Signal(9), core: false, killed_by_us: true }),
        Kind::Exit(Exit { how: ExitHow::Status(0), core: false, killed_by_us: false }),
    ];
    for access in Access::ALL {
        let mut act = FileAct::new(*access, "/w/a\x1b[31m\"<b>.c");
        act.to = matches!(access, Access::Rename | Access::Link | Access::Symlink).then(|| "/w/b".into());
        kinds.push(Kind::File(act));
    }
    kinds.push(Kind::File(file_full()));
    kinds
}

/// The kinds as events of two processes.
pub(crate) fn events() -> Vec<Event> {
    numbered(kinds())
}

/// The same, with a gap: not complete.
pub(crate) fn events_with_gap() -> Vec<Event> {
    let mut kinds = kinds();
    kinds.push(Kind::Gap(Gap { why: GapWhy::Limit, detail: "argument list of 3 MB".to_owned() }));
    numbered(kinds)
}

/// Numbers acts as a recording does.
pub(crate) fn numbered(kinds: Vec<Kind>) -> Vec<Event> {
    let numbered = kinds.into_iter().enumerate().map(|(at, kind)| Event {
        seq: at as u64 + 1,
        process: ProcessId(if at < 5 { 1 } else { 2 }),
        at_us: at as u64 * 1000,
        times: (at % 7 == 3).then_some(4),
        kind,
    });
    numbered.collect()
}

/// How a recording ends that missed nothing.
pub(crate) fn end() -> End {
    End { lost: 0, status: 0, duration_us: 41_200_000, toctou: Toctou::BestEffort, complete: true }
}

/// A recording of these events, as bytes; a block ends behind every event whose number `cut_every` divides.
pub(crate) fn recording(events: &[Event], cut_every: u64) -> Vec<u8> {
    let mut writer = LogWriter::new(Vec::new(), &header()).unwrap();
    for event in events {
        writer.append(event).unwrap();
        if event.seq % cut_every == 0 {
            writer.flush_block().unwrap();
        }
    }
    writer.finish(end()).unwrap().0
}

fn identity() -> Identity {
    Identity { dev_major: 254, dev_minor: 1, ino: 7_340_033, mount: 29 }
}

fn descriptor(target: DescriptorTarget) -> Kind {
    Kind::Descriptor(Box::new(Descriptor { how: DescriptorHow::Inherited, fd: 1, target }))
}

fn exec_full() -> Exec {
    Exec {
        path: "/usr/bin/dash".into(),
        asked: Some("./configure".into()),
        interpreters: vec![
            Interpreter { path: "/w/configure".into(), sha256: Some(Digest::of(b"#!")) },
            Interpreter { path: b"/lib/\xfe".as_slice().into(), sha256: None },
        ],
        argv: vec!["sh".into(), "./configure".into(), "--prefix=/é".into()],
        argv_truncated: true,
        cwd: "/w".into(),
        sha256: Some(Digest::of(b"dash")),
        identity: Some(identity()),
        env: vec!["HOME".into(), "PATH".into()],
        outcome: Outcome::Ok,
        argv_sha256: Some(Digest::of(b"argv")),
        anonymous: Some(true),
        namespace: Some(4_026_531_840),
        env_bytes: Some(2100),
    }
}

fn file_full() -> FileAct {
    FileAct {
        access: Access::Write,
        path: PathBytes::new(b"/w/new\nline\xff".as_slice()),
        asked: Some("../w/x".into()),
        to: None,
        identity: Some(Identity { mount: 0, ..identity() }),
        file_type: Some(FileType::Regular),
        sha256: Some(Digest::of(b"x")),
        size: Some(u64::MAX),
        outcome: Outcome::Errno(13),
        namespace: Some(4_026_531_841),
        racy: Some(true),
    }
}

fn net_full() -> NetAct {
    NetAct {
        op: NetOp::Send,
        protocol: "udp".to_owned(),
        address: Some("2001:db8::53".parse().unwrap()),
        port: Some(53),
        host: Some("dns.example".to_owned()),
        path: None,
        bytes_out: Some(40),
        bytes_in: Some(0),
        answers: Some(vec!["203.0.113.7".to_owned()]),
        outcome: Outcome::Ok,
        peer: Some(2),
        racy: Some(false),
    }
}
