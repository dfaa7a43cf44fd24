//! What the release gate decided, as a SLSA verification summary v1 of its own: for whoever trusts this gate, and does not
//! want to judge the evidence again.
use crate::dsse::{Envelope, MAX_ENVELOPE_BYTES};
use crate::names::{GATE_VERIFIER, LEVEL_ACCEPTED, PAYLOAD_TYPE, VERIFICATION_RESULT, VERIFICATION_SUMMARY};
use crate::predicates::object;
use crate::predicates::provenance::cited;
use crate::statement::{Descriptor, Statement};
use crate::{KeyError, SecretKey, timestamp};
use sekisho_events::Digest;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Why there is no summary.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// No artifact was judged.
    #[error("there is no artifact to summarise")]
    Nothing,
    /// Two files of one name and different content.
    #[error("two artifacts are named {}", sekisho_events::escape(.0.as_bytes()))]
    SameName(String),
    /// Readers would refuse the envelope.
    #[error("the summary of {0} artifacts is longer than an envelope may be")]
    TooLarge(usize),
    /// The key cannot be used.
    #[error("{0}")]
    Key(#[from] KeyError),
}

/// A decision of the release gate.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// What was judged.
    pub artifacts: Vec<Descriptor>,
    /// True if all of it may be released.
    pub accepted: bool,
    /// Codes of the reasons, if not.
    pub reasons: Vec<&'a str>,
    /// What the artifacts are called where they are released.
    pub resource: &'a str,
    /// The policy: where it was read from, as URI.
    pub policy: &'a str,
    /// The policy as a file.
    pub policy_sha256: Digest,
    /// The statements that the decision rests on: kind, and digest of the payload.
    pub inputs: Vec<(&'a str, Digest)>,
    /// When it was decided, in seconds since the epoch.
    pub decided_s: u64,
    /// Version of the gate.
    pub tool: &'a str,
}

