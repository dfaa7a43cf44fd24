//! Keys, attestations and the gate as commands: what they say, write and return.
#![allow(clippy::unwrap_used, reason = "tests")]
use sekisho_attest::dsse::Envelope;
use sekisho_attest::{PublicKey, SecretKey, classic, names};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn sekisho(dir: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sekisho")).args(words).current_dir(dir).env_remove("CI").output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Runs a command that must return this status; gives what it said.
fn returns(status: i32, dir: &Path, words: &[&str]) -> String {
    let output = sekisho(dir, words);
    assert_eq!(output.status.code(), Some(status), "{words:?}\n{}", said(&output));
    said(&output)
}

const STEP: [&str; 3] = ["sh", "-c", "cat source > app && echo more >> app"];

/// A workspace with a source, beside a key pair and a policy that trusts it.
fn workspace() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let work = dir.path().join("work");
    std::fs::create_dir(&work).unwrap();
    std::fs::write(work.join("source"), "source\n").unwrap();
    returns(0, dir.path(), &["keygen", "ci"]);
    policy(dir.path(), "predicates = [\"link\", \"provenance\", \"runtime-trace\"]\n");
    dir
}

fn policy(dir: &Path, line: &str) {
    let text =
        format!("version = 1\n[keys.ci]\npath = \"ci.pub\"\n[[steps]]\nname = \"build\"\nkeys = [\"ci\"]\n{line}");
    std::fs::write(dir.join("policy.toml"), text).unwrap();
}

fn record(work: &Path) {
    returns(0, work, &[&["record", "-o", "../build.rec", "--"], &STEP[..]].concat());
}

const ATTEST: [&str; 7] = ["attest", "../build.rec", "--key", "../ci.key", "--product", "app", "-o"];
const VERIFY: [&str; 6] = ["verify", "app", "--attestations", "../a.jsonl", "--policy", "../policy.toml"];

fn attest(work: &Path) {
    returns(0, work, &[&ATTEST[..], &["../a.jsonl"]].concat());
}

#[test]
fn a_recorded_step_is_attested_and_its_product_accepted_and_another_refused() {
    let dir = workspace();
    let work = dir.path().join("work");
    record(&work);
    attest(&work);
    let first = std::fs::read(dir.path().join("a.jsonl")).unwrap();
    attest(&work);
    assert_eq!(std::fs::read(dir.path().join("a.jsonl")).unwrap(), first, "same recording, same bytes");
    assert!(returns(0, &work, &VERIFY).starts_with("accepted  app  sha256:"));
    std::fs::write(work.join("app"), "evil").unwrap();
    let refused = returns(1, &work, &VERIFY);
    assert!(refused.contains("subject-not-attested") && refused.contains("hint: "), "{refused}");
    let json = sekisho(&work, &[&VERIFY[..], &["--format", "json"]].concat());
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&report["version"], &report["accepted"]), (&Value::from(1), &Value::from(false)));
    assert_eq!(report["reasons"][0]["code"], "subject-not-attested");
    assert_eq!(report["steps"].as_array().unwrap().len(), 19);
    let late = returns(2, &work, &[&ATTEST[..], &["../b.jsonl"]].concat());
    assert!(late.contains("changed after the recording"), "{late}");
    assert!(!dir.path().join("b.jsonl").exists());
}

#[test]
fn what_the_recording_proves_is_claimed_and_demanded() {
    let dir = workspace();
    let work = dir.path().join("work");
    record(&work);
    let said = returns(0, &work, &[&ATTEST[..], &["../a.jsonl", "--scai"]].concat());
    assert!(said.contains("not claimed: SEKISHO_INPUTS_IN_PROFILE: it was not judged by a profile"), "{said}");
    let demand = |attribute: &str| {
        let predicates = "predicates = [\"link\", \"provenance\", \"runtime-trace\"]";
        policy(dir.path(), &format!("{predicates}\nattributes = [\"{attribute}\"]\n"));
    };
    demand(names::PROPERTY_COMPLETE);
    assert!(returns(0, &work, &VERIFY).starts_with("accepted"));
    demand(names::ATTRIBUTE_NO_NETWORK);
    returns(0, &work, &VERIFY);
    attest(&work);
    assert!(returns(1, &work, &VERIFY).contains("attribute-missing"), "nobody claims it");
}

