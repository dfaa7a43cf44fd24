//! Policies: what docs/policy.md says works as it stands, and what cannot be used is an error with its place.
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::{APP, NOW_S, PROFILE, artifact, codes, key, pem, policy, run};
use sekisho_verifier::{Check, Policy, PolicyError, PolicyErrorKind as Kind, ReadFailed, verify};
use std::collections::BTreeSet;
use std::path::Path;

fn document() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/policy.md")).unwrap()
}

/// The fenced TOML blocks of the document.
fn examples() -> Vec<String> {
    let document = document();
    let blocks = document.split("```toml\n").skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

fn parse(text: &str) -> Result<Policy, PolicyError> {
    Policy::parse(text, |path: &str| match path {
        "release.pub" => Ok(pem(&key(1)).into_bytes()),
        "ci.pub" => Ok(pem(&key(2)).into_bytes()),
        "sekisho.toml" => Ok(PROFILE.to_vec()),
        _ => Err(ReadFailed("no such file".into())),
    })
}

fn error(text: &str) -> (usize, usize, Kind) {
    let error = parse(text).unwrap_err();
    (error.line, error.column, error.kind)
}

#[test]
fn the_minimal_example_accepts_good_evidence_and_refuses_a_strangers() {
    let smallest = parse(&examples()[0]).unwrap();
    let judge = |signer| codes(&verify(run().signed(&[&key(signer)]).as_bytes(), &[artifact(APP)], &smallest, NOW_S));
    assert_eq!(judge(1), "accepted");
    assert_eq!(judge(2), "signature-untrusted");
}

#[test]
fn the_full_example_is_a_policy_and_names_every_key() {
    let full = &examples()[1];
    let parsed = parse(full).unwrap();
    assert_eq!((parsed.steps.len(), parsed.steps[0].signers.threshold, parsed.artifacts_from), (2, 2, 1));
    let document = document();
    for known in ["artifacts_from", "threshold", "recorded", "engines", "allow_incomplete", "allow_failed", "max_age"] {
        assert!(document.contains(&format!("`steps.{known}`")) || document.contains(&format!("`{known}`")), "{known}");
    }
}

#[test]
fn the_document_names_every_check_and_every_reason() {
    let document = document();
    for check in Check::ALL {
        assert!(document.contains(&format!("| {} | `{}` |", check.number(), check.id())), "{check:?}");
    }
    let mut codes = BTreeSet::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let source = std::fs::read_to_string(path).unwrap();
        for rest in source.split("Reason::new(").skip(1) {
            if let Some(code) = rest.trim_start().strip_prefix('"').and_then(|r| r.split('"').next()) {
                codes.insert(code.to_owned());
            }
        }
    }
    assert!(codes.len() > 20, "{codes:?}");
    for code in codes.iter().chain([&"coverage-too-low".to_owned()]) {
        assert!(document.contains(&format!("`{code}`")), "{code}");
    }
}

#[test]
fn an_unknown_key_is_an_error_with_its_place_and_the_nearest_one() {
    let good = policy(&[("ci", &key(1))], "");
    let lines = good.lines().count();
    for (line, wrong, near) in [
        ("treshold = 1", "treshold", Some("threshold")),
        ("profile = []", "profile", Some("profiles")),
        ("Mode = \"deny\"", "Mode", Some("mode")),
        ("zzz = 1", "zzz", None),
    ] {
        let found = error(&format!("{good}  {line}\n"));
        assert_eq!(found, (lines + 1, 3, Kind::UnknownKey { key: wrong.into(), nearest: near }));
    }
    assert_eq!(error("version = 1\nkey = {}\n").2, Kind::UnknownKey { key: "key".into(), nearest: Some("keys") });
    let message = parse("version = 1\nstep\u{1b}s = 1\n").unwrap_err().to_string();
    assert!(!message.contains('\u{1b}') && message.starts_with("line 2, column 5: "), "{message}");
}

