//! An event as it is stored: its number is its place, and its time is told from the event before it.
//!
//! Both would otherwise be most of what does not compress: they took a quarter of a recording.
use crate::{Event, Kind, ProcessId};
use minicbor::{CborLen, Decode, Encode};

/// `K` is a [`Kind`], or a reference to one.
#[derive(Encode, Decode, CborLen)]
#[cbor(map)]
pub(super) struct Item<K> {
    #[n(0)]
    process: ProcessId,
    /// Microseconds since the event before; events of several threads may be told out of order.
    #[n(1)]
    after_us: i64,
    #[n(2)]
    times: Option<u64>,
    #[n(3)]
    kind: K,
}

/// An item without its kind.
pub(super) struct Stamp {
    pub(super) process: ProcessId,
    pub(super) after_us: i64,
    pub(super) times: Option<u64>,
}

impl Item<Kind> {
    /// The two parts.
    pub(super) fn split(self) -> (Stamp, Kind) {
        (Stamp { process: self.process, after_us: self.after_us, times: self.times }, self.kind)
    }
}

/// Where in the stream of events we are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The number that is next.
    pub(super) next_seq: u64,
    /// When the event before it was.
    at_us: u64,
}

impl Place {
    /// Before the first event.
    pub(super) fn first() -> Self {
        Self { next_seq: 1, at_us: 0 }
    }

    /// What is stored of `event` here.
    pub(super) fn item_of(self, event: &Event) -> Item<&Kind> {
        let after_us = event.at_us.wrapping_sub(self.at_us).cast_signed();
        Item { process: event.process, after_us, times: event.times, kind: &event.kind }
    }

    /// Makes the event out of what its item says here; its kind is there already.
    pub(super) fn put(self, stamp: &Stamp, event: &mut Event) {
        event.seq = self.next_seq;
        event.process = stamp.process;
        event.at_us = self.at_us.wrapping_add(stamp.after_us.cast_unsigned());
        event.times = stamp.times;
    }

    /// Goes on behind an event of that time.
    pub(super) fn pass(&mut self, at_us: u64) {
        *self = Self { next_seq: self.next_seq + 1, at_us };
    }
}
