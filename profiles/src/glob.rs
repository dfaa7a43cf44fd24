//! Patterns for paths. A path is bytes, and so is what a pattern matches.
//!
//! `?` is one byte and `*` any number of them, both without `/`; `[a-z]` and `[!a-z]` one byte of a set; `**`, as a whole
//! component, any number of components (at the end: at least one); `\` takes the meaning from the next character, `\xNN` is
//! the byte NN. `$WORKSPACE`, `$HOME` and `$TMP` stand at the start, `$UID` anywhere.
//! A path with `.`, `..` or an empty component is matched by no wildcard.
use crate::vars::{Var, Vars};

/// Why a pattern is not one. `at` counts characters from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at character {at} of the pattern")]
pub struct GlobError {
    /// Where in the pattern.
    pub at: usize,
    /// What is wrong there.
    pub kind: GlobErrorKind,
}

/// What is wrong with a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GlobErrorKind {
    /// Neither `/` nor a variable stands at the start.
    #[error("a path pattern begins with / or a variable; that is missing")]
    NotAbsolute,
    /// `$` before a name that is no variable, or one in the wrong place.
    #[error("unknown variable ($WORKSPACE, $HOME, $TMP at the start, $UID anywhere; \\$ for the character)")]
    UnknownVariable,
    /// `**` beside something else.
    #[error("`**` stands for whole components only")]
    StarStar,
    /// `[` without `]`, an empty set or a reversed range.
    #[error("bad [set]")]
    BadSet,
    /// `\` at the end, or `\x` without two hex digits.
    #[error("bad escape")]
    BadEscape,
    /// `{` or `}`: a list of patterns says the same.
    #[error("braces have no meaning (write several patterns, or \\{{ for the character)")]
    Brace,
    /// An empty, `.` or `..` component.
    #[error("an empty, `.` or `..` component matches nothing")]
    BadComponent,
}

/// A part of a component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Token {
    Byte(u8),
    One,
    Star,
    Set(Box<[bool; 256]>),
    Uid,
}

/// A component of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Piece {
    /// `**`.
    Deep,
    Tokens(Vec<Token>),
}

/// A pattern, read but not bound to a recording's variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    foreign: bool,
    var: Option<Var>,
    pieces: Vec<Piece>,
}

