//! `policy lint`: each finding where it belongs, and none on a policy without a fault.
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::{PROFILE, key, parse, pem, policy};
use sekisho_events::Digest;
use sekisho_verifier::Grade;

fn codes(text: &str) -> Vec<&'static str> {
    parse(text).lint().iter().map(|f| f.code).collect()
}

const FIRM: &str = "mode = \"deny\"\nmax_age = \"30d\"\n";

#[test]
fn a_firm_policy_has_no_finding_and_the_smallest_one_has_notes_only() {
    assert_eq!(codes(&policy(&[("ci", &key(1))], FIRM)), [""; 0]);
    let smallest = parse(&policy(&[("ci", &key(1))], "")).lint();
    assert_eq!(smallest.iter().map(|f| f.code).collect::<Vec<_>>(), ["observe", "no-age"]);
    assert!(smallest.iter().all(|f| f.grade == Grade::Note));
    assert!(smallest[0].to_string().starts_with("note: observe: step build: "), "{}", smallest[0]);
    assert!(smallest[0].to_string().contains("\n  hint: "));
}

#[test]
fn what_was_given_up_is_told() {
    for (line, code) in [
        ("allow_incomplete = true\n", "allow-incomplete"),
        ("allow_failed = true\n", "allow-failed"),
        ("level = \"exec\"\n", "level-exec"),
    ] {
        assert_eq!(codes(&policy(&[("ci", &key(1))], &format!("{FIRM}{line}"))), [code]);
    }
    let unjudged = policy(&[("ci", &key(1))], "predicates = [\"link\"]\nmax_age = \"1d\"\n");
    let unjudged = unjudged.replace(&format!("profiles = [\"{}\"]\n", Digest::of(PROFILE)), "");
    assert_eq!(codes(&unjudged), ["no-verdict"]);
    assert_eq!(codes(&policy(&[("a", &key(1)), ("b", &key(2))], FIRM)), ["any-signer"]);
    assert_eq!(codes(&policy(&[("a", &key(1)), ("b", &key(2))], &format!("{FIRM}threshold = 2\n"))), [""; 0]);
}

#[test]
fn a_key_that_nobody_needs_is_told() {
    let unused = format!("[keys.old]\npem = \"\"\"\n{}\"\"\"\n\n[[steps]]", pem(&key(2)));
    let found = parse(&policy(&[("ci", &key(1))], FIRM).replace("[[steps]]", &unused)).lint();
    assert_eq!(found.len(), 1);
    assert!(found[0].grade == Grade::Warning && found[0].message.contains("key old"), "{}", found[0]);
}

#[cfg(feature = "sigstore")]
#[test]
fn globs_that_let_in_strangers_are_told() {
    let of = |glob: &str, more: &str| {
        codes(&format!(
            "version = 1\n[identities.ci]\nissuer = \"https://issuer.example\"\nidentity_glob = \"{glob}\"\n{more}\
            [[steps]]\nname = \"build\"\nidentities = [\"ci\"]\nprofiles = [\"{}\"]\n{FIRM}",
            Digest::of(PROFILE)
        ))
    };
    let none: [&str; 0] = [];
    assert_eq!(of("https://git.example/o/r/.ci/release.yml@refs/tags/v*", ""), none);
    assert_eq!(of("https://git.example/o/r/.ci/*.yml@refs/heads/main", ""), none);
    assert_eq!(of("*@example.com", ""), none, "everybody of a mail domain");
    for open in ["https://git.example/*/r/x.yml@refs/tags/v1", "https://git.example/o/**@refs/tags/v1", "https://**"] {
        assert_eq!(of(open, ""), ["any-repository"], "{open}");
        assert_eq!(of(open, "repository = \"https://git.example/o/r\"\n"), none, "{open}");
    }
    assert_eq!(of("https://git.example/o/r/x.yml@refs/heads/*", ""), ["any-branch"]);
    assert_eq!(of("https://git.example/o/r/x.yml@**", "environment = \"production\"\n"), none);
}
