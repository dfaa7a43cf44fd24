//! Decisions on paths that came twice of late: what a build does again and again is decided once.
//!
//! Invariant: what is found was put there for the same class, act and path, byte for byte; a hash chooses the place only. So
//! whoever chooses the paths can make this useless, never wrong, and never larger.
use crate::decision::Decision;
use crate::index::mix;

/// Decisions that are kept.
const SLOTS: usize = 1 << 15;
/// Hashes of what came once.
const SEEN: usize = 1 << 16;
/// Longer paths are decided each time.
const MAX_PATH: usize = 512;

/// What was decided.
#[derive(Clone, Copy)]
pub(crate) struct Key<'p> {
    /// The class of the process.
    pub(crate) class: u32,
    /// The act, as a bit.
    pub(crate) act: u32,
    pub(crate) path: &'p [u8],
}

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// The decision in this slot.
    Decided(usize),
    /// It came lately, so that its decision is to be kept at this place.
    Again(usize),
    /// It did not.
    New,
}

#[derive(Debug)]
struct Slot {
    class: u32,
    act: u32,
    path: Vec<u8>,
    decision: Decision,
}

/// The decisions.
#[derive(Debug)]
pub(crate) struct Memo {
    /// Which slot stands at a place, from 1; 0 for none.
    places: Vec<u32>,
    slots: Vec<Slot>,
    seen: Vec<u32>,
    /// The last decision that was not kept.
    passing: Decision,
}

impl Default for Memo {
    fn default() -> Self {
        Self { places: vec![0; SLOTS], slots: Vec::new(), seen: vec![0; SEEN], passing: Decision::default() }
    }
}

impl Memo {
    /// What is known of a key. That it came is known the next time.
    pub(crate) fn look(&mut self, key: Key<'_>) -> Known {
        if key.path.len() > MAX_PATH {
            return Known::New;
        }
        let hash = mix(u64::from(key.class) << 32 | u64::from(key.act), key.path);
        let place = hash as usize % SLOTS;
        if let Some(number) = self.places[place].checked_sub(1) {
            let slot = &self.slots[number as usize];
            if slot.class == key.class && slot.act == key.act && slot.path == key.path {
                return Known::Decided(number as usize);
            }
        }
        // Most paths come once: what comes a second time soon is kept.
        let mark = (hash >> 32) as u32 | 1;
        let came = std::mem::replace(&mut self.seen[hash as usize % SEEN], mark) == mark;
        if came { Known::Again(place) } else { Known::New }
    }

    /// The decision in a slot.
    pub(crate) fn decided(&self, slot: usize) -> &Decision {
        &self.slots[slot].decision
    }

    /// A decision to be made, whose memory was used before.
    pub(crate) fn blank(&mut self) -> Decision {
        let mut blank = std::mem::take(&mut self.passing);
        blank.clear();
        blank
    }

    /// Takes a decision that is not kept.
    pub(crate) fn pass(&mut self, decision: Decision) -> &Decision {
        self.passing = decision;
        &self.passing
    }

    /// Keeps a decision at a place, where another one may have stood.
    pub(crate) fn keep(&mut self, place: usize, key: Key<'_>, decision: Decision) -> &Decision {
        if self.places[place] == 0 {
            self.slots.push(Slot { class: 0, act: 0, path: Vec::new(), decision: Decision::default() });
            self.places[place] = self.slots.len() as u32;
        }
        let number = self.places[place] as usize - 1;
        let slot = &mut self.slots[number];
        (slot.class, slot.act) = (key.class, key.act);
        slot.path.clear();
        slot.path.extend_from_slice(key.path);
        self.passing = std::mem::replace(&mut slot.decision, decision);
        &self.slots[number].decision
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.places.fill(0);
        self.slots.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::Outcome;

    fn decision(rule: u32) -> Decision {
        Decision { outcome: Outcome::Allowed(rule), matched: vec![rule], ..Decision::default() }
    }

    #[test]
    fn what_came_twice_is_kept_and_only_for_the_same_class_act_and_path() {
        let mut memo = Memo::default();
        let key = Key { class: 3, act: 2, path: b"/a/b" };
        assert_eq!(memo.look(key), Known::New);
        let Known::Again(place) = memo.look(key) else { panic!("it came before") };
        assert_eq!(*memo.keep(place, key, decision(7)), decision(7));
        let Known::Decided(slot) = memo.look(key) else { panic!("it was kept") };
        assert_eq!(*memo.decided(slot), decision(7));
        for other in [Key { class: 4, ..key }, Key { act: 4, ..key }, Key { path: b"/a/c", ..key }] {
            assert_eq!(memo.look(other), Known::New);
            // As if its hash were the same.
            memo.keep(place, other, decision(8));
            assert!(!matches!(memo.look(key), Known::Decided(_)));
            memo.keep(place, key, decision(7));
        }
        memo.clear();
        assert!(!matches!(memo.look(key), Known::Decided(_)));
    }

    #[test]
    fn it_grows_to_its_size_and_no_further() {
        let mut memo = Memo::default();
        for n in 0..4 * SLOTS {
            let path = format!("/srv/{n}");
            let key = Key { class: 0, act: 1, path: path.as_bytes() };
            memo.look(key);
            if let Known::Again(place) = memo.look(key) {
                memo.keep(place, key, decision(1));
            }
        }
        assert!(memo.slots.len() <= SLOTS);
        let long = vec![b'x'; MAX_PATH + 1];
        let key = Key { class: 0, act: 1, path: &long };
        assert_eq!([memo.look(key), memo.look(key)], [Known::New; 2]);
    }
}
