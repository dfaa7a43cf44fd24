//! What must be stated of the materials of a step: provenance of what was fetched.
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::{codes, judge, key, lines, p256, pem, policy, run};
use sekisho_attest::names;
use sekisho_events::Digest;
use sekisho_verifier::Report;
use serde_json::{Value, json};

/// As PyPI's publishers state it: no predicate.
const PUBLISHED: &str = "https://docs.pypi.org/attestations/publish/v1";

/// A policy that wants `a.c`, which the good run read, published by somebody else than who builds.
fn wanting(material: &str, threshold: usize) -> String {
    let stated = format!(
        "materials = [{{ match = \"{material}\", stated = {{ predicate_type = \"{PUBLISHED}\", keys = [\"publisher\", \"other\"], threshold = {threshold} }} }}]\n"
    );
    let named = |name: &str, seed| format!("\n[keys.{name}]\npem = \"\"\"\n{}\"\"\"\n", pem(&p256(seed)));
    let keys = named("publisher", 7) + &named("other", 8);
    policy(&[("ci", &key(1))], &stated) + &keys
}

fn published(digests: &Value, kind: &str, by: &[u8]) -> String {
    let statement = json!({
        "_type": names::STATEMENT_TYPE, "predicateType": kind, "predicate": null,
        "subject": [{"name": "a.c", "digest": digests}],
    });
    let keys: Vec<_> = by.iter().map(|seed| p256(*seed)).collect();
    lines(&[statement.to_string().into_bytes()], &keys.iter().collect::<Vec<_>>())
}

fn with(statement: &str, policy: &str) -> Report {
    judge(&(run().signed(&[&key(1)]) + statement), policy)
}

/// The digest of `a.c`, as the link lists it.
fn source() -> String {
    let link = &run().values()[0];
    let materials = link["predicate"]["materials"].as_array().unwrap();
    let found = materials.iter().find(|m| m["name"] == "a.c").unwrap();
    found["digest"]["sha256"].as_str().unwrap().to_owned()
}

#[test]
fn a_material_that_its_publisher_states_is_accepted_and_the_statement_is_cited() {
    let report = with(&published(&json!({"sha256": source()}), PUBLISHED, &[7]), &wanting("a.c", 1));
    assert_eq!(codes(&report), "accepted", "{}", report.to_text(true));
    assert!(report.to_explained_text(&|line| ("e".to_owned(), line)).contains(PUBLISHED));
    let both = published(&json!({"sha256": source()}), PUBLISHED, &[7, 8]);
    assert_eq!(codes(&with(&both, &wanting("a.c", 2))), "accepted");
}

#[test]
fn a_material_that_nobody_states_so_is_refused() {
    let (good, other) = (source(), Digest::of(b"another").to_hex());
    let stated = |digests: Value| published(&digests, PUBLISHED, &[7]);
    for (what, statement, policy) in [
        ("none", String::new(), wanting("a.c", 1)),
        ("of another file", stated(json!({"sha256": other})), wanting("a.c", 1)),
        (
            "of another kind",
            published(&json!({"sha256": good}), "https://example.com/seen/v1", &[7]),
            wanting("a.c", 1),
        ),
        ("by who builds, and a stranger", published(&json!({"sha256": good}), PUBLISHED, &[9]), wanting("a.c", 1)),
        ("by one of two", stated(json!({"sha256": good})), wanting("a.c", 2)),
        ("of one of several", stated(json!({"sha256": good})), wanting("*.c", 1).replace("\"*.c\"", "\"*\"")),
        // A recording has SHA-256 only: another digest of the file cannot be confirmed.
        ("by another digest alone", stated(json!({"sha512": "0".repeat(128)})), wanting("a.c", 1)),
        ("by another digest too", stated(json!({"sha256": good, "sha512": "0".repeat(128)})), wanting("a.c", 1)),
    ] {
        assert_eq!(codes(&with(&statement, &policy)), "statement-missing", "{what}");
    }
    let nothing = wanting("z.c", 1);
    assert_eq!(codes(&with(&stated(json!({"sha256": good})), &nothing)), "material-missing");
}

#[test]
fn a_rule_on_materials_has_one_source_and_names_who_states_it() {
    let parse = |change: &dyn Fn(String) -> String| {
        sekisho_verifier::Policy::parse(&change(wanting("a.c", 1)), |_: &str| {
            Err(sekisho_verifier::ReadFailed("none".into()))
        })
    };
    let same = parse(&|text| text).unwrap();
    assert!(!same.lint().iter().any(|finding| finding.to_string().contains("unused")));
    for (from, to, told) in [
        ("match = \"a.c\",", "match = \"a.c\", from = \"earlier\",", "one source"),
        ("predicate_type", "predicate_typ", "predicate_typ"),
        ("keys = [\"publisher\", \"other\"], threshold = 1", "threshold = 1", "keys"),
        ("\"publisher\", \"other\"]", "\"publishe\"]", "publishe"),
    ] {
        let error = parse(&|text| text.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}
