//! docs/interface.md against the binary: every command line, every option, every key, every code.
#![allow(clippy::unwrap_used, reason = "tests")]
#[path = "../../events/tests/every_kind/mod.rs"]
mod every_kind;

use sekisho_events::GapWhy;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output, Stdio};

const PAGE: &str = include_str!("../../docs/interface.md");
const FORMAT: &str = include_str!("../../docs/format.md");

fn sekisho(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(args).stdin(Stdio::null()).env("COLUMNS", "400").output().unwrap()
}

fn stdout(args: &[&str]) -> String {
    let output = sekisho(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn section(title: &str) -> &'static str {
    PAGE.split("\n## ").find(|section| section.starts_with(title)).unwrap()
}

/// The command lines of the page, by command.
fn documented() -> BTreeMap<String, String> {
    let block = PAGE.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    for line in block.lines() {
        let words = line.split(' ').skip(1);
        let name: Vec<&str> = words.take_while(|w| w.chars().all(|c| c.is_ascii_lowercase())).take(2).collect();
        let line_of = lines.entry(name.join(" ")).or_default();
        line_of.push(' ');
        line_of.push_str(line);
    }
    lines
}

/// The long options of a command line.
fn options(line: &str) -> BTreeSet<String> {
    let words = line.split([' ', '[', ']', '|', '.']).filter(|word| word.starts_with("--") && word.len() > 2);
    words.map(str::to_owned).collect()
}

/// The options of a command's short help, without those of every command.
fn offered(command: &str) -> BTreeSet<String> {
    let mut args: Vec<&str> = command.split(' ').collect();
    args.push("-h");
    let help = stdout(&args);
    let rows = help.lines().filter(|line| line.trim_start().starts_with('-'));
    let first = rows.filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")));
    let global = ["--quiet", "--verbose", "--help", "--version"];
    let names = first.map(|word| word.trim_end_matches("...").to_owned());
    names.filter(|name| !global.contains(&name.as_str())).collect()
}

#[test]
fn every_option_is_on_the_page_and_every_option_of_the_page_is_there() {
    for (command, line) in documented() {
        let mut documented = options(&line);
        // `-o` is the short form of `--output`.
        if line.contains("[-o ") {
            documented.insert("--output".to_owned());
        }
        assert_eq!(documented, offered(&command), "sekisho {command}");
    }
}

#[test]
fn every_command_is_on_the_page() {
    let subcommands = |args: &[&str]| -> Vec<String> {
        let help = stdout(args);
        let rows = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
        let rows = rows.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        rows.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
    };
    let mut all: BTreeSet<String> = subcommands(&["-h"]).into_iter().collect();
    for group in ["profile", "policy", "trust"] {
        assert!(all.remove(group));
        all.extend(subcommands(&[group, "-h"]).iter().map(|name| format!("{group} {name}")));
    }
    assert_eq!(all, documented().into_keys().collect());
}

#[test]
fn every_command_teaches_by_example() {
    for command in documented().keys() {
        let mut args: Vec<&str> = command.split(' ').collect();
        args.push("--help");
        assert!(stdout(&args).contains(&format!("\n  sekisho {command}")), "{command}");
    }
}

/// The rows of the table of kinds: kind, and every word in code style.
fn rows() -> BTreeMap<String, BTreeSet<String>> {
    let rows = section("`show --format jsonl`").lines().filter(|l| l.starts_with("| `") && !l.contains("`kind` |"));
    let row = |line: &str| {
        let words: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        (words[0].to_owned(), words[1..].iter().map(|w| (*w).to_owned()).collect())
    };
    rows.map(row).collect()
}

fn jsonl() -> Vec<Map<String, Value>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sample.rec");
    std::fs::write(&path, every_kind::recording(&every_kind::events_with_gap(), 10)).unwrap();
    let text = stdout(&["show", path.to_str().unwrap(), "--format", "jsonl"]);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Words of the table of kinds that are values, or keys of other objects.
const VALUES: &str = "fork vfork clone clone3 read write create delete rename link symlink mkdir rmdir mknod truncate \
    attributes mount list stat final connect bind listen accept send receive resolve pair tcp udp unix icmp netlink packet \
    raw inherited received pidfd seccomp landlock namespace chroot file net kind refused tamper #! @name record process \
    unix:/run/docker.sock tcp:127.0.0.1:2375 fifo:PATH sysv-msg:KEY mqueue:/NAME {\"refused\":ERRNO}";

#[test]
fn every_key_of_a_line_is_in_its_row_and_every_key_of_a_row_is_shown() {
    let common = ["seq", "process", "at_us", "kind", "times"];
    let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in jsonl() {
        let keys = line.keys().map(|key| key.strip_suffix("_b64").unwrap_or(key).to_owned());
        let of_kind = shown.entry(line["kind"].as_str().unwrap().to_owned()).or_default();
        of_kind.extend(keys.filter(|key| !common.contains(&key.as_str())));
    }
    let rows = rows();
    assert_eq!(rows.keys().collect::<Vec<_>>(), shown.keys().collect::<Vec<_>>());
    let values: BTreeSet<&str> = VALUES.split_whitespace().collect();
    for (kind, keys) in &shown {
        let missing: Vec<_> = keys.difference(&rows[kind]).collect();
        assert!(missing.is_empty(), "{kind}: not on the page: {missing:?}");
        let absent: Vec<_> = rows[kind].difference(keys).filter(|word| !values.contains(word.as_str())).collect();
        assert!(absent.is_empty(), "{kind}: on the page only: {absent:?}");
    }
}

#[test]
fn every_value_of_a_name_is_on_the_page() {
    use sekisho_events::{Access, ContentWhen, DescriptorHow, FileType, NetOp, RestrictWhat, SpawnHow};
    let names = [
        Access::ALL.iter().map(|v| v.name()).collect::<Vec<_>>(),
        FileType::ALL.iter().map(|v| v.name()).collect(),
        NetOp::ALL.iter().map(|v| v.name()).collect(),
        ContentWhen::ALL.iter().map(|v| v.name()).collect(),
        DescriptorHow::ALL.iter().map(|v| v.name()).collect(),
        RestrictWhat::ALL.iter().map(|v| v.name()).collect(),
        SpawnHow::ALL.iter().map(|v| v.name()).collect(),
    ];
    let section = section("`show --format jsonl`");
    for name in names.concat() {
        assert!(section.contains(&format!("`{name}`")), "{name}");
    }
    for gap in GAPS {
        let name = gap.name();
        assert!(section.contains(&format!("`{name}`")) && FORMAT.contains(&format!("| `{name}` |")), "{name}");
    }
}

const GAPS: [GapWhy; 10] = [
    GapWhy::Unreadable,
    GapWhy::NoResult,
    GapWhy::Limit,
    GapWhy::LostProcess,
    GapWhy::Interrupted,
    GapWhy::ForeignWrite,
    GapWhy::UnreadableImage,
    GapWhy::Unseen,
    GapWhy::Storage,
    GapWhy::Timeout,
];

#[test]
fn every_code_of_a_deviation_is_on_the_page() {
    let table: Vec<&str> = section("`diff --format json`").lines().filter(|line| line.starts_with("| `")).collect();
    let whole = [
        "descriptor",
        "denied-rule",
        "digest",
        "incomplete",
        "coverage",
        "missing",
        "profile-changed",
        "profile-unknown",
    ];
    for code in sekisho_profiles::Act::ALL.iter().map(|act| act.code()).chain(whole) {
        assert!(table.iter().any(|row| row.contains(&format!("`{code}`"))), "{code}");
    }
}

#[test]
fn a_wrong_command_line_is_2_and_125_for_record() {
    for args in [&["diff", "--nope"][..], &["verify"], &["run"], &["nope"], &["profile"]] {
        assert_eq!(sekisho(args).status.code(), Some(2), "{args:?}");
    }
    for args in [&["record", "--nope", "--", "true"][..], &["-v", "record"], &["record", "--", ""]] {
        assert_eq!(sekisho(args).status.code().map(|c| c >= 125), Some(true), "{args:?}");
    }
    let output = sekisho(&["show", "/nonexistent"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "sekisho: cannot read /nonexistent: no such file or directory\n"
    );
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.rec");
    let kinds = std::iter::repeat_with(every_kind::kinds).take(200).flatten().collect();
    std::fs::write(&path, every_kind::recording(&every_kind::numbered(kinds), u64::MAX)).unwrap();
    for format in ["jsonl", "json", "text"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .args(["show", path.to_str().unwrap(), "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()), "{format}");
    }
}

#[test]
fn a_full_disk_is_named_and_is_no_success() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.rec");
    std::fs::write(&path, every_kind::recording(&every_kind::events(), 10)).unwrap();
    for args in [&["show"][..], &["show", "--format", "jsonl"], &["report", "-o", "-"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
        let output = command.args(args).arg(&path).stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said, "sekisho: cannot write standard output: no space left on device\n", "{args:?}");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_cut_recording_is_shown_and_said_to_be_cut_and_an_altered_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut.rec");
    let bytes = every_kind::recording(&every_kind::events(), 10);
    std::fs::write(&path, &bytes[..bytes.len() - 10]).unwrap();
    let output = sekisho(&["show", path.to_str().unwrap(), "--format", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["truncated"]["complete"], false);
    assert_eq!(document["events"].as_array().unwrap().len(), every_kind::events().len());
    assert!(output.status.success() && String::from_utf8_lossy(&output.stderr).contains("truncated"));
    let mut altered = bytes.clone();
    altered[bytes.len() / 2] ^= 4;
    std::fs::write(&path, altered).unwrap();
    let output = sekisho(&["show", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("corrupt: block "));
}

#[test]
fn manual_pages_and_completions_are_complete() {
    let dir = tempfile::tempdir().unwrap();
    stdout(&["man", dir.path().to_str().unwrap()]);
    for command in documented().keys() {
        let page = dir.path().join(format!("sekisho-{}.1", command.replace(' ', "-")));
        assert!(std::fs::read_to_string(&page).unwrap().contains(".SH SYNOPSIS"), "{}", page.display());
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(stdout(&["completions", shell]).contains("attestations"), "{shell}");
    }
}
