//! Which of the files that the step left behind are the subjects.
use super::names::{name_within, relative};
use super::{Candidate, FileDigest, RunFacts};
use crate::run::{Listing, listing};
use crate::statement::Descriptor;
use globset::{GlobBuilder, GlobMatcher};
use sekisho_events::{Digest, PathBytes, escape};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// What the subjects may take in one statement, in bytes of JSON.
pub(crate) const SUBJECT_BYTES: usize = 20 << 10;
/// The subject of a step that left nothing behind: its recording.
pub const RECORDING_NAME: &str = "recording.sekisho";

/// Which products are attested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Select {
    /// What the step left in the workspace; first what it did not read again itself. As much as fits.
    Default,
    /// What matches one of these globs, relative to the workspace or absolute. All of it, or an error.
    Globs(Vec<String>),
}

/// Why the products cannot be attested.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProductError {
    /// Not a glob.
    #[error("product {} is not a glob: {}", escape(glob.as_bytes()), escape(why.as_bytes()))]
    BadGlob {
        /// What was asked for.
        glob: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing that the step left behind matches.
    #[error("product {} matches nothing that the step made or wrote and left behind", escape(.0.as_bytes()))]
    NoMatch(String),
    /// The file is not as the recorder saw it last.
    #[error("product {} is not as the step left it: it was changed after the recording", .0.escaped())]
    Changed(PathBytes),
    /// The file is gone.
    #[error("product {} is gone: it was removed after the recording", .0.escaped())]
    Gone(PathBytes),
    /// The recording has no digest of it.
    #[error("product {} has no digest in the recording", .0.escaped())]
    NoDigest(PathBytes),
    /// It cannot be read now.
    #[error("product {} cannot be read: {source}", path.escaped())]
    Io {
        /// Which.
        path: PathBytes,
        /// Why.
        source: io::Error,
    },
    /// More than one summary may hold.
    #[error("{0} products do not fit in one attestation of {SUBJECT_BYTES} bytes of names and digests")]
    TooMany(usize),
}

/// The subjects, and what they were chosen from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Products {
    /// By name.
    pub subjects: Vec<Descriptor>,
    /// Of everything that was chosen, listed or not.
    pub listing: Listing,
}

impl RunFacts {
    /// Chooses the subjects and holds each against the disk: `on_disk` gives a file's digest, or `None` if there is no
    /// such regular file.
    pub fn products(
        &self,
        select: &Select,
        mut on_disk: impl FnMut(&Path) -> io::Result<Option<FileDigest>>,
    ) -> Result<Products, ProductError> {
        match select {
            Select::Globs(globs) => self.named(globs, &mut on_disk),
            Select::Default => Ok(self.unnamed(&mut on_disk)),
        }
    }

    /// The same for who cannot see the files: what the recording says of them, held against nothing.
    pub fn products_as_recorded(&self, select: &Select) -> Result<Products, ProductError> {
        let recorded: BTreeMap<&[u8], Digest> =
            self.candidates.iter().filter_map(|c| Some((c.path.as_bytes(), c.sha256?))).collect();
        self.products(select, |path| {
            let sha256 = recorded.get(path.as_os_str().as_bytes());
            Ok(sha256.map(|sha256| FileDigest { sha256: *sha256, size: None }))
        })
    }

    fn descriptor(&self, candidate: &Candidate, sha256: Digest) -> Descriptor {
        Descriptor { name: name_within(self.header.workspace.as_bytes(), candidate.path.as_bytes()), sha256 }
    }

