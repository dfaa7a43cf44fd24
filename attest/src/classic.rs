//! in-toto before attestations (in-toto specification 1.0): canonical JSON, names of keys, and links that
//! `in-toto-verify` reads beside a layout.
use crate::dsse::Envelope;
use crate::facts::{Products, RECORDING_NAME, RunFacts};
use crate::names::PAYLOAD_TYPE;
use crate::predicates::materials::Materials;
use crate::statement::Descriptor;
use crate::{Algorithm, KeyError, PublicKey, SecretKey};
use sekisho_events::Digest;
use serde_json::{Map, Value, json};

/// Why there is no link.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// A link has all products or it is none; these were chosen from more.
    #[error("only {listed} of {total} products are chosen, and a link has to list them all")]
    Cut {
        /// How many are chosen.
        listed: u64,
        /// Of how many.
        total: u64,
    },
    /// It would be another file.
    #[error("a link of step {} cannot be named", sekisho_events::escape(.0.as_bytes()))]
    Name(String),
    /// The key cannot be used.
    #[error("{0}")]
    Key(#[from] KeyError),
}

/// A signed link, and the name of its file.
#[derive(Clone, Debug)]
pub struct Link {
    /// `STEP.KEYID.link`, with eight digits of the key's name.
    pub file: String,
    /// DSSE envelope.
    pub envelope: Envelope,
}

/// Signs the link of a run: what of the workspace the step read, and what it produced.
pub fn link(facts: &RunFacts, products: &Products, key: &SecretKey) -> Result<Link, LinkError> {
    let (listed, total) = (products.listing.listed, products.listing.total);
    if listed != total {
        return Err(LinkError::Cut { listed, total });
    }
    let step = facts.step();
    if step.is_empty() || step.starts_with('.') || step.contains(['/', '\0']) {
        return Err(LinkError::Name(step.to_owned()));
    }
    let materials = Materials::within_workspace(facts);
    let made = products.subjects.iter().filter(|s| total > 0 || s.name != RECORDING_NAME);
    let command: Vec<String> = facts.header.command.iter().map(sekisho_events::PathBytes::escaped).collect();
    let payload = json!({
        "_type": "link",
        "name": step,
        "command": command,
        "materials": artifacts(&materials),
        "products": artifacts(made),
        "byproducts": {"return-value": facts.trailer.status},
        "environment": {},
    });
    let id = key_id(&key.public()?)?;
    let file = format!("{step}.{}.link", &id[..8]);
    Ok(Link { file, envelope: Envelope::sign(PAYLOAD_TYPE, payload.to_string().into_bytes(), key, id)? })
}

fn artifacts<'d>(files: impl IntoIterator<Item = &'d Descriptor>) -> Map<String, Value> {
    files.into_iter().map(|f| (f.name.clone(), json!({"sha256": f.sha256.to_hex()}))).collect()
}

/// The key as layouts have it: `keytype`, `scheme`, `keyval`.
pub fn key_json(key: &PublicKey) -> Result<Value, KeyError> {
    let (kind, scheme) = match key.algorithm() {
        Algorithm::Ed25519 => ("ed25519", "ed25519"),
        Algorithm::P256 => ("ecdsa", "ecdsa-sha2-nistp256"),
        Algorithm::P384 => ("ecdsa", "ecdsa-sha2-nistp384"),
    };
    let public = match key.algorithm() {
        // The last 32 bytes of the SubjectPublicKeyInfo (RFC 8410) are the key.
        Algorithm::Ed25519 => {
            let spki = key.spki();
            let bytes = spki.len().checked_sub(32).and_then(|at| spki.get(at..)).and_then(|b| b.try_into().ok());
            Digest::new(bytes.ok_or(KeyError::Unsupported)?).to_hex()
        }
        Algorithm::P256 | Algorithm::P384 => key.to_pem()?,
    };
    Ok(json!({"keytype": kind, "scheme": scheme, "keyval": {"public": public}}))
}

/// What in-toto and securesystemslib call a key if nobody says otherwise.
pub fn key_id(key: &PublicKey) -> Result<String, KeyError> {
    let canonical = canonical(&key_json(key)?).ok_or(KeyError::Unsupported)?;
    Ok(Digest::of(&canonical).to_hex())
}

/// The canonical form of JSON (OLPC): keys sorted, no spaces, only `"` and `\` escaped. `None` if there is a fraction,
/// which it does not have.
pub fn canonical(value: &Value) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    write(value, &mut out).then_some(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> bool {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Value::Number(n) if n.is_i64() || n.is_u64() => out.extend_from_slice(n.to_string().as_bytes()),
        Value::Number(_) => return false,
        Value::String(text) => text_of(text, out),
        Value::Array(list) => {
            out.push(b'[');
            for (index, value) in list.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                if !write(value, out) {
                    return false;
                }
            }
            out.push(b']');
        }
        Value::Object(object) => {
            let mut keys: Vec<(&String, &Value)> = object.iter().collect();
            keys.sort_unstable_by_key(|(key, _)| *key);
            out.push(b'{');
            for (index, (key, value)) in keys.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                text_of(key, out);
                out.push(b':');
                if !write(value, out) {
                    return false;
                }
            }
            out.push(b'}');
        }
    }
    true
}

fn text_of(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for b in text.bytes() {
        if matches!(b, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(b);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// wiki.laptop.org/go/Canonical_JSON
    #[test]
    fn canonical_json_sorts_escapes_two_characters_and_has_no_fractions() {
        let value = json!({"b": [1, -2, true, null], "a\"\\": "é\n\u{1}"});
        assert_eq!(canonical(&value).unwrap(), "{\"a\\\"\\\\\":\"é\n\u{1}\",\"b\":[1,-2,true,null]}".as_bytes());
        assert_eq!(canonical(&json!({"a": [{"b": 1.5}]})), None);
    }
}
