//! What a decision rests on is named: statement, place and signer; and what rests on nothing is not.
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::{APP, NOW_S, artifact, codes, envelope, judge, key, parse, pem, policy, run};
use sekisho_events::Digest;
use sekisho_verifier::{Check, Report, verify};
use serde_json::{Value, json};

fn origin(line: usize) -> (String, usize) {
    ("a.jsonl".to_owned(), line)
}

/// Kinds of what a check of a report rests on.
fn rests_on(report: &Report, check: Check) -> Vec<&str> {
    let result = report.steps.iter().find(|s| s.check == check).unwrap();
    result.evidence.iter().map(|at| report.evidence[*at].kind.as_str()).collect()
}

#[test]
fn each_check_names_the_statements_that_it_looked_at_and_where_they_stand() {
    let evidence = run().signed(&[&key(9)]) + &run().signed(&[&key(1), &key(9)]);
    let report = judge(&evidence, &policy(&[("ci", &key(1))], ""));
    assert_eq!(codes(&report), "accepted");
    let all = ["link", "provenance", "runtime-trace", "verdict"];
    assert_eq!(report.evidence.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), all);
    assert_eq!(report.evidence.iter().map(|e| e.lines[0]).collect::<Vec<_>>(), [5, 6, 7, 8], "not the stranger's");
    assert!(report.evidence.iter().all(|e| e.signers == ["key ci"] && e.step.as_deref() == Some("build")));
    assert_eq!(report.evidence[3].sha256, Digest::of(&run().payloads()[3]));
    for (check, kinds) in [
        (Check::Envelope, &[][..]),
        (Check::Subject, &all[..]),
        (Check::Completeness, &all[..]),
        (Check::Behaviour, &["verdict"]),
        (Check::Chain, &["link"]),
        (Check::Materials, &[]),
    ] {
        assert_eq!(rests_on(&report, check), kinds, "{check:?}");
    }
    let json = report.to_explained_json(&origin);
    assert_eq!(json["evidence"][0]["places"], json!([{"file": "a.jsonl", "line": 5}]));
    assert_eq!(json["steps"][3]["evidence"], json!([0, 1, 2, 3]));
    let text = report.to_explained_text(&origin);
    assert!(text.contains("  by [4]\n") && text.contains("\n  [4] verdict of step build, sha256:"), "{text}");
    assert!(text.contains("in a.jsonl:8, signed by key ci\n"), "{text}");
}

#[test]
fn of_what_is_refused_the_check_that_failed_names_what_it_looked_at() {
    let mut failed = run();
    failed.end.status = 3;
    let report = judge(&failed.signed(&[&key(1)]), &policy(&[("ci", &key(1))], ""));
    assert_eq!(codes(&report), "step-failed");
    assert_eq!(rests_on(&report, Check::Status).len(), 4);
    assert!(rests_on(&report, Check::Behaviour).is_empty(), "it was not reached");
    let stranger = judge(&run().signed(&[&key(2)]), &policy(&[("ci", &key(1))], ""));
    assert!(stranger.evidence.is_empty());
}

fn stated(predicate_type: &str, predicate: &Value) -> Vec<u8> {
    let digest = json!({"sha256": Digest::of(APP).to_hex()});
    let statement = json!({"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "app", "digest": digest}],
        "predicateType": predicate_type, "predicate": predicate});
    statement.to_string().into_bytes()
}

const SUMMARY: &str = "https://slsa.dev/verification_summary/v1";

fn demanding(predicate_type: &str, payloads: &[Vec<u8>]) -> Report {
    let text = format!(
        "version = 1\n[keys.gate]\npem = \"\"\"\n{}\"\"\"\n[[statements]]\nname = \"s\"\npredicate_type = \"{predicate_type}\"\nkeys = [\"gate\"]\n",
        pem(&key(4))
    );
    let lines: String = payloads.iter().map(|p| envelope(p, &[&key(4)]).to_json() + "\n").collect();
    verify(lines.as_bytes(), &[artifact(APP)], &parse(&text), NOW_S)
}

#[test]
fn a_statement_that_says_that_it_failed_satisfies_nothing() {
    let passed = stated(SUMMARY, &json!({"verificationResult": "PASSED"}));
    let failed = stated(SUMMARY, &json!({"verificationResult": "FAILED"}));
    let report = demanding(SUMMARY, std::slice::from_ref(&passed));
    assert_eq!((codes(&report).as_str(), rests_on(&report, Check::Stated)), ("accepted", vec![SUMMARY]));
    for nothing_good in [json!({}), json!({"verificationResult": true}), json!({"verificationResult": "passed"})] {
        assert_eq!(codes(&demanding(SUMMARY, &[stated(SUMMARY, &nothing_good)])), "statement-not-passed");
    }
    let report = demanding(SUMMARY, std::slice::from_ref(&failed));
    assert_eq!(codes(&report), "statement-not-passed");
    assert!(report.reasons[0].message.contains("FAILED"), "{}", report.reasons[0].message);
    let later = demanding(SUMMARY, &[failed, passed.clone()]);
    assert_eq!(codes(&later), "accepted", "one that passed suffices, in whatever order");
    assert_eq!(later.evidence.iter().map(|e| e.sha256).collect::<Vec<_>>(), [Digest::of(&passed)]);
    let tests = "https://in-toto.io/attestation/test-result/v0.1";
    for (result, code) in [("PASSED", "accepted"), ("WARNED", "accepted"), ("FAILED", "statement-not-passed")] {
        assert_eq!(codes(&demanding(tests, &[stated(tests, &json!({"result": result}))])), code);
    }
}

/// slsa.dev/spec/v1.0/verification_summary, in-toto/attestation's spec/predicates/svr.md: what was verified, by name.
#[test]
fn properties_that_are_demanded_are_all_stated() {
    let simple = "https://in-toto.io/attestation/svr/v0.1";
    let judge = |kind: &str, predicate: Value| {
        let text = format!(
            "version = 1\n[keys.gate]\npem = \"\"\"\n{}\"\"\"\n[[statements]]\nname = \"s\"\npredicate_type = \"{kind}\"\nproperties = [\"A\", \"B\"]\nkeys = [\"gate\"]\n",
            pem(&key(4))
        );
        let line = envelope(&stated(kind, &predicate), &[&key(4)]).to_json();
        codes(&verify(line.as_bytes(), &[artifact(APP)], &parse(&text), NOW_S))
    };
    assert_eq!(judge(simple, json!({"properties": ["B", "C", "A"]})), "accepted");
    assert_eq!(judge(SUMMARY, json!({"verificationResult": "PASSED", "verifiedLevels": ["A", "B"]})), "accepted");
    for bad in [json!({"properties": ["A"]}), json!({"properties": []}), json!({}), json!({"properties": "A, B"})] {
        assert_eq!(judge(simple, bad.clone()), "property-missing", "{bad}");
    }
    assert_eq!(
        judge("https://example.com/p", json!({"properties": ["A", "B"]})),
        "property-missing",
        "of no known kind"
    );
}
