//! What happened just before an act that deviates: kept while the recording is read, so that it is read once.
use crate::forest::Forest;
use crate::phrase::{Phrase, cut, phrase};
use sekisho_events::{Event, ProcessId};
use std::collections::{BTreeMap, VecDeque};

/// Events that are remembered.
const MEMORY: usize = 256;
/// Events before the one in question that are kept of it.
const BEFORE: usize = 6;
/// Acts of which the surroundings are kept.
const MAX_KEPT: usize = 500;
/// Characters of an object.
const MAX_OBJECT: usize = 400;

/// One event as it is shown among others.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) seq: u64,
    pub(crate) at_us: u64,
    pub(crate) process: ProcessId,
    pub(crate) phrase: Phrase,
    pub(crate) times: u64,
}

/// The latest events, and the surroundings of those that were asked for.
#[derive(Default)]
pub(crate) struct Evidence {
    latest: VecDeque<Event>,
    kept: BTreeMap<u64, Vec<Moment>>,
}

impl Evidence {
    /// Takes the next event; `wanted` keeps it with what its process, or that one's parent, did just before.
    pub(crate) fn push(&mut self, event: &Event, wanted: bool, forest: &Forest) {
        if wanted && self.kept.len() < MAX_KEPT {
            let own = forest.leader(event.process);
            let parent = forest.node(own).map_or(own, |node| node.parent);
            let near = |e: &&Event| {
                let who = forest.leader(e.process);
                who == own || who == parent
            };
            let mut moments: Vec<Moment> = self.latest.iter().rev().filter(near).take(BEFORE).map(Moment::of).collect();
            moments.reverse();
            moments.push(Moment::of(event));
            self.kept.insert(event.seq, moments);
        }
        if self.latest.len() == MEMORY {
            self.latest.pop_front();
        }
        self.latest.push_back(event.clone());
    }

    /// What was kept of the event with this number; the last one is the event itself.
    pub(crate) fn of(&self, seq: u64) -> &[Moment] {
        self.kept.get(&seq).map_or(&[], Vec::as_slice)
    }
}

impl Moment {
    fn of(event: &Event) -> Self {
        let phrase = phrase(event);
        Self {
            seq: event.seq,
            at_us: event.at_us,
            process: event.process,
            phrase: Phrase { object: cut(phrase.object, MAX_OBJECT), ..phrase },
            times: event.times.unwrap_or(1),
        }
    }
}
