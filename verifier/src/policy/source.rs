//! Values of a TOML table, each of its type, every error with its place.
use super::error::{PolicyError, PolicyErrorKind as Kind};
use std::ops::Range;
use toml_edit::{Item, TableLike, Value};

/// Where a value stands.
pub(super) type Span = Option<Range<usize>>;
/// A value, and where it stands.
pub(super) type Spanned<T> = (T, Span);

/// A policy's text, to find lines and columns in.
#[derive(Clone, Copy)]
pub(super) struct Text<'t>(pub(super) &'t str);

impl Text<'_> {
    pub(super) fn error(self, span: Span, kind: Kind) -> PolicyError {
        let at = span.map_or(0, |s| s.start).min(self.0.len());
        let before = self.0.get(..at).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        PolicyError { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1, kind }
    }

    pub(super) fn known_keys(self, table: &dyn TableLike, known: &[&'static str]) -> Result<(), PolicyError> {
        for (key, _) in table.iter() {
            if !known.contains(&key) {
                let span = table.key(key).and_then(toml_edit::Key::span);
                let kind = Kind::UnknownKey { key: key.to_owned(), nearest: nearest(key, known) };
                return Err(self.error(span, kind));
            }
        }
        Ok(())
    }

    pub(super) fn wrong(self, item: &Item, key: &'static str, wanted: &'static str) -> PolicyError {
        self.error(item.span(), Kind::Wrong { key, wanted })
    }

    pub(super) fn string<'v>(
        self,
        table: &'v dyn TableLike,
        key: &'static str,
    ) -> Result<Option<(&'v str, &'v Item)>, PolicyError> {
        let Some(item) = table.get(key) else { return Ok(None) };
        let text = item.as_str().ok_or_else(|| self.wrong(item, key, "a string"))?;
        Ok(Some((text, item)))
    }

    pub(super) fn flag(self, table: &dyn TableLike, key: &'static str) -> Result<bool, PolicyError> {
        match table.get(key) {
            None => Ok(false),
            Some(item) => item.as_bool().ok_or_else(|| self.wrong(item, key, "true or false")),
        }
    }

    /// A list of strings; absent is none.
    pub(super) fn strings<'v>(
        self,
        table: &'v dyn TableLike,
        key: &'static str,
    ) -> Result<Option<Vec<Spanned<&'v str>>>, PolicyError> {
        let wanted = "a list of strings, not empty";
        let Some(item) = table.get(key) else { return Ok(None) };
        let array = item.as_array().filter(|a| !a.is_empty()).ok_or_else(|| self.wrong(item, key, wanted))?;
        let text = |value: &'v Value| match value.as_str() {
            Some(text) => Ok((text, value.span())),
            None => Err(self.error(value.span(), Kind::Wrong { key, wanted })),
        };
        array.iter().map(text).collect::<Result<_, _>>().map(Some)
    }

    /// A list of tables, inline or with heads of their own.
    pub(super) fn tables<'v>(
        self,
        table: &'v dyn TableLike,
        key: &'static str,
    ) -> Result<Vec<Spanned<&'v dyn TableLike>>, PolicyError> {
        let wanted = "a list of tables";
        let Some(item) = table.get(key) else { return Ok(Vec::new()) };
        if let Some(array) = item.as_array_of_tables() {
            return Ok(array.iter().map(|t| (t as &dyn TableLike, t.span())).collect());
        }
        let array = item.as_array().ok_or_else(|| self.wrong(item, key, wanted))?;
        let inline = |value: &'v Value| match value.as_inline_table() {
            Some(table) => Ok((table as &dyn TableLike, value.span())),
            None => Err(self.error(value.span(), Kind::Wrong { key, wanted })),
        };
        array.iter().map(inline).collect()
    }
}

/// The known key that is fewest changes away, if they are few.
fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let far = 2.max(key.len() / 3);
    known.iter().map(|k| (changes(key, k), *k)).min().filter(|(n, _)| *n <= far).map(|(_, k)| k)
}

/// Levenshtein distance in bytes.
fn changes(a: &str, b: &str) -> usize {
    // Longer keys are no misspelling of ours.
    let a = &a.as_bytes()[..a.len().min(64)];
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replace = diagonal + usize::from(*x != y);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
