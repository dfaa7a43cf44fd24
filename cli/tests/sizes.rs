//! What is too large is refused by its name, and not read to its end.
#![allow(clippy::unwrap_used, reason = "tests")]
use std::fs::File;
use std::path::Path;
use std::process::Command;

/// Judges `app` by what stands in `a.jsonl`; gives the status and all that was said.
fn verify(dir: &Path) -> (Option<i32>, String) {
    let words = ["verify", "app", "--attestations", "a.jsonl", "--policy", "policy.toml"];
    let output = Command::new(env!("CARGO_BIN_EXE_sekisho")).args(words).current_dir(dir).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn attestations_of_a_gigabyte_and_lines_that_are_too_long_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let made = Command::new(env!("CARGO_BIN_EXE_sekisho")).args(["keygen", "ci"]).current_dir(dir.path()).output();
    assert!(made.unwrap().status.success());
    let policy = "version = 1\n[keys.ci]\npath = \"ci.pub\"\n[[statements]]\nname = \"s\"\nkeys = [\"ci\"]\npredicate_type = \"t\"\n";
    std::fs::write(at("policy.toml"), policy).unwrap();
    std::fs::write(at("app"), "app").unwrap();
    File::create(at("a.jsonl")).unwrap().set_len(1 << 30).unwrap();
    let (status, said) = verify(dir.path());
    assert!(status == Some(1) && said.contains("evidence-too-large") && said.contains("hint: "), "{said}");
    std::fs::write(at("a.jsonl"), format!("{{\"payload\": \"{}\"}}\n", "A".repeat(5 << 20))).unwrap();
    let (status, said) = verify(dir.path());
    assert!(
        status == Some(1) && said.contains("evidence-malformed") && said.contains("longer than 4194304 bytes"),
        "{said}"
    );
}
