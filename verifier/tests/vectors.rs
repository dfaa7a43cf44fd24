//! Evidence in folders, for other verifiers too: `tests/vectors/NAME/` is accepted, `NAME_fail/` refused, with the report
//! that is expected. `SEKISHO_BLESS=1 cargo test -p sekisho-verifier --test vectors` writes them; keys are fixed, so
//! that the same bytes come out.
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::{
    APP, NOW_S, PROFILE, Run, artifact, block, globs, key, lines, p256, parse, policy, recording, run, verdict,
};
use sekisho_events::{Digest, Level, Toctou};
use sekisho_verifier::verify;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

struct Vector {
    name: &'static str,
    evidence: String,
    policy: String,
    artifact: &'static [u8],
}

fn simple() -> String {
    policy(&[("ci", &key(1))], "")
}

fn with(step: &str) -> String {
    policy(&[("ci", &key(1))], step)
}

fn vector(name: &'static str, evidence: String, policy: String) -> Vector {
    Vector { name, evidence, policy, artifact: APP }
}

/// The good run, changed before it is recorded.
fn recorded(change: impl FnOnce(&mut Run)) -> String {
    let mut run = run();
    change(&mut run);
    run.signed(&[&key(1)])
}

/// The good statements, of which one is changed and signed again by the trusted key.
fn restated(which: usize, change: impl FnOnce(&mut Value)) -> String {
    let mut values = run().values();
    change(&mut values[which]);
    let payloads: Vec<Vec<u8>> = values.iter().map(|v| v.to_string().into_bytes()).collect();
    lines(&payloads, &[&key(1)])
}

fn good() -> Vec<Vector> {
    let two = policy(&[("a", &key(1)), ("b", &key(2)), ("c", &key(3))], "threshold = 2\n");
    let url_safe: String = run().signed(&[&key(1)]).lines().map(|line| url_safe(line) + "\n").collect();
    vec![
        vector("one_key", run().signed(&[&key(1)]), simple()),
        vector("p256", run().signed(&[&p256(5)]), policy(&[("ci", &p256(5))], "")),
        vector("url_safe_base64", url_safe, simple()),
        vector("two_of_three", run().signed(&[&key(1), &key(3)]), two.clone()),
        vector("two_of_three_apart", run().signed(&[&key(1)]) + &run().signed(&[&key(2)]), two),
        vector("stranger_beside", run().signed(&[&key(7)]) + &run().signed(&[&key(1)]), simple()),
        vector("enforced", recorded(enforce), with("mode = \"deny\"\n")),
    ]
}

fn enforce(run: &mut Run) {
    run.recording.header.mode = "deny".into();
    run.recording.header.profile_sha256 = Some(Digest::of(PROFILE));
}

fn url_safe(line: &str) -> String {
    let mut envelope: Value = serde_json::from_str(line).unwrap();
    for place in ["/payload", "/signatures/0/sig"] {
        let text = envelope.pointer(place).unwrap().as_str().unwrap().replace('+', "-").replace('/', "_");
        *envelope.pointer_mut(place).unwrap() = text.trim_end_matches('=').into();
    }
    envelope.to_string()
}

fn signatures() -> Vec<Vector> {
    let two = policy(&[("a", &key(1)), ("b", &key(2))], "threshold = 2\n");
    let first = run().signed(&[&key(1)]);
    let other = lines(&[run().values()[0].to_string().replace("make", "fake").into_bytes()], &[&key(2)]);
    let payload = |line: &str| serde_json::from_str::<Value>(line).unwrap()["payload"].as_str().unwrap().to_owned();
    let tampered = first.replacen(&payload(first.lines().next().unwrap()), &payload(other.trim()), 1);
    vec![
        vector("wrong_key_fail", run().signed(&[&key(2)]), simple()),
        vector("tampered_payload_fail", tampered, simple()),
        vector("swapped_payload_type_fail", first.replace("vnd.in-toto+json", "vnd.in-toto+xml"), simple()),
        vector("same_key_twice_fail", run().signed(&[&key(1), &key(1)]), two.clone()),
        vector("one_of_two_keys_fail", first.clone(), two),
        vector(
            "duplicate_key_fail",
            first.replacen("{\"payloadType\"", "{\"payload\":\"\",\"payloadType\"", 1),
            simple(),
        ),
        vector("byte_order_mark_fail", format!("\u{feff}{first}"), simple()),
        vector("cut_line_fail", first[..first.len() - 40].to_owned(), simple()),
        vector("nothing_fail", String::new(), simple()),
    ]
}