#[test]
fn a_verdict_is_signed_and_a_deviation_refused() {
    let dir = workspace();
    let work = dir.path().join("work");
    record(&work);
    returns(0, &work, &["profile", "new", "../build.rec", "-o", "../sekisho.toml"]);
    policy(dir.path(), "profiles = [\"sekisho.toml\"]\n");
    let judged = [&ATTEST[..], &["../a.jsonl", "--profile", "../sekisho.toml"]].concat();
    returns(0, &work, &judged);
    returns(0, &work, &VERIFY);
    attest(&work);
    assert!(returns(1, &work, &VERIFY).contains("predicate-missing"));
    let planted =
        ["record", "-o", "../build.rec", "--", "sh", "-c", "cat source > app; cat /etc/shadow- ../ci.pub >> app; true"];
    returns(0, &work, &planted);
    assert!(returns(0, &work, &judged).contains("not clean"));
    assert!(returns(1, &work, &VERIFY).contains("behaviour-deviates"));
}

#[test]
fn a_step_that_read_the_key_is_not_attested_with_it() {
    let dir = workspace();
    let work = dir.path().join("work");
    std::fs::hard_link(dir.path().join("ci.key"), dir.path().join("other-name")).unwrap();
    let moved = "mv ../ci.key ../moved; cat source ../moved > app; mv ../moved ../ci.key";
    for theft in ["cat source ../ci.key > app", "cat source ../other-name > app", moved] {
        returns(0, &work, &["record", "-o", "../build.rec", "--", "sh", "-c", theft]);
        let refused = returns(2, &work, &[&ATTEST[..], &["../a.jsonl"]].concat());
        assert!(refused.contains("the step read the signing key"), "{refused}");
        assert!(!dir.path().join("a.jsonl").exists());
    }
}

#[test]
fn what_was_read_is_written_and_signed_and_a_policy_can_demand_it() {
    let dir = workspace();
    let work = dir.path().join("work");
    let home = dir.path().join("registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.219");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("lib.rs"), "a crate\n").unwrap();
    let step = ["--", "sh", "-c", "cat source ../registry/src/*/*/lib.rs > app"];
    let run = ["run", "--out", "../out", "--key", "../ci.key", "--product", "app", "--sbom"];
    returns(0, &work, &[&run[..], &step].concat());
    let whole = std::fs::read(dir.path().join("out/sbom.cdx.json")).unwrap();
    let document: Value = serde_json::from_slice(&whole).unwrap();
    let components = document["components"].as_array().unwrap();
    assert!(components.iter().any(|c| c["purl"] == "pkg:cargo/serde@1.0.219"), "{document}");
    assert!(components.iter().any(|c| c["name"] == "source"), "{document}");
    let demand =
        "predicates = [\"link\"]\n[[statements]]\nname = \"sbom\"\npredicate_type = \"https://cyclonedx.org/bom\"\n";
    policy(dir.path(), &format!("{demand}keys = [\"ci\"]\n"));
    let verify = ["verify", "app", "--policy", "../policy.toml", "--attestations"];
    let accepted = returns(0, &work, &[&verify[..], &["../out/attestations.jsonl", "--explain"]].concat());
    assert!(accepted.contains("https://cyclonedx.org/bom"), "{accepted}");
    let recording = "../out/recording.sekisho";
    returns(0, &work, &["sbom", recording, "-o", "../again.json"]);
    assert_eq!(std::fs::read(dir.path().join("again.json")).unwrap(), whole, "same recording, same bytes");
    let attest = ["attest", recording, "--key", "../ci.key", "--product", "app", "-o", "../without.jsonl"];
    returns(0, &work, &attest);
    assert!(returns(1, &work, &[&verify[..], &["../without.jsonl"]].concat()).contains("statement-missing"));
    let again = [&attest[..7], &["../with.jsonl", "--sbom", "../again.json"]].concat();
    returns(0, &work, &again);
    returns(0, &work, &[&verify[..], &["../with.jsonl"]].concat());
    let signed = |file: &str| std::fs::read(dir.path().join(file)).unwrap();
    assert_ne!(signed("with.jsonl"), signed("without.jsonl"));
    returns(0, &work, &[&["run", "--out", "../out", "--sbom"], &step[..]].concat());
    assert!(dir.path().join("out/sbom.cdx.json").exists() && !dir.path().join("out/attestations.jsonl").exists());
    returns(0, &work, &[&["run", "--out", "../out"], &step[..]].concat());
    assert!(!dir.path().join("out/sbom.cdx.json").exists(), "nothing old is taken for new");
}

