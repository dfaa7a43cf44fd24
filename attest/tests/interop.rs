//! Our attestations in other people's hands, and theirs in ours. Needs `python3` and PyPI (or an index that pip is
//! configured for) once; then the virtual environment in the target directory serves.
#![allow(clippy::unwrap_used, reason = "tests")]
#[path = "interop/python.rs"]
mod python;
mod recording;

use python::{python, run};
use recording::build;
use sekisho_attest::classic;
use sekisho_attest::dsse::Envelope;
use sekisho_attest::sbom::{Bom, Disk};
use sekisho_attest::{Algorithm, Options, PublicKey, SecretKey, Select, Verdict, WholeBom, attest};
use sekisho_events::Digest;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The code blocks of docs/attestations.md in this language that a test runs, and where they run.
fn documented(language: &str) -> (Vec<String>, PathBuf) {
    let text = std::fs::read_to_string(here("../docs/attestations.md")).unwrap();
    let begin = format!("<!-- a test runs this -->\n```{language}\n");
    let blocks = text.split(begin.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    (blocks.collect(), here("../docs/attestations"))
}

#[test]
fn the_documented_python_verifies_the_sample() {
    let (blocks, dir) = documented("python");
    assert_eq!(blocks.len(), 1);
    let said = run(Command::new(python()).arg("-c").arg(&blocks[0]).current_dir(dir));
    assert_eq!(said.lines().count(), 4, "{said}");
}

#[test]
fn the_documented_openssl_verifies_the_sample() {
    let (blocks, dir) = documented("sh");
    let block = blocks.iter().find(|b| b.contains("openssl")).unwrap();
    let said = run(Command::new("sh").arg("-c").arg(block).current_dir(&dir));
    assert!(said.contains("Signature Verified Successfully"), "{said}");
    let tampered = block.replace("DSSEv1 %d", "DSSEv2 %d");
    let refused = Command::new("sh").arg("-c").arg(tampered).current_dir(dir).output().unwrap();
    assert!(!refused.status.success());
}

#[test]
fn python_verifies_ours_and_we_verify_pythons() {
    let python = python();
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let recording = build();
    let facts = recording.facts();
    let products = facts.products(&Select::Globs(vec!["dist/app".into()]), recording.on_disk()).unwrap();
    let verdict = Verdict::from_json(&json!({
        "version": 1, "clean": true, "complete": true, "counts": {"events": 20}, "deviations": [],
        "profile": {"path": "sekisho.toml", "sha256": Digest::of(b"profile").to_hex()},
    }))
    .unwrap();
    let options = Options { verdict: Some(&verdict), attributes: true, ..Options::default() };
    let statements = attest(&facts, &products, options).unwrap();
    for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
        let key = SecretKey::generate(algorithm).unwrap();
        let other = SecretKey::generate(algorithm).unwrap();
        std::fs::write(at("attestations.jsonl"), statements.sign_lines(&key).unwrap()).unwrap();
        std::fs::write(at("key.pub"), key.public().unwrap().to_pem().unwrap()).unwrap();
        std::fs::write(at("other.pub"), other.public().unwrap().to_pem().unwrap()).unwrap();
        let said = run(Command::new(&python)
            .arg(here("tests/interop/verify.py"))
            .args([at("attestations.jsonl"), at("key.pub"), at("other.pub")])
            .arg(Digest::of(b"\x7fELF app").to_hex())
            .arg(dir.path()));
        assert_eq!(said, "verified 5 statements\n");
        for theirs in ["ed25519", "p256"] {
            let envelope = Envelope::parse(&std::fs::read(at(&format!("{theirs}.json"))).unwrap()).unwrap();
            let pem = std::fs::read_to_string(at(&format!("{theirs}.pub"))).unwrap();
            let signer = PublicKey::from_pem(&pem).unwrap();
            assert_eq!(envelope.signers(&[&key.public().unwrap(), &signer]), [1], "{theirs}");
            assert_eq!(&envelope.payload, statements.payloads().last().unwrap());
        }
    }
}

