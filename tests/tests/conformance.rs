//! What sigstore's own conformance suite wants of a client: `scripts/conformance`.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::{places, skips};
use std::process::Command;

#[test]
fn every_case_of_the_conformance_suite_is_judged_as_the_suite_wants_it() {
    let mut script = Command::new(places::root().join("scripts/conformance"));
    script.arg("--prepared");
    let client = places::sekisho().with_file_name("sekisho-conformance");
    if client.exists() {
        script.env("SEKISHO_CONFORMANCE", client);
    }
    let output = script.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.code() == Some(77) {
        skips::skip("tests/allowed-skips.txt", "conformance", said.trim());
        return;
    }
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("140 of 140 as the suite wants it"), "{said}");
}
