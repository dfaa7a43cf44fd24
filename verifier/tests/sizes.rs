//! Evidence that is as large as it may be, and larger: judged, or refused by what is too large about it.
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::{APP, NOW_S, artifact, codes, key, lines, parse, pem};
use sekisho_attest::dsse::MAX_ENVELOPE_BYTES;
use sekisho_attest::names;
use sekisho_events::Digest;
use sekisho_verifier::{MAX_EVIDENCE_BYTES, Report, verify};

const KIND: &str = "https://example.com/listed/v1";

fn judge(evidence: &[u8]) -> Report {
    let policy = format!(
        "version = 1\n[keys.other]\npem = \"\"\"\n{}\"\"\"\n[[statements]]\nname = \"listed\"\nkeys = [\"other\"]\n\
         predicate_type = \"{KIND}\"\n",
        pem(&key(3)),
    );
    verify(evidence, &[artifact(APP)], &parse(&policy), NOW_S)
}

/// A signed statement about these subjects, as JSON.
fn about(subjects: impl Iterator<Item = String>) -> String {
    let subjects: Vec<String> = subjects.collect();
    let statement = format!(
        "{{\"_type\":\"{}\",\"subject\":[{}],\"predicateType\":\"{KIND}\",\"predicate\":{{}}}}",
        names::STATEMENT_TYPE,
        subjects.join(",")
    );
    lines(&[statement.into_bytes()], &[&key(3)])
}

/// This many others, and the artifact behind them.
fn listing(others: usize) -> String {
    let subject =
        |name: String, digest: Digest| format!("{{\"name\":\"{name}\",\"digest\":{{\"sha256\":\"{digest}\"}}}}");
    let of = move |n: usize| subject(format!("f{n}"), Digest::of(&n.to_le_bytes()));
    about((0..others).map(of).chain([subject("app".to_owned(), Digest::of(APP))]))
}

#[test]
fn a_statement_has_as_many_subjects_as_fit_into_an_envelope() {
    let largest = listing(28_000);
    assert!((MAX_ENVELOPE_BYTES * 9 / 10..=MAX_ENVELOPE_BYTES).contains(&largest.len()), "{}", largest.len());
    assert_eq!(codes(&judge(largest.as_bytes())), "accepted");
    let report = judge(listing(40_000).as_bytes());
    assert_eq!(codes(&report), "evidence-malformed");
    assert!(
        report.reasons[0].message.contains("line 1 ")
            && report.reasons[0].message.contains("longer than 4194304 bytes")
    );
}

#[test]
fn a_million_subjects_are_too_many_however_short_they_are() {
    let report = judge(about((0..1_000_000).map(|_| "1".to_owned())).as_bytes());
    assert_eq!(codes(&report), "statement-malformed");
    assert!(report.reasons[0].message.contains("1000000 subjects"), "{}", report.reasons[0].message);
}

#[test]
fn more_evidence_than_is_read_is_refused_unread() {
    let report = judge(&vec![0; MAX_EVIDENCE_BYTES + 1]);
    assert_eq!(codes(&report), "evidence-too-large");
}
