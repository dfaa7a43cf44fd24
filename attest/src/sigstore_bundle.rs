//! Sigstore bundles, version 0.3 (sigstore/protobuf-specs: `sigstore_bundle.proto`), of envelopes that a key signed.
//!
//! Invariant: nothing in a bundle beside its envelope is signed; readers may use the hint to find a key, never to trust one.
use crate::PublicKey;
use crate::dsse::Envelope;
use crate::names::BUNDLE_TYPE;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sekisho_events::Digest;
use serde_json::json;

/// The bundle of an envelope with one signature, by this key: one line of JSON, without the newline. A bundle has no
/// `keyid`: its readers compare that with names of their own making, and pass over a signature with another one.
pub(crate) fn by_key(envelope: &Envelope, key: &PublicKey) -> String {
    let signatures: Vec<_> = envelope.signatures.iter().map(|s| json!({"sig": STANDARD.encode(&s.sig)})).collect();
    json!({
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {"publicKey": {"hint": STANDARD.encode(Digest::of(key.spki()).as_bytes())}},
        "dsseEnvelope": {
            "payload": STANDARD.encode(&envelope.payload),
            "payloadType": envelope.payload_type,
            "signatures": signatures,
        },
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use crate::dsse::Envelope;
    use crate::names::PAYLOAD_TYPE;
    use crate::{Algorithm, SecretKey};

    #[test]
    fn a_bundle_holds_the_signed_bytes_and_a_hint_at_the_key() {
        let key = SecretKey::from_seed(Algorithm::P256, &[7; 32]).unwrap();
        let public = key.public().unwrap();
        let envelope = Envelope::sign(PAYLOAD_TYPE, b"{}".to_vec(), &key, public.id()).unwrap();
        let bundle: serde_json::Value = serde_json::from_str(&super::by_key(&envelope, &public)).unwrap();
        let inner = Envelope::from_value(&bundle["dsseEnvelope"]).unwrap();
        assert_eq!((&inner.payload, inner.signers(&[&public])), (&envelope.payload, vec![0]));
        assert_eq!(inner.signatures[0].keyid, None);
        let material = bundle["verificationMaterial"].as_object().unwrap();
        assert_eq!(material.keys().collect::<Vec<_>>(), ["publicKey"]);
        assert_eq!(material["publicKey"]["hint"].as_str().unwrap().len(), 44, "SHA-256 in base64");
    }
}
