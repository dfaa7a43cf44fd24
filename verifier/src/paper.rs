//! Check 1: every line is an envelope of an in-toto statement, plain or in a sigstore bundle.
use crate::reason::{Reason, shown};
use crate::verify::MAX_EVIDENCE_BYTES;
use sekisho_attest::dsse::{Envelope, MAX_ENVELOPE_BYTES};
use sekisho_attest::{names, strict_json};
use serde_json::Value;

/// One piece of evidence, with nothing verified.
pub(crate) enum Paper {
    /// Signed with keys: a plain envelope, or one in a bundle that gives a hint at the key.
    Envelope(Envelope),
    /// Signed by whom a certificate names: the bundle as it stands, a JSON object with no key twice.
    Certified(String),
}

/// Reads all evidence: each piece with its line, from 1.
pub(crate) fn papers(bytes: &[u8]) -> Result<Vec<(usize, Paper)>, Reason> {
    if bytes.len() > MAX_EVIDENCE_BYTES {
        return Err(Reason::new(
            "evidence-too-large",
            format!("the attestations have more than {MAX_EVIDENCE_BYTES} bytes"),
            "give only the attestations of what is released",
        ));
    }
    let mut out = Vec::new();
    for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let read = paper(line).map_err(|why| {
            Reason::new(
                "evidence-malformed",
                format!(
                    "line {} of the attestations is no DSSE envelope or sigstore bundle of an in-toto statement: {}",
                    index + 1,
                    shown(&why),
                ),
                "use the file as `sekisho attest`, `sekisho run` or `cosign attest` wrote it, one envelope or bundle a line",
            )
        })?;
        out.push((index + 1, read));
    }
    if out.is_empty() {
        return Err(Reason::new(
            "evidence-missing",
            "there are no attestations",
            "`sekisho run --key KEY` or `sekisho attest` writes them",
        ));
    }
    Ok(out)
}

fn paper(line: &[u8]) -> Result<Paper, String> {
    if line.len() > MAX_ENVELOPE_BYTES {
        return Err(format!("longer than {MAX_ENVELOPE_BYTES} bytes"));
    }
    let value = strict_json::parse(line).map_err(|e| e.to_string())?;
    if value.get("mediaType").is_none() && value.get("verificationMaterial").is_none() {
        return Ok(Paper::Envelope(envelope(&value)?));
    }
    let inner =
        value.get("dsseEnvelope").ok_or("the bundle has no dsseEnvelope: it signs a file, and attests nothing")?;
    let envelope = envelope(inner)?;
    let material = value.get("verificationMaterial").and_then(Value::as_object).ok_or("no verificationMaterial")?;
    let kinds = ["publicKey", "certificate", "x509CertificateChain"];
    match kinds.iter().filter(|kind| material.contains_key(**kind)).count() {
        1 if material.contains_key("publicKey") => {
            let known =
                value.get("mediaType").and_then(Value::as_str).is_some_and(|t| names::BUNDLE_TYPES.contains(&t));
            if known { Ok(Paper::Envelope(envelope)) } else { Err("a mediaType that is not known".to_owned()) }
        }
        1 => String::from_utf8(line.to_vec()).map(Paper::Certified).map_err(|e| e.to_string()),
        n => Err(format!("verificationMaterial has {n} of publicKey, certificate, x509CertificateChain")),
    }
}

fn envelope(value: &Value) -> Result<Envelope, String> {
    let envelope = Envelope::from_value(value).map_err(|e| e.to_string())?;
    if envelope.payload_type == names::PAYLOAD_TYPE {
        Ok(envelope)
    } else {
        Err(format!("payloadType is {}", envelope.payload_type))
    }
}
