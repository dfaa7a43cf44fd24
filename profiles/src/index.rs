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

    /// Calls `take` for every pattern that matches. Returns how many had to be tried.
    pub(crate) fn find(&self, path: &[u8], mut take: impl FnMut(&Pattern, &T)) -> usize {
        let mut tried = 0;
        for number in self.whole.get(path).into_iter().flatten() {
            let (pattern, what) = &self.entries[*number as usize];
            tried += 1;
            take(pattern, what);
        }
        if self.below.is_empty() {
            return tried;
        }
        let mut hash = SEED;
        for byte in path {
            if *byte == b'/' {
                for number in self.below.get(&hash).into_iter().flatten() {
                    let (pattern, what) = &self.entries[*number as usize];
                    tried += 1;
                    if pattern.matches(path) {
                        take(pattern, what);
                    }
                }
            }
            hash = step(hash, byte);
        }
        tried
    }
}

/// FNV-1a (draft-eastlake-fnv): the hash of every leading directory in one pass over the path.
pub(crate) const SEED: u64 = 0xcbf2_9ce4_8422_2325;

pub(crate) fn step(hash: u64, byte: &u8) -> u64 {
    (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
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
