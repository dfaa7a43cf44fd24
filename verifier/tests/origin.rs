//! A policy may name the branches and tags whose profile it takes.
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::{PROFILE, codes, judge, key, policy, run, verdict};
use sekisho_attest::Verdict;
use serde_json::{Value, json};

const MAIN_OR_RELEASE: &str = "profile_refs = [\"refs/heads/main\", \"refs/tags/v*\"]\n";

/// What the gate says of a run whose profile stood there.
fn judged(origin: &Value, step: &str) -> String {
    let mut of = run();
    of.verdict = Some(Verdict { profile_origin: origin.as_object().cloned(), ..verdict(PROFILE, true, &[]) });
    codes(&judge(&of.signed(&[&key(1)]), &policy(&[("ci", &key(1))], step)))
}

fn committed(reference: &str) -> Value {
    json!({"commit": "0123", "path": "sekisho.toml", "ref": reference, "state": "committed"})
}

#[test]
fn the_profile_of_a_ref_that_is_listed_is_taken() {
    for reference in ["refs/heads/main", "refs/tags/v1.2"] {
        assert_eq!(judged(&committed(reference), MAIN_OR_RELEASE), "accepted", "{reference}");
    }
}

#[test]
fn another_ref_another_text_and_no_word_of_it_do_not_do() {
    let with = |key: &str, value: Value| {
        let mut origin = committed("refs/heads/main");
        origin[key] = value;
        origin
    };
    for other in [
        Value::Null,
        json!({}),
        committed("refs/heads/topic"),
        committed("refs/tags/v1/x"),
        with("ref", Value::Null),
        with("state", "modified".into()),
        with("state", "unknown".into()),
        with("base", json!({"ref": "refs/heads/main", "state": "changed"})),
        with("base", json!({"ref": "refs/heads/main", "state": "changed", "accepted": true})),
        with("base", json!(null)),
    ] {
        assert_eq!(judged(&other, MAIN_OR_RELEASE), "profile-origin", "{other}");
        assert_eq!(judged(&other, ""), "accepted", "nobody has demanded it: {other}");
    }
}

/// A pull request that leaves the profile as it is on the branch that it goes into.
#[test]
fn the_profile_of_the_base_is_that_of_its_ref() {
    let mut origin = committed("refs/heads/topic");
    origin["base"] = json!({"ref": "refs/remotes/origin/main", "commit": "0123", "state": "same"});
    assert_eq!(judged(&origin, "profile_refs = [\"refs/remotes/origin/main\"]\n"), "accepted");
    assert_eq!(judged(&origin, MAIN_OR_RELEASE), "profile-origin");
}
