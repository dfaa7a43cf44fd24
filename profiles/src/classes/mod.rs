//! Which sets of patterns one path can match, with a path for each: the patterns as one automaton, walked whole.
//!
//! Two paths that match the same patterns are judged alike, so that one path of each kind stands for all of them. Nothing is
//! sampled: what has no path here, no path can match. Paths with an empty, `.` or `..` component are left out; no wildcard
//! matches one.
mod names;

use crate::glob::{Pattern, Piece, Token};
use names::Names;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

/// States that are walked before it is given up.
const MAX_STATES: usize = 1 << 15;

/// Components that may stand at one place.
const MAX_BESIDE: usize = 1 << 14;

/// The patterns make more kinds of paths than are walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the patterns combine in too many ways to be compared")]
pub struct TooManyClasses;

/// One kind of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    /// Numbers of the patterns that match, rising.
    pub(crate) matched: Vec<u32>,
    /// A path of this kind, as short as there is.
    pub(crate) path: Vec<u8>,
}

/// Where in its components a pattern stands.
type State = Vec<(u32, u16)>;

/// All kinds of paths that match at least one pattern in `focus`; all kinds that match anything if it is `None`.
pub(crate) fn classes(patterns: &[Pattern], focus: Option<&BTreeSet<u32>>) -> Result<Vec<Class>, TooManyClasses> {
    let mut walk = Walk::new(patterns);
    let wanted = |number: u32| focus.is_none_or(|f| f.contains(&number));
    let mut start: State = Vec::new();
    (0..patterns.len() as u32).for_each(|n| walk.enter(n, 0, &mut start));
    let mut found: BTreeMap<Vec<u32>, Vec<u8>> = BTreeMap::new();
    let mut seen: HashSet<State> = HashSet::from([start.clone()]);
    let mut queue: VecDeque<(State, Option<Vec<u8>>)> = VecDeque::from([(start, None)]);
    while let Some((state, path)) = queue.pop_front() {
        for (name, hit) in walk.steps(&state, path.is_none())? {
            let mut next: State = Vec::new();
            for (number, at) in &state {
                walk.advance(*number, *at, &hit, &mut next);
            }
            next.sort_unstable();
            next.dedup();
            if !next.iter().any(|(n, _)| wanted(*n)) {
                continue;
            }
            let path = match &path {
                None => name,
                Some(before) => [before, &b"/"[..], &name].concat(),
            };
            let ended = |(n, at): &(u32, u16)| (*at as usize == walk.pieces[*n as usize].len()).then_some(*n);
            let matched: Vec<u32> = next.iter().filter_map(ended).collect();
            if matched.iter().any(|n| wanted(*n)) {
                found.entry(matched).or_insert_with(|| path.clone());
            }
            if seen.insert(next.clone()) {
                if seen.len() > MAX_STATES {
                    return Err(TooManyClasses);
                }
                queue.push_back((next, Some(path)));
            }
        }
    }
    Ok(found.into_iter().map(|(matched, path)| Class { matched, path }).collect())
}

/// A component of a pattern, by its number among all distinct ones; `None` for `**`.
type Part = Option<u32>;
/// A name, and the components that match it.
type Step = (Vec<u8>, BTreeSet<u32>);

struct Walk {
    pieces: Vec<Vec<Part>>,
    tokens: Vec<Vec<Token>>,
    known: HashMap<Vec<u32>, Vec<Step>>,
}

impl Walk {
    fn new(patterns: &[Pattern]) -> Self {
        let mut tokens: Vec<Vec<Token>> = Vec::new();
        let mut numbers: BTreeMap<Vec<Token>, u32> = BTreeMap::new();
        let mut number = |piece: Piece| match piece {
            Piece::Deep => None,
            Piece::Tokens(list) => Some(*numbers.entry(list.clone()).or_insert_with(|| {
                tokens.push(list);
                (tokens.len() - 1) as u32
            })),
        };
        let pieces = patterns.iter().map(|p| p.pieces().into_iter().map(&mut number).collect()).collect();
        Self { pieces, tokens, known: HashMap::new() }
    }

    /// Puts a pattern at a component; `**` that is not the last may stand for nothing.
    fn enter(&self, number: u32, at: usize, state: &mut State) {
        state.push((number, at as u16));
        let pieces = &self.pieces[number as usize];
        if at + 1 < pieces.len() && pieces[at].is_none() {
            self.enter(number, at + 1, state);
        }
    }

    /// Where a pattern can stand after a name that these components match.
    fn advance(&self, number: u32, at: u16, hit: &BTreeSet<u32>, state: &mut State) {
        let (at, pieces) = (at as usize, &self.pieces[number as usize]);
        match pieces.get(at) {
            Some(None) => {
                self.enter(number, at, state);
                if at + 1 == pieces.len() {
                    state.push((number, pieces.len() as u16));
                }
            }
            Some(Some(part)) if hit.contains(part) => self.enter(number, at + 1, state),
            _ => {}
        }
    }

