//! Where a profile came from, and that one which the change under review has changed is not trusted: in real repositories.
#![allow(clippy::unwrap_used, reason = "tests")]
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A program with only the variables that are given: those of the CI job that runs these tests would speak of it.
fn plain(program: &str, dir: &Path, words: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(program);
    command.args(words).current_dir(dir).stdin(Stdio::null()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", "/nonexistent");
    command.envs(env.iter().copied()).output().unwrap()
}

fn git(dir: &Path, words: &[&str]) -> String {
    let env = [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "a"),
        ("GIT_AUTHOR_EMAIL", "a@example.com"),
        ("GIT_COMMITTER_NAME", "a"),
        ("GIT_COMMITTER_EMAIL", "a@example.com"),
    ];
    let output = plain("git", dir, words, &env);
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A repository with a profile in `ci/` that allows what the recording of `true` holds, committed on `main`.
struct Repository {
    dir: tempfile::TempDir,
}

const PROFILE: &str = "ci/sekisho.toml";

impl Repository {
    fn new() -> Self {
        let repository = Self { dir: tempfile::tempdir().unwrap() };
        let at = repository.at();
        git(at, &["init", "-q", "-b", "main"]);
        std::fs::create_dir(at.join("ci")).unwrap();
        for words in
            [&["record", "-o", "1.rec", "--", "true"][..], &["profile", "new", "1.rec", "--name", "t", "-o", PROFILE]]
        {
            assert!(plain(env!("CARGO_BIN_EXE_sekisho"), at, words, &[]).status.success(), "{words:?}");
        }
        git(at, &["add", "ci"]);
        git(at, &["commit", "-q", "-m", "profile"]);
        git(at, &["update-ref", "refs/remotes/origin/main", "HEAD"]);
        repository
    }

    fn at(&self) -> &Path {
        self.dir.path()
    }

    fn commit(&self) -> String {
        git(self.at(), &["rev-parse", "HEAD"])
    }

    /// Writes another profile, which allows as much.
    fn change(&self) {
        let path = self.at().join(PROFILE);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("name = \"t\"", "name = \"t-changed\"")).unwrap();
    }

    fn change_and_commit(&self) {
        self.change();
        git(self.at(), &["commit", "-q", "-a", "-m", "change"]);
    }

    /// The verdict, which has to come with this status.
    fn judge_with(&self, status: i32, profile: &str, more: &[&str], env: &[(&str, &str)]) -> Value {
        let words = [&["diff", "1.rec", "--format", "json", "--profile", profile], more].concat();
        let output = plain(env!("CARGO_BIN_EXE_sekisho"), self.at(), &words, env);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, said) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(status), "{words:?} {env:?}\n{out}{said}");
        serde_json::from_str(&out).unwrap()
    }

    fn judge(&self, status: i32, env: &[(&str, &str)]) -> Value {
        self.judge_with(status, PROFILE, &[], env)
    }
}

/// Of a job for a pull request on GitHub.
const PULL_REQUEST: &[(&str, &str)] = &[("GITHUB_BASE_REF", "main"), ("GITHUB_REF", "refs/pull/1/merge")];

fn origin(verdict: &Value) -> &Value {
    &verdict["profile"]["origin"]
}

fn codes(verdict: &Value) -> Vec<&str> {
    verdict["deviations"].as_array().unwrap().iter().map(|d| d["code"].as_str().unwrap()).collect()
}

/// docs/interface.md: `origin` has `commit`, `path`, `ref`, `state`.
#[test]
fn a_verdict_names_commit_path_and_ref_of_its_profile() {
    let repository = Repository::new();
    let verdict = repository.judge(0, &[]);
    let said = origin(&verdict);
    assert_eq!(said["commit"], repository.commit());
    assert_eq!((said["path"].as_str(), said["ref"].as_str()), (Some(PROFILE), Some("refs/heads/main")));
    assert_eq!((said["state"].as_str(), said.get("base")), (Some("committed"), None));

    repository.change();
    assert_eq!(origin(&repository.judge(0, &[]))["state"], "modified");
    std::fs::copy(repository.at().join(PROFILE), repository.at().join("other.toml")).unwrap();
    assert_eq!(origin(&repository.judge_with(0, "other.toml", &[], &[]))["state"], "untracked");
}

