//! The block that stands, equal, in each statement of a run: it ties them to one recording.
use crate::facts::{Products, RunFacts};
use crate::predicates::materials::Materials;
use crate::statement::Descriptor;
use crate::timestamp;
use sekisho_events::{Digest, Level, Toctou};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Version of the block.
pub(crate) const VERSION: u32 = 1;

/// A list that may be cut in a statement, and what it was cut from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// How many there are.
    pub total: u64,
    /// How many of them the statement lists.
    pub listed: u64,
    /// SHA-256 over all of them; of files a line `SHA256␠␠NAME\n` each, sorted by name, as `sha256sum` writes it.
    pub sha256: String,
}

/// A listing of files, `listed` of which stand in the statement. `all` is sorted.
pub fn listing(all: &[Descriptor], listed: usize) -> Listing {
    let mut hash = Sha256::new();
    for file in all {
        hash.update(line(file));
    }
    let sha256 = Digest::new(hash.finalize().into()).to_hex();
    Listing { total: all.len() as u64, listed: listed as u64, sha256 }
}

/// As GNU `sha256sum` writes it: a name with a line break or a backslash is escaped, and the line begins with a
/// backslash, so that no two lists have the same text.
fn line(file: &Descriptor) -> String {
    if !file.name.contains(['\\', '\n', '\r']) {
        return format!("{}  {}\n", file.sha256, file.name);
    }
    let name = file.name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    format!("\\{}  {name}\n", file.sha256)
}

/// The recording that the statements are about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// Of the file.
    pub sha256: String,
    /// Hash over header and events (docs/format.md).
    pub root: String,
    /// Length of the file.
    pub bytes: u64,
}

/// What was watched, and what was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoverageBlock {
    /// Classes of act that were recorded.
    pub recorded: Vec<String>,
    /// Calls that were refused outright.
    pub refused: Vec<String>,
    /// What this level does not watch.
    pub not_asserted: Vec<String>,
    /// Highest system call number that the recorder knew.
    pub max_known_call: u32,
}

/// The block. Unknown keys are refused: what we do not understand we do not judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunBlock {
    /// [`VERSION`].
    pub version: u32,
    /// 32 hex digits, different for every run.
    pub run: String,
    /// Name of the step.
    pub step: String,
    /// By which this is known.
    pub recording: Recording,
    /// `sekisho 0.1.0`.
    pub tool: String,
    /// Kernel release.
    pub kernel: String,
    /// Architecture.
    pub arch: String,
    /// True if nothing was missed.
    pub complete: bool,
    /// Events known to be lost.
    pub lost: u64,
    /// Things that were or may have been missed.
    pub gaps: u64,
    /// What the step returned.
    pub status: i32,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub finished: String,
    /// `exec`, `files`, `deep`.
    pub level: String,
    /// `ptrace`, `hybrid`.
    pub engine: String,
    /// `verified`, `best-effort`.
    pub toctou: String,
    /// `observe`, `deny`, `kill`: what was in force while the step ran.
    pub mode: String,
    /// SHA-256 of the profile that was in force, if there was one.
    pub enforced_profile: Option<String>,
    /// What was watched.
    pub coverage: CoverageBlock,
    /// Number of events by kind.
    pub counts: Map<String, Value>,
    /// What the step left behind.
    pub products: Listing,
    /// What was there before and was used, and has a digest.
    pub materials: Listing,
    /// How many inputs have no digest in the recording.
    pub undigested: u64,
}

impl RunBlock {
    pub(crate) fn new(facts: &RunFacts, products: &Products, materials: &Materials) -> Self {
        let (header, trailer) = (&facts.header, &facts.trailer);
        let run = header.nonce.iter().fold(String::new(), |mut out, b| {
            let _ = write!(out, "{b:02x}");
            out
        });
        Self {
            version: VERSION,
            run,
            step: facts.step().to_owned(),
            recording: Recording {
                sha256: facts.recording_sha256.to_hex(),
                root: trailer.root.to_hex(),
                bytes: facts.recording_bytes,
            },
            tool: header.tool.clone(),
            kernel: header.kernel.clone(),
            arch: header.arch.clone(),
            complete: trailer.complete,
            lost: trailer.lost,
            gaps: trailer.gaps,
            status: trailer.status,
            started: timestamp::format(header.started_s),
            finished: timestamp::format(facts.finished_s()),
            level: header.level.name().to_owned(),
            engine: header.engine.clone(),
            toctou: trailer.toctou.name().to_owned(),
            mode: header.mode.clone(),
            enforced_profile: header.profile_sha256.map(Digest::to_hex),
            coverage: CoverageBlock {
                recorded: header.coverage.recorded.clone(),
                refused: header.coverage.refused.clone(),
                not_asserted: header.coverage.not_asserted.clone(),
                max_known_call: header.coverage.max_known_call,
            },
            counts: counts(trailer),
            products: products.listing.clone(),
            materials: materials.listing.clone(),
            undigested: materials.undigested,
        }
    }

    /// The level, if it is one that we know.
    pub fn level(&self) -> Option<Level> {
        Level::from_name(&self.level)
    }

    /// True if every recorded name was confirmed.
    pub fn is_toctou_verified(&self) -> bool {
        self.toctou == Toctou::Verified.name()
    }

    /// As JSON object.
    pub(crate) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn counts(trailer: &sekisho_events::Trailer) -> Map<String, Value> {
    sekisho_events::Kind::NAMES
        .iter()
        .zip(trailer.counts.0)
        .map(|(name, count)| ((*name).to_owned(), count.into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// `sha256sum`, GNU coreutils.
    #[test]
    fn a_listing_is_the_digest_of_what_sha256sum_writes() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["a", "b c", "back\\slash", "new\nline", "é", "re\rturn"];
        let mut files: Vec<Descriptor> = Vec::new();
        for name in names {
            std::fs::write(dir.path().join(name), name).unwrap();
            files.push(Descriptor { name: name.to_owned(), sha256: Digest::of(name.as_bytes()) });
        }
        files.sort_unstable();
        let sorted = files.iter().map(|f| f.name.as_str());
        let written = Command::new("sha256sum").args(sorted).current_dir(dir.path()).output().unwrap();
        assert!(written.status.success());
        assert_eq!(listing(&files, 1).sha256, Digest::of(&written.stdout).to_hex());
    }

    #[test]
    fn names_with_line_breaks_make_no_two_lists_alike() {
        let file = |name: String, content: &[u8]| Descriptor { name, sha256: Digest::of(content) };
        let (two, three) = (Digest::of(b"2"), Digest::of(b"3"));
        let one = [file(format!("x\n{two}  y"), b"1"), file("z".into(), b"3")];
        let other = [file("x".into(), b"1"), file(format!("y\n{three}  z"), b"2")];
        assert_ne!(listing(&one, 2).sha256, listing(&other, 2).sha256);
    }
}
