//! What the gate reads: a policy with the files beside it, evidence out of several files, the time.
use crate::exit::{CliError, shown};
use crate::files;
use sekisho_attest::timestamp;
use sekisho_events::Digest;
use sekisho_verifier::{MAX_EVIDENCE_BYTES, Policy, ReadFailed, unwrapped};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Longest policy, and longest file that a policy names.
const MAX_POLICY_BYTES: u64 = 4 << 20;

/// Reads a policy, and digests it; files that it names lie beside it.
pub fn policy(path: &Path, trusted_root: Option<&Path>) -> Result<(Policy, Digest), CliError> {
    let text = files::read_text(path, MAX_POLICY_BYTES)?;
    let root = trusted_root.map(|root| files::read_text(root, MAX_POLICY_BYTES)).transpose()?;
    let beside = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let read = |name: &str| {
        files::read(&beside.join(name), MAX_POLICY_BYTES).map_err(|error| {
            ReadFailed(match error {
                CliError::File { source, .. } => source.to_string(),
                other => other.to_string(),
            })
        })
    };
    let parsed = match &root {
        Some(root) => Policy::parse_with_root(&text, read, root),
        None => Policy::parse(&text, read),
    };
    let policy = parsed.map_err(|error| {
        CliError::new(format!("{}: {error}", shown(path))).with_hint("docs/policy.md names every key")
    })?;
    Ok((policy, Digest::of(text.as_bytes())))
}

/// The time that is asked for, or now, in seconds since the epoch.
pub fn now(asked: Option<&str>) -> Result<u64, CliError> {
    match asked {
        Some(text) => timestamp::parse(text).ok_or_else(|| {
            CliError::new("--time is not a time such as 2026-11-20T00:00:00Z").with_hint("RFC 3339, UTC, whole seconds")
        }),
        None => match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Ok(since.as_secs()),
            Err(_) => Err(CliError::new("the clock of this machine is before 1970")),
        },
    }
}

/// Attestations of several files, one a line.
#[derive(Default)]
pub struct Evidence {
    /// All of it, or one byte more than is judged.
    pub bytes: Vec<u8>,
    /// The files, each with the line where it begins, from 1.
    files: Vec<(usize, PathBuf)>,
    /// How many lines there are.
    lines: usize,
}

impl Evidence {
    /// Reads the files, in their order.
    pub fn read(paths: &[impl AsRef<Path>]) -> Result<Self, CliError> {
        let mut out = Self::default();
        for path in paths {
            let path = path.as_ref();
            let room = (MAX_EVIDENCE_BYTES + 1).saturating_sub(out.bytes.len()) as u64;
            let begin = out.bytes.len();
            let length = path.metadata().map_or(0, |meta| meta.len());
            if length >= room {
                // Refused for its length: it need not be read. Zeros that nobody looks at take no memory.
                out.bytes = vec![0; MAX_EVIDENCE_BYTES + 1];
                break;
            }
            // Not twice as much memory as a long file needs.
            out.bytes.reserve_exact(usize::try_from(length).unwrap_or(0));
            files::open(path)?.take(room).read_to_end(&mut out.bytes).map_err(|e| CliError::file("read", path, e))?;
            if out.bytes.len() > MAX_EVIDENCE_BYTES {
                break;
            }
            out.taken(begin, path);
        }
        Ok(out)
    }

    /// Adds what was found elsewhere than in a file, under a name that it can be found again by.
    pub fn add(&mut self, name: &str, paper: &[u8]) {
        let begin = self.bytes.len();
        if begin + paper.len() > MAX_EVIDENCE_BYTES {
            // Refused for its length, like a file.
            self.bytes.resize(MAX_EVIDENCE_BYTES + 1, b' ');
            return;
        }
        // A paper is one; line breaks within it stand between its tokens.
        self.bytes.extend(paper.iter().map(|b| if *b == b'\n' { b' ' } else { *b }));
        self.taken(begin, Path::new(name));
    }

    /// Makes lines of what stands from `begin` on, and keeps where they are from.
    fn taken(&mut self, begin: usize, path: &Path) {
        if let Some(bundles) = unwrapped(&self.bytes[begin..]) {
            self.bytes.truncate(begin);
            self.bytes.extend(bundles.iter().flat_map(|bundle| [bundle.as_bytes(), b"\n"].concat()));
        }
        on_one_line(&mut self.bytes[begin..]);
        if self.bytes.last().is_some_and(|b| *b != b'\n') {
            self.bytes.push(b'\n');
        }
        self.files.push((self.lines + 1, path.to_path_buf()));
        self.lines += self.bytes[begin..].split(|b| *b == b'\n').count() - 1;
    }

    /// The file of a line, escaped, and the line there.
    pub fn origin(&self, line: usize) -> (String, usize) {
        match self.files.iter().rev().find(|(first, _)| *first <= line) {
            Some((first, path)) => (shown(path), line - first + 1),
            None => (String::new(), line),
        }
    }
}

/// A bundle that is printed over several lines becomes one. Line breaks within JSON stand between its tokens only, so that
/// spaces in their place change nothing.
fn on_one_line(file: &mut [u8]) {
    let first = file.trim_ascii_start().split(|b| *b == b'\n').next().unwrap_or_default();
    if first.starts_with(b"{") && !first.trim_ascii_end().ends_with(b"}") {
        for byte in file.iter_mut().filter(|b| **b == b'\n') {
            *byte = b' ';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_over_several_lines_becomes_one_and_lines_stay_lines() {
        let of = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            on_one_line(&mut bytes);
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(of("\n{\n  \"a\": 1\n}\n"), " {   \"a\": 1 } ");
        for same in ["{\"a\":1}\n{\"a\":2}\n", "{\"a\":1} \r\n{\n", "x\n{\n", ""] {
            assert_eq!(of(same), same);
        }
    }

    #[test]
    fn a_line_is_found_again_in_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let paths = ["a", "b", "c"].map(|name| dir.path().join(name));
        for (path, text) in paths.iter().zip(["{}\n{}", "{\n}\n", "\n{}\n"]) {
            std::fs::write(path, text).unwrap();
        }
        let evidence = Evidence::read(&paths).unwrap();
        assert_eq!(evidence.bytes, b"{}\n{}\n{ } \n\n{}\n");
        let origins: Vec<(String, usize)> = (1..=5).map(|line| evidence.origin(line)).collect();
        let ends: Vec<(char, usize)> = origins.iter().map(|(f, n)| (f.chars().last().unwrap(), *n)).collect();
        assert_eq!(ends, [('a', 1), ('a', 2), ('b', 1), ('c', 1), ('c', 2)]);
    }
}