impl Glob {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        let chars: Vec<char> = text.chars().collect();
        let mut at = 0;
        let foreign = text.starts_with("ns:");
        if foreign {
            at = 3;
        }
        let var = Self::leading_var(&chars[at..]);
        if let Some(var) = var {
            at += var.name().len() + 1;
        } else if chars.get(at) == Some(&'$') {
            return Err(GlobError { at, kind: GlobErrorKind::UnknownVariable });
        }
        if (var.is_none() || at < chars.len()) && chars.get(at) != Some(&'/') {
            return Err(GlobError { at, kind: GlobErrorKind::NotAbsolute });
        }
        let mut pieces = Vec::new();
        while at < chars.len() {
            let start = at + 1;
            let (piece, next) = parse_piece(&chars, start)?;
            let last = next >= chars.len();
            if piece == Piece::Tokens(Vec::new()) && !(last && pieces.is_empty() && var.is_none()) {
                return Err(GlobError { at: start, kind: GlobErrorKind::BadComponent });
            }
            pieces.push(piece);
            at = next;
        }
        Ok(Self { foreign, var, pieces })
    }

    fn leading_var(chars: &[char]) -> Option<Var> {
        Var::ALL.into_iter().find(|v| {
            let name = v.name();
            chars.first() == Some(&'$')
                && chars.len() > name.len()
                && chars[1..=name.len()].iter().copied().eq(name.chars())
                && chars.get(name.len() + 1).is_none_or(|c| *c == '/')
        })
    }

    /// The pattern that matches these bytes only. `path` begins with `/`, or is empty behind a variable.
    pub fn escape(path: &[u8]) -> String {
        let mut out = String::with_capacity(path.len());
        for chunk in path.utf8_chunks() {
            for c in chunk.valid().chars() {
                if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '$') {
                    out.push('\\');
                    out.push(c);
                } else if c.is_control() || !is_shown(c) {
                    let mut buffer = [0; 4];
                    out.extend(c.encode_utf8(&mut buffer).bytes().map(|b| format!("\\x{b:02x}")));
                } else {
                    out.push(c);
                }
            }
            out.extend(chunk.invalid().iter().map(|b| format!("\\x{b:02x}")));
        }
        out
    }

    /// The variable at the start.
    pub fn var(&self) -> Option<Var> {
        self.var
    }

    /// True if it can match one path only (for given variables).
    pub fn is_literal(&self) -> bool {
        self.pieces.iter().all(Piece::is_literal)
    }

    /// Number of leading components without a wildcard, and of all.
    pub fn depth(&self) -> (usize, usize) {
        (self.pieces.iter().take_while(|p| p.is_literal()).count(), self.pieces.len())
    }

    /// True if `**` is in it.
    pub fn is_deep(&self) -> bool {
        self.pieces.contains(&Piece::Deep)
    }

    /// Bytes of the last component that are fixed; 0 for `*` and `**`.
    pub fn fixed_in_last(&self) -> usize {
        match self.pieces.last() {
            Some(Piece::Tokens(tokens)) => tokens.iter().filter(|t| matches!(t, Token::Byte(_) | Token::Uid)).count(),
            _ => 0,
        }
    }

    /// Shortest name that the last component matches, in bytes; 0 for `*` and `**`.
    pub fn shortest_last(&self) -> usize {
        match self.pieces.last() {
            Some(Piece::Tokens(tokens)) => tokens.iter().filter(|t| !matches!(t, Token::Star)).count(),
            _ => 0,
        }
    }

    /// Components that are plain bytes, in order, with `None` for the others.
    pub fn components(&self) -> Vec<Option<Vec<u8>>> {
        self.pieces.iter().map(|p| if p.is_literal() { p.bytes(0) } else { None }).collect()
    }

    /// Binds it to the variables; `None` if its variable has no value.
    pub fn bind(&self, vars: &Vars) -> Option<Pattern> {
        let mut prefix = if self.foreign { b"ns:".to_vec() } else { Vec::new() };
        if let Some(var) = self.var {
            prefix.extend_from_slice(vars.get(var)?);
        }
        let literal = self.pieces.iter().take_while(|p| p.is_literal()).count();
        for piece in &self.pieces[..literal] {
            prefix.push(b'/');
            piece.push_bytes(vars.uid(), &mut prefix)?;
        }
        let rest = self.pieces[literal..].iter().map(|p| p.with_uid(vars.uid())).collect();
        Some(Pattern { prefix, rest, scheme: if self.foreign { 3 } else { 0 } })
    }
}

impl Piece {
    fn is_literal(&self) -> bool {
        matches!(self, Self::Tokens(t) if t.iter().all(|t| matches!(t, Token::Byte(_) | Token::Uid)))
    }

    fn bytes(&self, uid: u32) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        self.push_bytes(uid, &mut out)?;
        Some(out)
    }

    fn push_bytes(&self, uid: u32, out: &mut Vec<u8>) -> Option<()> {
        let Self::Tokens(tokens) = self else { return None };
        for token in tokens {
            match token {
                Token::Byte(b) => out.push(*b),
                Token::Uid => out.extend(uid.to_string().bytes()),
                _ => return None,
            }
        }
        Some(())
    }

    fn with_uid(&self, uid: u32) -> Self {
        let Self::Tokens(tokens) = self else { return Self::Deep };
        let mut bound = Vec::with_capacity(tokens.len());
        for token in tokens {
            match token {
                Token::Uid => bound.extend(uid.to_string().bytes().map(Token::Byte)),
                other => bound.push(other.clone()),
            }
        }
        Self::Tokens(bound)
    }
}

/// True for a character that a person sees as what it is.
fn is_shown(c: char) -> bool {
    let mut buffer = [0; 4];
    c == '\\' || sekisho_events::escape(c.encode_utf8(&mut buffer).as_bytes()).chars().eq([c])
}

