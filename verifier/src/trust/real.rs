//! Roots of trust as sigstore's own library reads them, and bundles as it verifies them. Offline; its one look at a
//! clock refuses log entries whose time is still to come.
use super::{BuiltIn, By, Certificate, Claim, Content, Demands, TrustError};
use sekisho_attest::strict_json;
use sigstore_verify::trust_root::{
    SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT, SIGSTORE_STAGING_TRUSTED_ROOT, TrustedRoot,
};
use sigstore_verify::types::{
    Artifact, ArtifactDigest, Bundle, DerPublicKey, HashAlgorithm, Sha256Hash, SignatureContent, Statement,
};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult, Verifier};
use std::fmt;
use std::sync::Arc;

/// When the embedded roots were fetched: the release of the crate that brings them.
pub const EMBEDDED_ROOT_DATE: &str = "2026-10-23";

/// A root of trust, and what is demanded under it.
#[derive(Clone)]
pub struct Trust {
    verifier: Arc<Verifier>,
    demands: Demands,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("demands", &self.demands).finish_non_exhaustive()
    }
}

impl Trust {
    /// Reads a `trusted_root.json`.
    pub fn new(json: &str, demands: Demands) -> Result<Self, TrustError> {
        let root = TrustedRoot::from_json(json).map_err(|e| TrustError::Root(e.to_string()))?;
        if root.certificate_authorities.is_empty() {
            return Err(TrustError::Root("it has no certificate authority".to_owned()));
        }
        let verifier = Verifier::new(&root).map_err(|e| TrustError::Root(e.to_string()))?;
        Ok(Self { verifier: Arc::new(verifier), demands })
    }

    /// One of those that come with sekisho, as of [`EMBEDDED_ROOT_DATE`].
    pub fn built_in(which: BuiltIn) -> Result<Self, TrustError> {
        let json = match which {
            BuiltIn::PublicGood => SIGSTORE_PRODUCTION_TRUSTED_ROOT,
            BuiltIn::GitHub => SIGSTORE_GITHUB_TRUSTED_ROOT,
            BuiltIn::Staging => SIGSTORE_STAGING_TRUSTED_ROOT,
        };
        Self::new(json, which.demands())
    }

    /// Verifies a bundle, and tells whom its certificate names.
    pub fn certificate(&self, bundle: &str) -> Result<Certificate, TrustError> {
        self.verify(bundle).map(|(_, certificate)| certificate).map_err(TrustError::Bundle)
    }

    /// Verifies that a bundle, of a file or of an attestation with the file as a subject, is somebody's. The gate judges more,
    /// and attestations alone: this is for those who ask as sigstore's other clients do.
    pub fn signs(&self, bundle: &str, content: Content<'_>, by: By<'_>) -> Result<(), TrustError> {
        let wrong = |e: &dyn fmt::Display| TrustError::Bundle(e.to_string());
        strict_json::parse(bundle.as_bytes()).map_err(|e| wrong(&e))?;
        let bundle = Bundle::from_json(bundle).map_err(|e| wrong(&e))?;
        let artifact = match content {
            Content::Bytes(bytes) => Artifact::from_blob(bytes),
            Content::Sha256(sha256) => {
                Artifact::from_digest(ArtifactDigest::sha256(Sha256Hash::new(*sha256.as_bytes())))
            }
        };
        match by {
            By::Key(key) => {
                let policy = PublicKeyVerificationPolicy::new(DerPublicKey::from_bytes(key.spki()));
                self.verifier.verify(artifact, &bundle, &policy).map(drop).map_err(|e| wrong(&e))
            }
            By::Identity { issuer, san } => {
                let policy = self.policy();
                let result = self.verifier.verify(artifact, &bundle, &policy).map_err(|e| wrong(&e))?;
                let named = self.named(&result).map_err(TrustError::Bundle)?;
                if named.issuer == issuer && named.san == san {
                    return Ok(());
                }
                Err(TrustError::Bundle(format!("it is of {} by {}", named.san, named.issuer)))
            }
        }
    }

    fn policy(&self) -> VerificationPolicy {
        let mut policy = VerificationPolicy::any_identity();
        if !self.demands.sct {
            policy = policy.skip_sct();
        }
        if !self.demands.log {
            policy = policy.skip_tlog_unsafe();
        }
        policy
    }

