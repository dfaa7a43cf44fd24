//! The statements of one run: made together, so that they agree and cite each other.
use crate::dsse::Envelope;
use crate::facts::{Products, RunFacts};
use crate::names::{
    ATTRIBUTE_REPORT, BUILDER, LINK, PAYLOAD_TYPE, PROVENANCE, RUNTIME_TRACE, SBOM, VERIFICATION_SUMMARY,
};
use crate::predicates::attributes::attributes;
use crate::predicates::link::link;
use crate::predicates::materials::Materials;
use crate::predicates::provenance::provenance;
use crate::predicates::runtime_trace::runtime_trace;
use crate::predicates::verdict::{Verdict, VerdictError, verdict};
use crate::run::RunBlock;
use crate::sbom::Bom;
use crate::sigstore_bundle::by_key;
use crate::statement::Statement;
use crate::{KeyError, SecretKey};
use sekisho_events::Digest;
use serde_json::{Map, Value};

/// No payload is longer than this, so that no envelope reaches the 100,000 bytes at which transparency logs cut off.
pub const MAX_PAYLOAD_BYTES: usize = 72_000;

/// Why a run cannot be attested.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttestError {
    /// The verdict is malformed, or not about this run.
    #[error("{0}")]
    Verdict(#[from] VerdictError),
    /// The key cannot be used.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// The header or the verdict hold longer text than a summary may.
    #[error("the {kind} statement has {bytes} bytes, more than {MAX_PAYLOAD_BYTES}")]
    TooLarge {
        /// Which statement.
        kind: &'static str,
        /// Its length.
        bytes: usize,
    },
}

/// What is not in the recording.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The judgement, if there is one.
    pub verdict: Option<&'a Verdict>,
    /// URI of who ran the step; by default a recorder on the same host ([`BUILDER`]).
    pub builder: Option<&'a str>,
    /// What was read, by package, if that is to be stated too.
    pub sbom: Option<WholeBom<'a>>,
    /// State the attributes that the recording proves ([`crate::claims`]), if it proves any.
    pub attributes: bool,
}

/// A bill of materials, and the file that has all of it.
#[derive(Clone, Copy, Debug)]
pub struct WholeBom<'a> {
    /// What is signed is a part of this.
    pub bom: &'a Bom<'a>,
    /// Content of the file.
    pub text: &'a str,
    /// Its name.
    pub name: &'a [u8],
}

/// The payloads, in the order link, provenance, runtime trace, verdict, attribute report, bill of materials.
#[derive(Clone, Debug)]
pub struct Statements {
    payloads: Vec<Vec<u8>>,
}

impl Statements {
    /// What is to be signed.
    pub fn payloads(&self) -> &[Vec<u8>] {
        &self.payloads
    }

    /// Signs each.
    pub fn sign(&self, key: &SecretKey) -> Result<Vec<Envelope>, KeyError> {
        let id = key.public()?.id();
        self.payloads.iter().map(|p| Envelope::sign(PAYLOAD_TYPE, p.clone(), key, id.clone())).collect()
    }

    /// Signs each, and gives one envelope a line.
    pub fn sign_lines(&self, key: &SecretKey) -> Result<String, KeyError> {
        Ok(self.sign(key)?.iter().map(|envelope| envelope.to_json() + "\n").collect())
    }

    /// Signs each, and gives one sigstore bundle a line.
    pub fn sign_bundles(&self, key: &SecretKey) -> Result<String, KeyError> {
        let public = key.public()?;
        Ok(self.sign(key)?.iter().map(|envelope| by_key(envelope, &public) + "\n").collect())
    }
}

/// States what a run did.
pub fn attest(facts: &RunFacts, products: &Products, options: Options<'_>) -> Result<Statements, AttestError> {
    let materials = Materials::new(facts);
    let block = RunBlock::new(facts, products, &materials).to_value();
    let builder = options.builder.unwrap_or(BUILDER);
    let mut made = Made { products, payloads: Vec::new() };

    let link = made.push("link", LINK, link(facts, &materials, &block))?;
    let stated = provenance(facts, &materials, &block, builder, link);
    let provenance = made.push("provenance", PROVENANCE, stated)?;
    let stated = runtime_trace(facts, &materials, products, &block, builder, (link, provenance));
    let trace = made.push("runtime-trace", RUNTIME_TRACE, stated)?;
    let mut judged = None;
    if let Some(by) = options.verdict {
        let evidence = [("link", link), ("provenance", provenance), ("runtime-trace", trace)];
        let stated = verdict(by, facts, &block, &evidence)?;
        judged = Some((by, made.push("verdict", VERIFICATION_SUMMARY, stated)?));
    }
    if options.attributes
        && let Some(stated) = attributes(facts, judged, trace, &block, builder)
    {
        made.push("attribute report", ATTRIBUTE_REPORT, stated)?;
    }
    if let Some(whole) = options.sbom {
        made.push("bill of materials", SBOM, whole.bom.predicate(whole.text, whole.name))?;
    }
    Ok(Statements { payloads: made.payloads })
}

struct Made<'a> {
    products: &'a Products,
    payloads: Vec<Vec<u8>>,
}

impl Made<'_> {
    /// Adds a statement, and gives the digest of its payload.
    fn push(
        &mut self,
        kind: &'static str,
        predicate_type: &str,
        predicate: Map<String, Value>,
    ) -> Result<Digest, AttestError> {
        let subjects = self.products.subjects.clone();
        let payload = Statement { subjects, predicate_type: predicate_type.to_owned(), predicate }.to_payload();
        let bytes = payload.len();
        if bytes > MAX_PAYLOAD_BYTES {
            return Err(AttestError::TooLarge { kind, bytes });
        }
        let digest = Digest::of(&payload);
        self.payloads.push(payload);
        Ok(digest)
    }
}
