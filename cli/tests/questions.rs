//! docs/questions.md: every command line of it, on a recording of a step that has an answer to each.
#![allow(clippy::unwrap_used, reason = "tests")]
use std::process::{Command, Output, Stdio};

const PAGE: &str = include_str!("../../docs/questions.md");

fn sekisho(dir: &std::path::Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(words).current_dir(dir).stdin(Stdio::null()).output().unwrap()
}

/// What each question's answer must hold, in the order of the page, and what it must not.
const ANSWERS: [(&str, &str); 11] = [
    ("rm junk", "read "),
    ("(forked)", "read       "),
    ("connect", "exec"),
    ("127.0.0.1", "secret.txt"),
    ("create", "secret.txt"),
    ("secret.txt", "junk"),
    ("secret.txt", "junk"),
    ("junk", "secret.txt"),
    ("complete", "secret.txt"),
    ("sleep", "secret.txt"),
    ("traceEvents", "secret.txt  "),
];

fn assert_shows_later_acts_only(dir: &std::path::Path, words: &[&str]) {
    let output = sekisho(dir, &[words, &["--format", "jsonl"]].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    let times = text.lines().filter_map(|l| serde_json::from_str::<serde_json::Value>(l).ok()?["at_us"].as_u64());
    assert!(times.clone().count() > 0 && times.clone().all(|at| at >= 100_000), "{text}");
}

#[test]
fn every_question_of_the_page_is_answered_by_its_command() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret.txt"), "x").unwrap();
    let step = "cat secret.txt; : > junk; rm junk; (exec 3<>/dev/tcp/127.0.0.1/1) 2>/dev/null; sleep 0.2; (:)";
    let output = sekisho(dir.path(), &["record", "--", "bash", "-c", step]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = PAGE.split("```sh\n").skip(1).map(|block| block.lines().next().unwrap()).collect();
    assert_eq!(lines.len(), ANSWERS.len());
    for (line, (there, not)) in lines.iter().zip(ANSWERS) {
        let words: Vec<&str> = line.split(' ').skip(1).map(|word| word.trim_matches('\'')).collect();
        let output = sekisho(dir.path(), &words);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(text.contains(there), "{line}: no {there:?} in\n{text}");
        if line.contains("--since") {
            // When an act came, and so which ones are shown, is the machine's business.
            assert_shows_later_acts_only(dir.path(), &words);
            continue;
        }
        let acts = text.lines().filter(|l| l.starts_with("  ")).collect::<Vec<_>>().join("\n");
        assert!(!acts.contains(not), "{line}: {not:?} in\n{acts}");
    }
}