#[test]
fn a_cut_or_altered_recording_cannot_be_attested() {
    let dir = workspace();
    let work = dir.path().join("work");
    record(&work);
    let whole = std::fs::read(dir.path().join("build.rec")).unwrap();
    let mut altered = whole.clone();
    altered[whole.len() / 2] ^= 1;
    for bad in [&whole[..whole.len() - 1], &whole[..whole.len() / 2], &altered, &[]] {
        std::fs::write(dir.path().join("build.rec"), bad).unwrap();
        let refused = returns(2, &work, &[&ATTEST[..], &["../a.jsonl"]].concat());
        assert!(refused.contains("cannot attest ../build.rec"), "{refused}");
    }
    assert!(!dir.path().join("a.jsonl").exists());
}

#[test]
fn malformed_evidence_is_refused_and_what_cannot_be_judged_is_an_error() {
    let dir = workspace();
    let work = dir.path().join("work");
    record(&work);
    attest(&work);
    let good = std::fs::read_to_string(dir.path().join("a.jsonl")).unwrap();
    for bad in ["", "hello\n", "{}\n", &good[..good.len() / 2], "\u{0}"] {
        std::fs::write(dir.path().join("a.jsonl"), bad).unwrap();
        assert!(returns(1, &work, &VERIFY).contains("evidence-"), "{bad}");
    }
    std::fs::write(dir.path().join("a.jsonl"), &good).unwrap();
    let with = |at: usize, word: &'static str| {
        let mut words = VERIFY;
        words[at] = word;
        returns(2, &work, &words)
    };
    assert!(with(1, "missing").contains("cannot read missing"));
    assert!(with(1, "/dev/null").contains("is not a regular file"));
    assert!(with(3, "../missing.jsonl").contains("cannot read ../missing.jsonl"));
    assert!(with(5, "../missing.toml").contains("cannot read ../missing.toml"));
    policy(dir.path(), "treshold = 1\n");
    let wrong = returns(2, &work, &VERIFY);
    assert!(wrong.contains("line 7, column 1: unknown key `treshold`, did you mean `threshold`?"), "{wrong}");
    policy(dir.path(), "");
    std::fs::remove_file(dir.path().join("ci.pub")).unwrap();
    assert!(returns(2, &work, &VERIFY).contains("cannot read ci.pub"));
}

#[test]
fn steps_are_appended_to_one_file_and_chained() {
    let dir = workspace();
    let work = dir.path().join("work");
    record(&work);
    attest(&work);
    let pack = ["record", "-o", "../pack.rec", "--", "sh", "-c", "cat app > app.packed"];
    returns(0, &work, &pack);
    let attest = ["attest", "../pack.rec", "--key", "../ci.key", "--step", "pack", "--product", "*.packed", "-o"];
    returns(0, &work, &[&attest[..], &["../a.jsonl", "--append"]].concat());
    let step = "predicates = [\"link\"]\n[[steps]]\nname = \"pack\"\nkeys = [\"ci\"]\npredicates = [\"link\"]\n\
        materials = [{ match = \"app\", from = \"build\" }]\n";
    policy(dir.path(), step);
    let verify = ["verify", "app.packed", "--attestations", "../a.jsonl", "--policy", "../policy.toml"];
    returns(0, &work, &verify);
    std::fs::write(work.join("app"), "evil").unwrap();
    returns(0, &work, &pack);
    returns(0, &work, &[&attest[..], &["../b.jsonl"]].concat());
    let both = [
        "verify",
        "app.packed",
        "--attestations",
        "../a.jsonl",
        "--attestations",
        "../b.jsonl",
        "--policy",
        "../policy.toml",
    ];
    assert!(returns(1, &work, &both).contains("chain-broken"));
}