#[test]
fn a_policy_that_cannot_be_used_is_an_error() {
    let good = policy(&[("ci", &key(1))], "");
    assert!(parse(&good).is_ok());
    let with = |line: &str| error(&format!("{good}{line}\n")).2;
    assert!(matches!(error("").2, Kind::Missing("version")));
    assert!(matches!(error("version = 2").2, Kind::Wrong { key: "version", .. }));
    assert!(matches!(error("version = 1").2, Kind::Missing("keys")));
    assert!(matches!(error("version = 1\n[keys]\n").2, Kind::Missing("steps")));
    assert!(matches!(error("version = \n").2, Kind::Syntax(_)));
    assert!(matches!(with("threshold = 2"), Kind::Threshold { threshold: 2, signers: 1 }));
    assert!(matches!(with("threshold = 0"), Kind::Wrong { key: "threshold", .. }));
    assert!(matches!(with("threshold = \"1\""), Kind::Wrong { key: "threshold", .. }));
    assert!(matches!(with("mode = \"Deny\""), Kind::Wrong { key: "mode", .. }));
    assert!(matches!(with("level = \"all\""), Kind::Wrong { key: "level", .. }));
    assert!(matches!(with("toctou = \"best-effort\""), Kind::Wrong { key: "toctou", .. }));
    assert!(matches!(with("allow_incomplete = \"no\""), Kind::Wrong { key: "allow_incomplete", .. }));
    assert!(matches!(with("predicates = [\"slsa\"]"), Kind::Wrong { key: "predicates", .. }));
    assert!(matches!(with("predicates = []"), Kind::Wrong { key: "predicates", .. }));
    assert!(matches!(with("predicates = [\"link\"]"), Kind::NeedsVerdict("profiles")));
    assert!(matches!(with("products = [\"[\"]"), Kind::Glob(_)));
    assert!(matches!(with("materials = [{ match = \"a\", from = \"build\" }]"), Kind::Undefined { key: "from", .. }));
    assert!(matches!(with("materials = [{ from = \"x\" }]"), Kind::Missing("match")));
    assert!(matches!(with("materials = [{ match = \"a\", sha256 = [\"00\"] }]"), Kind::Wrong { key: "sha256", .. }));
    for age in ["30", "0d", "-1d", "+1d", "1y", "d", "", "99999999999999999999d", "1.5h"] {
        assert!(matches!(with(&format!("max_age = \"{age}\"")), Kind::Wrong { key: "max_age", .. }), "{age}");
    }
    let swap = |from: &str, to: &str| error(&good.replace(from, to)).2;
    assert!(matches!(swap("[\"ci\"]", "[\"cj\"]"), Kind::Undefined { key: "keys", .. }));
    assert!(matches!(swap("name = \"build\"\n", ""), Kind::Missing("name")));
    assert!(matches!(swap("profiles = ", "products = "), Kind::Missing("profiles")));
    assert!(matches!(swap("BEGIN PUBLIC KEY", "BEGIN PUBLIC KEX"), Kind::Key { .. }));
    assert!(matches!(error(&examples()[0].replace("release.pub", "gone.pub")).2, Kind::File { .. }));
    assert!(matches!(error(&good.replace("pem =", "path = \"ci.pub\"\npem =")).2, Kind::Wrong { key: "keys", .. }));
    let step = good.split_once("[[steps]]").unwrap().1;
    assert!(matches!(error(&format!("{good}[[steps]]{step}")).2, Kind::SameStep(_)));
    let loose = step.replace("\"build\"", "\"lint\"");
    assert!(matches!(error(&format!("{good}[[steps]]{loose}")).2, Kind::Loose(name) if name == "build"));
    assert!(matches!(
        error(&format!("artifacts_from = \"x\"\n{good}")).2,
        Kind::Undefined { key: "artifacts_from", .. }
    ));
}

#[test]
fn one_key_under_two_names_counts_once() {
    let twice = policy(&[("alice", &key(1)), ("bob", &key(1))], "threshold = 2\n");
    assert!(matches!(error(&twice).2, Kind::Threshold { threshold: 2, signers: 1 }));
    let message = parse(&twice).unwrap_err().to_string();
    assert!(message.contains("`threshold` is 2, but there is 1 distinct signer"), "{message}");
}

#[test]
fn a_private_key_is_no_trusted_key() {
    let secret = key(1).to_pem().unwrap();
    let text = policy(&[("ci", &key(1))], "").replace(&pem(&key(1)), &secret);
    assert!(matches!(error(&text).2, Kind::Key { .. }));
}

/// docs/attestations.md, "Verify with sekisho".
#[test]
fn the_documented_sample_is_accepted_by_its_policy() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/attestations");
    let read = |name: &str| std::fs::read(dir.join(name)).map_err(|e| ReadFailed(e.to_string()));
    let text = String::from_utf8(read("sample.policy.toml").unwrap()).unwrap();
    let sample = Policy::parse(&text, read).unwrap();
    let app = artifact(&read("app").unwrap());
    assert_eq!(codes(&verify(&read("sample.jsonl").unwrap(), &[app], &sample, NOW_S)), "accepted");
}