#[test]
fn a_profile_that_its_own_pull_request_changes_is_not_trusted_until_somebody_says_so() {
    let repository = Repository::new();
    git(repository.at(), &["checkout", "-q", "-b", "topic"]);
    let untouched = repository.judge(0, PULL_REQUEST);
    assert_eq!(origin(&untouched)["base"]["state"], "same");

    repository.change_and_commit();
    let changed = repository.judge(1, PULL_REQUEST);
    assert_eq!(codes(&changed), ["profile-changed"]);
    assert_eq!((changed["clean"].as_bool(), origin(&changed)["state"].as_str()), (Some(false), Some("committed")));
    assert_eq!(origin(&changed)["base"]["state"], "changed");
    assert_eq!(codes(&repository.judge_with(1, PROFILE, &["--base", "main"], &[])), ["profile-changed"]);

    let accepted = repository.judge_with(0, PROFILE, &["--trust-changed-profile"], PULL_REQUEST);
    assert_eq!(
        (&origin(&accepted)["base"]["state"], &origin(&accepted)["base"]["accepted"]),
        (&"changed".into(), &true.into())
    );
    // Outside of a pull request it is a profile like another.
    assert!(codes(&repository.judge(0, &[])).is_empty());
}

#[test]
fn what_a_step_before_wrote_over_the_profile_is_a_change_too() {
    let repository = Repository::new();
    repository.change();
    assert_eq!(codes(&repository.judge(1, PULL_REQUEST)), ["profile-changed"]);
}

#[test]
fn a_profile_that_the_base_does_not_have_is_new_and_one_that_it_has_changed_since_is_outdated() {
    let repository = Repository::new();
    let at = repository.at();
    git(at, &["checkout", "-q", "-b", "topic"]);
    std::fs::copy(at.join(PROFILE), at.join("lax.toml")).unwrap();
    git(at, &["add", "lax.toml"]);
    git(at, &["commit", "-q", "-m", "another"]);
    let brought = repository.judge_with(1, "lax.toml", &[], PULL_REQUEST);
    assert_eq!(
        (codes(&brought).as_slice(), &origin(&brought)["base"]["state"]),
        (["profile-changed"].as_slice(), &"new".into())
    );

    git(at, &["checkout", "-q", "main"]);
    repository.change_and_commit();
    git(at, &["update-ref", "refs/remotes/origin/main", "main"]);
    git(at, &["checkout", "-q", "topic"]);
    let outdated = repository.judge(1, PULL_REQUEST);
    assert_eq!(
        (codes(&outdated).as_slice(), &origin(&outdated)["base"]["state"]),
        (["profile-changed"].as_slice(), &"outdated".into())
    );
}

