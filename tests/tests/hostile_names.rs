//! EVASION H: names with newlines, escape sequences, invalid UTF-8, markup: unharmed through every output, harmless in all.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::cage::Ended;
use e2e::step::{Step, tracee};
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Base64 (RFC 4648), enough to read our own output without the library that wrote it.
fn base64(text: &str) -> Vec<u8> {
    let value =
        |c: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().position(|v| *v == c);
    let (mut bits, mut n, mut out) = (0u32, 0, Vec::new());
    for v in text.bytes().filter_map(value) {
        bits = bits << 6 | v as u32;
        n += 6;
        if n >= 8 {
            n -= 8;
            out.push((bits >> n) as u8);
        }
    }
    out
}

fn there(dir: &Path) -> BTreeSet<Vec<u8>> {
    std::fs::read_dir(dir).unwrap().flatten().map(|e| e.file_name().as_bytes().to_vec()).collect()
}

#[test]
fn every_name_comes_back_byte_for_byte_in_json() {
    let step = Step::plain();
    let (ran, rec) = step.record([tracee("corpus"), step.ground.work().display().to_string()]);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    let rec = rec.expect("a recording");
    assert!(rec.faults.is_empty() && rec.is_complete(), "{:?}", rec.faults);
    let base = step.ground.work();
    let mut told = BTreeSet::new();
    for e in rec.events.iter().filter(|e| e["access"] == "mkdir") {
        let path =
            e["path"].as_str().map_or_else(|| base64(e["path_b64"].as_str().unwrap_or("")), |p| p.as_bytes().to_vec());
        let name = path.strip_prefix(base.as_os_str().as_bytes()).and_then(|p| p.strip_prefix(b"/"));
        told.insert(name.unwrap_or(&path).to_vec());
    }
    assert!(told.len() > 70);
    assert_eq!(told, there(&base));
}

#[test]
fn nothing_that_a_terminal_or_a_ci_log_would_obey_is_ever_printed() {
    let step = Step::plain();
    let (ran, _) = step.record([tracee("corpus"), step.ground.work().display().to_string()]);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    let rec = step.rec().display().to_string();
    for format in ["text", "tree", "json", "jsonl"] {
        let ran = step.sekisho_ends(0, ["show", &rec, "--format", format]);
        let text = String::from_utf8(ran.stdout).expect("the output is UTF-8");
        harmless(&text, format);
    }
    step.sekisho_ends(0, ["profile", "new", &rec, "-o", "p.toml"]);
    let text = std::fs::read_to_string(step.ground.work().join("p.toml")).expect("a profile in UTF-8");
    harmless(&text, "profile");
    step.sekisho_ends(0, ["profile", "fmt", "--check", "p.toml"]);
    for format in ["text", "json", "markdown", "sarif"] {
        let ran = step.sekisho(["diff", "--profile", "p.toml", &rec, "--format", format]);
        harmless(&String::from_utf8(ran.stdout).expect("the output is UTF-8"), format);
    }
    step.sekisho_ends(0, ["report", &rec, "-o", "page.html"]);
    let page = std::fs::read_to_string(step.ground.work().join("page.html")).expect("a page in UTF-8");
    assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "markup of the step is in the page");
}

fn harmless(text: &str, format: &str) {
    for (n, line) in text.lines().enumerate() {
        let bad = line.chars().find(|c| (c.is_control() && *c != '\t') || matches!(*c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{feff}'));
        let json = matches!(format, "json" | "jsonl" | "sarif");
        assert!(bad.is_none_or(|c| json && !c.is_control()), "{format}, line {}: {:?} in {line:?}", n + 1, bad);
        let start = line.trim_start();
        assert!(
            !start.starts_with("::") && !start.starts_with("##["),
            "{format}: a line that a runner obeys: {line:?}"
        );
    }
}

/// A profile learnt from these names accepts them, and a name that only looks like one of them is a deviation.
#[test]
fn a_name_matches_only_itself() {
    let step = Step::plain();
    let dir = step.ground.path("home").join("x");
    std::fs::create_dir(&dir).unwrap();
    let script = |name: &str| format!("printf x > \"$HOME/x/{name}\"");
    let pairs =
        [("a*", "ab"), ("caf\u{e9}", "cafe\u{301}"), ("[a]", "a"), ("p\u{430}y", "pay"), ("{a,b}", "a"), ("?x", "yx")];
    for (name, other) in pairs {
        std::fs::write(step.ground.work().join("s"), script(name)).unwrap();
        let (ran, _) = step.record(["sh", "s"]);
        assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
        let rec = step.rec().display().to_string();
        step.sekisho_ends(0, ["profile", "new", &rec, "-o", "p.toml"]);
        step.sekisho_ends(0, ["diff", "--profile", "p.toml", &rec]);
        let _ = std::fs::remove_file(step.ground.work().join("p2.toml"));
        std::fs::write(step.ground.work().join("s"), script(other)).unwrap();
        let (ran, _) = step.record(["sh", "s"]);
        assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
        let ran = step.sekisho(["diff", "--profile", "p.toml", &rec]);
        assert_eq!(
            ran.ended,
            Ended::Exit(1),
            "a rule for {name:?} allowed {other:?}: {}",
            String::from_utf8_lossy(&ran.stdout)
        );
        std::fs::remove_file(step.ground.work().join("p.toml")).unwrap();
    }
}
