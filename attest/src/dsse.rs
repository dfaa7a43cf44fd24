//! DSSE, the Dead Simple Signing Envelope, version 1.0 (secure-systems-lab/dsse: protocol.md, envelope.md).
//!
//! Invariant: what is signed and verified are the bytes of the payload, never a re-encoding of them.
use crate::strict_json::{self, StrictError};
use crate::{KeyError, PublicKey, SecretKey};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value, json};

/// No envelope is longer than this.
pub const MAX_ENVELOPE_BYTES: usize = 4 << 20;
/// No envelope has more signatures than this.
pub const MAX_SIGNATURES: usize = 64;

const PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, PADDING);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, PADDING);

/// Why bytes are no envelope.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Over [`MAX_ENVELOPE_BYTES`].
    #[error("longer than {MAX_ENVELOPE_BYTES} bytes")]
    TooLarge,
    /// Not JSON, or not with one meaning.
    #[error("not strict JSON: {0}")]
    Json(#[from] StrictError),
    /// A field is missing or of another type.
    #[error("{0} is missing or not what DSSE says")]
    Field(&'static str),
    /// Neither the standard nor the URL-safe alphabet.
    #[error("{0} is not base64")]
    Base64(&'static str),
    /// No signature, or more than [`MAX_SIGNATURES`].
    #[error("{0} signatures, not 1 to {MAX_SIGNATURES}")]
    Signatures(usize),
}

/// A signature and the unauthenticated hint at its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// A hint only: any string, or none.
    pub keyid: Option<String>,
    /// The bytes.
    pub sig: Vec<u8>,
}

/// An envelope, decoded, with nothing verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// How the payload is to be read; authenticated together with it.
    pub payload_type: String,
    /// What was signed.
    pub payload: Vec<u8>,
    /// By whom.
    pub signatures: Vec<Signature>,
}

/// Pre-authentication encoding: the bytes that are signed.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

impl Envelope {
    /// Signs a payload.
    pub fn sign(payload_type: &str, payload: Vec<u8>, key: &SecretKey, keyid: String) -> Result<Self, KeyError> {
        let sig = key.sign(&pae(payload_type, &payload))?;
        let signatures = vec![Signature { keyid: Some(keyid), sig }];
        Ok(Self { payload_type: payload_type.to_owned(), payload, signatures })
    }

    /// Adds another signature over the same payload.
    pub fn add_signature(&mut self, key: &SecretKey, keyid: String) -> Result<(), KeyError> {
        let sig = key.sign(&pae(&self.payload_type, &self.payload))?;
        self.signatures.push(Signature { keyid: Some(keyid), sig });
        Ok(())
    }

    /// Decodes an envelope. Fields that DSSE does not name are ignored, as it demands: they are not signed.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > MAX_ENVELOPE_BYTES {
            return Err(EnvelopeError::TooLarge);
        }
        Self::from_value(&strict_json::parse(bytes)?)
    }

    /// The same of JSON that was parsed, strictly, already: an envelope within a bundle.
    pub fn from_value(value: &Value) -> Result<Self, EnvelopeError> {
        let object = value.as_object().ok_or(EnvelopeError::Field("envelope"))?;
        let payload_type = text(object, "payloadType")?.to_owned();
        if payload_type.is_empty() {
            return Err(EnvelopeError::Field("payloadType"));
        }
        let payload = decode("payload", text(object, "payload")?)?;
        let list = object.get("signatures").and_then(Value::as_array).ok_or(EnvelopeError::Field("signatures"))?;
        if list.is_empty() || list.len() > MAX_SIGNATURES {
            return Err(EnvelopeError::Signatures(list.len()));
        }
        let signatures = list.iter().map(signature).collect::<Result<_, _>>()?;
        Ok(Self { payload_type, payload, signatures })
    }

    /// One line of JSON, standard alphabet, without the newline.
    pub fn to_json(&self) -> String {
        let signatures: Vec<Value> = self.signatures.iter().map(signature_json).collect();
        json!({
            "payloadType": self.payload_type,
            "payload": STANDARD.encode(&self.payload),
            "signatures": signatures,
        })
        .to_string()
    }

    /// Which of `keys` signed this, each index once. The hint `keyid` decides nothing: every signature is tried with
    /// every key.
    pub fn signers(&self, keys: &[&PublicKey]) -> Vec<usize> {
        let signed = pae(&self.payload_type, &self.payload);
        let by = |key: &PublicKey| self.signatures.iter().any(|s| key.verifies(&signed, &s.sig));
        (0..keys.len()).filter(|&i| by(keys[i])).collect()
    }
}

fn text<'v>(object: &'v Map<String, Value>, name: &'static str) -> Result<&'v str, EnvelopeError> {
    object.get(name).and_then(Value::as_str).ok_or(EnvelopeError::Field(name))
}

