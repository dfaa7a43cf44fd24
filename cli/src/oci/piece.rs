//! Signed statements that are to be attached: which form each has, and what it is about.
use crate::exit::{CliError, shown};
use sekisho_attest::dsse::Envelope;
use sekisho_attest::{ForeignStatement, names, strict_json};
use sekisho_events::{Digest, escape};
use std::path::Path;

/// A signed statement.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "sigstore"), expect(dead_code, reason = "nothing is attached"))]
pub struct Piece {
    /// One line of JSON.
    pub bytes: Vec<u8>,
    /// True for a sigstore bundle, false for a DSSE envelope.
    pub is_bundle: bool,
    /// What kind of statement it holds.
    pub predicate_type: String,
}

/// The statements of a file with one a line, each of which must name the image as a subject.
pub fn pieces(text: &[u8], path: &Path, image: Digest) -> Result<Vec<Piece>, CliError> {
    let mut out = Vec::new();
    for (index, line) in text.split(|b| *b == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let at = || format!("line {} of {}", index + 1, shown(path));
        let (piece, about) = piece(line).map_err(|why| {
            CliError::new(format!("{} is no signed statement: {}", at(), escape(why.as_bytes())))
                .with_hint("`sekisho attest` and `sekisho run` write such files")
        })?;
        if !about.contains(&image.to_hex()) {
            return Err(CliError::new(format!("the statement in {} is not about sha256:{image}", at())).with_hint(HINT));
        }
        out.push(piece);
    }
    if out.is_empty() { Err(CliError::new(format!("there is no statement in {}", shown(path)))) } else { Ok(out) }
}

/// How a step comes to have made an image.
pub const HINT: &str = "a statement is about files that the step left behind: let it write the image as an OCI layout (DIR/blobs/sha256), \
     name its manifest with --product 'DIR/blobs/sha256/*', and push that very layout";

/// A piece, and the SHA-256 of its subjects.
fn piece(line: &[u8]) -> Result<(Piece, Vec<String>), String> {
    let value = strict_json::parse(line).map_err(|e| e.to_string())?;
    let inner = value.get("dsseEnvelope");
    let envelope = Envelope::from_value(inner.unwrap_or(&value)).map_err(|e| e.to_string())?;
    if envelope.payload_type != names::PAYLOAD_TYPE {
        return Err(format!("payloadType is {}", envelope.payload_type));
    }
    let statement = ForeignStatement::parse(&envelope.payload).map_err(|e| e.to_string())?;
    let digests = statement.digests().map_err(|e| e.to_string())?;
    let about = digests.into_iter().filter_map(|mut of| of.remove("sha256")).collect();
    Ok((Piece { bytes: line.to_vec(), is_bundle: inner.is_some(), predicate_type: statement.predicate_type }, about))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_attest::{Algorithm, SecretKey};
    use serde_json::json;

    #[test]
    fn only_what_is_about_the_image_is_attached_to_it() {
        let image = Digest::of(b"manifest");
        let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).unwrap();
        let statement = json!({
            "_type": names::STATEMENT_TYPE, "predicateType": "https://example.com/p", "predicate": {},
            "subject": [{"name": "config", "digest": {"sha256": "00"}}, {"name": "i", "digest": {"sha256": image.to_hex()}}],
        });
        let envelope =
            Envelope::sign(names::PAYLOAD_TYPE, statement.to_string().into_bytes(), &key, String::new()).unwrap();
        let text = format!("\n{}\n", envelope.to_json());
        let read = |text: &str, image| pieces(text.as_bytes(), Path::new("a"), image);
        let found = read(&text, image).unwrap();
        assert_eq!((found.len(), found[0].is_bundle, &*found[0].predicate_type), (1, false, "https://example.com/p"));
        let bundle = format!("{{\"dsseEnvelope\":{}}}", envelope.to_json());
        assert!(read(&bundle, image).unwrap()[0].is_bundle);
        let other = read(&text, Digest::of(b"other")).unwrap_err();
        assert!(other.to_string().contains("line 2 of a is not about"), "{other}");
        for bad in ["", "{}", "x", &text.replace("in-toto", "other")] {
            assert!(read(bad, image).is_err(), "{bad}");
        }
    }
}
