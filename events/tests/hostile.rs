//! Blocks that no writer writes, made by hand with right checksums: a reader refuses each, in little memory.
#![allow(clippy::unwrap_used, reason = "tests")]
mod every_kind;

use sekisho_events::{Corruption, Event, Kind, LogError, LogReader};
use sha2::{Digest as _, Sha256};
use zstd::stream::raw::{CParameter, Encoder, InBuffer, Operation, OutBuffer};

/// A writer of blocks with whatever in them (docs/format.md).
struct Forge {
    bytes: Vec<u8>,
    chain: [u8; 32],
    zstd: Encoder<'static>,
}

impl Forge {
    fn new() -> Self {
        Self::with_window(20)
    }

    /// `log`: log2 of the window's bytes.
    fn with_window(log: u32) -> Self {
        let mut zstd = Encoder::new(1).unwrap();
        zstd.set_parameter(CParameter::WindowLog(log)).unwrap();
        let bytes = b"\x89SEKISHO\x01\0\0\0".to_vec();
        let mut forge = Self { bytes, chain: sha256(&[b"sekisho recording 1\n"]), zstd };
        forge.block(1, 1, &minicbor::to_vec(every_kind::header()).unwrap());
        forge
    }

    fn block(&mut self, kind: u8, count: u32, items: &[u8]) {
        let stored = self.compress(items, kind == 3);
        self.stored(kind, count, items.len() as u32, &stored);
    }

    fn compress(&mut self, items: &[u8], last: bool) -> Vec<u8> {
        let mut stored = Vec::with_capacity(items.len() + (1 << 16));
        let mut output = OutBuffer::around(&mut stored);
        self.zstd.run(&mut InBuffer::around(items), &mut output).unwrap();
        let left = if last { self.zstd.finish(&mut output, true) } else { self.zstd.flush(&mut output) };
        assert_eq!(left.unwrap(), 0);
        stored
    }

    fn stored(&mut self, kind: u8, count: u32, len: u32, stored: &[u8]) {
        let mut head = vec![kind];
        head.extend(count.to_le_bytes());
        head.extend(len.to_le_bytes());
        head.extend((stored.len() as u32).to_le_bytes());
        self.chain = sha256(&[&self.chain, &head, stored]);
        head.extend(self.chain);
        self.bytes.extend(head);
        self.bytes.extend(stored);
    }

    fn events(items: &[u8], count: u32) -> Vec<u8> {
        let mut forge = Self::new();
        forge.block(2, count, items);
        forge.bytes
    }
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

fn refusal(bytes: &[u8]) -> Corruption {
    let mut reader = match LogReader::new(bytes) {
        Ok(reader) => reader,
        Err(LogError::Corrupt { what, .. }) => return what,
        Err(other) => panic!("{other}"),
    };
    loop {
        match reader.next_event() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("accepted"),
            Err(LogError::Corrupt { what, .. }) => {
                assert!(reader.next_event().is_err(), "an error stays");
                return what;
            }
            Err(other) => panic!("{other}"),
        }
    }
}

fn first() -> Event {
    every_kind::events().remove(0)
}

/// An event as it is stored, if it is the first.
fn item(event: &Event) -> Vec<u8> {
    let mut item = Vec::new();
    let mut e = minicbor::Encoder::new(&mut item);
    e.map(3).unwrap().u8(0).unwrap().u64(event.process.0).unwrap().u8(1).unwrap().u64(event.at_us).unwrap();
    e.u8(3).unwrap().encode(&event.kind).unwrap();
    item
}

#[test]
fn the_forge_makes_what_a_reader_reads() {
    let bytes = Forge::events(&item(&first()), 1);
    let mut reader = LogReader::new(&bytes[..]).unwrap();
    assert_eq!(reader.next_event().unwrap(), Some(&first()));
    assert!(reader.next_event().unwrap().is_none() && reader.truncated().is_some());
}

#[test]
fn an_unknown_key_is_refused() {
    let mut items = Vec::new();
    let good = item(&first());
    assert_eq!(good[0] & 0xe0, 0xa0, "a map");
    items.push(good[0] + 1);
    items.extend(&good[1..]);
    items.extend([0x18, 0x63, 0x00]);
    assert_eq!(refusal(&Forge::events(&items, 1)), Corruption::Encoding);
}

#[test]
fn a_number_in_a_longer_form_is_refused() {
    let good = item(&first());
    assert_eq!(good[1..3], [0x00, 0x01], "key 0, process 1");
    let items = [&good[..2], &[0x18, 0x01], &good[3..]].concat();
    assert_eq!(refusal(&Forge::events(&items, 1)), Corruption::Encoding);
}

