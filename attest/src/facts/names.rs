//! How paths, which are bytes, stand in statements, which are text.
use std::fmt::Write as _;

/// What a path that is not UTF-8 begins with, once encoded.
const BYTES: &str = "bytes:";

/// The name of a file: relative to the workspace where it lies within, else as it is. Valid UTF-8 stays itself; other
/// bytes become `bytes:` and percent-encoding, and so does a name that begins with `bytes:`, so that no two paths
/// share a name.
pub fn name_within(workspace: &[u8], path: &[u8]) -> String {
    let path = relative(workspace, path).unwrap_or(path);
    match std::str::from_utf8(path) {
        Ok(text) if !text.starts_with(BYTES) => text.to_owned(),
        _ => format!("{BYTES}{}", percent(path)),
    }
}

/// The `file:` URI (RFC 8089) of an absolute path; another one is named by its path alone.
pub fn file_uri(path: &[u8]) -> String {
    if path.first() == Some(&b'/') { format!("file://{}", percent(path)) } else { format!("file:{}", percent(path)) }
}

/// The path below the workspace, if it lies there.
pub(super) fn relative<'p>(workspace: &[u8], path: &'p [u8]) -> Option<&'p [u8]> {
    let workspace = workspace.strip_suffix(b"/").unwrap_or(workspace);
    let below = path.strip_prefix(workspace)?.strip_prefix(b"/")?;
    (!workspace.is_empty() && !below.is_empty()).then_some(below)
}

/// RFC 3986 percent-encoding: unreserved characters and `/` stay.
pub(crate) fn percent(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &b in bytes {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(b as char),
            _ => {
                let _ = write!(out, "%{b:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_to_the_workspace_and_never_shared() {
        let name = |path: &[u8]| name_within(b"/w", path);
        assert_eq!(name(b"/w/src/a.c"), "src/a.c");
        assert_eq!(name(b"/ww/a"), "/ww/a");
        assert_eq!(name(b"/w"), "/w");
        assert_eq!(name(b"/w/\xff"), "bytes:%FF");
        assert_eq!(name(b"/w/bytes:%FF"), "bytes:bytes%3A%25FF");
        assert_eq!(name_within(b"/w/", b"/w/a"), "a");
        assert_eq!(name_within(b"", b"/a"), "/a");
        assert_eq!(name_within(b"/", b"/a"), "/a");
    }

    #[test]
    fn uris_are_percent_encoded() {
        assert_eq!(file_uri(b"/usr/bin/g++"), "file:///usr/bin/g%2B%2B");
        assert_eq!(file_uri(b"/a b\n\xff"), "file:///a%20b%0A%FF");
        assert_eq!(file_uri("/é".as_bytes()), "file:///%C3%A9");
    }
}
