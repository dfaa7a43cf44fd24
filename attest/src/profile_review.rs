//! A reviewed profile, signed by those who reviewed it: an in-toto statement about the digest of the file.
//!
//! It says nothing but that, so that what everybody signs is the same bytes, and any number of signatures stands in one envelope.
use crate::dsse::Envelope;
use crate::names::{PAYLOAD_TYPE, PROFILE_REVIEW};
use crate::statement::{Descriptor, Statement, StatementError};
use crate::{KeyError, PublicKey, SecretKey};
use sekisho_events::Digest;
use serde_json::Map;

/// Name of the subject, wherever the file is kept.
const SUBJECT: &str = "profile";

/// Why an envelope says nothing of a profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// The payload is of another type than in-toto's.
    #[error("the envelope is not of an in-toto statement")]
    PayloadType,
    /// The payload is no statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// It is a statement of another kind.
    #[error("the statement is not the review of a profile")]
    Kind,
    /// It is about another file.
    #[error("the signatures are of another content, sha256 {0}")]
    OtherProfile(Digest),
    /// The key cannot sign.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The review of a profile with this digest.
fn statement(sha256: Digest) -> Statement {
    Statement {
        subjects: vec![Descriptor { name: SUBJECT.to_owned(), sha256 }],
        predicate_type: PROFILE_REVIEW.to_owned(),
        predicate: Map::new(),
    }
}

/// Signs the review of a profile.
pub fn sign_review(sha256: Digest, key: &SecretKey) -> Result<Envelope, ReviewError> {
    let id = key.public()?.id();
    Ok(Envelope::sign(PAYLOAD_TYPE, statement(sha256).to_payload(), key, id)?)
}

/// Adds a signature to the review of a profile; false, and nothing is done, if the key has signed it already.
pub fn add_review(envelope: &mut Envelope, sha256: Digest, key: &SecretKey) -> Result<bool, ReviewError> {
    let public = key.public()?;
    if !reviewers(envelope, sha256, &[&public])?.is_empty() {
        return Ok(false);
    }
    envelope.add_signature(key, public.id())?;
    Ok(true)
}

/// Which of `keys` have signed the review of a profile with this digest, each index once.
pub fn reviewers(envelope: &Envelope, sha256: Digest, keys: &[&PublicKey]) -> Result<Vec<usize>, ReviewError> {
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(ReviewError::PayloadType);
    }
    let found = Statement::parse(&envelope.payload)?;
    if found.predicate_type != PROFILE_REVIEW || found.subjects.len() != 1 {
        return Err(ReviewError::Kind);
    }
    if found.subjects[0].sha256 != sha256 {
        return Err(ReviewError::OtherProfile(found.subjects[0].sha256));
    }
    Ok(envelope.signers(keys))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Algorithm;

    fn key(byte: u8, algorithm: Algorithm) -> SecretKey {
        SecretKey::from_seed(algorithm, &[byte; 32]).unwrap()
    }

    #[test]
    fn each_reviewer_signs_the_same_bytes_and_counts_once() {
        let profile = Digest::of(b"[profile]");
        let (one, two) = (key(1, Algorithm::Ed25519), key(2, Algorithm::P256));
        let mut envelope = sign_review(profile, &one).unwrap();
        assert!(add_review(&mut envelope, profile, &two).unwrap());
        assert!(!add_review(&mut envelope, profile, &one).unwrap(), "who signed has signed");
        let other = key(3, Algorithm::Ed25519).public().unwrap();
        let (one, two) = (one.public().unwrap(), two.public().unwrap());
        assert_eq!(reviewers(&envelope, profile, &[&one, &other, &two]).unwrap(), [0, 2]);
        assert_eq!(envelope.signatures.len(), 2);
    }

    #[test]
    fn what_is_about_another_file_or_says_something_else_is_no_review() {
        let (profile, changed) = (Digest::of(b"[profile]"), Digest::of(b"[profile] "));
        let signer = key(1, Algorithm::Ed25519);
        let mut envelope = sign_review(profile, &signer).unwrap();
        let public = signer.public().unwrap();
        assert!(matches!(reviewers(&envelope, changed, &[&public]), Err(ReviewError::OtherProfile(d)) if d == profile));
        assert!(add_review(&mut envelope, changed, &signer).is_err());
        let link = Statement { predicate_type: crate::names::LINK.to_owned(), ..statement(profile) };
        let link = Envelope::sign(PAYLOAD_TYPE, link.to_payload(), &signer, "k".into()).unwrap();
        assert!(matches!(reviewers(&link, profile, &[&public]), Err(ReviewError::Kind)));
        let text = Envelope::sign("text/plain", statement(profile).to_payload(), &signer, "k".into()).unwrap();
        assert!(matches!(reviewers(&text, profile, &[&public]), Err(ReviewError::PayloadType)));
    }
}