    /// Verifies a bundle with a DSSE envelope, given as text with no key twice. Gives the signed payload and whom the
    /// certificate names, or the library's words.
    pub(crate) fn verify(&self, bundle: &str) -> Result<(Vec<u8>, Certificate), String> {
        let bundle = Bundle::from_json(bundle).map_err(|e| e.to_string())?;
        let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
            return Err("not an attestation: it has no DSSE envelope".to_owned());
        };
        let payload = envelope.payload.as_bytes();
        let digest = any_subject(payload)?;
        let artifact = Artifact::from_digest(digest);
        let result = self.verifier.verify(artifact, &bundle, &self.policy()).map_err(|e| e.to_string())?;
        Ok((payload.to_vec(), self.named(&result)?))
    }

    fn named(&self, result: &VerificationResult) -> Result<Certificate, String> {
        let made = result.certificate_verified()
            && !result.verified_timestamps().is_empty()
            && (result.sct_verified() || !self.demands.sct)
            && (result.tlog_verified() || !self.demands.log);
        let info = result.certificate().filter(|_| made).ok_or("not everything that is demanded was verified")?;
        let san = info.identity.as_ref().ok_or("the certificate names no identity")?;
        let issuer = info.issuer.as_ref().ok_or("the certificate names no issuer")?;
        let ci = &info.ci_claims;
        let said = |claim: Claim| match claim {
            Claim::Repository => &ci.source_repository_uri,
            Claim::RepositoryId => &ci.source_repository_identifier,
            Claim::Ref => &ci.source_repository_ref,
            Claim::Commit => &ci.source_repository_digest,
            Claim::Owner => &ci.source_repository_owner_uri,
            Claim::OwnerId => &ci.source_repository_owner_identifier,
            Claim::Workflow => &ci.build_config_uri,
            Claim::Signer => &ci.build_signer_uri,
            Claim::Trigger => &ci.build_trigger,
            Claim::Runner => &ci.runner_environment,
            Claim::Visibility => &ci.source_repository_visibility_at_signing,
            Claim::Environment => &ci.deployment_environment,
        };
        let claims = Claim::ALL.iter().filter_map(|(claim, _)| Some((*claim, said(*claim).clone()?)));
        Ok(Certificate { issuer: issuer.clone(), san: san.as_str().to_owned(), claims: claims.collect() })
    }
}

/// The library binds each bundle to an artifact. Ours are bound by check 8, to all of their subjects, so here any one does.
fn any_subject(payload: &[u8]) -> Result<ArtifactDigest, String> {
    let statement: Statement = serde_json::from_slice(payload).map_err(|e| format!("no in-toto statement: {e}"))?;
    let found = statement.subject.iter().find_map(|subject| match (&subject.digest.sha256, &subject.digest.sha512) {
        (Some(sha256), _) => Some(Ok(ArtifactDigest::sha256(*sha256))),
        (None, Some(sha512)) => Some(ArtifactDigest::new(HashAlgorithm::Sha2512, sha512.as_bytes().to_vec())),
        (None, None) => None,
    });
    found.ok_or("no subject has a SHA-256 or SHA-512 digest")?.map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_events::Digest;

    /// `sigstore-trust-root` 0.15.1, released at [`EMBEDDED_ROOT_DATE`].
    #[test]
    fn the_embedded_roots_are_those_of_the_date_that_is_told() {
        let digests =
            [SIGSTORE_PRODUCTION_TRUSTED_ROOT, SIGSTORE_GITHUB_TRUSTED_ROOT].map(|j| Digest::of(j.as_bytes()).to_hex());
        assert_eq!(digests, [PRODUCTION, GITHUB], "with another release of the crate, change date and digests");
        assert!(Trust::built_in(BuiltIn::PublicGood).is_ok());
        assert!(Trust::built_in(BuiltIn::GitHub).is_ok());
    }

    const PRODUCTION: &str = "6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66";
    const GITHUB: &str = "484cdfe1a7c65479c5ba2a22193d1be90f0020db1997de696ab207434c62fbb7";

    #[test]
    fn what_is_no_trusted_root_is_refused() {
        let demands = Demands { sct: true, log: true };
        for bad in ["", "{}", "[]", r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#] {
            assert!(matches!(Trust::new(bad, demands), Err(TrustError::Root(_))), "{bad}");
        }
    }
}
