//! EVASION H, further: hostile names as products in attestations and at the gate, in the patterns that are suggested for
//! them, and paths as long as the kernel lets them be.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::cage::{Ended, Ran};
use e2e::places;
use e2e::recording::Recording;
use e2e::step::{Step, tracee};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

/// Makes a file of each name in a list that is separated by NUL, holding its own name.
const MAKE: &str = "import os\n\
    for name in open(b'../names', 'rb').read().split(b'\\0'):\n\
    \x20   with open(name, 'wb') as file: file.write(name)\n";

/// The names of the corpus (tests/tracees/corpus.c), from the file system.
fn corpus() -> BTreeSet<Vec<u8>> {
    let step = Step::plain();
    let dir = step.ground.work();
    let ran = step.run([tracee("corpus"), dir.display().to_string()]);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    let names: BTreeSet<Vec<u8>> =
        std::fs::read_dir(&dir).unwrap().flatten().map(|e| e.file_name().as_bytes().to_vec()).collect();
    assert!(names.len() > 70);
    names
}

/// Other names, each one that a careless pattern or a careless comparison takes for one of these.
fn lookalikes(names: &BTreeSet<Vec<u8>>) -> BTreeSet<Vec<u8>> {
    let mut others = BTreeSet::new();
    for name in names {
        let lossy = String::from_utf8_lossy(name).into_owned().into_bytes();
        let replaced = |from: &[u8], to: &[u8]| {
            name.iter().flat_map(|b| if from.contains(b) { to.to_vec() } else { vec![*b] }).collect()
        };
        others.extend([
            lossy,
            name.to_ascii_uppercase(),
            [name, &b" "[..]].concat(),
            [b"Z", &name[1..]].concat(),
            replaced(b"*", b"zz"),
            replaced(b"?[]{},!", b"z"),
            replaced(b"\\", b""),
            replaced(b"\n\r\t", b" "),
            name.trim_ascii().to_vec(),
        ]);
    }
    let usable = |n: &Vec<u8>| {
        !n.is_empty() && n.len() < 256 && n != b"." && n != b".." && !n.contains(&b'/') && !names.contains(n)
    };
    others.into_iter().filter(usable).collect()
}

fn record_files(step: &Step, names: &BTreeSet<Vec<u8>>) -> Recording {
    let list: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    std::fs::write(step.ground.path("names"), list.join(&0)).unwrap();
    let work = step.ground.work();
    for file in std::fs::read_dir(&work).unwrap().flatten() {
        std::fs::remove_file(file.path()).unwrap();
    }
    let (ran, rec) = step.record(["/usr/bin/python3", "-S", "-c", MAKE]);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    rec.expect("a recording")
}

/// What terminals, and the logs of CI systems, do not obey.
fn harmless(ran: &Ran, what: &str) {
    for text in [&ran.stdout, &ran.stderr] {
        let text = std::str::from_utf8(text).unwrap_or_else(|e| panic!("{what}: {e}"));
        for line in text.lines() {
            let obeyed = |c: char| {
                c.is_control() && c != '\t'
                    || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
            };
            assert!(!line.chars().any(obeyed), "{what}: {line:?}");
            let start = line.trim_start();
            assert!(!start.starts_with("::") && !start.starts_with("##["), "{what}: {line:?}");
        }
    }
}

fn strs<'a>(words: &[&'a str]) -> Vec<&'a OsStr> {
    words.iter().map(|w| OsStr::new(*w)).collect()
}

/// What is suggested for each name allows it, and none of the names that only look like one.
#[test]
fn suggested_patterns_match_only_themselves() {
    let names = corpus();
    let others = lookalikes(&names);
    assert!(others.len() > 100);
    let step = Step::plain();
    record_files(&step, &BTreeSet::from([b"x".to_vec()]));
    let (rec, profile) = (step.rec().display().to_string(), step.ground.path("p.toml").display().to_string());
    step.sekisho_ends(0, ["profile", "new", &rec, "-o", &profile]);

    record_files(&step, &names);
    for format in ["text", "json", "sarif", "markdown"] {
        harmless(&step.sekisho_ends(1, ["diff", "--profile", &profile, &rec, "--format", format]), format);
    }
    step.sekisho_ends(0, ["report", &rec, "--profile", &profile, "-o", "../page.html"]);
    let page = std::fs::read_to_string(step.ground.path("page.html")).expect("a page in UTF-8");
    assert!(page.contains("alert(1)") && !page.contains("<script>alert") && !page.contains("<img src=x"));
    let ran = step.sekisho_ends(1, ["diff", "--profile", &profile, &rec, "--format", "json"]);
    let report: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let deviations = report["deviations"].as_array().unwrap();
    let mut text = std::fs::read_to_string(&profile).unwrap();
    for (n, deviation) in deviations.iter().enumerate() {
        let rule = deviation["suggest"].as_str().unwrap_or_else(|| panic!("no rule for {}", deviation["what"]));
        let id = rule.lines().find(|l| l.starts_with("id = ")).expect("an id");
        text.push('\n');
        text.push_str(&rule.replace(id, &format!("id = \"h{n}\"")));
    }
    std::fs::write(&profile, text).unwrap();
    step.sekisho_ends(0, ["profile", "fmt", &profile]);
    let ran = step.sekisho(["diff", "--profile", &profile, &rec]);
    assert_eq!(ran.ended, Ended::Exit(0), "{} {}", ran.said(), String::from_utf8_lossy(&ran.stdout));
    // And the profile as text, there and back.
    step.sekisho_ends(0, ["profile", "fmt", "--check", &profile]);

    record_files(&step, &others);
    let ran = step.sekisho_ends(1, ["diff", "--profile", &profile, &rec, "--format", "json"]);
    let report: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let made = report["deviations"].as_array().unwrap().iter().filter(|d| d["code"] == "file-create");
    assert_eq!(made.count(), others.len(), "a name that only looks like another was allowed");
}

