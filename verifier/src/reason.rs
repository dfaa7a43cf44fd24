//! Why something was refused.

/// A reason, and what mends it. Codes are stable, words may change. Everything in it is escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable.
    pub code: &'static str,
    /// What, and where.
    pub message: String,
    /// What mends it.
    pub hint: String,
}

impl Reason {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into() }
    }
}

/// Text from evidence as shown in a message: escaped, and not longer than a line.
pub(crate) fn shown(text: &str) -> String {
    const MAX: usize = 200;
    let escaped = sekisho_events::escape(text.as_bytes());
    match escaped.char_indices().nth(MAX) {
        Some((at, _)) => format!("{}…", &escaped[..at]),
        None => escaped,
    }
}

/// The first of several, and how many more there are.
pub(crate) fn some<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    const MAX: usize = 5;
    let mut texts = texts.into_iter();
    let mut out: Vec<String> = texts.by_ref().take(MAX).map(shown).collect();
    match texts.count() {
        0 if out.is_empty() => "none".to_owned(),
        0 => out.join(", "),
        more => {
            out.push(format!("and {more} more"));
            out.join(", ")
        }
    }
}
