//! Recordings made of events, as a recorder would write them.
#![allow(unreachable_pub, reason = "shared by several test programs")]
#![allow(dead_code, clippy::unwrap_used, reason = "tests; each file uses a part")]
use sekisho_attest::{FileDigest, RunFacts, Verdict, gather};
use sekisho_events::{
    Access, Content, ContentWhen, Coverage, Digest, End, Event, Exec, FileAct, FileType, Header, Identity, Kind, Level,
    LogWriter, PathBytes, ProcessId, Toctou,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

pub const WORKSPACE: &str = "/w";

pub fn header() -> Header {
    Header {
        version: 1,
        tool: "sekisho 0.1.0".into(),
        kernel: "6.18.0".into(),
        arch: "x86_64".into(),
        command: vec!["make".into(), "-j2".into()],
        cwd: WORKSPACE.into(),
        workspace: WORKSPACE.into(),
        uid: 1000,
        level: Level::Files,
        engine: "ptrace".into(),
        coverage: Coverage {
            recorded: vec!["exec".into(), "file".into(), "net".into()],
            refused: vec!["io_uring_setup".into()],
            not_asserted: vec!["stat, access, readlink".into()],
            toctou: Toctou::Verified,
            max_known_call: 471,
            fallback: None,
        },
        home: Some("/home/user".into()),
        tmp: "/tmp".into(),
        started_s: 1_795_132_800,
        mode: "observe".into(),
        step: Some("build".into()),
        profile_sha256: None,
        nonce: [0xab; 16],
    }
}

/// A recording in the making, and what its files contain at the end.
pub struct Recording {
    pub header: Header,
    pub events: Vec<Event>,
    pub disk: BTreeMap<String, Vec<u8>>,
    next_ino: u64,
    inodes: BTreeMap<String, u64>,
}

impl Recording {
    pub fn new() -> Self {
        let (events, disk, inodes) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { header: header(), events, disk, next_ino: 1, inodes }
    }

    pub fn push(&mut self, kind: Kind) -> &mut Self {
        let seq = self.events.len() as u64 + 1;
        self.events.push(Event { seq, process: ProcessId(1), at_us: seq, times: None, kind });
        self
    }

    fn identity(&mut self, path: &str) -> Identity {
        let ino = *self.inodes.entry(path.to_owned()).or_insert_with(|| {
            self.next_ino += 1;
            self.next_ino
        });
        Identity { dev_major: 8, dev_minor: 1, ino, mount: 1 }
    }

    fn act(&mut self, access: Access, path: &str) -> FileAct {
        let identity = Some(self.identity(path));
        FileAct { identity, file_type: Some(FileType::Regular), ..FileAct::new(access, path) }
    }

    pub fn file(&mut self, access: Access, path: &str) -> &mut Self {
        let act = self.act(access, path);
        self.push(Kind::File(act))
    }

    /// A file that was there is read.
    pub fn read(&mut self, path: &str, content: &[u8]) -> &mut Self {
        self.disk.entry(path.into()).or_insert_with(|| content.to_vec());
        self.file(Access::Read, path).content(ContentWhen::Read, path, content)
    }

    pub fn content(&mut self, when: ContentWhen, path: &str, content: &[u8]) -> &mut Self {
        let identity = Some(self.identity(path));
        let (sha256, size) = (Some(Digest::of(content)), Some(content.len() as u64));
        self.push(Kind::Content(Content { path: path.into(), identity, sha256, size, when, why: None }))
    }

    /// A file is made, written and closed.
    pub fn make(&mut self, path: &str, content: &[u8]) -> &mut Self {
        self.disk.insert(path.into(), content.to_vec());
        self.file(Access::Create, path).file(Access::Write, path).content(ContentWhen::Final, path, content)
    }

    pub fn rename(&mut self, path: &str, to: &str) -> &mut Self {
        let act = FileAct { to: Some(to.into()), ..self.act(Access::Rename, path) };
        if let Some(content) = self.disk.remove(path) {
            self.disk.insert(to.into(), content);
        }
        if let Some(ino) = self.inodes.remove(path) {
            self.inodes.insert(to.into(), ino);
        }
        self.push(Kind::File(act))
    }

    pub fn delete(&mut self, path: &str) -> &mut Self {
        self.disk.remove(path);
        self.file(Access::Delete, path).inodes.remove(path);
        self
    }

    pub fn exec(&mut self, path: &str) -> &mut Self {
        let identity = Some(self.identity(path));
        let sha256 = Some(Digest::of(path.as_bytes()));
        let argv = vec![PathBytes::from(path)];
        self.push(Kind::Exec(Box::new(Exec { path: path.into(), argv, identity, sha256, ..Exec::default() })))
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.bytes_ending(End { lost: 0, status: 0, duration_us: 5_000_000, toctou: Toctou::Verified, complete: true })
    }

    pub fn bytes_ending(&self, end: End) -> Vec<u8> {
        let mut writer = LogWriter::new(Vec::new(), &self.header).unwrap();
        for event in &self.events {
            writer.append(event).unwrap();
        }
        writer.finish(end).unwrap().0
    }

    pub fn facts(&self) -> RunFacts {
        gather(&self.bytes()[..]).unwrap()
    }

    /// What the disk answers.
    pub fn on_disk(&self) -> impl FnMut(&Path) -> io::Result<Option<FileDigest>> + '_ {
        |path| {
            let content = self.disk.get(path.to_str().unwrap());
            Ok(content.map(|c| FileDigest { sha256: Digest::of(c), size: Some(c.len() as u64) }))
        }
    }
}

/// A C build: two sources, two objects, a program that is staged under another name.
pub fn build() -> Recording {
    let mut r = Recording::new();
    r.exec("/usr/bin/make").read("/w/Makefile", b"all:").exec("/usr/bin/gcc");
    r.read("/w/a.c", b"int a;").read("/usr/include/stdio.h", b"#define").make("/w/a.o", b"\x7fELF a");
    r.read("/w/b.c", b"int b;").make("/w/b.o", b"\x7fELF b");
    r.file(Access::Read, "/w/a.o").file(Access::Read, "/w/b.o");
    r.make("/w/dist/.app.tmp", b"\x7fELF app").rename("/w/dist/.app.tmp", "/w/dist/app");
    r.make("/tmp/cc1.s", b"asm").delete("/tmp/cc1.s");
    r
}

/// What a comparison said of it: clean, if there are no deviations.
pub fn verdict(deviations: &[Value]) -> Verdict {
    Verdict::from_json(&json!({
        "version": 1, "clean": deviations.is_empty(), "complete": true,
        "profile": {"path": "ci/sekisho.toml", "sha256": Digest::of(b"profile").to_hex()}, "mode": "observe",
        "counts": {"events": 20, "allowed": 20, "deviations": deviations.len()},
        "deviations": deviations, "unused_rules": [], "gaps": [],
    }))
    .unwrap()
}