/// Names of products: in the attestations byte for byte, and harmless in all that the gate says of them.
#[test]
fn products_with_hostile_names_are_attested_and_released() {
    let names = corpus();
    let step = Step::plain();
    let rec = step.rec().display().to_string();
    record_files(&step, &names);
    let base = step.ground.path("").display().to_string();
    let at = |name: &str| format!("{base}/{name}");
    step.sekisho_ends(0, ["keygen", &at("ci")]);
    step.sekisho_ends(0, ["profile", "new", &rec, "-o", &at("p.toml")]);
    let sum = std::process::Command::new("sha256sum").arg(at("p.toml")).output().unwrap().stdout;
    let sum = String::from_utf8_lossy(&sum[..64]).into_owned();
    let ran = step.sekisho_ends(
        0,
        ["attest", &rec, "--key", &at("ci.key"), "--profile", &at("p.toml"), "--product", "**", "-o", &at("att.jsonl")],
    );
    harmless(&ran, "attest");
    let text = std::fs::read(at("att.jsonl")).unwrap();
    assert!(text.iter().all(|b| matches!(b, b' '..=b'~' | b'\n')), "an envelope is printable ASCII");

    let pem = std::fs::read_to_string(at("ci.pub")).unwrap();
    let policy = format!(
        "version = 1\n\n[keys.ci]\npem = \"\"\"\n{pem}\"\"\"\n\n[[steps]]\nname = \"build\"\nkeys = [\"ci\"]\nprofiles = [\"{sum}\"]\n"
    );
    std::fs::write(at("policy.toml"), policy).unwrap();
    for format in ["text", "json"] {
        let mut words: Vec<OsString> = vec![places::sekisho().into(), "verify".into()];
        words.extend(
            strs(&["--attestations", &at("att.jsonl"), "--policy", &at("policy.toml"), "--format", format])
                .into_iter()
                .map(OsStr::to_owned),
        );
        words.push("--".into());
        words.extend(names.iter().map(|n| OsString::from_vec([b"./", &n[..]].concat())));
        let ran = step.run(words);
        harmless(&ran, format);
        assert_eq!(ran.ended, Ended::Exit(0), "{} {}", ran.said(), String::from_utf8_lossy(&ran.stdout));
        if format == "json" {
            let report: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
            assert_eq!(report["subjects"].as_array().map(Vec::len), Some(names.len()));
        }
    }
}

/// path_resolution(7): a name of 4,095 bytes is the longest that a call takes; by steps one gets deeper.
#[test]
fn the_longest_paths_are_recorded_whole() {
    let step = Step::plain();
    let script = "import os\n\
        name = b'\\xfe' * 200\n\
        here = os.getcwdb()\n\
        while len(here) + 201 + 255 < 4095:\n\
        \x20   here += b'/' + name\n\
        \x20   os.mkdir(here)\n\
        os.chdir(here)\n\
        last = 4095 - len(here) - 1\n\
        while last > 255:\n\
        \x20   here += b'/' + b'd' * 100; os.mkdir(here); last -= 101\n\
        open(here + b'/' + b'e' * last, 'wb').close()\n\
        os.chdir(here)\n\
        for n in range(30):\n\
        \x20   os.mkdir(name); os.chdir(name)\n\
        open('deep', 'w').close()\n";
    let (ran, rec) = step.record(["/usr/bin/python3", "-S", "-c", script]);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    let rec = rec.expect("a recording");
    let whole = rec.events.iter().filter(|e| e["access"] == "create").any(|e| {
        // Base64 of 4,095 bytes has 5,460 letters.
        e["path_b64"].as_str().is_some_and(|p| p.len() == 5460)
    });
    assert!(whole, "{}", rec.summary());
    let deep = rec.has(&json!({"kind": "file", "access": "create", "path": "*deep"}))
        || rec.events.iter().any(|e| e["access"] == "create" && e["path_b64"].as_str().is_some_and(|p| p.len() > 5460))
        || rec.events.iter().any(|e| e["access"] == "create" && e["asked"] == "deep");
    assert!(deep || !rec.is_complete(), "what lies deeper than PATH_MAX is neither recorded nor said to be missing");
    for format in ["text", "tree", "json", "jsonl"] {
        let ran = step.sekisho_ends(0, ["show", &step.rec().display().to_string(), "--format", format]);
        harmless(&ran, format);
    }
    assert!(Path::new(&step.rec()).exists());
}
