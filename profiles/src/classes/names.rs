//! Names of one component: which of several patterns can match one, with a name for each way.
use super::{Step, TooManyClasses};
use crate::glob::Token;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

/// Patterns of one component.
pub(super) struct Names<'t> {
    patterns: &'t [(u32, &'t [Token])],
    /// One byte of each kind that some token tells from others.
    bytes: Vec<u8>,
}

/// Positions in patterns: which, and before which token.
type State = Vec<(u16, u16)>;

/// Letters that stand for any byte, best first.
const PLAIN: &[u8] = b"xyzuvwabcdefghijklmnopqrst0123456789XYZUVWABCDEFGHIJKLMNOPQRST_-+=@%~,. ";

impl<'t> Names<'t> {
    /// Reads the patterns.
    pub(super) fn new(patterns: &'t [(u32, &'t [Token])]) -> Self {
        let tokens: BTreeSet<&Token> = patterns.iter().flat_map(|(_, t)| t.iter()).collect();
        let order = PLAIN.iter().copied().chain((1..=255).filter(|b| !PLAIN.contains(b) && *b != b'/'));
        let mut kinds: BTreeMap<Vec<bool>, u8> = BTreeMap::new();
        for byte in order {
            // `.` is a kind of its own: a name must not be `.` or `..`.
            let kind = tokens.iter().map(|t| is(t, byte)).chain([byte == b'.']).collect();
            kinds.entry(kind).or_insert(byte);
        }
        let mut bytes: Vec<u8> = kinds.into_values().collect();
        bytes.sort_by_key(|b| PLAIN.iter().position(|p| p == b).unwrap_or(usize::from(*b) + PLAIN.len()));
        Self { patterns, bytes }
    }

    /// The bytes of a pattern without wildcard, or what is plain in it.
    pub(super) fn plain(tokens: &[Token]) -> Vec<u8> {
        tokens.iter().filter_map(|t| if let Token::Byte(b) = t { Some(*b) } else { None }).collect()
    }

    /// A name for each set of patterns that can match one, the empty set too.
    pub(super) fn steps(&self, most: usize) -> Result<Vec<Step>, TooManyClasses> {
        let mut start = State::new();
        (0..self.patterns.len()).for_each(|n| self.enter(n, 0, &mut start));
        let mut found: BTreeMap<BTreeSet<u32>, Vec<u8>> = BTreeMap::new();
        // Whether a name is `.` or `..` so far is part of where it stands.
        let mut seen: HashSet<(State, usize)> = HashSet::new();
        let mut queue: VecDeque<(State, Vec<u8>)> = VecDeque::from([(start, Vec::new())]);
        while let Some((state, name)) = queue.pop_front() {
            for byte in &self.bytes {
                let mut next = State::new();
                for (n, at) in &state {
                    self.advance(*n as usize, *at as usize, *byte, &mut next);
                }
                next.sort_unstable();
                next.dedup();
                let mut name = name.clone();
                name.push(*byte);
                let dots = if name.iter().all(|b| *b == b'.') { name.len().min(3) } else { 0 };
                if dots == 0 || dots == 3 {
                    let ended = |(n, at): &(u16, u16)| {
                        let (number, tokens) = self.patterns[*n as usize];
                        (*at as usize == tokens.len()).then_some(number)
                    };
                    let matched: BTreeSet<u32> = next.iter().filter_map(ended).collect();
                    found.entry(matched).or_insert_with(|| name.clone());
                }
                if !next.is_empty() && seen.insert((next.clone(), dots)) {
                    if seen.len() > most {
                        return Err(TooManyClasses);
                    }
                    queue.push_back((next, name));
                }
            }
        }
        Ok(found.into_iter().map(|(matched, name)| (self.readable(name, &matched), matched)).collect())
    }

    /// `x.o` in place of `.o`, where it is as good.
    fn readable(&self, name: Vec<u8>, matched: &BTreeSet<u32>) -> Vec<u8> {
        if name.first() != Some(&b'.') {
            return name;
        }
        let longer = [b"x", name.as_slice()].concat();
        let mut state = State::new();
        (0..self.patterns.len()).for_each(|n| self.enter(n, 0, &mut state));
        for byte in &longer {
            let mut next = State::new();
            for (n, at) in &state {
                self.advance(*n as usize, *at as usize, *byte, &mut next);
            }
            state = next;
        }
        let ended = |(n, at): &(u16, u16)| *at as usize == self.patterns[*n as usize].1.len();
        let hit: BTreeSet<u32> = state.iter().filter(|s| ended(s)).map(|(n, _)| self.patterns[*n as usize].0).collect();
        if hit == *matched { longer } else { name }
    }

    /// Puts a pattern before a token; `*` may stand for nothing.
    fn enter(&self, number: usize, at: usize, state: &mut State) {
        state.push((number as u16, at as u16));
        if self.patterns[number].1.get(at) == Some(&Token::Star) {
            self.enter(number, at + 1, state);
        }
    }

    fn advance(&self, number: usize, at: usize, byte: u8, state: &mut State) {
        match self.patterns[number].1.get(at) {
            Some(Token::Star) => self.enter(number, at, state),
            Some(token) if is(token, byte) => self.enter(number, at + 1, state),
            _ => {}
        }
    }
}

/// True if a token matches a byte.
fn is(token: &Token, byte: u8) -> bool {
    match token {
        Token::Byte(b) => *b == byte,
        Token::Set(set) => set[usize::from(byte)],
        Token::One | Token::Star => true,
        Token::Uid => false,
    }
}
