//! Evidence to be judged: good, and bad in one way at a time.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "tests; each file uses a part")]
#[path = "../../../attest/tests/recording/mod.rs"]
pub mod recording;

use recording::Recording;
use sekisho_attest::dsse::Envelope;
use sekisho_attest::{Algorithm, Options, SecretKey, Select, Verdict, attest, gather, names};
use sekisho_events::{Digest, End, PathBytes, Toctou};
use sekisho_verifier::{Artifact, Policy, ReadFailed, Report, verify};
use serde_json::{Value, json};

/// The profile by which the good run was judged.
pub const PROFILE: &[u8] = b"[profile]\nversion = 1\n";
/// A minute after the good run ended.
pub const NOW_S: u64 = 1_795_132_800 + 65;
pub const APP: &[u8] = b"\x7fELF app";

pub fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(Algorithm::Ed25519, &[seed; 32]).unwrap()
}

pub fn p256(seed: u8) -> SecretKey {
    SecretKey::from_seed(Algorithm::P256, &[seed; 32]).unwrap()
}

pub fn pem(key: &SecretKey) -> String {
    key.public().unwrap().to_pem().unwrap()
}

/// A policy of one step, `build`, with further lines in it.
pub fn policy(keys: &[(&str, &SecretKey)], step: &str) -> String {
    let trusted: Vec<String> =
        keys.iter().map(|(name, key)| format!("\n[keys.{name}]\npem = \"\"\"\n{}\"\"\"\n", pem(key))).collect();
    let names: Vec<String> = keys.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    format!(
        "version = 1\n{}\n[[steps]]\nname = \"build\"\nkeys = [{}]\nprofiles = [\"{}\"]\n{step}",
        trusted.concat(),
        names.join(", "),
        Digest::of(PROFILE)
    )
}

/// A verdict as `diff --format json` gives it.
pub fn verdict(profile: &[u8], complete: bool, deviations: &[Value]) -> Verdict {
    Verdict::from_json(&json!({
        "version": 1, "clean": complete && deviations.is_empty(), "complete": complete,
        "profile": {"path": "sekisho.toml", "sha256": Digest::of(profile).to_hex()}, "mode": "observe",
        "counts": {"events": 20, "allowed": 20 - deviations.len(), "deviations": deviations.len()},
        "deviations": deviations, "unused_rules": [], "gaps": [],
    }))
    .unwrap()
}

/// A run and how it was judged.
pub struct Run {
    pub recording: Recording,
    pub end: End,
    pub verdict: Option<Verdict>,
    pub products: Select,
}

pub fn run() -> Run {
    Run {
        recording: recording::build(),
        end: End { lost: 0, status: 0, duration_us: 5_000_000, toctou: Toctou::Verified, complete: true },
        verdict: Some(verdict(PROFILE, true, &[])),
        products: globs(&["dist/app"]),
    }
}

pub fn globs(of: &[&str]) -> Select {
    Select::Globs(of.iter().map(|g| (*g).to_owned()).collect())
}

impl Run {
    pub fn payloads(&self) -> Vec<Vec<u8>> {
        let facts = gather(&self.recording.bytes_ending(self.end)[..]).unwrap();
        let products = facts.products(&self.products, self.recording.on_disk()).unwrap();
        let options = Options { verdict: self.verdict.as_ref(), ..Options::default() };
        attest(&facts, &products, options).unwrap().payloads().to_vec()
    }

    pub fn values(&self) -> Vec<Value> {
        self.payloads().iter().map(|p| serde_json::from_slice(p).unwrap()).collect()
    }

    /// The attestations, signed by each of `keys` in one envelope.
    pub fn signed(&self, keys: &[&SecretKey]) -> String {
        lines(&self.payloads(), keys)
    }

    /// The same, each statement changed before it is signed.
    pub fn changed(&self, key: &SecretKey, change: impl Fn(&mut Value)) -> String {
        lines(&self.changed_payloads(change), &[key])
    }

    /// Each statement changed, and cited by the later ones as it is now.
    pub fn changed_payloads(&self, change: impl Fn(&mut Value)) -> Vec<Vec<u8>> {
        let mut renamed: Vec<(String, String)> = Vec::new();
        let mut out = Vec::new();
        for payload in self.payloads() {
            let mut text = String::from_utf8(payload.clone()).unwrap();
            for (before, now) in &renamed {
                text = text.replace(before, now);
            }
            let mut value: Value = serde_json::from_str(&text).unwrap();
            change(&mut value);
            let changed = value.to_string().into_bytes();
            renamed.push((Digest::of(&payload).to_hex(), Digest::of(&changed).to_hex()));
            out.push(changed);
        }
        out
    }
}

pub fn envelope(payload: &[u8], keys: &[&SecretKey]) -> Envelope {
    let id = |key: &SecretKey| key.public().unwrap().id();
    let mut envelope = Envelope::sign(names::PAYLOAD_TYPE, payload.to_vec(), keys[0], id(keys[0])).unwrap();
    for key in &keys[1..] {
        envelope.add_signature(key, id(key)).unwrap();
    }
    envelope
}

pub fn lines(payloads: &[Vec<u8>], keys: &[&SecretKey]) -> String {
    payloads.iter().map(|p| envelope(p, keys).to_json() + "\n").collect()
}

/// Our block, wherever it stands in a statement.
pub fn block(statement: &mut Value) -> &mut Value {
    let path = match statement["predicateType"].as_str().unwrap() {
        names::LINK => "/predicate/environment/sekisho",
        names::PROVENANCE => "/predicate/buildDefinition/internalParameters/sekisho",
        names::RUNTIME_TRACE => "/predicate/monitor/tracePolicy/sekisho",
        _ => "/predicate/policy/annotations/sekisho",
    };
    statement.pointer_mut(path).unwrap()
}

pub fn artifact(content: &[u8]) -> Artifact {
    Artifact { path: PathBytes::from("dist/app"), sha256: Digest::of(content), sha512: None }
}

pub fn parse(policy: &str) -> Policy {
    Policy::parse(policy, |_: &str| Err(ReadFailed("there are no files".into()))).unwrap()
}

/// Judges the program that the good run made.
pub fn judge(evidence: &str, policy: &str) -> Report {
    verify(evidence.as_bytes(), &[artifact(APP)], &parse(policy), NOW_S)
}

/// The codes of the reasons, or `accepted`.
pub fn codes(report: &Report) -> String {
    if report.accepted {
        assert!(report.reasons.is_empty() && report.steps.iter().all(|s| s.ok && s.reached));
        return "accepted".into();
    }
    report.reasons.iter().map(|r| r.code).collect::<Vec<_>>().join(" ")
}
