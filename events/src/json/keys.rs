//! Keys and values that several kinds of line share.
use crate::{Digest, Identity, Outcome, PathBytes, errno};
use base64::Engine as _;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Base64 (RFC 4648 section 4, padded).
pub(super) fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// `name`, or `name_b64` for what is not UTF-8.
pub(super) fn bytes<M: SerializeMap>(map: &mut M, name: &'static str, value: &PathBytes) -> Result<(), M::Error> {
    match value.as_str() {
        Some(text) => map.serialize_entry(name, text),
        None => map.serialize_entry(&format!("{name}_b64"), &base64(value.as_bytes())),
    }
}

/// A list of texts, or `name_b64` with every element in base64 if one is not UTF-8.
pub(super) fn list<M: SerializeMap>(map: &mut M, name: &'static str, values: &[PathBytes]) -> Result<(), M::Error> {
    if values.iter().all(|v| v.as_str().is_some()) {
        return map.serialize_entry(name, &Texts(values));
    }
    let encoded: Vec<String> = values.iter().map(|v| base64(v.as_bytes())).collect();
    map.serialize_entry(&format!("{name}_b64"), &encoded)
}

struct Texts<'a>(&'a [PathBytes]);

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter_map(PathBytes::as_str))
    }
}

/// An optional value: no key where it is not known.
pub(super) fn known<M: SerializeMap, T: Serialize>(
    map: &mut M,
    name: &'static str,
    value: Option<T>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, &value))
}

/// Optional bytes.
pub(super) fn known_bytes<M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    value: Option<&PathBytes>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| bytes(map, name, value))
}

/// An optional digest in hex.
pub(super) fn digest<M: SerializeMap>(map: &mut M, name: &'static str, value: Option<&Digest>) -> Result<(), M::Error> {
    known(map, name, value.map(|digest| digest.to_hex()))
}

/// `dev`, `ino`, and `mount` where it is known.
pub(super) fn identity<M: SerializeMap>(map: &mut M, value: Option<&Identity>) -> Result<(), M::Error> {
    let Some(id) = value else { return Ok(()) };
    map.serialize_entry("dev", &format_args!("{}:{}", id.dev_major, id.dev_minor))?;
    map.serialize_entry("ino", &id.ino)?;
    known(map, "mount", Some(id.mount).filter(|mount| *mount != 0))
}

/// The name of an errno, or its number as text if it has none.
pub(super) struct Errno(pub(super) i32);

impl Serialize for Errno {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match errno::name(self.0) {
            Some(name) => serializer.serialize_str(name),
            None => serializer.collect_str(&self.0),
        }
    }
}

/// `"ok"`, `{"errno":"ENOENT"}`, `"unknown"`, `{"refused":"EPERM"}`.
pub(super) struct Came(pub(super) Outcome);

impl Serialize for Came {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, errno) = match self.0 {
            Outcome::Ok => return serializer.serialize_str("ok"),
            Outcome::Unknown => return serializer.serialize_str("unknown"),
            Outcome::Errno(errno) => ("errno", errno),
            Outcome::Refused(errno) => ("refused", errno),
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(name, &Errno(errno))?;
        map.end()
    }
}