    fn named(&self, globs: &[String], on_disk: &mut OnDisk<'_>) -> Result<Products, ProductError> {
        let globs = globs.iter().map(|glob| Ok((glob, matcher(glob)?))).collect::<Result<Vec<_>, ProductError>>()?;
        let mut matched = vec![false; globs.len()];
        let mut subjects = Vec::new();
        for candidate in &self.candidates {
            let mut hit = false;
            for (index, (_, glob)) in globs.iter().enumerate() {
                if self.matches(glob, candidate) {
                    (hit, matched[index]) = (true, true);
                }
            }
            if hit {
                let sha256 = checked(candidate, on_disk)?;
                subjects.push(self.descriptor(candidate, sha256));
            }
        }
        if let Some(index) = matched.iter().position(|hit| !hit) {
            return Err(ProductError::NoMatch(globs[index].0.clone()));
        }
        subjects.sort_unstable();
        if subjects.iter().map(cost).sum::<usize>() > SUBJECT_BYTES {
            return Err(ProductError::TooMany(subjects.len()));
        }
        let listing = listing(&subjects, subjects.len());
        Ok(Products { subjects, listing })
    }

    fn matches(&self, glob: &GlobMatcher, candidate: &Candidate) -> bool {
        let path = candidate.path.as_bytes();
        if !path.starts_with(b"/") {
            // In a view that is not ours: nothing here has that name.
            return false;
        }
        let as_path = |bytes| Path::new(OsStr::from_bytes(bytes));
        let below = relative(self.header.workspace.as_bytes(), path);
        glob.is_match(as_path(path)) || below.is_some_and(|below| glob.is_match(as_path(below)))
    }

    fn unnamed(&self, on_disk: &mut OnDisk<'_>) -> Products {
        let workspace = self.header.workspace.as_bytes();
        let mut within: Vec<&Candidate> = self
            .candidates
            .iter()
            .filter(|c| c.sha256.is_some() && relative(workspace, c.path.as_bytes()).is_some())
            .collect();
        let mut all: Vec<Descriptor> = within.iter().filter_map(|c| Some(self.descriptor(c, c.sha256?))).collect();
        all.sort_unstable();
        // What nothing read again comes first: it is what the step was for.
        within.sort_by_key(|c| c.consumed);
        let (mut subjects, mut bytes) = (Vec::new(), 0);
        for candidate in within {
            let Some(sha256) = candidate.sha256 else { continue };
            let subject = self.descriptor(candidate, sha256);
            bytes += cost(&subject);
            if bytes > SUBJECT_BYTES {
                break;
            }
            // What changed since is left out: nothing is claimed of it.
            if checked(candidate, on_disk).is_ok() {
                subjects.push(subject);
            }
        }
        subjects.sort_unstable();
        let listing = listing(&all, subjects.len());
        if subjects.is_empty() {
            subjects.push(Descriptor { name: RECORDING_NAME.to_owned(), sha256: self.recording_sha256 });
        }
        Products { subjects, listing }
    }
}

type OnDisk<'a> = dyn FnMut(&Path) -> io::Result<Option<FileDigest>> + 'a;

/// The digest of the candidate, if the disk agrees with the recording.
fn checked(candidate: &Candidate, on_disk: &mut OnDisk<'_>) -> Result<Digest, ProductError> {
    let path = || candidate.path.clone();
    let recorded = candidate.sha256.ok_or_else(|| ProductError::NoDigest(path()))?;
    match on_disk(Path::new(OsStr::from_bytes(candidate.path.as_bytes()))) {
        Ok(Some(found)) if found.sha256 == recorded => Ok(recorded),
        Ok(Some(_)) => Err(ProductError::Changed(path())),
        Ok(None) => Err(ProductError::Gone(path())),
        Err(source) => Err(ProductError::Io { path: path(), source }),
    }
}

fn matcher(glob: &str) -> Result<GlobMatcher, ProductError> {
    // `./dist/app` is what a shell completes to.
    let text = glob.strip_prefix("./").unwrap_or(glob);
    let built = GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build();
    match built {
        Ok(built) => Ok(built.compile_matcher()),
        Err(e) => Err(ProductError::BadGlob { glob: glob.to_owned(), why: e.kind().to_string() }),
    }
}

/// Bytes of the subject in JSON, its comma included.
fn cost(subject: &Descriptor) -> usize {
    subject.to_json().to_string().len() + 1
}