#[test]
fn keys_come_from_standard_input_too_and_open_ones_are_warned_of() {
    let dir = workspace();
    let work = dir.path().join("work");
    record(&work);
    let key = std::fs::File::open(dir.path().join("ci.key")).unwrap();
    let words = ["attest", "../build.rec", "--key", "-", "-o", "-"];
    let output =
        Command::new(env!("CARGO_BIN_EXE_sekisho")).args(words).current_dir(&work).stdin(key).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 3);
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(dir.path().join("ci.key"), open).unwrap();
    let warned = returns(0, &work, &[&ATTEST[..], &["../a.jsonl"]].concat());
    assert!(warned.contains("can be read by other users"), "{warned}");
    let public = ["attest", "../build.rec", "--key", "../ci.pub", "-o", "../a.jsonl"];
    assert!(returns(2, &work, &public).contains("a public key where a private one is expected"));
    let none = ["attest", "../build.rec", "--key", "../ci.key", "--product", "none*", "-o", "../a.jsonl"];
    assert!(returns(2, &work, &none).contains("product none* matches nothing"));
}

#[test]
fn bundles_are_accepted_as_envelopes_are() {
    let dir = workspace();
    let work = dir.path().join("work");
    record(&work);
    returns(0, &work, &[&ATTEST[..], &["../a.jsonl", "--bundle"]].concat());
    let lines = std::fs::read_to_string(dir.path().join("a.jsonl")).unwrap();
    let types = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["mediaType"].clone());
    assert_eq!(types.collect::<Vec<_>>(), vec!["application/vnd.dev.sigstore.bundle.v0.3+json"; 3]);
    assert!(returns(0, &work, &VERIFY).starts_with("accepted  app  sha256:"));
    let alone = returns(2, &work, &["attest", "../build.rec", "--bundle"]);
    assert!(alone.contains("--key"), "{alone}");
}

#[test]
fn what_is_released_is_named_by_directory_glob_or_list_and_nothing_of_it_is_passed_over() {
    let dir = workspace();
    let work = dir.path().join("work");
    let step = ["sh", "-c", "mkdir dist && cp source dist/a && echo b > dist/b"];
    returns(0, &work, &[&["record", "-o", "../build.rec", "--"], &step[..]].concat());
    returns(0, &work, &["attest", "../build.rec", "--key", "../ci.key", "--product", "dist/*", "-o", "../a.jsonl"]);
    let verify = |status, what: &[&str]| {
        returns(
            status,
            &work,
            &[&["verify"], what, &["--attestations", "../a.jsonl", "--policy", "../policy.toml"]].concat(),
        )
    };
    for what in [&["dist"][..], &["dist/*"], &["d*/[ab]"], &["dist/a", "dist/b"]] {
        assert_eq!(verify(0, what).matches("accepted  dist/").count(), 2, "{what:?}");
    }
    let sums = Command::new("sha256sum").args(["dist/a", "dist/b"]).current_dir(&work).output().unwrap();
    std::fs::write(work.join("SHA256SUMS"), sums.stdout).unwrap();
    assert_eq!(verify(0, &["--sha256sums", "SHA256SUMS"]).matches("accepted  dist/").count(), 2);
    assert!(verify(2, &["dist/c*"]).contains("nothing matches dist/c*"));
    std::fs::write(work.join("dist/c"), "slipped in").unwrap();
    assert!(verify(1, &["dist"]).contains("subject-not-attested"));
    std::fs::write(work.join("SHA256SUMS"), "").unwrap();
    verify(2, &["--sha256sums", "SHA256SUMS"]);
    verify(2, &[]);
}

