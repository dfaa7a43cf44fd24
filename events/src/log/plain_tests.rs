//! The short way holds against the general decoder: on what the writer makes, and on everything one byte away from it.
use super::*;
use crate::log::item::{Item, Place};
use crate::{Event, Gap, GapWhy};

const SOME: Identity = Identity { dev_major: 254, dev_minor: 70_000, ino: 1 << 40, mount: 29 };

/// An act with every fact.
fn full() -> FileAct {
    FileAct {
        asked: Some("../x".into()),
        to: Some(b"/w/\xff\n".as_slice().into()),
        identity: Some(SOME),
        file_type: Some(FileType::Socket),
        sha256: Some(Digest::of(b"x")),
        size: Some(300),
        namespace: Some(u64::MAX),
        racy: Some(true),
        ..FileAct::new(Access::Stat, PathBytes::new(vec![b'/'; 300]))
    }
}

/// Acts with every fact, with none, and with numbers of every length.
fn acts() -> Vec<FileAct> {
    let mut acts = vec![full(), FileAct { racy: Some(false), to: None, asked: None, ..full() }];
    let outcomes = [Outcome::Errno(2), Outcome::Errno(-70_000), Outcome::Unknown, Outcome::Refused(1)];
    acts.extend(outcomes.map(|outcome| FileAct { outcome, ..FileAct::new(Access::Read, "/a") }));
    acts.extend(Access::ALL.iter().map(|access| FileAct::new(*access, "")));
    let types = FileType::ALL.iter().map(|t| FileAct { file_type: Some(*t), ..FileAct::new(Access::Write, "/b") });
    acts.extend(types);
    let sizes = [0, 23, 24, 255, 256, 65_535, 65_536, u64::from(u32::MAX), 1 << 32, u64::MAX];
    acts.extend(sizes.map(|size| FileAct { size: Some(size), ..FileAct::new(Access::Read, "/c") }));
    acts
}

/// Contents with every fact, with none, and of both kinds.
fn contents() -> Vec<Content> {
    let full = Content { identity: Some(SOME), sha256: Some(Digest::of(b"y")), size: Some(70_000), ..NO_CONTENT };
    let named = Content { path: PathBytes::new(vec![b'/'; 300]), when: ContentWhen::Final, ..full.clone() };
    vec![full, named, Content { path: "/d".into(), ..NO_CONTENT }]
}

/// As the writer stores them, each with another time and count.
fn stored() -> Vec<Vec<u8>> {
    let times = [None, Some(2), Some(1 << 33)];
    let at = [0, 1, 500, 70_000, u64::MAX, i64::MIN.cast_unsigned()];
    let kinds = acts().into_iter().map(Kind::File).chain(contents().into_iter().map(Kind::Content));
    let items = kinds.enumerate().map(|(n, kind)| {
        let (at_us, times) = (at[n % at.len()], times[n % times.len()]);
        let event = Event { seq: 1, process: ProcessId(n as u64 * 9), at_us, times, kind };
        minicbor::to_vec(Place::first().item_of(&event)).unwrap_or_default()
    });
    items.collect()
}

/// What the general decoder makes of the bytes, as the reader asks it.
fn general(bytes: &[u8]) -> Option<(Event, usize)> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let item = decoder.decode::<Item<Kind>>().ok()?;
    let read = decoder.position();
    (minicbor::len(&item) == read).then(|| (event(item.split()), read))
}

/// What the short way makes of them, behind other events whose facts are all there.
fn short(bytes: &[u8]) -> Option<(Event, usize)> {
    let why = Some("unreadable".to_owned());
    let [mut kind, mut spare] = [Kind::File(full()), Kind::Content(Content { why, ..contents()[1].clone() })];
    let (stamp, read) = super::event(bytes, &mut kind, &mut spare)?;
    Some((event((stamp, kind)), read))
}

fn event((stamp, kind): (Stamp, Kind)) -> Event {
    let mut event = Event { seq: 0, process: ProcessId(0), at_us: 0, times: None, kind };
    Place::first().put(&stamp, &mut event);
    event
}

#[test]
fn every_act_on_a_file_and_content_that_the_writer_stores_takes_the_short_way() {
    for bytes in stored() {
        let found = short(&[bytes.as_slice(), b"what follows"].concat());
        assert!(found.is_some(), "{bytes:02x?}");
        assert_eq!(found, general(&bytes));
        assert_eq!(found.map(|(_, read)| read), Some(bytes.len()));
    }
}

#[test]
fn one_byte_changed_is_read_as_the_general_decoder_reads_it_or_left_to_it() {
    let mut read = 0_u64;
    for mut bytes in stored() {
        // Paths in the middle are longer than what can be learnt from them.
        let len = bytes.len();
        for at in (0..len).filter(|at| *at < 64 || len - at < 160) {
            let was = bytes[at];
            for value in 0..=u8::MAX {
                bytes[at] = value;
                if let Some(found) = short(&bytes) {
                    read += 1;
                    assert_eq!(Some(found), general(&bytes), "byte {at}: {bytes:02x?}");
                }
            }
            bytes[at] = was;
        }
    }
    assert!(read > 10_000, "{read} were read");
}

#[test]
fn what_is_cut_and_what_is_no_act_on_a_file_is_left_to_the_general_decoder() {
    for bytes in stored() {
        for len in 0..bytes.len() {
            assert_eq!(short(&bytes[..len]), None);
        }
    }
    let gap = Kind::Gap(Gap { why: GapWhy::Limit, detail: "x".to_owned() });
    let unread = Kind::Content(Content { why: Some("vanished".to_owned()), ..contents()[2].clone() });
    for kind in [gap, unread] {
        let event = Event { seq: 1, process: ProcessId(1), at_us: 0, times: None, kind };
        let bytes = minicbor::to_vec(Place::first().item_of(&event)).unwrap_or_default();
        assert_eq!(short(&bytes), None);
        assert!(general(&bytes).is_some());
    }
}
