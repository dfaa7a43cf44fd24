//! Who a certificate names, and by which authorities, logs and clocks it is believed.
//!
//! Invariant: a [`Certificate`] exists only of a bundle whose signature, certificate chain, timestamps and, unless the
//! policy renounces them, SCT and log inclusion were verified offline against a trusted root.
mod identity;
#[cfg(feature = "sigstore")]
mod real;
#[cfg(not(feature = "sigstore"))]
#[path = "absent.rs"]
mod real;

use sekisho_attest::PublicKey;
use sekisho_events::Digest;

pub use identity::{Claim, Identity, SanRule};
pub use real::{EMBEDDED_ROOT_DATE, Trust};

/// What a verified certificate says of its signer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Certificate {
    /// Who vouched for the identity: URL of an `OpenID` issuer.
    pub issuer: String,
    /// The subject alternative name: an address or URI.
    pub san: String,
    /// What the issuer said of a CI job, sorted.
    pub claims: Vec<(Claim, String)>,
}

/// What is verified of a bundle beside signature, certificate chain and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demands {
    /// The certificate was entered in a certificate transparency log.
    pub sct: bool,
    /// The signature was entered in a transparency log.
    pub log: bool,
}

/// Whose root of trust is meant by a name that no policy needs to define.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// The public-good instance, as `sigstore`.
    PublicGood,
    /// GitHub's own, for private repositories, as `github`: it has neither SCTs nor a public log.
    GitHub,
    /// Sigstore's own trials. No policy can name it.
    Staging,
}

impl BuiltIn {
    /// By the name that it has in a policy.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "sigstore" => Some(Self::PublicGood),
            "github" => Some(Self::GitHub),
            _ => None,
        }
    }

    /// What is verified under it.
    pub fn demands(self) -> Demands {
        let public = self != Self::GitHub;
        Demands { sct: public, log: public }
    }
}

/// Content that something signs.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// All of it.
    Bytes(&'a [u8]),
    /// Its digest alone.
    Sha256(Digest),
}

/// Who must have signed.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// Whom a certificate of this issuer names exactly so.
    Identity {
        /// The `OpenID` issuer.
        issuer: &'a str,
        /// The subject alternative name.
        san: &'a str,
    },
    /// Whoever holds this key.
    Key(&'a PublicKey),
}

/// Why a root of trust cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Not a trusted root, or one that holds what is no key or certificate: the library's words.
    #[error("not a usable trusted root: {}", sekisho_events::escape(.0.as_bytes()))]
    Root(String),
    /// A bundle that does not hold under it: the library's words.
    #[error("{}", sekisho_events::escape(.0.as_bytes()))]
    Bundle(String),
    /// Built without the feature `sigstore`.
    #[error("this sekisho was built without sigstore, and can trust keys only")]
    NotBuiltIn,
}