fn signature(value: &Value) -> Result<Signature, EnvelopeError> {
    let object = value.as_object().ok_or(EnvelopeError::Field("signatures"))?;
    let sig = decode("sig", text(object, "sig")?)?;
    let keyid = match object.get("keyid") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => return Err(EnvelopeError::Field("keyid")),
    };
    if sig.is_empty() { Err(EnvelopeError::Field("sig")) } else { Ok(Signature { keyid, sig }) }
}

fn signature_json(signature: &Signature) -> Value {
    let sig = STANDARD.encode(&signature.sig);
    match &signature.keyid {
        Some(keyid) => json!({"keyid": keyid, "sig": sig}),
        None => json!({"sig": sig}),
    }
}

fn decode(name: &'static str, encoded: &str) -> Result<Vec<u8>, EnvelopeError> {
    STANDARD.decode(encoded).or_else(|_| URL_SAFE.decode(encoded)).map_err(|_| EnvelopeError::Base64(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Algorithm;

    /// protocol.md, "Test Vectors": key, payload, type and signature as published.
    #[test]
    fn the_published_vector_verifies() {
        let body = br#"{"payload": "aGVsbG8gd29ybGQ=", "payloadType": "http://example.com/HelloWorld",
            "signatures": [{"sig":
            "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]}"#;
        let envelope = Envelope::parse(body).unwrap();
        assert_eq!(pae(&envelope.payload_type, &envelope.payload), PAE);
        let key = SecretKey::from_seed(Algorithm::P256, &SECRET).unwrap().public().unwrap();
        assert_eq!(envelope.signers(&[&key]), [0]);
        let swapped = Envelope { payload_type: "http://example.com/HelloWorle".into(), ..envelope };
        assert!(swapped.signers(&[&key]).is_empty());
    }

    const PAE: &[u8] = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
    /// d = 97358161215184420915383655311931858321456579547487070936769975997791359926199, big-endian.
    const SECRET: [u8; 32] = [
        0xd7, 0x3e, 0xc4, 0x37, 0xfd, 0x63, 0x46, 0xe3, 0x61, 0x9c, 0x5e, 0xbf, 0xdf, 0xff, 0x0f, 0x69, 0x16, 0x80,
        0x49, 0x55, 0xad, 0x32, 0xac, 0x9a, 0xc4, 0x92, 0xb0, 0xed, 0xe1, 0xf6, 0xff, 0xb7,
    ];

    #[test]
    fn both_alphabets_are_read_and_a_mixture_is_not() {
        let envelope = |payload: &str| {
            Envelope::parse(
                format!(r#"{{"payload":"{payload}","payloadType":"t","signatures":[{{"sig":"AA=="}}]}}"#).as_bytes(),
            )
        };
        assert_eq!(envelope("+/+/").unwrap().payload, envelope("-_-_").unwrap().payload);
        assert!(matches!(envelope("+/-_"), Err(EnvelopeError::Base64("payload"))));
        assert!(matches!(envelope("AAA\\n="), Err(EnvelopeError::Base64(_))));
        assert!(matches!(envelope("AB=="), Err(EnvelopeError::Base64(_))), "unused bits that are set");
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        for bad in [
            "[]",
            "null",
            r#"{"payload":"","payloadType":"t"}"#,
            r#"{"payload":"","payloadType":"t","signatures":[]}"#,
            r#"{"payload":"","payloadType":"","signatures":[{"sig":"AA=="}]}"#,
            r#"{"payload":1,"payloadType":"t","signatures":[{"sig":"AA=="}]}"#,
            r#"{"payload":"","payloadType":"t","signatures":{"sig":"AA=="}}"#,
            r#"{"payload":"","payloadType":"t","signatures":[{"sig":""}]}"#,
            r#"{"payload":"","payloadType":"t","signatures":[{"keyid":1,"sig":"AA=="}]}"#,
            r#"{"payload":"","payload":"","payloadType":"t","signatures":[{"sig":"AA=="}]}"#,
        ] {
            assert!(Envelope::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let many = format!(
            r#"{{"payload":"","payloadType":"t","signatures":[{}]}}"#,
            vec![r#"{"sig":"AA=="}"#; MAX_SIGNATURES + 1].join(",")
        );
        assert!(matches!(Envelope::parse(many.as_bytes()), Err(EnvelopeError::Signatures(65))));
        assert!(matches!(Envelope::parse(&vec![b' '; MAX_ENVELOPE_BYTES + 1]), Err(EnvelopeError::TooLarge)));
    }

    #[test]
    fn an_envelope_survives_its_text() {
        let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).unwrap();
        let other = SecretKey::from_seed(Algorithm::P256, &[9; 32]).unwrap();
        let mut envelope = Envelope::sign("t", b"{}".to_vec(), &key, "k".into()).unwrap();
        envelope.add_signature(&other, "o".into()).unwrap();
        let again = Envelope::parse(envelope.to_json().as_bytes()).unwrap();
        assert_eq!(again, envelope);
        let (key, other) = (key.public().unwrap(), other.public().unwrap());
        assert_eq!(again.signers(&[&key, &other]), [0, 1]);
    }
}
