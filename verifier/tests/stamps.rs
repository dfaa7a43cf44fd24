//! Time stamps (RFC 3161) byte by byte: of what the clock signed nothing can be changed, and what can be changed beside it
//! changes nothing.
#![cfg(feature = "sigstore")]
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::NOW_S;
use sekisho_events::{Digest, PathBytes};
use sekisho_verifier::{Artifact, Policy, Report, verify};
use serde_json::Value;
use std::ops::Range;

const BUNDLE: &str = include_str!("bundles/loopback.sigstore.json");
const ROOT: &str = include_str!("bundles/loopback.root.json");
const PLACE: &str = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp";
const POLICY: &str = r#"version = 1
[trust.ours]
path = "root.json"
without = ["sct"]
[identities.builder]
issuer = "http://127.0.0.1:ISSUER"
identity = "builder@example.com"
trust = "ours"
[[statements]]
name = "tested"
predicate_type = "https://example.com/tested/v1"
identities = ["builder"]
"#;

/// `openssl asn1parse -inform DER` of this stamp: what the clock's signature covers, itself, and who signed.
const SIGNED: [Range<usize>; 4] = [72..250, 729..803, 819..1062, 1076..1148];
/// What it does not cover, and why that proves the same.
const FREE: [(Range<usize>, &str); 7] = [
    (8..9, "the answer's status: granted, or granted with modifications"),
    (34..35, "the version of SignedData"),
    (37..50, "the list of digest algorithms, which the signer's own repeats"),
    (69..70, "the tag of the content, whose bytes are digested all the same"),
    (258..718, "the certificate in the stamp: that of the trusted root counts"),
    (728..729, "the version of SignerInfo"),
    (1066..1074, "the name of the signature's algorithm, which the key has by itself"),
];

struct Stamped {
    bundle: Value,
    stamp: Vec<u8>,
    policy: Policy,
}

fn stamped() -> Stamped {
    let bundle: Value = serde_json::from_str(BUNDLE).unwrap();
    let issuer = include_str!("bundles/loopback.issuer").trim();
    let policy = POLICY.replace("ISSUER", issuer);
    let policy = Policy::parse(&policy, |_: &str| Ok(ROOT.as_bytes().to_vec())).unwrap();
    let stamp = base64(bundle.pointer(PLACE).unwrap().as_str().unwrap());
    Stamped { bundle, stamp, policy }
}

impl Stamped {
    fn judge(&self, stamp: &[u8]) -> Report {
        let mut bundle = self.bundle.clone();
        *bundle.pointer_mut(PLACE).unwrap() = to_base64(stamp).into();
        let app = Artifact { path: PathBytes::from("app"), sha256: Digest::of(b"app\n"), sha512: None };
        verify(bundle.to_string().as_bytes(), &[app], &self.policy, NOW_S + 365 * 86400)
    }
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn to_base64(bytes: &[u8]) -> String {
    let letter = |word: u32, n: u32| char::from(LETTERS[(word >> (18 - 6 * n)) as usize & 63]);
    let group = |chunk: &[u8]| -> String {
        let word = (0..3).fold(0, |word, i| word << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
        (0..4).map(|n| if n as usize <= chunk.len() { letter(word, n) } else { '=' }).collect()
    };
    bytes.chunks(3).map(group).collect()
}

fn base64(text: &str) -> Vec<u8> {
    let value = |b: u8| LETTERS.iter().position(|l| *l == b).unwrap() as u32;
    let letters: Vec<u32> = text.trim_end_matches('=').bytes().map(value).collect();
    let bytes = |chunk: &[u32]| {
        let word = (0..4).fold(0, |word, i| word << 6 | chunk.get(i).copied().unwrap_or(0));
        word.to_be_bytes()[1..chunk.len()].to_vec()
    };
    letters.chunks(4).flat_map(bytes).collect()
}

#[test]
fn no_byte_that_the_clock_signed_can_be_changed() {
    let stamped = stamped();
    assert!(stamped.judge(&stamped.stamp).accepted, "{}", stamped.judge(&stamped.stamp).to_text(true));
    for at in SIGNED.into_iter().flatten() {
        let mut changed = stamped.stamp.clone();
        changed[at] ^= 1;
        assert!(!stamped.judge(&changed).accepted, "byte {at}");
    }
}

#[test]
fn a_byte_beside_what_the_clock_signed_is_refused_or_changes_nothing() {
    let stamped = stamped();
    let good = stamped.judge(&stamped.stamp).to_json();
    let mut free: Vec<usize> = Vec::new();
    let all = (0..stamped.stamp.len()).filter(|at| !SIGNED.iter().any(|signed| signed.contains(at)));
    for at in all {
        let mut changed = stamped.stamp.clone();
        changed[at] ^= 1;
        let report = stamped.judge(&changed);
        if report.accepted {
            assert!(FREE.iter().any(|(range, _)| range.contains(&at)), "byte {at}");
            assert_eq!(report.to_json(), good, "byte {at}");
            free.push(at);
        }
    }
    for (range, why) in FREE {
        assert!(free.iter().any(|at| range.contains(at)), "nothing of it is free any more: {why}");
    }
}

#[test]
fn a_stamp_that_is_cut_longer_twice_or_not_there_is_refused() {
    let stamped = stamped();
    let whole = &stamped.stamp[..];
    for bad in [&whole[..whole.len() - 1], &[whole, b"\0"].concat(), &[whole, whole].concat(), &whole[..9], b""] {
        assert!(!stamped.judge(bad).accepted, "{} bytes", bad.len());
    }
}
