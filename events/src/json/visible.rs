//! JSON that is safe on a terminal: the same values, with what a terminal could obey as `\uXXXX`.
use crate::bytes::is_plain;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Writes a value as compact JSON. Control characters past ASCII (C1, DEL), bidirectional marks and what is invisible are
/// escaped, which changes no value (RFC 8259, section 7): names are hostile, and JSON is often read on a terminal.
pub fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Visible)).map_err(io::Error::from)
}

/// The same, over several lines, with a line feed at the end.
pub fn pretty(value: &Value) -> String {
    let mut out = String::new();
    // Outside of strings JSON is ASCII, and `\uXXXX` is the same character within them.
    for c in format!("{value:#}\n").chars() {
        if is_hidden(c) { push_escaped(&mut out, c) } else { out.push(c) }
    }
    out
}

fn is_hidden(c: char) -> bool {
    c == '\u{7f}' || (!c.is_ascii() && !is_plain(c))
}

fn push_escaped(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}

struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.bytes().all(|b| b.is_ascii() && b != 0x7f) {
            return CompactFormatter.write_string_fragment(writer, fragment);
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(is_hidden) {
            let (before, tail) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut chars = tail.chars();
            let mut escaped = String::new();
            push_escaped(&mut escaped, chars.next().unwrap_or_default());
            writer.write_all(escaped.as_bytes())?;
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, &text).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_a_terminal_could_obey_is_escaped_and_the_value_stays() {
        for text in ["\u{9b}31m", "del\u{7f}", "\u{202e}txt.exe", "a\u{300}b", "\u{f0000}", "tab\t\u{1b}[2J", "日本 é"]
        {
            let json = shown(text);
            assert!(
                json.chars().all(|c| c.is_ascii() || is_plain(c)) && !json.contains(['\u{7f}', '\u{1b}']),
                "{json}"
            );
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            let value = serde_json::json!({ text: [text] });
            let json = pretty(&value);
            assert!(json.chars().all(|c| c == '\n' || c.is_ascii() && !c.is_ascii_control() || is_plain(c)), "{json}");
            assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value);
        }
        assert_eq!(shown("日本 é"), "\"日本 é\"");
    }
}
