//! Bundles of the public sigstore instance, made by other tools, judged offline; and what is changed in them, refused.
#![cfg(feature = "sigstore")]
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::{NOW_S, codes};
use sekisho_events::{Digest, PathBytes};
use sekisho_verifier::{Artifact, Policy, PolicyError, PolicyErrorKind as Kind, ReadFailed, Report, verify};
use serde_json::{Value, json};

const NPM: &str = include_str!("bundles/npm.sigstore.json");
const CONDA: &str = include_str!("bundles/conda.sigstore.json");
const PACKAGE: &[u8] = include_bytes!("bundles/package.conda");
const NPM_SHA512: &str = "46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c";

const NPM_POLICY: &str = r#"version = 1
[identities.release]
issuer = "https://token.actions.githubusercontent.com"
identity = "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main"
repository = "https://github.com/sigstore/sigstore-js"
ref = ["refs/heads/main", "refs/heads/release"]
trigger = "push"
runner = "github-hosted"
[[statements]]
name = "provenance"
predicate_type = "https://slsa.dev/provenance/v1"
identities = ["release"]
"#;

const CONDA_POLICY: &str = r#"version = 1
[identities.ci]
issuer = "https://token.actions.githubusercontent.com"
identity_glob = "https://github.com/prefix-dev/*/.github/workflows/action.yaml@refs/heads/*"
[[statements]]
name = "published"
predicate_type = "https://schemas.conda.org/attestations-publish-1.schema.json"
identities = ["ci"]
"#;

fn parse(text: &str) -> Result<Policy, PolicyError> {
    Policy::parse(text, |path: &str| match path {
        "empty.json" => Ok(br#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#.to_vec()),
        _ => Err(ReadFailed("no such file".into())),
    })
}

fn npm_package() -> Artifact {
    // The digest that the attestation has; the package itself is not here.
    Artifact { path: PathBytes::from("sigstore.tgz"), sha256: Digest::of(b""), sha512: Some(NPM_SHA512.to_owned()) }
}

fn conda_package() -> Artifact {
    Artifact { path: PathBytes::from("package.conda"), sha256: Digest::of(PACKAGE), sha512: None }
}

fn judge(bundle: &str, artifact: Artifact, policy: &str) -> Report {
    let line: Value = serde_json::from_str(bundle).unwrap();
    verify(line.to_string().as_bytes(), &[artifact], &parse(policy).unwrap(), NOW_S)
}

#[test]
fn a_bundle_of_another_tool_is_accepted_offline_for_the_identity_that_signed_it() {
    let npm = judge(NPM, npm_package(), NPM_POLICY);
    assert_eq!(codes(&npm), "accepted", "{}", npm.to_text(true));
    let conda = judge(CONDA, conda_package(), CONDA_POLICY);
    assert_eq!(codes(&conda), "accepted", "{}", conda.to_text(true));
}

#[test]
fn another_identity_issuer_or_claim_is_refused_and_named() {
    for (from, to, told) in [
        ("release.yml@refs/heads/main", "release.yml@refs/heads/mai", "identity https://github.com/sigstore"),
        ("token.actions.githubusercontent.com", "token.actions.githubusercontent.com/", "issuer https://token"),
        ("\"push\"", "\"release\"", "trigger is push"),
        ("\"github-hosted\"", "\"self-hosted\"", "runner is github-hosted"),
        ("ref = [\"refs/heads/main\", ", "ref = [", "ref is refs/heads/main"),
        ("runner = ", "environment = \"production\"\nrunner = ", "the certificate says no environment"),
    ] {
        let policy = NPM_POLICY.replace(from, to);
        assert_ne!(policy, NPM_POLICY);
        let report = judge(NPM, npm_package(), &policy);
        assert_eq!(codes(&report), "signature-untrusted");
        assert!(report.reasons[0].message.contains(told), "{told}: {}", report.reasons[0].message);
    }
    let elsewhere = CONDA_POLICY.replace("prefix-dev/*", "*/*");
    assert_eq!(codes(&judge(CONDA, conda_package(), &elsewhere)), "accepted");
    let shorter = CONDA_POLICY.replace("/action.yaml@refs/heads/*", "/*");
    assert_eq!(codes(&judge(CONDA, conda_package(), &shorter)), "signature-untrusted", "a glob is anchored");
}

#[test]
fn another_file_or_another_kind_of_statement_is_refused() {
    let other = Artifact { sha256: Digest::of(b"other"), ..conda_package() };
    assert_eq!(codes(&judge(CONDA, other, CONDA_POLICY)), "statement-missing");
    let other = Artifact { sha512: Some("0".repeat(128)), ..npm_package() };
    assert_eq!(codes(&judge(NPM, other, NPM_POLICY)), "statement-missing");
    let kind = NPM_POLICY.replace("provenance/v1", "provenance/v2");
    assert_eq!(codes(&judge(NPM, npm_package(), &kind)), "statement-missing");
}

#[test]
fn a_bundle_of_one_instance_is_not_believed_by_the_root_of_another() {
    let github = NPM_POLICY.replace("trigger = ", "trust = \"github\"\ntrigger = ");
    assert_eq!(codes(&judge(NPM, npm_package(), &github)), "signature-untrusted");
    let keys_only = forge::policy(&[("ci", &forge::key(1))], "");
    let policy = forge::parse(&keys_only);
    let line = serde_json::from_str::<Value>(NPM).unwrap().to_string();
    assert_eq!(codes(&verify(line.as_bytes(), &[npm_package()], &policy, NOW_S)), "signature-untrusted");
}

#[test]
fn what_cannot_be_trusted_is_an_error_of_the_policy() {
    let error = |from: &str, to: &str| parse(&NPM_POLICY.replace(from, to)).unwrap_err().kind;
    assert!(matches!(error("issuer = ", "# "), Kind::Missing("issuer")));
    assert!(matches!(error("identity = ", "# "), Kind::Wrong { key: "identities", .. }));
    assert!(matches!(
        error("identity = ", "identity_glob = \"*\"\nidentity = "),
        Kind::Wrong { key: "identities", .. }
    ));
    assert!(matches!(error("runner = ", "trust = \"mine\"\nrunner = "), Kind::Undefined { key: "trust", .. }));
    assert!(matches!(error("runner = ", "runer = "), Kind::UnknownKey { nearest: Some("runner"), .. }));
    assert!(matches!(error("[\"release\"]", "[\"ci\"]"), Kind::Undefined { key: "identities", .. }));
    assert!(matches!(error("[[statements]]", "[trust.sigstore]\npath = \"x\"\n[[statements]]"), Kind::BuiltInTrust(_)));
    assert!(matches!(error("[[statements]]", "[trust.a]\npath = \"empty.json\"\n[[statements]]"), Kind::Trust { .. }));
    assert!(matches!(
        error("predicate_type = ", "threshold = 2\npredicate_type = "),
        Kind::Threshold { signers: 1, .. }
    ));
}

/// Every value in the bundle, by its JSON pointer.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                places(inner, &format!("{at}/{key}"), out);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                places(inner, &format!("{at}/{index}"), out);
            }
        }
        _ => {}
    }
}

