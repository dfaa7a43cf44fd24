//! Signed metadata of in-toto: a layout or a link, in its first form or in a DSSE envelope.
use sekisho_attest::classic::canonical;
use sekisho_attest::dsse::{Envelope, pae};
use sekisho_attest::{PublicKey, names, strict_json};
use serde_json::{Map, Value};

/// No layout or link is longer.
const MAX_BYTES: usize = 16 << 20;
/// No document has more signatures.
const MAX_SIGNATURES: usize = 64;

/// What was signed, and by which bytes; nothing is verified yet.
pub(super) struct Document {
    pub(super) signed: Map<String, Value>,
    message: Vec<u8>,
    signatures: Vec<Vec<u8>>,
}

impl Document {
    /// Reads either form: `signed` and `signatures`, or an envelope.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > MAX_BYTES {
            return Err(format!("longer than {MAX_BYTES} bytes"));
        }
        let value = strict_json::parse(bytes).map_err(|e| e.to_string())?;
        if value.get("payload").is_some() { Self::enveloped(&value) } else { Self::first_form(value) }
    }

    fn enveloped(value: &Value) -> Result<Self, String> {
        let envelope = Envelope::from_value(value).map_err(|e| e.to_string())?;
        if envelope.payload_type != names::PAYLOAD_TYPE {
            return Err(format!("payloadType is {}", envelope.payload_type));
        }
        let message = pae(&envelope.payload_type, &envelope.payload);
        let Value::Object(signed) = strict_json::parse(&envelope.payload).map_err(|e| e.to_string())? else {
            return Err("the payload is no object".to_owned());
        };
        let signatures = envelope.signatures.into_iter().map(|s| s.sig).collect();
        Ok(Self { signed, message, signatures })
    }

    fn first_form(mut value: Value) -> Result<Self, String> {
        let list = value.get("signatures").and_then(Value::as_array).ok_or("no signatures")?;
        if list.len() > MAX_SIGNATURES {
            return Err(format!("{} signatures", list.len()));
        }
        let signature = |s: &Value| bytes_of(s.get("sig")?.as_str()?);
        let signatures = list.iter().map(signature).collect::<Option<_>>().ok_or("a signature that is not hex")?;
        let signed = value.get_mut("signed").map(Value::take).ok_or("nothing is signed")?;
        let message = canonical(&signed).ok_or("a number with a fraction")?;
        let Value::Object(signed) = signed else { return Err("what is signed is no object".to_owned()) };
        Ok(Self { signed, message, signatures })
    }

    pub(super) fn is(&self, kind: &str) -> bool {
        self.signed.get("_type").and_then(Value::as_str) == Some(kind)
    }

    /// True if one of the signatures is this key's, whatever name it is given.
    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.signatures.iter().any(|signature| key.verifies(&self.message, signature))
    }
}

/// Bytes in hex.
pub(super) fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| (b as char).to_digit(16);
    let pairs = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    };
    pairs.map(byte).collect()
}
