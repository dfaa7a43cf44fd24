//! `allowed-endpoints` of Harden-Runner.
use super::{Endpoint, ImportError, ImportErrorKind, Imported, Places};
use crate::error::Shown;

const KEY: &str = "allowed-endpoints:";

/// The list itself, or all lists of a workflow.
pub(super) fn read(text: &str, name: &str) -> Result<Imported, ImportError> {
    let (lists, words) = words(text);
    let mut places = Places::default();
    for (line, word) in words {
        let endpoint = endpoint(word).map_err(|kind| ImportError { line: Some(line), kind })?;
        places.0.entry(endpoint).or_default();
    }
    let rule = places.rule("endpoints", &[], format!("allowed-endpoints of {name}")).ok_or(ImportErrorKind::Nothing)?;
    let mut notes = vec!["any program may reach these hosts, as in the list; --by PROGRAM says which".to_owned()];
    if lists > 1 {
        notes.push(format!("{lists} lists became one rule: a host of one job is allowed in all"));
    }
    Ok(Imported { rules: vec![rule], notes })
}

/// How many lists there are, and their words with their lines. Without the key, all of the text is one list.
fn words(text: &str) -> (usize, Vec<(usize, &str)>) {
    let mut out = Vec::new();
    let Some(first) = text.lines().position(|line| line.trim_start().starts_with(KEY)) else {
        text.lines().enumerate().for_each(|(at, line)| split(at, line, &mut out));
        return (1, out);
    };
    let (mut lists, mut within) = (0, None);
    for (at, line) in text.lines().enumerate().skip(first) {
        let indent = line.len() - line.trim_start().len();
        if let Some(value) = line.trim_start().strip_prefix(KEY) {
            lists += 1;
            within = Some(indent);
            // `>`, `|`, `>-`, `|2+`: how the lines below are joined.
            let value = value.trim();
            let is_header = value.starts_with(['>', '|']);
            split(at, if is_header { "" } else { value.trim_matches(['"', '\'']) }, &mut out);
        } else if within.is_some_and(|key| indent > key) {
            split(at, line, &mut out);
        } else if !line.trim().is_empty() {
            within = None;
        }
    }
    (lists, out)
}

/// The words of a line, up to a comment.
fn split<'t>(at: usize, line: &'t str, out: &mut Vec<(usize, &'t str)>) {
    let words = line.split([' ', '\t', ',']).filter(|word| !word.is_empty());
    out.extend(words.take_while(|word| !word.starts_with('#')).map(|word| (at + 1, word)));
}

/// `HOST:PORT`; without a port it is 443.
fn endpoint(word: &str) -> Result<Endpoint, ImportErrorKind> {
    if word.contains("${{") {
        return Err(ImportErrorKind::Expression(Shown::new(word)));
    }
    let bracket = word.find(']').map_or(0, |at| at + 1);
    let (host, port) = match word[bracket..].find(':') {
        Some(at) => (&word[..bracket + at], &word[bracket + at + 1..]),
        None => (word, "443"),
    };
    let port = port.parse().map_err(|_| ImportErrorKind::Endpoint(Shown::new(word)))?;
    Endpoint::new(host, port, word)
}
