//! Attestations in other people's hands, and theirs in ours, by the tools themselves: `scripts/interop`.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::{places, skips};
use std::io::Write as _;
use std::process::Command;

#[test]
fn who_signs_what_is_accepted_by_all_and_tampered_by_none() {
    let mut interop = Command::new(places::root().join("scripts/interop"));
    let output = interop.arg("--prepared").env("SEKISHO_BIN", places::sekisho()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.code() == Some(77) {
        println!("skipped: {said}");
        if let Some(list) = std::env::var_os("SEKISHO_SKIPS") {
            let mut list = std::fs::OpenOptions::new().append(true).open(list).unwrap();
            write!(list, "{said}").unwrap();
        }
        return;
    }
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for (name, why) in said.lines().filter_map(|line| line.strip_prefix("skipped ")?.split_once(": ")) {
        skips::skip("tests/allowed-skips.txt", name, why);
    }
    let rows = said.lines().filter(|line| line.contains("twins refused")).count();
    assert!(rows >= 8, "{said}");
}
