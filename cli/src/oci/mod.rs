//! Attestations beside images and other artifacts in a registry: attached to them, and found again.
//!
//! Invariant: what a registry says is bounded while it is read, and believed only as far as a digest or a signature bears it. What a
//! signed statement does not name is not attached.
#[cfg(not(feature = "sigstore"))]
mod absent;
#[cfg(feature = "sigstore")]
mod attaching;
#[cfg(feature = "sigstore")]
mod credentials;
#[cfg(feature = "sigstore")]
mod finding;
mod piece;
mod reference;
#[cfg(feature = "sigstore")]
mod registry;

#[cfg(not(feature = "sigstore"))]
pub use absent::{attach, find, subject};
#[cfg(feature = "sigstore")]
pub use attaching::{attach, subject};
#[cfg(feature = "sigstore")]
pub use finding::find;
pub use piece::{HINT, Piece, pieces};
pub use reference::Reference;

use sekisho_events::Digest;

/// `mediaType` of an envelope in cosign's layout.
#[cfg(feature = "sigstore")]
const ENVELOPE_TYPE: &str = "application/vnd.dsse.envelope.v1+json";
/// What the `mediaType` of every version of a bundle begins with.
#[cfg(feature = "sigstore")]
const BUNDLE_TYPES: &str = "application/vnd.dev.sigstore.bundle";
/// `mediaType` of a configuration that is none (image-spec 1.1).
#[cfg(feature = "sigstore")]
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";
/// `mediaType` of a manifest.
#[cfg(feature = "sigstore")]
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
/// `mediaType` of a list of manifests.
#[cfg(feature = "sigstore")]
const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// The manifest that a reference leads to: by its digest, an image or other artifact is what it is.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "sigstore"), expect(dead_code, reason = "nobody is asked for it"))]
pub struct Subject {
    /// Of its bytes.
    pub sha256: Digest,
    /// Its length.
    pub size: u64,
    /// As the registry calls it.
    pub media_type: String,
}

/// What was attached.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attached {
    /// Bundles, as referrers.
    pub bundles: usize,
    /// Envelopes, in cosign's layout.
    pub envelopes: usize,
}

/// What was found beside an image.
#[derive(Clone, Debug)]
pub struct Found {
    /// The image.
    pub subject: Subject,
    /// Envelopes and bundles, with the manifest that each is of; always in the same order.
    pub papers: Vec<(String, Vec<u8>)>,
}
