//! Finds what was attached to an image: by us, by cosign in either layout, by whoever puts bundles there.
//!
//! Invariant: what is found is evidence and no more. Who may attach is the registry's affair; who may sign, the policy's.
use super::attaching::{look, tag};
use super::reference::Reference;
use super::registry::{Failure, Registry};
use super::{BUNDLE_TYPES, EMPTY_TYPE, ENVELOPE_TYPE, Found, Subject};
use crate::exit::CliError;
use crate::network;
use crate::ui::Ui;
use sekisho_attest::dsse::MAX_ENVELOPE_BYTES;
use sekisho_attest::names::PAYLOAD_TYPE;
use sekisho_attest::strict_json;
use sekisho_events::Digest;
use serde_json::Value;
use std::collections::BTreeSet;

/// No more referrers of an image, nor layers of one, are looked at.
const MAX_REFERRERS: usize = 1000;
/// No more than this is read of what is attached to one image.
const MAX_BYTES: usize = 64 << 20;

/// An image, and what is attached to it.
pub fn find(reference: &Reference, ui: Ui) -> Result<Found, CliError> {
    let registry = Registry::new(reference, "pull", ui)?;
    network::runtime()?.block_on(all(&registry, reference)).map_err(|e| e.of(reference))
}

async fn all(registry: &Registry, reference: &Reference) -> Result<Found, Failure> {
    let subject = look(registry, reference).await?;
    let mut search = Search { registry, bytes: 0, papers: Vec::new() };
    for referrer in referrers(registry, &subject).await? {
        search.manifest(&format!("sha256:{referrer}")).await?;
    }
    search.manifest(&format!("{}.att", tag(subject.sha256))).await?;
    Ok(Found { subject, papers: search.papers })
}

/// The manifests that may hold statements about this one, sorted: registries list them as they like.
async fn referrers(registry: &Registry, subject: &Subject) -> Result<BTreeSet<Digest>, Failure> {
    let list = match registry.referrers(subject.sha256).await? {
        Some(list) => list,
        None => match registry.manifest(&tag(subject.sha256)).await? {
            Some(index) => {
                let index = index.value()?;
                index["manifests"].as_array().cloned().ok_or(Failure::Malformed("a list of referrers"))?
            }
            None => Vec::new(),
        },
    };
    let mut out = BTreeSet::new();
    for descriptor in list {
        // Signatures, bills of materials and more stand there too. What does not say what it is, or says what its configuration is, as cosign
        // does under the tag, may be ours.
        let kind = descriptor["artifactType"].as_str().unwrap_or(EMPTY_TYPE);
        if kind.starts_with(BUNDLE_TYPES) || [PAYLOAD_TYPE, ENVELOPE_TYPE, EMPTY_TYPE].contains(&kind) {
            out.insert(digest(&descriptor)?);
        }
    }
    if out.len() > MAX_REFERRERS { Err(Failure::TooMany { what: "referrers", limit: MAX_REFERRERS }) } else { Ok(out) }
}

fn digest(descriptor: &Value) -> Result<Digest, Failure> {
    let hex = descriptor["digest"].as_str().and_then(|d| d.strip_prefix("sha256:"));
    hex.and_then(Digest::from_hex).ok_or(Failure::Malformed("a digest"))
}

struct Search<'r> {
    registry: &'r Registry,
    bytes: usize,
    papers: Vec<(String, Vec<u8>)>,
}

impl Search<'_> {
    /// Takes the statements out of a manifest's layers. One that is listed and gone says nothing.
    async fn manifest(&mut self, which: &str) -> Result<(), Failure> {
        let Some(manifest) = self.registry.manifest(which).await? else { return Ok(()) };
        let value = manifest.value()?;
        let layers = value["layers"].as_array().map_or(&[][..], Vec::as_slice);
        if layers.len() > MAX_REFERRERS {
            return Err(Failure::TooMany { what: "layers", limit: MAX_REFERRERS });
        }
        for layer in layers {
            let kind = layer["mediaType"].as_str().unwrap_or_default();
            if !kind.starts_with(BUNDLE_TYPES) && kind != ENVELOPE_TYPE {
                continue;
            }
            let Some(bytes) = self.registry.blob(digest(layer)?, MAX_ENVELOPE_BYTES).await? else { continue };
            self.bytes += bytes.len();
            if self.bytes > MAX_BYTES {
                return Err(Failure::TooLong { what: "what is attached", limit: MAX_BYTES });
            }
            if !is_of_a_file(&bytes) {
                self.papers.push((which.to_owned(), bytes));
            }
        }
        Ok(())
    }
}

/// True for a bundle that signs a file, and states nothing: `cosign sign` puts such ones beside an image too.
fn is_of_a_file(bytes: &[u8]) -> bool {
    strict_json::parse(bytes)
        .is_ok_and(|value| value.get("messageSignature").is_some() && value.get("dsseEnvelope").is_none())
}
