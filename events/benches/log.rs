//! How fast a recording is written and read: `cargo bench -p sekisho-events`. Items are events.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench")]
#[path = "../tests/every_kind/mod.rs"]
mod every_kind;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use sekisho_events::json::Line;
use sekisho_events::{Access, Digest, Event, FileAct, FileType, Identity, Kind, LogReader, LogWriter};
use std::io::Write as _;

const EVENTS: u64 = 100_000;

fn main() {
    divan::main();
}

/// Opens of headers, with identities, as most events of a build are.
fn events() -> Vec<Event> {
    let kinds = (0..EVENTS).map(|n| {
        let path = format!("/usr/include/x86_64-linux-gnu/bits/types/header{}.h", n % 700);
        let mut act = FileAct::new(Access::Read, path.as_str());
        act.identity = Some(Identity { dev_major: 254, dev_minor: 1, ino: 100_000 + n % 700, mount: 29 });
        act.file_type = Some(FileType::Regular);
        act.size = Some(n * 37 % 10_000);
        Kind::File(act)
    });
    every_kind::numbered(kinds.collect())
}

/// The length of their facts, encoded.
fn encoded(events: &[Event]) -> u64 {
    let mut out = Vec::new();
    for event in events {
        minicbor::encode(&event.kind, &mut out).unwrap();
    }
    out.len() as u64
}

#[divan::bench(sample_count = 10)]
fn write(bencher: Bencher<'_, '_>) {
    let events = events();
    bencher.counter(ItemsCount::new(EVENTS)).counter(BytesCount::new(encoded(&events))).bench(|| {
        let mut writer = LogWriter::new(std::io::sink(), &every_kind::header()).unwrap();
        for event in &events {
            writer.append(event).unwrap();
        }
        writer.finish(every_kind::end()).unwrap().1
    });
}

#[divan::bench(sample_count = 10)]
fn read(bencher: Bencher<'_, '_>) {
    let events = events();
    let bytes = every_kind::recording(&events, u64::MAX);
    bencher.counter(ItemsCount::new(EVENTS)).counter(BytesCount::new(encoded(&events))).bench(|| {
        let mut reader = LogReader::new(&bytes[..]).unwrap();
        let mut count = 0;
        while let Some(event) = reader.next_event().unwrap() {
            count += event.seq & 1;
        }
        count
    });
}

/// A recording as a command reads it, from its file: the one that `SEKISHO_RECORDING` names (scripts/bench-judging), or the one above.
#[divan::bench(sample_count = 10)]
fn read_file(bencher: Bencher<'_, '_>) {
    let mut own = tempfile::NamedTempFile::new().unwrap();
    own.write_all(&every_kind::recording(&events(), u64::MAX)).unwrap();
    let named = std::env::var_os("SEKISHO_RECORDING").map(std::path::PathBuf::from);
    let path = named.unwrap_or_else(|| own.path().to_owned());
    let count = || {
        let file = std::fs::File::open(&path).unwrap();
        let mut reader = LogReader::new(std::io::BufReader::with_capacity(1 << 16, file)).unwrap();
        let mut last = 0;
        while let Some(event) = reader.next_event().unwrap() {
            last = event.seq;
        }
        last
    };
    bencher.counter(ItemsCount::new(count())).bench(count);
}

#[divan::bench(sample_count = 10)]
fn decode_only(bencher: Bencher<'_, '_>) {
    let events = events();
    let mut bytes = Vec::new();
    for event in &events {
        minicbor::encode(&event.kind, &mut bytes).unwrap();
    }
    bencher.counter(ItemsCount::new(EVENTS)).bench(|| {
        let mut decoder = minicbor::Decoder::new(&bytes);
        let mut count = 0;
        while decoder.position() < bytes.len() {
            count += decoder.decode::<Kind>().unwrap().index();
        }
        count
    });
}

#[divan::bench(sample_count = 10)]
fn encode_only(bencher: Bencher<'_, '_>) {
    let events = events();
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        for event in &events {
            out.clear();
            minicbor::encode(&event.kind, &mut out).unwrap();
            divan::black_box(&out);
        }
    });
}

#[divan::bench(sample_count = 10)]
fn hash_only(bencher: Bencher<'_, '_>) {
    let bytes = vec![7; 8 << 20];
    bencher.counter(BytesCount::new(bytes.len() as u64)).bench(|| Digest::of(&bytes));
}

#[divan::bench(sample_count = 10)]
fn to_json(bencher: Bencher<'_, '_>) {
    let events = events();
    bencher.counter(ItemsCount::new(EVENTS)).bench(|| {
        let mut out = std::io::BufWriter::new(std::io::sink());
        for event in &events {
            serde_json::to_writer(&mut out, &Line::Event(event)).unwrap();
            out.write_all(b"\n").unwrap();
        }
    });
}