/// `actions/checkout` leaves the merge of the change into its base, and no branch.
#[test]
fn where_the_base_is_not_in_the_clone_the_merge_says_it_or_nothing_is_trusted() {
    let repository = Repository::new();
    let at = repository.at();
    git(at, &["update-ref", "-d", "refs/remotes/origin/main"]);
    let unknown = repository.judge(1, PULL_REQUEST);
    assert_eq!(
        (codes(&unknown).as_slice(), &origin(&unknown)["base"]["state"]),
        (["profile-unknown"].as_slice(), &"unknown".into())
    );

    git(at, &["checkout", "-q", "-b", "topic"]);
    git(at, &["commit", "-q", "--allow-empty", "-m", "work"]);
    git(at, &["checkout", "-q", "--detach", "main"]);
    git(at, &["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
    let merge = repository.commit();
    let env = [PULL_REQUEST, &[("GITHUB_SHA", merge.as_str())]].concat();
    let known = repository.judge(0, &env);
    assert_eq!(origin(&known)["base"]["state"], "same");
    assert_eq!(origin(&known)["ref"], "refs/pull/1/merge");
}

#[test]
fn a_link_that_the_change_could_have_made_is_not_followed_to_trust() {
    let repository = Repository::new();
    let at = repository.at();
    std::os::unix::fs::symlink(PROFILE, at.join("link.toml")).unwrap();
    std::os::unix::fs::symlink("ci", at.join("dir")).unwrap();
    git(at, &["add", "link.toml", "dir"]);
    git(at, &["commit", "-q", "-m", "links"]);
    git(at, &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    for profile in ["link.toml", "dir/sekisho.toml"] {
        let verdict = repository.judge_with(1, profile, &[], PULL_REQUEST);
        assert_eq!(codes(&verdict), ["profile-unknown"], "{profile}");
        assert_eq!(origin(&verdict)["state"], "linked", "{profile}");
    }
    // A name with `..` that passes no link is that of the file.
    assert_eq!(origin(&repository.judge_with(0, "ci/../ci/sekisho.toml", &[], PULL_REQUEST))["path"], PROFILE);
}

#[test]
fn a_profile_outside_of_any_repository_has_no_origin_and_no_base() {
    let repository = Repository::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("p.toml");
    std::fs::copy(repository.at().join(PROFILE), &path).unwrap();
    let path = path.to_str().unwrap();
    assert!(repository.judge_with(0, path, &[], PULL_REQUEST)["profile"].get("origin").is_none());
    let words = ["diff", "1.rec", "--profile", path, "--base", "main"];
    let output = plain(env!("CARGO_BIN_EXE_sekisho"), repository.at(), &words, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
}

/// gitattributes(5), git-config(1): what a repository can have git run. Nothing of it is, not even to fetch what is missing.
#[test]
fn nothing_that_the_repository_names_is_run() {
    let repository = Repository::new();
    let at = repository.at();
    let marker = tempfile::tempdir().unwrap();
    let ran = marker.path().join("ran");
    let program = marker.path().join("program");
    std::fs::write(&program, format!("#!/bin/sh\necho \"$0 $*\" >>{}\nexit 1\n", ran.display())).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let run = program.to_str().unwrap();
    assert!(!Command::new(run).status().unwrap().success());
    assert!(ran.exists(), "the program leaves a trace");
    std::fs::remove_file(&ran).unwrap();

    std::fs::write(at.join(".gitattributes"), "* filter=x diff=x\n").unwrap();
    let hooks = at.join(".git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    for hook in ["post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"] {
        std::os::unix::fs::symlink(run, hooks.join(hook)).unwrap();
    }
    // The profile's blob is missing here, and promised by a remote.
    let blob = git(at, &["rev-parse", &format!("HEAD:{PROFILE}")]);
    std::fs::remove_file(at.join(".git/objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    for (key, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", "."),
        ("remote.origin.uploadpack", run),
        ("core.fsmonitor", run),
        ("core.sshCommand", run),
        ("core.pager", run),
        ("core.askPass", run),
        ("core.alternateRefsCommand", run),
        ("filter.x.clean", run),
        ("filter.x.smudge", run),
        ("filter.x.process", run),
        ("diff.x.textconv", run),
        ("diff.external", run),
        ("alias.cat-file", run),
        ("alias.rev-parse", run),
        ("credential.helper", run),
        ("protocol.allow", "always"),
        ("protocol.file.allow", "always"),
    ] {
        git(at, &["config", key, value]);
    }
    let verdict = repository.judge(1, PULL_REQUEST);
    assert_eq!(
        (codes(&verdict).as_slice(), &origin(&verdict)["state"]),
        (["profile-unknown"].as_slice(), &"unknown".into())
    );
    assert!(!ran.exists(), "{}", std::fs::read_to_string(&ran).unwrap());
    // A `git` of the directory that is judged is none.
    std::os::unix::fs::symlink(run, at.join("git")).unwrap();
    let path = format!(".::{}", std::env::var("PATH").unwrap());
    repository.judge_with(1, PROFILE, &[], &[PULL_REQUEST, &[("PATH", path.as_str())]].concat());
    assert!(!ran.exists(), "{}", std::fs::read_to_string(&ran).unwrap());
}
