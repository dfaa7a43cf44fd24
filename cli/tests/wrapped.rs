//! Evidence in the documents of registries.
#![cfg(feature = "sigstore")]
#![allow(clippy::unwrap_used, reason = "tests")]
use serde_json::{Value, json};
use std::process::Command;

/// npm's and GitHub's services wrap bundles in a list, PyPI's (PEP 740) has their parts. The bundle is a real one, of a conda package.
#[test]
fn bundles_are_read_as_npm_github_and_pypi_give_them() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("package.conda"), include_bytes!("../../verifier/tests/bundles/package.conda")).unwrap();
    let policy = "version = 1\n[identities.ci]\nissuer = \"https://token.actions.githubusercontent.com\"\n\
        identity_glob = \"https://github.com/prefix-dev/*/.github/workflows/action.yaml@refs/heads/*\"\n\
        [[statements]]\nname = \"published\"\nidentities = [\"ci\"]\n\
        predicate_type = \"https://schemas.conda.org/attestations-publish-1.schema.json\"\n";
    std::fs::write(at("policy.toml"), policy).unwrap();
    let bundle: Value = serde_json::from_str(include_str!("../../verifier/tests/bundles/conda.sigstore.json")).unwrap();
    let (material, envelope) = (&bundle["verificationMaterial"], &bundle["dsseEnvelope"]);
    let part = json!({
        "version": 1,
        "verification_material": {"certificate": material["certificate"]["rawBytes"], "transparency_entries": material["tlogEntries"]},
        "envelope": {"statement": envelope["payload"], "signature": envelope["signatures"][0]["sig"]},
    });
    let mut changed = part.clone();
    changed["envelope"]["signature"] = json!("AAAA");
    let pypi = |part: &Value| json!({"version": 1, "attestation_bundles": [{"publisher": {"kind": "GitHub"}, "attestations": [part]}]});
    for (what, document, status) in [
        ("as it is", bundle.clone(), 0),
        ("npm", json!({"attestations": [{"predicateType": "x", "bundle": bundle}]}), 0),
        (
            "GitHub",
            json!({"attestations": [{"repository_id": 1, "bundle": bundle, "bundle_url": "https://example.com"}]}),
            0,
        ),
        ("PyPI", pypi(&part), 0),
        ("PyPI, one of them", part, 0),
        ("PyPI, changed", pypi(&changed), 1),
        ("npm, without", json!({"attestations": [{"predicateType": "x"}]}), 1),
    ] {
        std::fs::write(at("a.json"), serde_json::to_string_pretty(&document).unwrap()).unwrap();
        let mut verify = Command::new(env!("CARGO_BIN_EXE_sekisho"));
        verify
            .args(["verify", "package.conda", "--attestations", "a.json", "--policy", "policy.toml"])
            .current_dir(dir.path());
        let output = verify.output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