/// This machine's packages, if it has some.
struct Machine;

impl Disk for Machine {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        std::fs::read(path).ok()
    }

    fn names(&self, directory: &Path) -> Vec<OsString> {
        std::fs::read_dir(directory).into_iter().flatten().filter_map(|e| Some(e.ok()?.file_name())).collect()
    }

    fn is_link(&self, path: &Path, to: &str) -> bool {
        std::fs::read_link(path).is_ok_and(|target| target.as_os_str() == to)
    }
}

/// cyclonedx.org, bom-1.6.schema.json, by the project's Python library.
#[test]
fn bills_of_materials_are_what_cyclonedx_says() {
    let dir = tempfile::tempdir().unwrap();
    let mut recording = build();
    for path in [
        "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.219/src/lib.rs",
        "/root/.cargo/registry/cache/crates.example.com-1949cf8c6b5b557f/a-b-1.0.0-rc.1+x.crate",
        "/root/go/pkg/mod/github.com/!burnt!sushi/toml@v1.4.0+incompatible/decode.go",
        "/root/go/pkg/mod/cache/download/golang.org/x/sys/@v/v0.1.0.mod",
        "/root/.m2/repository/com/google/guava/guava/33.0-jre/guava-33.0-jre-sources.jar",
        "/root/.m2/repository/org/x/y/1/y-1.war",
        "/w/node_modules/@angular/core/index.js",
        "/w/odd \n\u{7f}\u{202e} name",
        "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
        "/usr/bin/env",
    ] {
        recording.read(path, path.as_bytes());
    }
    recording.content(sekisho_events::ContentWhen::Read, "/w/a.c", b"changed");
    let facts = recording.facts();
    let bom = Bom::new(&facts, &Machine);
    let text = bom.to_json();
    let products = facts.products(&Select::Default, recording.on_disk()).unwrap();
    let sbom = Some(WholeBom { bom: &bom, text: &text, name: b"sbom.cdx.json" });
    let statements = attest(&facts, &products, Options { sbom, ..Options::default() }).unwrap();
    let mut statement: Value = serde_json::from_slice(statements.payloads().last().unwrap()).unwrap();
    let (whole, signed) = (dir.path().join("whole.json"), dir.path().join("signed.json"));
    std::fs::write(&whole, &text).unwrap();
    std::fs::write(&signed, statement["predicate"].take().to_string()).unwrap();
    let said = run(Command::new(python()).arg(here("tests/interop/sbom.py")).args([whole, signed]));
    let packages = bom.packages();
    assert!(packages >= 7, "{packages}");
    let line = format!("{packages} packages, {} files\n", bom.files());
    assert_eq!(said, line.repeat(2));
}

/// in-toto specification 1.0, section 4.4.
#[test]
fn in_toto_takes_our_link_beside_a_layout() {
    let mut recording = recording::Recording::new();
    recording.read("/w/source", b"source").read("/usr/include/stdio.h", b"outside").make("/w/app", b"app");
    let facts = recording.facts();
    let products = facts.products(&Select::Default, recording.on_disk()).unwrap();
    for algorithm in [Algorithm::Ed25519, Algorithm::P256, Algorithm::P384] {
        let dir = tempfile::tempdir().unwrap();
        let key = SecretKey::generate(algorithm).unwrap();
        let link = classic::link(&facts, &products, &key).unwrap();
        std::fs::write(dir.path().join(&link.file), link.envelope.to_json()).unwrap();
        let public = dir.path().join("key.pub");
        std::fs::write(&public, key.public().unwrap().to_pem().unwrap()).unwrap();
        let mut judge = Command::new(python());
        judge.arg(here("tests/interop/layouts.py")).arg(dir.path()).arg(&public);
        assert_eq!(run(&mut judge), "accepted\n");
        let tampered = link.envelope.to_json().replace("\"payload\":\"ey", "\"payload\":\"eyJhIjoxLC");
        std::fs::write(dir.path().join(&link.file), tampered).unwrap();
        assert!(!judge.output().unwrap().status.success());
    }
}