    /// Every way to go on: one name for each set of components that can match one.
    fn steps(&mut self, state: &State, first: bool) -> Result<Vec<Step>, TooManyClasses> {
        let part = |(n, at): &(u32, u16)| self.pieces[*n as usize].get(*at as usize).copied().flatten();
        let mut active: Vec<u32> = state.iter().filter_map(part).collect();
        active.sort_unstable();
        active.dedup();
        if first {
            // What stands before the first `/` is a scheme or nothing: no wildcard.
            let plain = |n: &u32| (Names::plain(&self.tokens[*n as usize]), BTreeSet::from([*n]));
            return Ok(active.iter().map(plain).collect());
        }
        if let Some(known) = self.known.get(&active) {
            return Ok(known.clone());
        }
        if active.len() > MAX_BESIDE {
            return Err(TooManyClasses);
        }
        let tokens: Vec<(u32, &[Token])> = active.iter().map(|n| (*n, self.tokens[*n as usize].as_slice())).collect();
        let steps = Names::new(&tokens).steps(MAX_STATES)?;
        self.known.insert(active, steps.clone());
        Ok(steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glob::Glob;
    use crate::vars::Vars;

    fn bound(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|t| Glob::parse(t).unwrap().bind(&Vars::default()).unwrap()).collect()
    }

    fn sets(texts: &[&str]) -> BTreeSet<Vec<u32>> {
        let patterns = bound(texts);
        let found = classes(&patterns, None).unwrap();
        for class in &found {
            let hit: Vec<u32> = (0..).zip(&patterns).filter(|(_, p)| p.matches(&class.path)).map(|(n, _)| n).collect();
            assert_eq!(hit, class.matched, "{}", class.path.escape_ascii());
        }
        found.into_iter().map(|c| c.matched).collect()
    }

    fn are(texts: &[&str], want: &[&[u32]]) {
        assert_eq!(sets(texts), want.iter().map(|s| s.to_vec()).collect(), "{texts:?}");
    }

    #[test]
    fn every_way_to_overlap_is_found_and_no_other() {
        are(&["/a", "/b"], &[&[0], &[1]]);
        are(&["/a/**", "/a/b/*.o"], &[&[0], &[0, 1]]);
        are(&["/x/*a", "/x/a*"], &[&[0], &[0, 1], &[1]]);
        are(&["/x/?", "/x/[0-9]"], &[&[0], &[0, 1]]);
        are(&["/x/*", "/x/?*"], &[&[0, 1]]);
        are(&["/**/bin/go", "/usr/**"], &[&[0], &[0, 1], &[1]]);
        are(&["/a/**/b", "/a/b"], &[&[0], &[0, 1]]);
        are(&["/a/??", "/a/b*"], &[&[0], &[0, 1], &[1]]);
        are(&["ns:/a/*", "/a/*"], &[&[0], &[1]]);
        are(&["/a/*", "/a/[!x]"], &[&[0], &[0, 1]]);
    }

    #[test]
    fn only_what_is_asked_for_is_walked() {
        let patterns = bound(&["/usr/**", "/usr/bin/*", "/etc/*"]);
        let found = classes(&patterns, Some(&BTreeSet::from([1]))).unwrap();
        assert_eq!(found, [Class { matched: vec![0, 1], path: b"/usr/bin/x".to_vec() }]);
    }

    #[test]
    fn patterns_that_combine_without_end_are_given_up() {
        let texts: Vec<String> = (0..24).map(|n| format!("/**/a{n}/**/b")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(classes(&bound(&texts), None), Err(TooManyClasses));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        /// Any path is of a kind that was found.
        #[test]
        fn no_kind_is_missed(texts in proptest::collection::vec("(/([ab?*]|a\\*|\\*b|\\[ab\\]|\\*\\*)){1,4}", 1..5), paths in proptest::collection::vec("(/[abc]{1,3}){1,5}", 1..20)) {
            let globs: Vec<Pattern> = texts.iter().filter_map(|t| Glob::parse(t).ok()?.bind(&Vars::default())).collect();
            let found: BTreeSet<Vec<u32>> = classes(&globs, None).unwrap().into_iter().map(|c| c.matched).collect();
            for path in paths {
                let hit: Vec<u32> = (0..).zip(&globs).filter(|(_, p)| p.matches(path.as_bytes())).map(|(n, _)| n).collect();
                proptest::prop_assert!(hit.is_empty() || found.contains(&hit), "{path} {texts:?} {hit:?}");
            }
        }
    }
}
