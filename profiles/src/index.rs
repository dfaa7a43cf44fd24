//! Many patterns, asked at once: by whole path for those without wildcard, by leading directory for the others.
use crate::glob::Pattern;
use std::collections::HashMap;

/// Patterns and what they stand for.
#[derive(Debug)]
pub(crate) struct Index<T> {
    entries: Vec<(Pattern, T)>,
    whole: HashMap<Vec<u8>, Vec<u32>>,
    below: HashMap<Vec<u8>, Vec<u32>>,
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
        let map = if pattern.is_literal() { &mut self.whole } else { &mut self.below };
        map.entry(pattern.prefix().to_vec()).or_default().push(number);
        self.entries.push((pattern, what));
    }

    /// Calls `take` for every pattern that matches.
    pub(crate) fn find(&self, path: &[u8], mut take: impl FnMut(&Pattern, &T)) {
        for number in self.whole.get(path).into_iter().flatten() {
            let (pattern, what) = &self.entries[*number as usize];
            take(pattern, what);
        }
        let mut end = path.len();
        while let Some(slash) = path[..end].iter().rposition(|b| *b == b'/') {
            for number in self.below.get(&path[..slash]).into_iter().flatten() {
                let (pattern, what) = &self.entries[*number as usize];
                if pattern.matches(path) {
                    take(pattern, what);
                }
            }
            end = slash;
        }
    }
}
