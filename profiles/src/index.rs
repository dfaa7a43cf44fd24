//! Many patterns, asked at once: by whole path for those without wildcard, by leading directory for the others.
use crate::glob::Pattern;
use std::collections::HashMap;

/// Patterns and what they stand for.
#[derive(Debug)]
pub(crate) struct Index<T> {
    entries: Vec<(Pattern, T)>,
    whole: HashMap<Vec<u8>, Vec<u32>>,
    /// By the hash of the leading directory; a pattern is matched whole, so that equal hashes do no harm.
    below: HashMap<u64, Vec<u32>>,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), whole: HashMap::new(), below: HashMap::new() }
    }
}

impl<T> Index<T> {
    /// Adds a pattern.
    pub(crate) fn insert(&mut self, pattern: Pattern, what: T) {
        let number = self.entries.len() as u32;
        if pattern.is_literal() {
            self.whole.entry(pattern.prefix().to_vec()).or_default().push(number);
        } else {
            self.below.entry(pattern.prefix().iter().fold(SEED, step)).or_default().push(number);
        }
        self.entries.push((pattern, what));
    }

    /// Calls `take` for every pattern that matches.
    pub(crate) fn find(&self, path: &[u8], mut take: impl FnMut(&Pattern, &T)) {
        for number in self.whole.get(path).into_iter().flatten() {
            let (pattern, what) = &self.entries[*number as usize];
            take(pattern, what);
        }
        if self.below.is_empty() {
            return;
        }
        let mut hash = SEED;
        for byte in path {
            if *byte == b'/' {
                for number in self.below.get(&hash).into_iter().flatten() {
                    let (pattern, what) = &self.entries[*number as usize];
                    if pattern.matches(path) {
                        take(pattern, what);
                    }
                }
            }
            hash = step(hash, byte);
        }
    }
}

/// FNV-1a (draft-eastlake-fnv): the hash of every leading directory in one pass over the path.
pub(crate) const SEED: u64 = 0xcbf2_9ce4_8422_2325;

pub(crate) fn step(hash: u64, byte: &u8) -> u64 {
    (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
}