fn statements() -> Vec<Vector> {
    let payloads = run().payloads();
    let mut other = run();
    other.recording.header.nonce = [1; 16];
    let mut mixed = payloads.clone();
    mixed[3].clone_from(&other.payloads()[3]);
    let twice = |p: &Vec<u8>| {
        let text = String::from_utf8(p.clone()).unwrap();
        text.replace("\"complete\":true", "\"complete\":false,\"complete\":true").into_bytes()
    };
    let doubled: Vec<Vec<u8>> = payloads.iter().map(twice).collect();
    vec![
        vector("statement_duplicate_key_fail", lines(&doubled, &[&key(1)]), simple()),
        vector("no_verdict_fail", lines(&payloads[..3], &[&key(1)]), simple()),
        vector("no_link_fail", lines(&payloads[1..], &[&key(1)]), simple()),
        vector("verdict_of_another_run_fail", lines(&mixed, &[&key(1)]), simple()),
        vector("other_command_fail", restated(0, |v| v["predicate"]["command"] = json!(["true"])), simple()),
        vector("unknown_block_key_fail", restated(3, |v| block(v)["waived"] = json!(true)), simple()),
        vector("unknown_block_version_fail", restated(3, |v| block(v)["version"] = json!(2)), simple()),
        vector("another_step_fail", recorded(|r| r.recording.header.step = Some("test".into())), simple()),
        Vector { artifact: b"evil", ..vector("another_artifact_fail", run().signed(&[&key(1)]), simple()) },
    ]
}

fn behaviour() -> Vec<Vector> {
    let deviation = json!({"code": "net-connect", "what": "connect tcp 203.0.113.7:443", "times": 1,
        "process": {"path": "/usr/bin/curl"}, "severity": "high"});
    let evidence = run().signed(&[&key(1)]);
    let incomplete = recorded(|r| {
        r.end.lost = 1;
        r.verdict = Some(verdict(PROFILE, false, &[]));
    });
    vec![
        vector("incomplete_fail", incomplete, simple()),
        vector("lower_level_fail", recorded(|r| r.recording.header.level = Level::Exec), simple()),
        vector("not_recorded_fail", evidence.clone(), with("recorded = [\"mount\"]\n")),
        vector("racy_names_fail", recorded(|r| r.end.toctou = Toctou::BestEffort), with("toctou = \"verified\"\n")),
        vector("other_engine_fail", evidence.clone(), with("engines = [\"hybrid\"]\n")),
        vector("step_failed_fail", recorded(|r| r.end.status = 1), simple()),
        vector("other_profile_fail", recorded(|r| r.verdict = Some(verdict(b"other", true, &[]))), simple()),
        vector("only_observed_fail", evidence.clone(), with("mode = \"deny\"\n")),
        vector("deviation_fail", recorded(|r| r.verdict = Some(verdict(PROFILE, true, &[deviation]))), simple()),
        vector("expired_fail", evidence.clone(), with("max_age = \"30s\"\n")),
        vector("future_fail", recorded(|r| r.recording.header.started_s += 86400), simple()),
        vector("unexpected_product_fail", recorded(|r| r.products = globs(&["**"])), with("products = [\"dist/*\"]\n")),
        vector("exchanged_input_fail", evidence, with(&inputs(b"evil"))),
        vector("broken_chain_fail", chain(b"evil"), chained()),
        vector("chain", chain(APP), chained()),
    ]
}

fn inputs(content: &[u8]) -> String {
    format!("materials = [{{ match = \"a.c\", sha256 = [\"{}\"] }}]\n", Digest::of(content))
}

/// `fetch` makes vendor/lib.c, `build` reads it.
fn chain(read: &[u8]) -> String {
    let mut fetch = run();
    fetch.recording = recording::Recording::new();
    fetch.recording.header.step = Some("fetch".into());
    fetch.recording.header.nonce = [3; 16];
    fetch.recording.make("/w/vendor/lib.c", APP);
    fetch.products = globs(&["vendor/*"]);
    let build = recorded(|r| {
        r.recording.read("/w/vendor/lib.c", read);
    });
    fetch.signed(&[&key(1)]) + &build
}

fn chained() -> String {
    let fetch =
        format!("[[steps]]\nname = \"fetch\"\nkeys = [\"ci\"]\nprofiles = [\"{}\"]\n\n[[steps]]", Digest::of(PROFILE));
    with("materials = [{ match = \"vendor/**\", from = \"fetch\" }]\n").replace("[[steps]]", &fetch)
}

fn all() -> Vec<Vector> {
    [good(), signatures(), statements(), behaviour()].into_iter().flatten().collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// Compares a file with what is to be in it, or writes it.
fn is(path: &Path, wanted: &[u8]) {
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, wanted).unwrap();
    }
    let found = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(found == wanted, "{} is not what is expected (SEKISHO_BLESS=1 writes it)", path.display());
}

#[test]
fn every_vector_gives_its_report() {
    let vectors = all();
    for v in &vectors {
        let dir = folder().join(v.name);
        is(&dir.join("attestations.jsonl"), v.evidence.as_bytes());
        is(&dir.join("policy.toml"), v.policy.as_bytes());
        is(&dir.join("artifact"), v.artifact);
        is(&dir.join("now"), format!("{}\n", sekisho_attest::timestamp::format(NOW_S)).as_bytes());
        let report = verify(v.evidence.as_bytes(), &[artifact(v.artifact)], &parse(&v.policy), NOW_S);
        assert_eq!(report.accepted, !v.name.ends_with("_fail"), "{}: {}", v.name, report.to_text(true));
        is(&dir.join("report.json"), format!("{:#}\n", report.to_json()).as_bytes());
    }
    let named: BTreeSet<String> = vectors.iter().map(|v| v.name.to_owned()).collect();
    assert_eq!(named.len(), vectors.len());
    let found: BTreeSet<String> =
        std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, named);
}