#[test]
fn a_count_that_is_not_the_number_of_items_is_refused() {
    let items = item(&first());
    for count in [2, 3] {
        assert_eq!(refusal(&Forge::events(&items, count)), Corruption::Encoding);
    }
    let two = [items.clone(), items].concat();
    assert_eq!(refusal(&Forge::events(&two, 1)), Corruption::Encoding);
    assert_eq!(refusal(&Forge::events(&two, 3)), Corruption::Encoding);
    assert_eq!(refusal(&Forge::events(&two, 0)), Corruption::Length);
}

#[test]
fn denied_in_denied_in_denied_does_not_exhaust_the_stack() {
    let mut items = Vec::new();
    let mut e = minicbor::Encoder::new(&mut items);
    e.map(3).unwrap().u8(0).unwrap().u8(1).unwrap().u8(1).unwrap().u8(1).unwrap().u8(3).unwrap();
    for _ in 0..100_000 {
        e.array(2).unwrap().u8(9).unwrap().array(1).unwrap();
        e.map(4).unwrap().u8(0).unwrap().str("r").unwrap().u8(1).unwrap().str("c").unwrap();
        e.u8(2).unwrap().u8(1).unwrap().u8(3).unwrap();
    }
    assert_eq!(refusal(&Forge::events(&items, 1)), Corruption::Encoding);
}

#[test]
fn deep_nesting_under_an_unknown_key_does_not_exhaust_the_stack() {
    let mut items = vec![0xa1, 0x18, 0x63];
    items.extend(std::iter::repeat_n(0x81, 1_000_000));
    assert_eq!(refusal(&Forge::events(&items, 1)), Corruption::Encoding);
}

#[test]
fn a_decompression_bomb_is_refused_before_memory_is_taken() {
    let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 1).unwrap();
    let mut forge = Forge::new();
    forge.stored(2, 1, 1000, &bomb);
    assert_eq!(refusal(&forge.bytes), Corruption::Compression);
    let mut forge = Forge::new();
    forge.stored(2, 1, 64 << 20, &bomb);
    assert_eq!(refusal(&forge.bytes), Corruption::Length);
}

#[test]
fn another_frame_behind_the_first_and_one_that_ends_early_are_refused() {
    let items = item(&first());
    let own = zstd::bulk::compress(&items, 1).unwrap();
    let mut forge = Forge::new();
    forge.stored(2, 1, items.len() as u32, &own);
    assert_eq!(refusal(&forge.bytes), Corruption::Compression, "a frame within the frame");
    let mut forge = Forge::new();
    let stored = forge.compress(&items, true);
    forge.stored(2, 1, items.len() as u32, &stored);
    assert_eq!(refusal(&forge.bytes), Corruption::Compression, "the frame ends before the trailer");
    let mut forge = Forge::new();
    let stored = [forge.compress(&items, false), own].concat();
    forge.stored(2, 1, items.len() as u32, &stored);
    assert_eq!(refusal(&forge.bytes), Corruption::Compression, "both");
}

#[test]
fn a_window_that_takes_more_memory_than_a_writer_uses_is_refused() {
    assert!(LogReader::new(&Forge::with_window(20).bytes[..]).is_ok());
    assert_eq!(refusal(&Forge::with_window(21).bytes), Corruption::Compression);
}

#[test]
fn a_trailer_that_contradicts_the_events_is_refused() {
    let event = first();
    let items = item(&event);
    let with_event = || {
        let mut forge = Forge::new();
        forge.block(2, 1, &items);
        forge
    };
    let root = sekisho_events::Digest::new(with_event().chain);
    let mut counts = sekisho_events::Counts::default();
    counts.0[event.kind.index()] = 1;
    let good = sekisho_events::Trailer {
        complete: true,
        counts,
        lost: 0,
        gaps: 0,
        root,
        status: 0,
        duration_us: 1,
        toctou: sekisho_events::Toctou::Verified,
    };
    let mut bad = vec![good.clone(), good.clone(), good.clone(), good.clone()];
    bad[0].counts.0[Kind::GAP_INDEX] = 1;
    bad[1].root = sekisho_events::Digest::of(b"other");
    bad[2].lost = 1;
    bad[3].gaps = 1;
    for trailer in bad {
        let mut forge = with_event();
        forge.block(3, 1, &minicbor::to_vec(trailer).unwrap());
        assert_eq!(refusal(&forge.bytes), Corruption::Trailer);
    }
    let mut forge = with_event();
    forge.block(3, 1, &minicbor::to_vec(good).unwrap());
    let mut reader = LogReader::new(&forge.bytes[..]).unwrap();
    while reader.next_event().unwrap().is_some() {}
    assert!(reader.trailer().unwrap().complete);
}

#[test]
fn a_second_header_and_an_unknown_kind_of_block_are_refused() {
    for kind in [0, 1, 4, 255] {
        let mut forge = Forge::new();
        forge.block(kind, 1, &minicbor::to_vec(every_kind::header()).unwrap());
        assert_eq!(refusal(&forge.bytes), Corruption::Kind);
    }
}
