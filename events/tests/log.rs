//! The log: what is written is read, what is altered is found, what is cut is said to be cut.
#![allow(clippy::unwrap_used, reason = "tests")]
mod every_kind;

use every_kind::{end, events, events_with_gap, header, numbered, recording};
use proptest::prelude::*;
use sekisho_events::{
    Access, Corruption, Denied, Event, FileAct, Kind, LogError, LogReader, LogWriter, PathBytes, ProcessId, Toctou,
    Trailer, Truncation,
};

/// How a reading ended.
#[derive(Debug)]
enum Ended {
    Whole(Trailer),
    Cut(Truncation),
    Failed(LogError),
}

fn read(bytes: &[u8]) -> (Vec<Event>, Ended) {
    let mut found = Vec::new();
    let mut reader = match LogReader::new(bytes) {
        Ok(reader) => reader,
        Err(error) => return (found, Ended::Failed(error)),
    };
    loop {
        match reader.next_event() {
            Ok(Some(event)) => found.push(event.clone()),
            Err(error) => return (found, Ended::Failed(error)),
            Ok(None) => break,
        }
    }
    assert!(reader.next_event().unwrap().is_none(), "the end stays the end");
    match (reader.trailer(), reader.truncated()) {
        (Some(trailer), None) => (found, Ended::Whole(trailer.clone())),
        (None, Some(cut)) => (found, Ended::Cut(*cut)),
        other => panic!("neither whole nor cut: {other:?}"),
    }
}

fn append_all(writer: &mut LogWriter<impl std::io::Write>) {
    for event in events() {
        writer.append(&event).unwrap();
    }
}

#[test]
fn every_kind_of_event_comes_back_as_it_was() {
    let written = events_with_gap();
    let (found, ended) = read(&recording(&written, 4));
    assert_eq!(found, written);
    let Ended::Whole(trailer) = ended else { panic!("{ended:?}") };
    assert!(!trailer.complete, "a gap is never complete");
    assert_eq!(trailer.gaps, 1);
    assert_eq!(trailer.counts.0.iter().sum::<u64>(), written.len() as u64);
}

#[test]
fn a_recording_without_gap_is_complete_and_one_with_a_lost_event_is_not() {
    for (lost, complete) in [(0, true), (1, false)] {
        let mut writer = LogWriter::new(Vec::new(), &header()).unwrap();
        append_all(&mut writer);
        let mut end = end();
        (end.lost, end.toctou) = (lost, Toctou::Verified);
        let (bytes, trailer) = writer.finish(end).unwrap();
        assert_eq!((trailer.complete, trailer.toctou), (complete, Toctou::BestEffort), "one event is racy");
        assert!(matches!(read(&bytes).1, Ended::Whole(t) if t == trailer));
    }
}

#[test]
fn no_event_at_all_is_a_recording_too() {
    let (found, ended) = read(&recording(&[], 1));
    assert!(found.is_empty() && matches!(ended, Ended::Whole(_)));
}

#[test]
fn a_flipped_bit_anywhere_is_an_error_or_a_cut_and_never_another_stream() {
    let written = events();
    let bytes = recording(&written, 5);
    for at in 0..bytes.len() {
        for bit in [0x01, 0x10, 0x80] {
            let mut altered = bytes.clone();
            altered[at] ^= bit;
            let (found, ended) = read(&altered);
            assert!(!matches!(ended, Ended::Whole(_)), "byte {at}: {ended:?}");
            assert_eq!(found[..], written[..found.len()], "byte {at}");
        }
    }
}

#[test]
fn a_cut_anywhere_is_truncated_and_keeps_the_blocks_before_it() {
    let written = events();
    let bytes = recording(&written, 5);
    let mut longest = 0;
    for len in 0..bytes.len() {
        match read(&bytes[..len]) {
            (found, Ended::Cut(cut)) => {
                assert_eq!(found[..], written[..found.len()]);
                assert_eq!(cut.events, found.len() as u64);
                assert!(cut.offset <= len as u64);
                assert!(found.len() >= longest);
                longest = found.len();
            }
            (_, Ended::Failed(LogError::NotARecording)) => assert_eq!(len, 0),
            (_, Ended::Failed(LogError::CutHeader)) => assert_eq!(longest, 0),
            (_, other) => panic!("cut at {len}: {other:?}"),
        }
    }
    assert_eq!(longest, written.len());
}

/// Where the blocks of a recording begin, and where the last ends.
fn blocks(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![12];
    while starts[starts.len() - 1] < bytes.len() {
        let at = starts[starts.len() - 1];
        let stored = u32::from_le_bytes(bytes[at + 9..at + 13].try_into().unwrap());
        starts.push(at + 45 + stored as usize);
    }
    starts
}

