//! `trust update` against a TUF repository on loopback: what is signed, new and whole is taken, and nothing else.
#![cfg(feature = "sigstore")]
#![allow(clippy::unwrap_used, reason = "tests")]
mod tuf;

use sigstore_sign::trust_root::{SIGSTORE_PRODUCTION_SIGNING_CONFIG, SIGSTORE_PRODUCTION_TRUSTED_ROOT};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tuf::{FAR, PAST, Repository, key, root, signed};

const ROOT: (&str, &[u8]) = ("trusted_root.json", SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes());
const CONFIG: (&str, &[u8]) = ("signing_config.v0.2.json", SIGSTORE_PRODUCTION_SIGNING_CONFIG.as_bytes());

/// A repository whose root of version 1 is `root.json` in a directory, and a root of trust that is as wanted.
fn project() -> (TempDir, Repository) {
    let dir = tempfile::tempdir().unwrap();
    let first = signed(&root(1, &[&key(1), &key(2)], &key(9), FAR), &[&key(1), &key(2)]);
    std::fs::write(dir.path().join("root.json"), &first).unwrap();
    let repository = Repository::new();
    repository.put("1.root.json", &first);
    repository.publish(1, &key(9), FAR, &[ROOT, CONFIG]);
    (dir, repository)
}

/// Status, and what was said.
fn update(dir: &Path, repository: &Repository, more: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(["trust", "update", "--repository", &repository.url, "--root", "root.json"]).args(more);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    let output = command.current_dir(dir).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), said)
}

fn fetched(dir: &Path) -> PathBuf {
    dir.join("trusted_root.json")
}

/// Refused by these words, and what was there before is there still.
fn refused(dir: &Path, repository: &Repository, words: &str) {
    let before = std::fs::read(fetched(dir)).ok();
    let (status, said) = update(dir, repository, &[]);
    assert!(status == 1 && said.contains(words) && said.contains("hint: nothing is written"), "{status} {said}");
    assert_eq!(std::fs::read(fetched(dir)).ok(), before);
}

#[test]
fn a_root_of_trust_is_fetched_kept_and_shown() {
    let (dir, repository) = project();
    let (status, said) = update(dir.path(), &repository, &["--signing-config", "config.json"]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("TUF root 1, targets 1, good until 2999-01-01"), "{said}");
    assert_eq!(std::fs::read(fetched(dir.path())).unwrap(), ROOT.1);
    assert_eq!(std::fs::read(dir.path().join("config.json")).unwrap(), CONFIG.1);
    assert!(dir.path().join("trusted_root.json.tuf/timestamp.json").exists());
    // Again, with nothing new; and onto a stream, of which nothing is kept.
    assert_eq!(update(dir.path(), &repository, &[]).0, 0);
    let (status, said) = update(dir.path(), &repository, &["-o", "-"]);
    assert!(status == 0 && said.contains("nothing is kept") && said.contains("certificateAuthorities"), "{said}");
    let mut show = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    let output = show.args(["trust", "show"]).arg(fetched(dir.path())).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("written on ") && shown.contains("https://fulcio.sigstore.dev"), "{shown}");
}

#[test]
fn a_busy_repository_is_asked_again() {
    let (dir, repository) = project();
    *repository.busy.lock().unwrap() = 1;
    let (status, said) = update(dir.path(), &repository, &[]);
    assert!(status == 0 && said.contains("again in 1 s"), "{status} {said}");
}

/// TUF specification 5.3.4: a new root is signed by a threshold of the old root's keys, and of its own.
#[test]
fn new_owners_of_the_root_are_believed_if_the_old_ones_say_so() {
    let (dir, repository) = project();
    let second = root(2, &[&key(3)], &key(8), FAR);
    repository.publish(2, &key(8), FAR, &[ROOT]);
    for by in [&[&key(3)][..], &[&key(1), &key(3)], &[&key(1), &key(2)]] {
        repository.put("2.root.json", &signed(&second, by));
        refused(dir.path(), &repository, "signature threshold not met for role root");
    }
    repository.put("2.root.json", &signed(&second, &[&key(1), &key(2), &key(3)]));
    let (status, said) = update(dir.path(), &repository, &[]);
    assert!(status == 0 && said.contains("TUF root 2, targets 2"), "{status} {said}");
    // What the old key signs does not count any more.
    repository.publish(3, &key(9), FAR, &[ROOT]);
    refused(dir.path(), &repository, "signature threshold not met for role timestamp");
}

#[test]
fn what_has_expired_is_refused() {
    let (dir, repository) = project();
    repository.publish(2, &key(9), PAST, &[ROOT]);
    refused(dir.path(), &repository, "timestamp metadata expired");
    repository.publish(3, &key(9), FAR, &[ROOT]);
    assert_eq!(update(dir.path(), &repository, &[]).0, 0);
    let old = signed(&root(2, &[&key(1), &key(2)], &key(9), PAST), &[&key(1), &key(2)]);
    repository.put("2.root.json", &old);
    refused(dir.path(), &repository, "root metadata expired");
}

#[test]
fn what_is_older_than_last_time_is_refused_and_without_a_last_time_nobody_knows() {
    let (dir, repository) = project();
    repository.publish(7, &key(9), FAR, &[ROOT]);
    assert_eq!(update(dir.path(), &repository, &[]).0, 0);
    repository.publish(6, &key(9), FAR, &[ROOT]);
    refused(dir.path(), &repository, "rollback detected for timestamp: trusted version 7 > new version 6");
    assert_eq!(update(dir.path(), &repository, &["--state", "another"]).0, 0);
}

#[test]
fn what_is_not_signed_so_is_refused() {
    let (dir, repository) = project();
    // By somebody else.
    repository.publish(2, &key(5), FAR, &[ROOT]);
    refused(dir.path(), &repository, "signature threshold not met for role timestamp");
    // Another content under a name that was signed.
    repository.publish(3, &key(9), FAR, &[ROOT]);
    let name = format!("targets/{}.trusted_root.json", sekisho_events::Digest::of(ROOT.1).to_hex());
    let other = SIGSTORE_PRODUCTION_TRUSTED_ROOT.replacen("fulcio", "fulcia", 1);
    repository.put(&name, other.as_bytes());
    refused(dir.path(), &repository, "integrity check failed");
    // Signed, but of no use.
    repository.publish(4, &key(9), FAR, &[("trusted_root.json", b"{}")]);
    let (status, said) = update(dir.path(), &repository, &[]);
    assert!(status == 1 && said.contains("is not usable") && !fetched(dir.path()).exists(), "{status} {said}");
    repository.publish(5, &key(9), FAR, &[CONFIG]);
    refused(dir.path(), &repository, "not listed by any trusted targets role");
}

#[test]
fn where_it_is_fetched_from_and_where_it_is_kept_must_be_of_use() {
    let (dir, repository) = project();
    let mut elsewhere = repository.clone();
    elsewhere.url = "http://tuf.example".to_owned();
    let (status, said) = update(dir.path(), &elsewhere, &[]);
    assert!(status == 2 && said.contains("neither https nor on this machine"), "{status} {said}");
    std::fs::write(dir.path().join("file"), "").unwrap();
    let (status, said) = update(dir.path(), &repository, &["--state", "file"]);
    assert!(status == 2 && said.contains("file cannot be used") && !fetched(dir.path()).exists(), "{status} {said}");
    std::fs::write(dir.path().join("root.json"), "{}").unwrap();
    let (status, said) = update(dir.path(), &repository, &[]);
    assert!(status == 2 && said.contains("root.json is no TUF root"), "{status} {said}");
}
