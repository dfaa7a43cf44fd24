//! A policy may name who reviews profiles in place of the profiles.
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::{PROFILE, codes, envelope, judge, key, pem, run, verdict};
use sekisho_attest::{SecretKey, sign_review};
use sekisho_events::Digest;
use sekisho_verifier::{Policy, ReadFailed};
use serde_json::json;

/// `ci` (1) signs what was built; two of `a` (2), `b` (3) and `c` (4) review profiles.
fn policy(step: &str) -> String {
    let names = [("ci", 1), ("a", 2), ("b", 3), ("c", 4)];
    let keys = names.map(|(name, seed)| format!("[keys.{name}]\npem = \"\"\"\n{}\"\"\"\n\n", pem(&key(seed))));
    format!("version = 1\n\n{}[[steps]]\nname = \"build\"\nkeys = [\"ci\"]\n{step}", keys.concat())
}

const TWO_OF_THREE: &str = "reviews = { keys = [\"a\", \"b\", \"c\"], threshold = 2 }\n";

/// One line: the review of a profile, signed by these.
fn review(profile: &[u8], seeds: &[u8]) -> String {
    let signers: Vec<SecretKey> = seeds.iter().map(|seed| key(*seed)).collect();
    let payload = sign_review(Digest::of(profile), &signers[0]).unwrap().payload;
    format!("{}\n", envelope(&payload, &signers.iter().collect::<Vec<_>>()).to_json())
}

fn judged(step: &str, more: &str) -> String {
    let evidence = run().signed(&[&key(1)]);
    codes(&judge(&format!("{}\n{more}", evidence.trim_end()), &policy(step)))
}

#[test]
fn a_profile_that_enough_of_them_have_signed_is_as_good_as_one_that_is_listed() {
    assert_eq!(judged(TWO_OF_THREE, &review(PROFILE, &[2, 4])), "accepted");
    // In two envelopes, as two people may have kept them.
    assert_eq!(judged(TWO_OF_THREE, &(review(PROFILE, &[3]) + &review(PROFILE, &[4]))), "accepted");
    let report = judge(&format!("{}{}", run().signed(&[&key(1)]), review(PROFILE, &[2, 4])), &policy(TWO_OF_THREE));
    assert!(report.evidence.iter().any(|e| e.kind.contains("profile-review") && e.signers == ["key a", "key c"]));
}

#[test]
fn too_few_the_wrong_ones_and_the_same_one_twice_do_not_do() {
    for too_few in [
        String::new(),
        review(PROFILE, &[2]),
        review(PROFILE, &[2, 2]),
        review(PROFILE, &[2]) + &review(PROFILE, &[2]),
        review(PROFILE, &[1, 2]),
        review(PROFILE, &[2, 9]),
    ] {
        assert_eq!(judged(TWO_OF_THREE, &too_few), "profile-not-reviewed", "{too_few}");
    }
}

/// The change under review loosens the profile, and keeps the signatures of the old one.
#[test]
fn signatures_of_another_profile_do_not_do() {
    assert_eq!(judged(TWO_OF_THREE, &review(b"[profile]\nversion = 1\n# wider\n", &[2, 3, 4])), "profile-not-reviewed");
    let mut changed = run();
    changed.verdict = Some(verdict(b"wider", true, &[]));
    let evidence = format!("{}{}", changed.signed(&[&key(1)]), review(PROFILE, &[2, 3]));
    assert_eq!(codes(&judge(&evidence, &policy(TWO_OF_THREE))), "profile-not-reviewed");
}

/// A reviewer signed a statement about several files, or of another kind: that is no review.
#[test]
fn another_statement_by_a_reviewer_is_no_review() {
    let subject = json!({"name": "profile", "digest": {"sha256": Digest::of(PROFILE).to_hex()}});
    let statement = |kind: &str, subjects: serde_json::Value| {
        let value = json!({"_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": kind, "predicate": {}});
        format!("{}\n", envelope(value.to_string().as_bytes(), &[&key(2), &key(3)]).to_json())
    };
    let kind = sekisho_attest::names::PROFILE_REVIEW;
    assert_eq!(judged(TWO_OF_THREE, &statement(kind, json!([subject]))), "accepted");
    let other = json!({"name": "x", "digest": {"sha256": Digest::of(b"x").to_hex()}});
    assert_eq!(judged(TWO_OF_THREE, &statement(kind, json!([subject, other]))), "profile-not-reviewed");
    assert_eq!(judged(TWO_OF_THREE, &statement("https://example.org/seen", json!([subject]))), "profile-not-reviewed");
}

#[test]
fn listed_and_reviewed_are_both_demanded_where_both_stand() {
    let listed = |profile: &[u8]| format!("profiles = [\"{}\"]\n{TWO_OF_THREE}", Digest::of(profile));
    assert_eq!(judged(&listed(PROFILE), &review(PROFILE, &[2, 3])), "accepted");
    assert_eq!(judged(&listed(PROFILE), ""), "profile-not-reviewed");
    assert_eq!(judged(&listed(b"another"), &review(PROFILE, &[2, 3])), "profile-not-allowed");
}

#[test]
fn a_demand_that_cannot_be_met_or_understood_is_an_error() {
    let nothing = |_: &str| Err(ReadFailed("there are no files".into()));
    let error = |step: &str| Policy::parse(&policy(step), nothing).unwrap_err().to_string();
    assert!(error("").contains("profiles"));
    assert!(error("reviews = { keys = [\"a\"], threshold = 2 }\n").contains("threshold"));
    assert!(error("reviews = { keys = [\"nobody\"] }\n").contains("nobody"));
    assert!(error("reviews = { keys = [\"a\"], by = 1 }\n").contains("by"));
    assert!(error("reviews = [\"a\"]\n").contains("reviews"));
    assert!(error("predicates = [\"link\"]\nreviews = { keys = [\"a\"] }\n").contains("reviews"));
}