/// Values of the same kind that are not the value: one character changed at both ends and in the middle, cut, empty, another number.
fn mutations(value: &Value) -> Vec<Value> {
    let mut out = vec![Value::Null, json!({}), json!([]), json!(""), json!(7)];
    match value {
        Value::String(text) if text.is_ascii() => {
            for at in [0, text.len() / 2, text.len().saturating_sub(3)] {
                let mut bytes = text.clone().into_bytes();
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = if *byte == b'B' { b'C' } else { b'B' };
                }
                out.push(String::from_utf8(bytes).unwrap().into());
            }
            out.push(text[..text.len() / 2].into());
            out.push(format!("{text}{text}").into());
        }
        Value::Array(list) => out.extend(list.first().map(|first| json!([first, first]))),
        _ => {}
    }
    out.retain(|v| v != value);
    out
}

/// What proves the same without it, and why.
const FREE: [(&str, &str); 6] = [
    ("/keyid", "a hint, not signed"),
    ("/mediaType", "the rules of another version are met as well"),
    ("/certificates", "the leaf twice: certificates above it are those of the trusted root"),
    ("/tlogEntries", "one entry twice"),
    ("/inclusionProof", "in version 0.1, which has the log's signed promise"),
    ("/timestampVerificationData", "empty where the log tells the time"),
];

fn is_free(place: &str) -> bool {
    FREE.iter().any(|(end, _)| place.ends_with(end))
}

#[test]
fn every_field_that_is_changed_or_left_out_is_refused_or_changes_nothing() {
    for (bundle, artifact, policy) in [(NPM, npm_package(), NPM_POLICY), (CONDA, conda_package(), CONDA_POLICY)] {
        let whole: Value = serde_json::from_str(bundle).unwrap();
        let policy = parse(policy).unwrap();
        let accepted =
            |value: &Value| verify(value.to_string().as_bytes(), std::slice::from_ref(&artifact), &policy, NOW_S);
        let (mut all, mut passed) = (Vec::new(), Vec::new());
        places(&whole, "", &mut all);
        let mut tried = 0;
        for place in all {
            let mut changed: Vec<Value> = Vec::new();
            for mutation in mutations(whole.pointer(&place).unwrap()) {
                let mut value = whole.clone();
                *value.pointer_mut(&place).unwrap() = mutation;
                changed.push(value);
            }
            if let Some((parent, key)) = place.rsplit_once('/') {
                let mut value = whole.clone();
                match value.pointer_mut(parent).unwrap() {
                    Value::Object(map) => drop(map.shift_remove(key)),
                    Value::Array(list) => drop(list.remove(key.parse().unwrap())),
                    _ => unreachable!(),
                }
                changed.push(value);
            }
            tried += changed.len();
            if changed.iter().any(|value| accepted(value).accepted) && !is_free(&place) {
                passed.push(place);
            }
        }
        assert!(tried > 200, "{tried}");
        assert!(passed.is_empty(), "{passed:#?}");
    }
}

#[test]
fn without_its_log_entry_its_time_or_its_certificate_a_bundle_is_refused() {
    for (bundle, artifact, policy) in [(NPM, npm_package(), NPM_POLICY), (CONDA, conda_package(), CONDA_POLICY)] {
        let whole: Value = serde_json::from_str(bundle).unwrap();
        for (place, value) in [
            ("/verificationMaterial/tlogEntries", json!([])),
            ("/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint/envelope", json!("")),
            ("/verificationMaterial/tlogEntries/0/integratedTime", json!("1")),
            ("/verificationMaterial/tlogEntries/0/canonicalizedBody", json!("e30=")),
            ("/verificationMaterial", json!({"publicKey": {"hint": "x"}})),
        ] {
            let mut changed = whole.clone();
            *changed.pointer_mut(place).unwrap() = value;
            let report = judge(&changed.to_string(), artifact.clone(), policy);
            assert!(!report.accepted, "{place}");
        }
    }
}
