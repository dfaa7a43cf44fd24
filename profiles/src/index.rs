//! Many patterns, asked at once: by whole path for those without wildcard, by leading directory for the others.
use crate::glob::Pattern;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Patterns and what they stand for.
#[derive(Debug)]
pub(crate) struct Index<T> {
    entries: Vec<Entry<T>>,
    /// The last entry, from 1, by the hash of the leading directory, or of the whole path turned by [`WHOLE`]. What is found is matched
    /// whole, so that equal hashes do no harm.
    last: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    /// A bit for each of those hashes: nearly all directories above a path have none, and are not looked up.
    marks: Vec<u64>,
}

#[derive(Debug)]
struct Entry<T> {
    pattern: Pattern,
    what: T,
    /// The entry before it of the same hash, from 1.
    before: u32,
}

/// A key that is a hash already. How long a search takes is decided by the keys of the patterns, which are reviewed, not by
/// what is searched for.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = step(self.0, bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), last: HashMap::default(), marks: vec![0] }
    }
}

impl<T> Index<T> {
    /// Adds a pattern.
    pub(crate) fn insert(&mut self, pattern: Pattern, what: T) {
        let directory = pattern.prefix().split(|b| *b == b'/').fold(SEED, step);
        let hash = if pattern.is_literal() { directory ^ WHOLE } else { directory };
        let number = self.entries.len() as u32 + 1;
        let before = self.last.insert(hash, number).unwrap_or(0);
        self.entries.push(Entry { pattern, what, before });
        if self.last.len() > self.marks.len() * 4 {
            self.marks = vec![0; self.marks.len() * 4];
            let hashes: Vec<u64> = self.last.keys().copied().collect();
            for hash in hashes {
                self.mark(hash);
            }
        }
        self.mark(hash);
    }

    fn mark(&mut self, hash: u64) {
        let (word, bit) = self.place(hash);
        self.marks[word] |= bit;
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        ((hash >> 6) as usize & (self.marks.len() - 1), 1 << (hash % 64))
    }

    /// Calls `take` for every pattern that matches. Returns how many had to be tried.
    pub(crate) fn find(&self, path: &[u8], mut take: impl FnMut(&Pattern, &T)) -> usize {
        let mut tried = 0;
        if self.entries.is_empty() {
            return tried;
        }
        let mut all = |hash| {
            let (word, bit) = self.place(hash);
            if self.marks[word] & bit == 0 {
                return;
            }
            let mut next = self.last.get(&hash).copied().unwrap_or(0);
            while let Some(entry) = next.checked_sub(1).and_then(|number| self.entries.get(number as usize)) {
                tried += 1;
                if entry.pattern.matches(path) {
                    take(&entry.pattern, &entry.what);
                }
                next = entry.before;
            }
        };
        let mut hash = SEED;
        let mut rest = path;
        while let Some(slash) = rest.iter().position(|b| *b == b'/') {
            hash = step(hash, &rest[..slash]);
            rest = &rest[slash + 1..];
            all(hash);
        }
        all(step(hash, rest) ^ WHOLE);
        tried
    }
}

/// What tells a whole path from a directory of the same name.
const WHOLE: u64 = 0x5bd1_e995_7b93_1f35;

/// The hash of no component.
const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash of one component more, eight bytes at a time: that of every leading directory in one pass over the path.
fn step(hash: u64, component: &[u8]) -> u64 {
    let (words, rest) = component.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let mixed = words.iter().chain([&last]).fold(hash ^ component.len() as u64, |hash, word| {
        let product = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        product ^ product >> 32
    });
    mixed.rotate_left(5)
}

/// A hash of bytes, and of a number that stands before them.
pub(crate) fn mix(number: u64, bytes: &[u8]) -> u64 {
    step(SEED ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glob::Glob;
    use crate::vars::Vars;

    #[test]
    fn of_fifty_thousand_patterns_only_those_of_the_directories_above_a_path_are_tried() {
        let vars = Vars::new(None, None, None, 0);
        let mut index = Index::default();
        for n in 0..50_000 {
            for text in [format!("/srv/{n}/*.h"), format!("/srv/{n}/x")] {
                index.insert(Glob::parse(&text).unwrap().bind(&vars).unwrap(), text);
            }
        }
        let find = |path: &str| {
            let mut found = Vec::new();
            let tried = index.find(path.as_bytes(), |_, text| found.push(text.clone()));
            (tried, found)
        };
        assert_eq!(find("/srv/4242/a.h"), (1, vec!["/srv/4242/*.h".to_owned()]));
        assert_eq!(find("/srv/4242/x"), (2, vec!["/srv/4242/x".to_owned()]));
        assert_eq!(find("/srv/50000/a.h"), (0, Vec::new()));
    }
}