impl Summary<'_> {
    /// Signs it.
    pub fn sign(&self, key: &SecretKey) -> Result<Envelope, SummaryError> {
        self.signed(VERIFICATION_SUMMARY, self.predicate(), key)
    }

    /// Signs the same decision as a simple verification result: which properties the artifacts were found to have; none
    /// if they were refused.
    pub fn sign_properties(&self, properties: &[&str], key: &SecretKey) -> Result<Envelope, SummaryError> {
        let properties = if self.accepted { properties } else { &[] };
        let policy = json!({"uri": self.policy, "digest": {"sha256": self.policy_sha256.to_hex()}});
        let said = json!({
            "verifier": {"id": GATE_VERIFIER, "policy": policy},
            "timeCreated": timestamp::format(self.decided_s),
            "properties": properties,
        });
        self.signed(VERIFICATION_RESULT, object(said), key)
    }

    fn signed(&self, kind: &str, predicate: Map<String, Value>, key: &SecretKey) -> Result<Envelope, SummaryError> {
        let payload = self.payload(kind, predicate)?;
        // Base64 makes four bytes of three.
        if payload.len() > MAX_ENVELOPE_BYTES / 4 * 3 - 4096 {
            return Err(SummaryError::TooLarge(self.artifacts.len()));
        }
        Ok(Envelope::sign(PAYLOAD_TYPE, payload, key, key.public()?.id())?)
    }

    fn payload(&self, kind: &str, predicate: Map<String, Value>) -> Result<Vec<u8>, SummaryError> {
        let subjects: BTreeSet<Descriptor> = self.artifacts.iter().cloned().collect();
        let subjects: Vec<Descriptor> = subjects.into_iter().collect();
        if subjects.is_empty() {
            return Err(SummaryError::Nothing);
        }
        if let Some(pair) = subjects.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(SummaryError::SameName(pair[0].name.clone()));
        }
        Ok(Statement { subjects, predicate_type: kind.to_owned(), predicate }.to_payload())
    }

    fn predicate(&self) -> Map<String, Value> {
        let mut policy = json!({"uri": self.policy, "digest": {"sha256": self.policy_sha256.to_hex()}});
        if !self.accepted {
            policy["annotations"] = json!({"reasons": self.reasons});
        }
        let inputs: Vec<Value> = self.inputs.iter().map(|(kind, payload)| cited(kind, *payload)).collect();
        let said = json!({
            "verifier": {"id": GATE_VERIFIER, "version": {"sekisho": self.tool}},
            "timeVerified": timestamp::format(self.decided_s),
            "resourceUri": self.resource,
            "policy": policy,
            "inputAttestations": inputs,
            "verificationResult": if self.accepted { "PASSED" } else { "FAILED" },
            "verifiedLevels": [if self.accepted { LEVEL_ACCEPTED } else { "FAILED" }],
            "slsaVersion": "1.0",
        });
        object(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, ForeignStatement};

    fn summary() -> Summary<'static> {
        let of = |name: &str, content: &[u8]| Descriptor { name: name.to_owned(), sha256: Digest::of(content) };
        Summary {
            artifacts: vec![of("b", b"b"), of("a", b"a"), of("b", b"b")],
            accepted: true,
            reasons: Vec::new(),
            resource: "pkg:generic/app@1.0",
            policy: "file:policy.toml",
            policy_sha256: Digest::of(b"policy"),
            inputs: vec![("link", Digest::of(b"link"))],
            decided_s: 1_795_132_800,
            tool: "0.1.0",
        }
    }

    /// slsa.dev/spec/v1.0/verification_summary
    #[test]
    fn a_decision_is_signed_with_what_it_rests_on_and_the_same_decision_gives_the_same_bytes() {
        let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).unwrap();
        let envelope = summary().sign(&key).unwrap();
        assert_eq!(envelope, summary().sign(&key).unwrap());
        assert_eq!(envelope.signers(&[&key.public().unwrap()]), [0]);
        let said = ForeignStatement::parse(&envelope.payload).unwrap();
        assert_eq!(said.digests().unwrap().len(), 2);
        assert_eq!(said.predicate["verificationResult"], "PASSED");
        assert_eq!(said.predicate["verifiedLevels"], json!([LEVEL_ACCEPTED]));
        assert_eq!(said.predicate["timeVerified"], "2026-11-20T00:00:00Z");
        assert_eq!(said.predicate["inputAttestations"][0]["digest"]["sha256"], Digest::of(b"link").to_hex());
        assert_eq!(said.predicate["policy"].get("annotations"), None);
    }

    #[test]
    fn a_refusal_says_so_and_why() {
        let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).unwrap();
        let refused = Summary { accepted: false, reasons: vec!["too-old"], ..summary() };
        let said = ForeignStatement::parse(&refused.sign(&key).unwrap().payload).unwrap();
        assert_eq!(said.predicate["verificationResult"], "FAILED");
        assert_eq!(said.predicate["verifiedLevels"], json!(["FAILED"]));
        assert_eq!(said.predicate["policy"]["annotations"]["reasons"], json!(["too-old"]));
    }

    /// in-toto/attestation, spec/predicates/svr.md
    #[test]
    fn a_simple_result_has_properties_only_if_it_was_accepted() {
        let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).unwrap();
        let said = |summary: &Summary<'_>| {
            let envelope = summary.sign_properties(&[LEVEL_ACCEPTED], &key).unwrap();
            assert_eq!(envelope.signers(&[&key.public().unwrap()]), [0]);
            ForeignStatement::parse(&envelope.payload).unwrap()
        };
        let accepted = said(&summary());
        assert_eq!((accepted.predicate_type.as_str(), accepted.predicate.len()), (VERIFICATION_RESULT, 3));
        assert_eq!(accepted.predicate["properties"], json!([LEVEL_ACCEPTED]));
        assert_eq!(accepted.predicate["timeCreated"], "2026-11-20T00:00:00Z");
        assert_eq!(accepted.predicate["verifier"]["policy"]["digest"]["sha256"], Digest::of(b"policy").to_hex());
        assert_eq!(said(&Summary { accepted: false, ..summary() }).predicate["properties"], json!([]));
    }

    #[test]
    fn two_files_of_one_name_and_none_at_all_are_refused() {
        let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).unwrap();
        let other = Descriptor { name: "a".into(), sha256: Digest::of(b"other") };
        let artifacts = [summary().artifacts, vec![other]].concat();
        assert_eq!(Summary { artifacts, ..summary() }.sign(&key), Err(SummaryError::SameName("a".into())));
        assert_eq!(Summary { artifacts: Vec::new(), ..summary() }.sign(&key), Err(SummaryError::Nothing));
    }
}