/// One component from `at` on; returns where it ends (at `/` or at the end).
fn parse_piece(chars: &[char], mut at: usize) -> Result<(Piece, usize), GlobError> {
    let start = at;
    let mut tokens = Vec::with_capacity(chars[at..].iter().take_while(|c| **c != '/').count());
    let mut buffer = [0; 4];
    while let Some(&c) = chars.get(at) {
        let wrong = |kind| Err(GlobError { at, kind });
        match c {
            '/' => break,
            '*' if chars.get(at + 1) == Some(&'*') => {
                let alone = at == start && chars.get(at + 2).is_none_or(|c| *c == '/');
                return if alone { Ok((Piece::Deep, at + 2)) } else { wrong(GlobErrorKind::StarStar) };
            }
            '*' => tokens.push(Token::Star),
            '?' => tokens.push(Token::One),
            '{' | '}' => return wrong(GlobErrorKind::Brace),
            ']' => return wrong(GlobErrorKind::BadSet),
            '[' => {
                let (set, next) = parse_set(chars, at)?;
                tokens.push(Token::Set(set));
                at = next;
                continue;
            }
            '$' if chars[at..].starts_with(&['$', 'U', 'I', 'D']) => {
                tokens.push(Token::Uid);
                at += 3;
            }
            '$' => return wrong(GlobErrorKind::UnknownVariable),
            '\\' => {
                let (bytes, next) = parse_escape(chars, at)?;
                tokens.extend(bytes.into_iter().map(Token::Byte));
                at = next;
                continue;
            }
            c => tokens.extend(c.encode_utf8(&mut buffer).bytes().map(Token::Byte)),
        }
        at += 1;
    }
    if tokens == [Token::Byte(b'.')] || tokens == [Token::Byte(b'.'), Token::Byte(b'.')] {
        return Err(GlobError { at: start, kind: GlobErrorKind::BadComponent });
    }
    Ok((Piece::Tokens(tokens), at))
}

/// `\c` or `\xNN` at `at`.
fn parse_escape(chars: &[char], at: usize) -> Result<(Vec<u8>, usize), GlobError> {
    let wrong = Err(GlobError { at, kind: GlobErrorKind::BadEscape });
    match chars.get(at + 1) {
        Some('x') => {
            let digit = |i: usize| chars.get(at + i).and_then(|c| c.to_digit(16));
            match (digit(2), digit(3)) {
                (Some(high), Some(low)) if high * 16 + low != 0 && high * 16 + low != u32::from(b'/') => {
                    Ok((vec![(high * 16 + low) as u8], at + 4))
                }
                _ => wrong,
            }
        }
        Some(c) if !c.is_alphanumeric() && *c != '/' => {
            let mut buffer = [0; 4];
            Ok((c.encode_utf8(&mut buffer).bytes().collect(), at + 2))
        }
        _ => wrong,
    }
}

/// `[...]` at `at`: ASCII characters and ranges of them, `!` first for all others (never `/`).
fn parse_set(chars: &[char], at: usize) -> Result<(Box<[bool; 256]>, usize), GlobError> {
    let wrong = GlobError { at, kind: GlobErrorKind::BadSet };
    let mut set = Box::new([false; 256]);
    let mut i = at + 1;
    let negated = chars.get(i) == Some(&'!');
    if negated {
        i += 1;
    }
    let first = i;
    loop {
        let c = *chars.get(i).ok_or(wrong)?;
        if c == ']' && i > first {
            break;
        }
        let end = if chars.get(i + 1) == Some(&'-') && chars.get(i + 2).is_some_and(|c| *c != ']') { i + 2 } else { i };
        let last = chars[end];
        if !c.is_ascii() || !last.is_ascii() || matches!(c, '/' | '\\' | ']') || last == '\\' || c > last {
            return Err(wrong);
        }
        set[c as usize..=last as usize].fill(true);
        i = end + 1;
    }
    if negated {
        set.iter_mut().for_each(|b| *b = !*b);
    }
    set[usize::from(b'/')] = false;
    Ok((set, i + 1))
}

