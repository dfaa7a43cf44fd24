//! Our attestations in other people's hands, and theirs in ours. Needs `python3` and PyPI (or an index that pip is
//! configured for) once; then the virtual environment in the target directory serves.
#![allow(clippy::unwrap_used, reason = "tests")]
mod recording;

use recording::build;
use sekisho_attest::dsse::Envelope;
use sekisho_attest::{Algorithm, Options, PublicKey, SecretKey, Select, Verdict, attest};
use sekisho_events::Digest;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// The Python of a virtual environment with what requirements.txt names. It is never skipped: without PyPI the test
/// fails, for nothing was shown.
fn python() -> PathBuf {
    static MAKING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let requirements = here("tests/interop/requirements.txt");
    let wanted = std::fs::read(&requirements).unwrap();
    let name = format!("interop-venv-{}", &Digest::of(&wanted).to_hex()[..12]);
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let ready = venv.join("ready");
    if !ready.exists() {
        let _ = std::fs::remove_dir_all(&venv);
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        let pip = venv.join("bin/pip");
        run(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(requirements));
        std::fs::write(ready, b"").unwrap();
    }
    venv.join("bin/python")
}

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
    let statements = attest(&facts, &products, Options { verdict: Some(&verdict), builder: None }).unwrap();
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
        assert_eq!(said, "verified 4 statements\n");
        for theirs in ["ed25519", "p256"] {
            let envelope = Envelope::parse(&std::fs::read(at(&format!("{theirs}.json"))).unwrap()).unwrap();
            let pem = std::fs::read_to_string(at(&format!("{theirs}.pub"))).unwrap();
            let signer = PublicKey::from_pem(&pem).unwrap();
            assert_eq!(envelope.signers(&[&key.public().unwrap(), &signer]), [1], "{theirs}");
            assert_eq!(&envelope.payload, statements.payloads().last().unwrap());
        }
    }
}