#[test]
fn a_removed_repeated_or_moved_block_is_found() {
    let bytes = recording(&events(), 5);
    let at = blocks(&bytes);
    let block = |n: usize| &bytes[at[n]..at[n + 1]];
    let removed = [&bytes[..at[2]], &bytes[at[3]..]].concat();
    let repeated = [&bytes[..at[3]], block(2), &bytes[at[3]..]].concat();
    let swapped = [&bytes[..at[2]], block(3), block(2), &bytes[at[4]..]].concat();
    for (number, altered) in [(2, removed), (3, repeated), (2, swapped)] {
        let (_, ended) = read(&altered);
        let Ended::Failed(LogError::Corrupt { block, offset, what: Corruption::Chain }) = ended else {
            panic!("{ended:?}")
        };
        assert_eq!((block, offset), (number, at[number as usize] as u64));
    }
    let first_missing = [&bytes[..at[0]], &bytes[at[1]..]].concat();
    assert!(matches!(read(&first_missing).1, Ended::Failed(LogError::Corrupt { block: 0, .. })));
}

#[test]
fn nothing_may_follow_the_trailer() {
    let bytes = recording(&events(), 100);
    for more in [b"x".to_vec(), bytes.clone()] {
        let (_, ended) = read(&[bytes.clone(), more].concat());
        assert!(matches!(ended, Ended::Failed(LogError::Corrupt { what: Corruption::Behind, .. })), "{ended:?}");
    }
}

#[test]
fn another_version_and_another_file_are_named_as_such() {
    let mut bytes = recording(&[], 1);
    bytes[8] = 2;
    assert!(matches!(read(&bytes).1, Ended::Failed(LogError::UnknownVersion(2))));
    for other in [b"".as_slice(), b"\x7fELF\x02\x01\x01", b"{\"kind\":\"header\"}\n"] {
        assert!(matches!(read(other).1, Ended::Failed(LogError::NotARecording)));
    }
}

#[test]
fn the_writer_refuses_a_hole_and_what_no_reader_accepts() {
    let mut writer = LogWriter::new(Vec::new(), &header()).unwrap();
    let mut all = events();
    assert!(matches!(writer.append(&all[1]), Err(LogError::Sequence { expected: 1, got: 2 })));
    let denied =
        |would| Kind::Denied(Denied { rule: "r".to_owned(), call: "c".to_owned(), errno: 1, would: Box::new(would) });
    all[0].kind = denied(denied(Kind::File(FileAct::new(Access::Read, "/"))));
    assert!(matches!(writer.append(&all[0]), Err(LogError::Unwritable)));
    all[0].kind = Kind::File(FileAct::new(Access::Read, PathBytes::new(vec![b'a'; 3 << 20])));
    assert!(matches!(writer.append(&all[0]), Err(LogError::TooLarge { .. })));
    all[0].kind = Kind::File(FileAct::new(Access::Read, PathBytes::new(vec![b'a'; 1 << 20])));
    writer.append(&all[0]).unwrap();
    let (bytes, _) = writer.finish(end()).unwrap();
    assert_eq!(read(&bytes).0, all[..1]);
}

/// A medium that is full after so many bytes.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 && !bytes.is_empty() {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn behind_a_failed_write_nothing_more_is_written() {
    let mut writer = LogWriter::new(Full(600), &header()).unwrap();
    append_all(&mut writer);
    assert!(matches!(writer.flush_block(), Err(LogError::Io(e)) if e.kind() == std::io::ErrorKind::StorageFull));
    assert!(writer.flush_block().is_err());
    assert!(writer.finish(end()).is_err());
}

fn any_bytes() -> impl Strategy<Value = PathBytes> {
    proptest::collection::vec(any::<u8>(), 0..40).prop_map(PathBytes::new)
}

fn any_kind() -> impl Strategy<Value = Kind> {
    let sample = every_kind::kinds();
    let file = (0..Access::ALL.len(), any_bytes(), proptest::option::of(any_bytes()), any::<Option<u64>>()).prop_map(
        |(access, path, to, size)| Kind::File(FileAct { to, size, ..FileAct::new(Access::ALL[access], path) }),
    );
    prop_oneof![file, (0..sample.len()).prop_map(move |at| sample[at].clone())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_events_in_blocks_of_any_size_come_back(kinds in proptest::collection::vec(any_kind(), 0..60), every in 1..30u64) {
        let written = numbered(kinds);
        let (found, ended) = read(&recording(&written, every));
        prop_assert_eq!(found, written);
        prop_assert!(matches!(ended, Ended::Whole(_)));
    }

    #[test]
    fn any_bytes_behind_a_good_start_are_an_error_or_a_cut(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        let bytes = recording(&events(), 5);
        let at = blocks(&bytes);
        let (found, ended) = read(&[&bytes[..at[3]], &noise].concat());
        prop_assert!(!matches!(ended, Ended::Whole(_)));
        prop_assert_eq!(&found[..], &events()[..10]);
    }
}

#[test]
fn numbers_of_processes_are_kept() {
    let (found, _) = read(&recording(&events(), 3));
    assert_eq!(found[0].process, ProcessId(1));
}
