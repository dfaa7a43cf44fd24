//! Shipped abstractions that no example uses, around the real programs.
use e2e::places;
use std::path::Path;
use std::process::{Command, Output};

fn sekisho(dir: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(places::sekisho());
    command.args(words).current_dir(dir.join("work")).env_clear();
    command.env("PATH", "/usr/bin:/bin").env("HOME", dir.join("home")).env("TMPDIR", dir.join("tmp"));
    for name in ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"] {
        command.env(name, "a@example.org");
    }
    command.output().expect("run sekisho")
}

fn ends(status: i32, dir: &Path, words: &[&str]) -> String {
    let output = sekisho(dir, words);
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{words:?}\n{out}{said}");
    out
}

/// A step that uses a tool: the profile made of it includes `name`, accepts it again, and does not accept `other`.
fn is_stood_on(name: &str, tool: &str, step: &str, other: &str) {
    if !Path::new(tool).exists() {
        e2e::skips::skip("tests/allowed-skips.txt", name, &format!("{tool} is not installed"));
        return;
    }
    let dir = tempfile::Builder::new().prefix("sekisho-reviewed-").tempdir().expect("make a temporary directory");
    let dir = dir.path();
    for (file, step) in [("1.rec", step), ("2.rec", step), ("other.rec", other)] {
        for part in ["work", "home", "tmp"] {
            let _ = std::fs::remove_dir_all(dir.join(part));
            std::fs::create_dir(dir.join(part)).expect("make a directory");
        }
        ends(0, dir, &["record", "-o", &format!("../{file}"), "--", "sh", "-c", step]);
    }
    ends(0, dir, &["profile", "new", "../1.rec", "-o", "../p.toml"]);
    let text = std::fs::read_to_string(dir.join("p.toml")).expect("it was written");
    assert!(text.contains(&format!("\"{name}@sha256:")), "{text}");
    assert!(text.matches("[[rule]]").count() < 6, "{text}");
    ends(0, dir, &["diff", "--profile", "../p.toml", "../2.rec"]);
    ends(1, dir, &["diff", "--profile", "../p.toml", "../other.rec"]);
}

#[test]
fn git_is_allowed_its_settings_and_no_password() {
    let step = "git init -q r && cd r && echo a > a && git add a && git commit -q -m x && git status >/dev/null";
    is_stood_on("git", "/usr/bin/git", step, "git init -q r && echo x > ~/.git-credentials");
}

#[test]
fn curl_is_allowed_its_settings_and_no_host() {
    let step = "curl --version >/dev/null; echo x > out; curl -s file://$PWD/out >/dev/null";
    is_stood_on("curl", "/usr/bin/curl", step, "curl -s http://127.0.0.1:9/ || true");
}