#[test]
fn the_decision_is_explained_signed_and_demanded_by_the_next_gate() {
    let dir = workspace();
    let work = dir.path().join("work");
    record(&work);
    attest(&work);
    returns(0, dir.path(), &["keygen", "gate", "--algorithm", "p256"]);
    let explained = returns(0, &work, &[&VERIFY[..], &["--explain"]].concat());
    assert!(explained.contains("[1] link of step build, sha256:"), "{explained}");
    assert!(explained.contains("in ../a.jsonl:1, signed by key ci"), "{explained}");
    let json = sekisho(&work, &[&VERIFY[..], &["--explain", "--format", "json"]].concat());
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(report["evidence"][2]["places"][0]["line"], 3);
    let summary = ["--vsa", "../vsa.json", "--key", "../gate.key", "--resource-uri", "pkg:generic/app@1"];
    returns(0, &work, &[&VERIFY[..], &summary].concat());
    let next = "version = 1\n[keys.gate]\npath = \"gate.pub\"\n[[statements]]\nname = \"gate\"\n\
        predicate_type = \"https://slsa.dev/verification_summary/v1\"\nkeys = [\"gate\"]\n";
    std::fs::write(dir.path().join("next.toml"), next).unwrap();
    let second = ["verify", "app", "--attestations", "../vsa.json", "--policy", "../next.toml"];
    assert!(returns(0, &work, &second).starts_with("accepted  app"));
    let simple = next.replace(
        "https://slsa.dev/verification_summary/v1\"",
        "https://in-toto.io/attestation/svr/v0.1\"\nproperties = [\"PROPERTY\"]",
    );
    let demand = |property: &str| {
        std::fs::write(dir.path().join("simple.toml"), simple.replace("PROPERTY", property)).unwrap();
        ["verify", "app", "--attestations", "../svr.json", "--policy", "../simple.toml"]
    };
    returns(0, &work, &[&VERIFY[..], &["--svr", "../svr.json", "--key", "../gate.key"]].concat());
    returns(0, &work, &demand("SEKISHO_RECORDING_COMPLETE"));
    assert!(returns(1, &work, &demand("SEKISHO_BEHAVIOUR_IN_PROFILE")).contains("property-missing"));
    std::fs::write(work.join("app"), "evil").unwrap();
    assert!(returns(1, &work, &second).contains("statement-missing"));
    returns(1, &work, &[&VERIFY[..], &summary].concat());
    let refused = returns(1, &work, &second);
    assert!(refused.contains("statement-not-passed") && refused.contains("FAILED"), "{refused}");
    returns(2, &work, &[&VERIFY[..], &["--vsa", "../x.json"]].concat());
    returns(2, &work, &[&VERIFY[..], &["--key", "../gate.key"]].concat());
    returns(2, &work, &[&VERIFY[..], &["--vsa", "../x.json", "--key", "../none.key"]].concat());
    assert!(!dir.path().join("x.json").exists());
}

#[test]
fn a_policy_is_linted_and_tried_by_cases() {
    let dir = workspace();
    assert!(returns(1, dir.path(), &["policy", "lint"]).contains("warning: no-verdict: "));
    policy(dir.path(), &format!("profiles = [\"{}\"]\n", "0".repeat(64)));
    let noted = returns(0, dir.path(), &["policy", "lint", "policy.toml"]);
    assert!(noted.contains("note: no-age: ") && !noted.contains("warning: "), "{noted}");
    returns(1, dir.path(), &["policy", "lint", "--strict"]);
    policy(dir.path(), "predicates = [\"link\"]\nallow_failed = true\n");
    assert!(returns(1, dir.path(), &["policy", "lint"]).contains("warning: allow-failed: "));
    returns(2, dir.path(), &["policy", "lint", "missing.toml"]);

    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../verifier/tests/vectors");
    let all = returns(0, dir.path(), &["policy", "test", vectors]);
    assert!(
        all.contains("ok     one_key: accepted\n") && all.contains("ok     expired_fail: refused, too-old\n"),
        "{all}"
    );
    assert!(all.contains(" 0 not as expected"), "{all}");
    let case = |name: &str, reason: &str| {
        let to = dir.path().join("cases").join(name);
        std::fs::create_dir_all(&to).unwrap();
        for file in ["artifact", "attestations.jsonl", "now", "policy.toml"] {
            std::fs::copy(Path::new(vectors).join("expired_fail").join(file), to.join(file)).unwrap();
        }
        std::fs::write(to.join("reason"), reason).unwrap();
    };
    case("old_fail", "too-old\n");
    returns(0, dir.path(), &["policy", "test", "cases"]);
    case("other_fail", "threshold\n");
    case("wanted", "too-old\n");
    let wrong = returns(1, dir.path(), &["policy", "test", "cases"]);
    assert!(wrong.contains("WRONG  other_fail: refused, too-old; expected was threshold"), "{wrong}");
    assert!(wrong.contains("WRONG  wanted: refused, too-old"), "{wrong}");
    std::fs::remove_file(dir.path().join("cases/wanted/policy.toml")).unwrap();
    assert!(returns(2, dir.path(), &["policy", "test", "cases"]).contains("has no policy.toml"));
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    returns(2, dir.path(), &["policy", "test", "empty"]);
}

