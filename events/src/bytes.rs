//! Bytes as the kernel gave them.
use minicbor::{CborLen, Decode, Encode};
use std::fmt::{self, Write as _};

/// A path, name or argument exactly as the kernel gave it: bytes, no NUL, not assumed UTF-8.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, CborLen)]
#[cbor(transparent)]
pub struct PathBytes(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>);

impl PathBytes {
    /// Length limit of one path in bytes, terminating NUL included (`PATH_MAX`, limits.h).
    pub const MAX: usize = 4096;
    /// No bytes.
    pub(crate) const EMPTY: Self = Self(Vec::new());

    /// Wraps bytes; the caller has cut them at the NUL.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Puts other bytes in the same memory.
    pub(crate) fn set(&mut self, bytes: &[u8]) {
        self.0.clear();
        self.0.extend_from_slice(bytes);
    }

    /// The bytes, owned.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The text, if the bytes are valid UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// True if there is no byte.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The part behind the last `/`, or the whole.
    pub fn file_name(&self) -> &[u8] {
        self.0.rsplit(|b| *b == b'/').next().unwrap_or(&self.0)
    }

    /// One escaped line, safe on a terminal and in a log: printable ASCII and printable Unicode stay, everything
    /// else (control, escape, bidi and zero-width characters, invalid UTF-8, backslash) becomes `\xNN` or `\u{…}`.
    pub fn escaped(&self) -> String {
        escape(&self.0)
    }
}

/// Escapes bytes for one line of text shown to a person. See [`PathBytes::escaped`].
pub fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            escape_char(&mut out, c);
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out
}

fn escape_char(out: &mut String, c: char) {
    let code = c as u32;
    // Writing to a string cannot fail.
    let _ = match c {
        '\\' => out.write_str("\\\\"),
        ' '..='~' => out.write_char(c),
        c if is_plain(c) => out.write_char(c),
        _ if code < 0x80 => write!(out, "\\x{code:02x}"),
        _ => write!(out, "\\u{{{code:x}}}"),
    };
}

/// True for a non-ASCII character that shows as itself and moves nothing around it.
pub(crate) fn is_plain(c: char) -> bool {
    let invisible = matches!(c,
        '\u{80}'..='\u{a0}' | '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{61c}' | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{10ffff}');
    (c as u32) >= 0x80 && !c.is_control() && !invisible
}

impl fmt::Debug for PathBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escaped())
    }
}

impl From<&str> for PathBytes {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<&[u8]> for PathBytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}
