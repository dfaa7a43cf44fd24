//! docs/format.md is enough to write a reader: one in Python, written from it, reads what ours reads.
#![allow(clippy::unwrap_used, reason = "tests")]
mod every_kind;

use sekisho_events::json::Line;
use sekisho_events::{Event, LogReader};
use serde_json::Value;
use std::process::{Command, Output};

fn second_reader(bytes: &[u8]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sample.rec");
    std::fs::write(&path, bytes).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/reader/read_log.py");
    Command::new("python3").arg("-I").arg(script).arg(&path).output().expect("python3 is needed")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ours(bytes: &[u8]) -> Vec<Value> {
    let mut reader = LogReader::new(bytes).unwrap();
    let mut lines = vec![serde_json::to_value(Line::Header(reader.header())).unwrap()];
    while let Some(event) = reader.next_event().unwrap() {
        lines.push(serde_json::to_value(Line::Event(event)).unwrap());
    }
    lines.extend(reader.trailer().map(|trailer| serde_json::to_value(Line::Trailer(trailer)).unwrap()));
    lines
}

fn agree(events: &[Event], every: u64) {
    let bytes = every_kind::recording(events, every);
    let output = second_reader(&bytes);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (theirs, ours) = (lines(&output), ours(&bytes));
    assert_eq!(theirs.len(), ours.len());
    for (theirs, ours) in theirs.iter().zip(&ours) {
        assert_eq!(theirs, ours);
    }
}

#[test]
fn the_second_reader_shows_every_kind_of_event_as_ours_does() {
    agree(&every_kind::events_with_gap(), 9);
    agree(&every_kind::events(), 1000);
}

#[test]
fn the_second_reader_finds_a_cut_and_an_alteration_too() {
    let bytes = every_kind::recording(&every_kind::events(), 9);
    let cut = &bytes[..bytes.len() - 20];
    let output = second_reader(cut);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(lines(&output), ours(cut));
    let mut altered = bytes.clone();
    altered[bytes.len() / 2] ^= 1;
    assert_eq!(second_reader(&altered).status.code(), Some(1));
    assert_eq!(second_reader(b"\x7fELF").status.code(), Some(1));
}