#[test]
fn a_profile_is_signed_by_its_reviewers_and_a_changed_one_is_not_trusted() {
    let dir = workspace();
    let (at, work) = (dir.path(), dir.path().join("work"));
    for name in ["dana", "kim", "lee"] {
        returns(0, at, &["keygen", name]);
    }
    record(&work);
    returns(0, &work, &["profile", "new", "../build.rec", "-o", "../p.toml", "--name", "t"]);
    let verify = |more: &[&str]| {
        let keys = ["profile", "verify", "p.toml", "--key", "dana.pub", "--key", "kim.pub", "--key", "lee.pub"];
        sekisho(at, &[&keys[..], more].concat())
    };
    let two = ["--threshold", "2"];
    assert!(verify(&two).status.code() == Some(2), "nobody has signed");
    assert!(returns(0, at, &["profile", "sign", "p.toml", "--key", "dana.key"]).contains("1 signature in p.toml.sig"));
    assert!(returns(0, at, &["profile", "sign", "p.toml", "--key", "dana.key"]).contains("already: 1 signature"));
    let refused = verify(&two);
    assert!(refused.status.code() == Some(1) && said(&refused).contains("1 of 2"), "{}", said(&refused));
    returns(0, at, &["profile", "sign", "p.toml", "--key", "lee.key"]);
    let accepted = verify(&two);
    assert!(accepted.status.success() && said(&accepted).contains("dana.pub, lee.pub"), "{}", said(&accepted));
    assert_eq!(verify(&[]).status.code(), Some(1), "all three are demanded");
    assert_eq!(verify(&["--threshold", "4"]).status.code(), Some(2));

    // The gate demands the same of the profile that the run was judged by.
    policy(at, "reviews = { keys = [\"dana\", \"kim\", \"lee\"], threshold = 2 }\n");
    let reviewers = ["dana", "kim", "lee"].map(|n| format!("[keys.{n}]\npath = \"{n}.pub\"\n")).concat();
    let text = std::fs::read_to_string(at.join("policy.toml")).unwrap();
    std::fs::write(at.join("policy.toml"), text.replacen("[[steps]]", &format!("{reviewers}[[steps]]"), 1)).unwrap();
    let attest = || returns(0, &work, &[&ATTEST[..], &["../a.jsonl", "--profile", "../p.toml"]].concat());
    let signed = [&VERIFY[..], &["--attestations", "../p.toml.sig"]].concat();
    attest();
    returns(0, &work, &signed);
    assert!(returns(1, &work, &VERIFY).contains("profile-not-reviewed"));

    // The change under review loosens the profile: the signatures are not of that one.
    let loose = "\n[[rule]]\nid = \"upload\"\nprocess = [\"/usr/bin/curl\"]\nconnect = [\"203.0.113.7:443/tcp\"]\n";
    let text = std::fs::read_to_string(at.join("p.toml")).unwrap();
    std::fs::write(at.join("p.toml"), text + loose).unwrap();
    returns(0, at, &["profile", "fmt", "p.toml"]);
    attest();
    assert!(returns(1, &work, &signed).contains("profile-not-reviewed"));
    assert_eq!(verify(&two).status.code(), Some(1));
    assert!(returns(0, at, &["profile", "sign", "p.toml", "--key", "kim.key"]).contains("dropped: 1 signature"));
    std::fs::write(at.join("p.toml.sig"), "{}").unwrap();
    assert_eq!(verify(&two).status.code(), Some(1), "bad paper is refused");
    returns(2, at, &["profile", "sign", "p.toml", "--key", "kim.key"]);
}

