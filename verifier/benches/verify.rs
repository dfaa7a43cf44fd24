//! What the gate takes in process: `cargo bench -p sekisho-verifier`. A bundle is to take less than 5 ms up to a megabyte; 10,000 artifacts against 10,000
//! attestations less than 10 s, and ten times as long as a tenth of them.
#![allow(clippy::unwrap_used, reason = "a benchmark")]
#[path = "../tests/forge/mod.rs"]
mod forge;

use divan::Bencher;
use forge::{NOW_S, key, lines, parse, pem};
use sekisho_attest::names;
use sekisho_events::{Digest, PathBytes};
use sekisho_verifier::{Artifact, Policy, verify};

const CONDA: &str = include_str!("../tests/bundles/conda.sigstore.json");
const PACKAGE: &[u8] = include_bytes!("../tests/bundles/package.conda");
const KIND: &str = "https://example.com/listed/v1";

fn main() {
    divan::main();
}

/// A bundle of the public instance, with the embedded root: signature, chain, SCT, log, time.
#[cfg(feature = "sigstore")]
#[divan::bench]
fn keyless_bundle(bencher: Bencher<'_, '_>) {
    let policy = parse(
        "version = 1\n[identities.ci]\nissuer = \"https://token.actions.githubusercontent.com\"\n\
         identity_glob = \"https://github.com/prefix-dev/*/.github/workflows/action.yaml@refs/heads/*\"\n[[statements]]\nname = \"published\"\n\
         predicate_type = \"https://schemas.conda.org/attestations-publish-1.schema.json\"\nidentities = [\"ci\"]\n",
    );
    let line = serde_json::from_str::<serde_json::Value>(CONDA).unwrap().to_string();
    let artifact = [Artifact { path: PathBytes::from("package.conda"), sha256: Digest::of(PACKAGE), sha512: None }];
    bencher.bench_local(|| assert!(verify(line.as_bytes(), &artifact, &policy, NOW_S).accepted));
}

fn by_key() -> Policy {
    parse(&format!(
        "version = 1\n[keys.k]\npem = \"\"\"\n{}\"\"\"\n[[statements]]\nname = \"listed\"\nkeys = [\"k\"]\npredicate_type = \"{KIND}\"\n",
        pem(&key(3))
    ))
}

fn artifact(number: usize) -> Artifact {
    let sha256 = Digest::of(&number.to_le_bytes());
    Artifact { path: PathBytes::from(format!("dist/{number}").as_str()), sha256, sha512: None }
}

/// Signed statements about these artifacts, `of_each` in one.
fn stated(artifacts: &[Artifact], of_each: usize) -> String {
    let payload = |some: &[Artifact]| {
        let subjects: Vec<String> = some
            .iter()
            .map(|a| format!("{{\"name\":\"{}\",\"digest\":{{\"sha256\":\"{}\"}}}}", a.path.escaped(), a.sha256))
            .collect();
        format!(
            "{{\"_type\":\"{}\",\"subject\":[{}],\"predicateType\":\"{KIND}\",\"predicate\":{{}}}}",
            names::STATEMENT_TYPE,
            subjects.join(",")
        )
        .into_bytes()
    };
    lines(&artifacts.chunks(of_each).map(payload).collect::<Vec<_>>(), &[&key(3)])
}

/// One envelope of a megabyte.
#[divan::bench]
fn envelope_of_a_megabyte(bencher: Bencher<'_, '_>) {
    let artifacts: Vec<Artifact> = (0..7_200).map(artifact).collect();
    let (evidence, policy) = (stated(&artifacts, artifacts.len()), by_key());
    assert!((950_000..1_050_000).contains(&evidence.len()), "{}", evidence.len());
    bencher.bench_local(|| assert!(verify(evidence.as_bytes(), &artifacts[..1], &policy, NOW_S).accepted));
}

/// As many attestations, each of one artifact.
#[divan::bench(args = [1_000, 10_000], sample_count = 3, sample_size = 1)]
fn artifacts_against_attestations(bencher: Bencher<'_, '_>, count: usize) {
    let artifacts: Vec<Artifact> = (0..count).map(artifact).collect();
    let (evidence, policy) = (stated(&artifacts, 1), by_key());
    bencher.bench_local(|| assert!(verify(evidence.as_bytes(), &artifacts, &policy, NOW_S).accepted));
}