/// A pattern bound to one recording's variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    prefix: Vec<u8>,
    rest: Vec<Piece>,
    /// Bytes before the path: `ns:`, `unix:`.
    scheme: usize,
}

impl Pattern {
    /// The directory that everything matched is, or lies below; without slash at the end.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// True if it matches [`Pattern::prefix`] and nothing else.
    pub fn is_literal(&self) -> bool {
        self.rest.is_empty()
    }

    /// All components in order, the first being what stands before the first `/`: mostly nothing.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        let plain = |c: &[u8]| Piece::Tokens(c.iter().map(|b| Token::Byte(*b)).collect());
        self.prefix.split(|b| *b == b'/').map(plain).chain(self.rest.iter().cloned()).collect()
    }

    /// The same pattern with bytes before it, for paths that carry them too.
    pub(crate) fn below(mut self, before: &[u8]) -> Self {
        self.prefix.splice(0..0, before.iter().copied());
        self.scheme += before.len();
        self
    }

    /// True if this component stands in it in plain letters.
    pub fn names(&self, component: &[u8]) -> bool {
        self.prefix.split(|b| *b == b'/').any(|c| c == component)
            || self.rest.iter().any(|p| p.bytes(0).is_some_and(|b| b == component))
    }

    /// True if the path is one that it stands for.
    pub fn matches(&self, path: &[u8]) -> bool {
        let Some(rest) = path.strip_prefix(self.prefix.as_slice()) else { return false };
        if self.rest.is_empty() {
            return rest.is_empty();
        }
        let Some(rest) = rest.strip_prefix(b"/") else { return false };
        is_plain(&path[self.scheme..]) && match_pieces(&self.rest, rest)
    }
}

/// True if no component is empty, `.` or `..`.
fn is_plain(path: &[u8]) -> bool {
    path.strip_prefix(b"/").is_some_and(|p| p.split(|b| *b == b'/').all(|c| !matches!(c, b"" | b"." | b"..")))
}

/// Matches components; on failure goes back to the last `**` only, which is enough.
fn match_pieces(pieces: &[Piece], path: &[u8]) -> bool {
    let (mut piece, mut at) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        let done = at > path.len();
        match pieces.get(piece) {
            None if done => return true,
            Some(Piece::Deep) if piece + 1 == pieces.len() => return !done,
            Some(Piece::Deep) => {
                back = Some((piece, at));
                piece += 1;
                continue;
            }
            Some(Piece::Tokens(tokens)) if !done => {
                let end = path[at..].iter().position(|b| *b == b'/').map_or(path.len(), |n| at + n);
                if match_tokens(tokens, &path[at..end]) {
                    piece += 1;
                    at = end + 1;
                    continue;
                }
            }
            _ => {}
        }
        let Some((deep, from)) = back else { return false };
        if from > path.len() {
            return false;
        }
        let next = path[from..].iter().position(|b| *b == b'/').map_or(path.len() + 1, |n| from + n + 1);
        back = Some((deep, next));
        piece = deep + 1;
        at = next;
    }
}

/// Matches one component; on failure goes back to the last `*` only.
fn match_tokens(tokens: &[Token], name: &[u8]) -> bool {
    let (mut token, mut at) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        let hit = match (tokens.get(token), name.get(at)) {
            (None, None) => return true,
            (Some(Token::Star), _) => {
                back = Some((token, at));
                token += 1;
                continue;
            }
            (Some(Token::Byte(want)), Some(got)) => want == got,
            (Some(Token::One), Some(_)) => true,
            (Some(Token::Set(set)), Some(got)) => set[usize::from(*got)],
            _ => false,
        };
        if hit {
            token += 1;
            at += 1;
            continue;
        }
        match back {
            Some((star, from)) if from < name.len() => {
                back = Some((star, from + 1));
                token = star + 1;
                at = from + 1;
            }
            _ => return false,
        }
    }
}