#[test]
fn a_gigabyte_of_evidence_is_refused_and_not_waited_for() {
    let dir = workspace();
    let work = dir.path().join("work");
    record(&work);
    attest(&work);
    let sparse = std::fs::File::create(dir.path().join("huge.jsonl")).unwrap();
    sparse.set_len(1 << 30).unwrap();
    let words = ["verify", "app", "--policy", "../policy.toml", "--attestations", "../huge.jsonl"];
    assert!(returns(1, &work, &words).contains("evidence-too-large"));
    let both = [&words[..], &["--attestations", "../a.jsonl"]].concat();
    assert!(returns(1, &work, &both).contains("evidence-too-large"));
}

/// A layout with one step, by whom holds `ci`, signed by whom holds `owner`.
fn layout(dir: &Path) {
    let pem = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let ci = PublicKey::from_pem(&pem("ci.pub")).unwrap();
    let id = classic::key_id(&ci).unwrap();
    let step = json!({
        "_type": "step", "name": "build", "threshold": 1, "pubkeys": [id], "expected_command": [],
        "expected_materials": [["REQUIRE", "source"], ["ALLOW", "source"], ["DISALLOW", "*"]],
        "expected_products": [["CREATE", "app"], ["DISALLOW", "*"]],
    });
    let layout = json!({
        "_type": "layout", "readme": "", "expires": "2100-01-01T00:00:00Z", "inspect": [],
        "keys": {&id: classic::key_json(&ci).unwrap()}, "steps": [step],
    });
    let owner = SecretKey::from_pem(&pem("owner.key")).unwrap();
    let signed = Envelope::sign(names::PAYLOAD_TYPE, layout.to_string().into_bytes(), &owner, "owner".into()).unwrap();
    std::fs::write(dir.join("root.layout"), signed.to_json()).unwrap();
}

#[test]
fn a_layout_judges_the_link_of_a_recorded_step() {
    let dir = workspace();
    let work = dir.path().join("work");
    returns(0, dir.path(), &["keygen", "owner"]);
    layout(dir.path());
    record(&work);
    returns(0, &work, &[&ATTEST[..], &["../a.jsonl", "--link", "../links"]].concat());
    let judge = ["layout", "../root.layout", "app", "--links", "../links", "--key"];
    let accepted = returns(0, &work, &[&judge[..], &["../owner.pub"]].concat());
    assert!(accepted.starts_with("accepted  app  sha256:"), "{accepted}");
    assert!(returns(1, &work, &[&judge[..], &["../ci.pub"]].concat()).contains("layout-untrusted"));
    assert!(returns(1, &work, &["layout", "../root.layout", "--key", "../owner.pub"]).contains("link-missing"));
    let late = [&judge[..], &["../owner.pub", "--time", "2100-01-01T00:00:01Z"]].concat();
    assert!(returns(1, &work, &late).contains("layout-expired"));
    std::fs::write(work.join("app"), "evil").unwrap();
    let json = sekisho(&work, &[&judge[..], &["../owner.pub", "--format", "json"]].concat());
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&report["accepted"], &report["reasons"][0]["code"]), (&json!(false), &json!("subject-not-attested")));
    returns(0, &work, &["record", "-o", "../build.rec", "--", "sh", "-c", "cat source ../ci.pub > app; echo > more"]);
    returns(0, &work, &["attest", "../build.rec", "--key", "../ci.key", "-o", "../a.jsonl", "--link", "../links"]);
    let violated = returns(1, &work, &["layout", "../root.layout", "--links", "../links", "--key", "../owner.pub"]);
    assert!(violated.contains("rule-violated") && violated.contains("more"), "{violated}");
    for usage in [&["layout", "../root.layout"][..], &["layout", "nowhere", "--key", "../owner.pub"]] {
        returns(2, &work, usage);
    }
    returns(2, &work, &["layout", "../root.layout", "--key", "../owner.pub", "--links", "nowhere"]);
}
