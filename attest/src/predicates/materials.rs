//! Which of a run's inputs are listed: those in the workspace first, for they are what a policy speaks of.
use crate::facts::{RunFacts, file_uri, name_within};
use crate::run::{Listing, listing};
use crate::statement::Descriptor;
use sekisho_events::Digest;
use serde_json::{Value, json};

/// What the list may take in provenance, in bytes of JSON.
const LIST_BYTES: usize = 24 << 10;

/// The inputs that have a digest, as listed.
pub(crate) struct Materials {
    /// What is listed: in the workspace, then outside, each by name.
    pub(crate) listed: Vec<Listed>,
    /// Of all.
    pub(crate) listing: Listing,
    /// Those without digest.
    pub(crate) undigested: u64,
}

pub(crate) struct Listed {
    pub(crate) file: Descriptor,
    uri: String,
    changed_to: Vec<Digest>,
}

impl Listed {
    /// As resolved dependency: name, URI, digest.
    pub(crate) fn dependency(&self) -> Value {
        json!({"name": self.file.name, "uri": self.uri, "digest": {"sha256": self.file.sha256.to_hex()}})
    }

    /// As accesses of a runtime trace: one for each content that was read.
    pub(crate) fn accesses(&self) -> impl Iterator<Item = Value> + '_ {
        let contents = std::iter::once(&self.file.sha256).chain(&self.changed_to);
        contents.map(|sha256| access(&self.file.name, *sha256, "read"))
    }
}

pub(crate) fn access(name: &str, sha256: Digest, what: &str) -> Value {
    json!({"name": name, "digest": {"sha256": sha256.to_hex()}, "annotations": {"access": what}})
}

impl Materials {
    /// All of the workspace that have a digest, by name.
    pub(crate) fn within_workspace(facts: &RunFacts) -> Vec<Descriptor> {
        let workspace = facts.header.workspace.as_bytes();
        let named = facts.materials.iter().filter_map(|material| {
            Some(Descriptor { name: name_within(workspace, material.path.as_bytes()), sha256: material.sha256? })
        });
        let mut within: Vec<Descriptor> = named.filter(|file| !file.name.starts_with('/')).collect();
        within.sort_unstable();
        within
    }

    pub(crate) fn new(facts: &RunFacts) -> Self {
        let workspace = facts.header.workspace.as_bytes();
        let mut all: Vec<Listed> = facts
            .materials
            .iter()
            .filter_map(|material| {
                let path = material.path.as_bytes();
                let file = Descriptor { name: name_within(workspace, path), sha256: material.sha256? };
                Some(Listed { file, uri: file_uri(path), changed_to: material.changed_to.clone() })
            })
            .collect();
        let undigested = (facts.materials.len() - all.len()) as u64;
        all.sort_unstable_by(|a, b| a.file.cmp(&b.file));
        let files: Vec<Descriptor> = all.iter().map(|l| l.file.clone()).collect();
        all.sort_by_key(|l| l.file.name.starts_with('/'));
        let mut bytes = 0;
        let keep = all
            .iter()
            .take_while(|l| {
                bytes += l.dependency().to_string().len() + 1;
                bytes <= LIST_BYTES
            })
            .count();
        all.truncate(keep);
        Self { listing: listing(&files, keep), listed: all, undigested }
    }
}
