//! The JSON form of a recording (docs/interface.md): what `show --format jsonl` prints, one object a line.
//!
//! Invariant: text is UTF-8; bytes that are not stand in base64 under `NAME_b64` in place of `NAME`, and a list
//! with one such element stands whole under `NAME_b64`. Keys come in a fixed order; absent facts have no key.

mod acts;
mod ends;
mod keys;
mod visible;

use crate::{Event, Header, Trailer, Truncation};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value};
pub use visible::{pretty, write};

/// One line of the JSON form, for streaming by [`write`].
#[derive(Clone, Copy, Debug)]
pub enum Line<'a> {
    /// The first line.
    Header(&'a Header),
    /// One event.
    Event(&'a Event),
    /// The last line of a recording that ends properly.
    Trailer(&'a Trailer),
    /// The last line of a recording that is cut, in place of the trailer.
    Truncated(&'a Truncation),
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Header(header) => ends::header(&mut map, header)?,
            Self::Event(event) => acts::event(&mut map, event)?,
            Self::Trailer(trailer) => ends::trailer(&mut map, trailer)?,
            Self::Truncated(cut) => ends::truncated(&mut map, cut)?,
        }
        map.end()
    }
}

/// The header as a JSON object.
pub fn header(header: &Header) -> Value {
    value(Line::Header(header))
}

/// An event as a JSON object.
pub fn event(event: &Event) -> Value {
    value(Line::Event(event))
}

/// The trailer as a JSON object.
pub fn trailer(trailer: &Trailer) -> Value {
    value(Line::Trailer(trailer))
}

/// The line that stands in for the trailer of a cut recording.
pub fn truncated(cut: &Truncation) -> Value {
    value(Line::Truncated(cut))
}

/// Puts bytes under `name` as text, or under `name_b64` if they are not UTF-8.
pub fn put_bytes(map: &mut Map<String, Value>, name: &str, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => map.insert(name.to_owned(), text.into()),
        Err(_) => map.insert(format!("{name}_b64"), keys::base64(bytes).into()),
    };
}

/// Keys are strings and nothing here fails, so that there is always a value.
fn value(line: Line<'_>) -> Value {
    serde_json::to_value(line).unwrap_or_default()
}
