//! What is released: made under sekisho, let out by the gate, and nothing else is (docs/release.md). With a binary that is there already: to build one takes minutes.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::{places, skips};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A fast compressor: what is packed is larger than what is released.
fn script(name: &str, words: &[&Path]) -> Output {
    let mut command = Command::new(places::root().join("scripts").join(name));
    command.args(words).env("SEKISHO_BIN", places::sekisho()).env("SOURCE_DATE_EPOCH", "1700000000");
    command.env("DPKG_DEB_COMPRESSOR_TYPE", "gzip").env("DPKG_DEB_COMPRESSOR_LEVEL", "1").output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = dir.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn must(program: &str, words: &[&Path], at: &Path) -> String {
    let output = Command::new(program).args(words).current_dir(at).output().unwrap();
    assert!(output.status.success(), "{program}: {}", said(&output));
    said(&output)
}

#[test]
fn a_release_is_let_out_as_it_was_made_and_not_otherwise() {
    for tool in ["dpkg-deb", "strip"] {
        if !Path::new("/usr/bin").join(tool).exists() {
            skips::skip("tests/allowed-skips.txt", "release", &format!("/usr/bin/{tool} is not installed"));
            return;
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let binary = at("sekisho");
    must("strip", &[Path::new("-o"), &binary, places::sekisho()], dir.path());
    for key in ["release", "other"] {
        must(places::sekisho().to_str().unwrap(), &["keygen".as_ref(), key.as_ref()], dir.path());
    }
    let (dist, key) = (at("dist"), at("release.key"));
    let output = script("release", &["--key".as_ref(), &key, "--binary".as_ref(), &binary, &dist]);
    assert!(output.status.success(), "{}", said(&output));
    let made = files(&dist);
    assert_eq!(String::from_utf8_lossy(&output.stdout).matches("accepted  ").count(), 3, "{}", said(&output));
    assert_eq!(made.len(), 3);
    must("sha256sum", &["-c".as_ref(), "SHA256SUMS".as_ref()], &dist);
    let package = made.iter().find(|file| file.extension().is_some_and(|e| e == "deb")).unwrap();
    let listed = must("dpkg-deb", &["--contents".as_ref(), package], dir.path());
    for file in
        ["./usr/bin/sekisho\n", "./usr/share/man/man1/sekisho-verify.1.gz\n", "./usr/share/doc/sekisho/copyright\n"]
    {
        assert!(listed.contains(file), "{file}{listed}");
    }
    // The same again gives the same bytes.
    let again = at("again");
    let output = script("release-build", &["--binary".as_ref(), &binary, &again]);
    assert!(output.status.success(), "{}", said(&output));
    for (one, other) in made.iter().zip(files(&again)) {
        assert!(std::fs::read(one).unwrap() == std::fs::read(&other).unwrap(), "{} differs", other.display());
    }
    // Another signer's, and another file.
    let gate = |key: &str| script("release-gate", &["--key".as_ref(), &at(key), &dist]);
    let output = gate("other.pub");
    assert!(output.status.code() == Some(1) && said(&output).contains("signature-untrusted"), "{}", said(&output));
    std::fs::write(dist.join("more"), "more").unwrap();
    let output = gate("release.pub");
    assert!(output.status.code() == Some(1) && said(&output).contains("subject-not-attested"), "{}", said(&output));
    // What lies there would be released.
    let output = script("release", &["--key".as_ref(), &key, "--binary".as_ref(), &binary, &dist]);
    assert!(output.status.code() == Some(1) && said(&output).contains("is not empty"), "{}", said(&output));
}
