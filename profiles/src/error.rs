//! What is wrong with a profile, and where.
use crate::glob::GlobError;
use crate::net::NetError;
use std::ops::Range;

/// A profile that cannot be used. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {kind}")]
pub struct ProfileError {
    /// In which line.
    pub line: usize,
    /// At which character of it.
    pub column: usize,
    /// What is wrong there.
    pub kind: ProfileErrorKind,
}

/// What is wrong with a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileErrorKind {
    /// Not TOML.
    #[error("not TOML: {0}")]
    Syntax(SyntaxMessage),
    /// A merge was left half done.
    #[error("a conflict marker: the merge that wrote it was not finished")]
    ConflictMarker,
    /// A key that there is not.
    #[error("unknown key `{key}`{}", nearest_text(*.nearest))]
    UnknownKey {
        /// The key, escaped.
        key: Shown,
        /// The known key that it looks most like.
        nearest: Option<&'static str>,
    },
    /// A key that must be there.
    #[error("`{key}` is missing")]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A value of another type.
    #[error("`{key}` must be {wanted}")]
    WrongType {
        /// The key.
        key: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// A format that this version does not know.
    #[error("version {0} of the profile format is not known; this program knows 1")]
    Version(i64),
    /// A word that is none of those allowed.
    #[error("`{word}` is no value of `{key}`: one of {}", .allowed.join(", "))]
    Word {
        /// The key.
        key: &'static str,
        /// The word, escaped.
        word: Shown,
        /// What is allowed.
        allowed: Vec<&'static str>,
    },
    /// A name with other characters than small letters, digits and `-`, or empty, or longer than 64.
    #[error("bad id `{0}`: small letters, digits and `-`, at most 64, beginning with a letter")]
    BadId(Shown),
    /// Two rules of one name.
    #[error("a second rule with the id `{0}`; the first is in line {1}")]
    DuplicateId(Shown, usize),
    /// Two rules that say the same.
    #[error("the rule says the same as `{0}`")]
    DuplicateRule(Shown),
    /// A path pattern that is none.
    #[error("bad pattern: {0}")]
    Glob(GlobError),
    /// A network pattern that is none.
    #[error("bad pattern: {0}")]
    Net(NetError),
    /// Not a date.
    #[error("`{0}` must be a date, as \"2026-11-02\"")]
    Date(&'static str),
    /// Not 64 hex digits.
    #[error("`sha256` must be 64 lower-case hex digits")]
    Digest,
    /// A rule without any act.
    #[error("the rule allows and forbids nothing: give it an act, such as read = [\"/usr/**\"]")]
    Empty,
    /// Keys that exclude each other.
    #[error("`{0}` has no meaning {1}")]
    Conflict(&'static str, &'static str),
    /// An include that is none.
    #[error("an include is NAME@sha256:DIGEST, with 64 lower-case hex digits")]
    Include,
    /// An abstraction that is not shipped.
    #[error("no abstraction `{name}` is shipped{}", nearest_text(*.nearest))]
    UnknownInclude {
        /// The name, escaped.
        name: Shown,
        /// The shipped one that it looks most like.
        nearest: Option<&'static str>,
    },
    /// An abstraction with another content than the one that was reviewed.
    #[error("`{name}` is pinned to another content; this program ships {shipped}")]
    IncludeDigest {
        /// The name.
        name: &'static str,
        /// The digest of what is shipped.
        shipped: sekisho_events::Digest,
    },
    /// One abstraction twice in a list.
    #[error("`{0}` is included twice")]
    IncludeTwice(Shown),
    /// An abstraction that includes itself.
    #[error("`{0}` includes itself, by way of {1}")]
    IncludeCycle(&'static str, Shown),
    /// A shipped abstraction that cannot be used.
    #[error("in the abstraction `{0}`: {1}")]
    InInclude(&'static str, Box<ProfileError>),
    /// More than the loader reads.
    #[error("more than {0} rules")]
    TooMany(usize),
    /// The text is not in the one form that it should have.
    #[error("the profile is not in canonical form")]
    NotCanonical,
}

/// Text from the profile, escaped for one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// Escapes text and cuts it at 120 characters.
    pub fn new(text: &str) -> Self {
        Self(sekisho_events::escape(text.chars().take(120).collect::<String>().as_bytes()))
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The words of the TOML parser, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxMessage(Shown);

impl SyntaxMessage {
    pub(crate) fn new(text: &str) -> Self {
        Self(Shown::new(text.lines().next().unwrap_or("")))
    }
}

impl std::fmt::Display for SyntaxMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ProfileError {
    /// An error at a byte of the text.
    pub(crate) fn at(text: &str, span: Option<Range<usize>>, kind: ProfileErrorKind) -> Self {
        let offset = span.map_or(0, |s| s.start).min(text.len());
        let before = &text.as_bytes()[..offset];
        let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
        let line = before.split(|b| *b == b'\n').count();
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        Self { line, column, kind }
    }
}

fn nearest_text(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |n| format!(" (did you mean `{n}`?)"))
}

/// The known key that `key` looks most like, if it looks like one.
pub(crate) fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let (distance, best) = known.iter().map(|k| (edits(key, k), *k)).min()?;
    (distance <= 2.max(best.len() / 3)).then_some(best)
}

/// Levenshtein's distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
