//! Evidence as registries give it: npm, PyPI and GitHub put sigstore bundles, or their parts, into documents of their own.
//!
//! Nothing is verified here, and nothing is left out: a document is either taken apart whole, or stays as it is, to be judged, and refused, as a paper.
use sekisho_attest::{names, strict_json};
use serde_json::{Value, json};

/// Longest document that is taken apart.
const MAX_DOCUMENT_BYTES: usize = 16 << 20;
/// The version of bundle that is made of PyPI's parts.
const BUNDLE_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// The bundles of a document, each as a line of JSON; nothing of what is no such document:
///
/// - npm's `/-/npm/v1/attestations/NAME@VERSION` and GitHub's `/repos/OWNER/NAME/attestations/sha256:…`: `attestations`, each with a `bundle`;
/// - PyPI's `/integrity/NAME/VERSION/FILE/provenance` (PEP 740): `attestation_bundles`, each with `attestations` of version 1, and one of these alone.
pub fn unwrapped(document: &[u8]) -> Option<Vec<String>> {
    let mentions = |key: &str| document.windows(key.len()).any(|window| window == key.as_bytes());
    let is_one = ["\"attestations\"", "\"verification_material\""].into_iter().any(mentions);
    if document.len() > MAX_DOCUMENT_BYTES || !is_one {
        return None;
    }
    let value = strict_json::parse(document).ok()?;
    let found: Option<Vec<Value>> = if let Some(groups) = value.get("attestation_bundles") {
        let lists = groups.as_array()?.iter().map(|group| group.get("attestations")?.as_array());
        let lists: Vec<&Vec<Value>> = lists.collect::<Option<_>>()?;
        lists.into_iter().flatten().map(bundle).collect()
    } else if let Some(list) = value.get("attestations") {
        list.as_array()?.iter().map(|entry| entry.get("bundle").filter(|bundle| bundle.is_object()).cloned()).collect()
    } else {
        bundle(&value).map(|one| vec![one])
    };
    let found = found.filter(|bundles| !bundles.is_empty())?;
    Some(found.iter().map(Value::to_string).collect())
}

/// A bundle of what PEP 740 calls an attestation object: the statement and its signature, the certificate, the entries in logs.
fn bundle(attestation: &Value) -> Option<Value> {
    if attestation.get("version")?.as_u64() != Some(1) {
        return None;
    }
    let (material, envelope) = (attestation.get("verification_material")?, attestation.get("envelope")?);
    let text = |value: &Value, key: &str| Some(value.get(key)?.as_str()?.to_owned());
    Some(json!({
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {
            "certificate": {"rawBytes": text(material, "certificate")?},
            "tlogEntries": material.get("transparency_entries")?.as_array()?,
        },
        "dsseEnvelope": {
            "payload": text(envelope, "statement")?,
            "payloadType": names::PAYLOAD_TYPE,
            "signatures": [{"sig": text(envelope, "signature")?}],
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_taken_apart_whole_or_not_at_all() {
        let lines = |value: &Value| unwrapped(value.to_string().as_bytes());
        let npm = json!({"attestations": [{"predicateType": "a", "bundle": {"a": 1}}, {"bundle": {"b": 2}}]});
        assert_eq!(lines(&npm).unwrap(), [r#"{"a":1}"#, r#"{"b":2}"#]);
        let part = json!({
            "version": 1,
            "verification_material": {"certificate": "Yw==", "transparency_entries": [{"logIndex": "1"}]},
            "envelope": {"statement": "e30=", "signature": "cw=="},
        });
        let whole = json!({"version": 1, "attestation_bundles": [{"publisher": {}, "attestations": [part, part]}]});
        assert_eq!(lines(&whole).unwrap().len(), 2);
        let one = lines(&part).unwrap();
        assert_eq!(one, lines(&whole).unwrap()[..1]);
        assert!(one[0].contains(r#""certificate":{"rawBytes":"Yw=="},"tlogEntries":[{"logIndex":"1"}]"#), "{}", one[0]);
        for (at, value) in [
            ("/version", json!(2)),
            ("/envelope/statement", json!(1)),
            ("/envelope/signature", Value::Null),
            ("/verification_material/certificate", json!({})),
            ("/verification_material/transparency_entries", json!({})),
        ] {
            let mut bad = part.clone();
            *bad.pointer_mut(at).unwrap() = value;
            assert_eq!(lines(&bad), None, "{at}");
            assert_eq!(lines(&json!({"attestation_bundles": [{"attestations": [part, bad]}]})), None, "{at}");
        }
        for bad in [json!({"attestations": [{"bundle": {}}, {"bundle_url": "x"}]}), json!({"attestations": []})] {
            assert_eq!(lines(&bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_no_such_document_stays_as_it_is() {
        for text in [
            "",
            "{}",
            "{\"attestations\":[]}\n{\"attestations\":[]}",
            "{\"attestations\":[{\"bundle\":{\"a\":1,\"a\":2}}]}",
            "[\"attestations\"]",
            "{\"payload\":\"attestations\"}",
        ] {
            assert_eq!(unwrapped(text.as_bytes()), None, "{text}");
        }
    }
}
