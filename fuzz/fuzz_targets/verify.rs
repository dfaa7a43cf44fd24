//! The gate as a whole. The first byte says whether the rest is evidence as it stands, or payloads that a trusted key has
//! signed: without the key nothing is ever accepted.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sekisho_attest::dsse::Envelope;
use sekisho_attest::{Algorithm, SecretKey, names};
use sekisho_events::{Hasher, PathBytes};
use sekisho_verifier::{Artifact, Policy, verify};
use std::sync::OnceLock;

/// What the vector of the good case releases, and wants.
const ARTIFACT: &[u8] = include_bytes!("../../verifier/tests/vectors/one_key/artifact");
const PROFILE: &str = "af39a7506db1870a04eba51c29f4d0eabaabc99d82418ed53f55adb024d03eba";
const NOW_S: u64 = 1795132865;

struct Gate {
    key: SecretKey,
    policy: Policy,
    artifact: Artifact,
}

fn gate() -> &'static Gate {
    static GATE: OnceLock<Gate> = OnceLock::new();
    GATE.get_or_init(|| {
        let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).expect("a key");
        let pem = key.public().and_then(|k| k.to_pem()).expect("its public half");
        let text = format!(
            "version = 1\n[keys.ci]\npem = \"\"\"\n{pem}\"\"\"\n\
             [[steps]]\nname = \"build\"\nkeys = [\"ci\"]\nprofiles = [\"{PROFILE}\"]\n"
        );
        let policy = Policy::parse(&text, |_: &str| Ok(Vec::new())).unwrap_or_else(|e| panic!("{e}"));
        let mut hasher = Hasher::new();
        hasher.update(ARTIFACT);
        let artifact = Artifact { path: PathBytes::from("app"), sha256: hasher.finish(), sha512: None };
        Gate { key, policy, artifact }
    })
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let gate = gate();
    let signed = kind % 2 == 1;
    let evidence = if signed {
        let sign = |payload: &[u8]| Envelope::sign(names::PAYLOAD_TYPE, payload.to_vec(), &gate.key, String::new()).unwrap().to_json();
        rest.split(|b| *b == b'\n').map(sign).collect::<Vec<_>>().join("\n").into_bytes()
    } else {
        rest.to_vec()
    };
    let report = verify(&evidence, std::slice::from_ref(&gate.artifact), &gate.policy, NOW_S);
    assert!(signed || !report.accepted, "accepted without a signature");
    assert!(report.accepted == report.reasons.is_empty());
    let again = verify(&evidence, std::slice::from_ref(&gate.artifact), &gate.policy, NOW_S);
    assert_eq!(report, again, "same evidence, same report");
});
