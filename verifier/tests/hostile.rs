//! Evidence made to confuse: refused with a reason, in bounded time, without a panic.
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::{APP, NOW_S, artifact, block, codes, envelope, judge, key, lines, parse, policy, run};
use sekisho_attest::names;
use sekisho_events::Digest;
use sekisho_verifier::{Report, verify};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn simple() -> String {
    policy(&[("ci", &key(1))], "")
}

fn judge_bytes(evidence: &[u8]) -> Report {
    verify(evidence, &[artifact(APP)], &parse(&simple()), NOW_S)
}

/// Four statements, of which one has other bytes, all signed by the trusted key.
fn with_bytes(which: usize, change: impl FnOnce(String) -> Vec<u8>) -> String {
    let mut payloads = run().payloads();
    payloads[which] = change(String::from_utf8(payloads[which].clone()).unwrap());
    lines(&payloads, &[&key(1)])
}

#[test]
fn a_line_that_is_no_envelope_is_refused_wherever_it_stands() {
    let good = run().signed(&[&key(1)]);
    let bad: &[&[u8]] = &[
        b"{}",
        b"null",
        b"hello",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"\0",
        b"{\"payload\":\"\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[]}",
        b"{\"payload\":NaN,\"payloadType\":\"x\",\"signatures\":[{\"sig\":\"AA==\"}]}",
        b"{\"payload\":\"\",\"payloadType\":\"\\ud800\",\"signatures\":[{\"sig\":\"AA==\"}]}",
        b"{\"payload\":\"e30=\",\"payloadType\":\"text/plain\",\"signatures\":[{\"sig\":\"AA==\"}]}",
    ];
    for &line in bad {
        for evidence in [[line, &b"\n"[..], good.as_bytes()].concat(), [good.as_bytes(), line].concat()] {
            let report = judge_bytes(&evidence);
            assert_eq!(codes(&report), "evidence-malformed", "{}", line.escape_ascii());
            assert!(report.steps.iter().skip(1).all(|s| !s.reached && !s.ok));
        }
    }
    assert_eq!(codes(&judge_bytes(b"")), "evidence-missing");
    assert_eq!(codes(&judge_bytes(b"\n\n\n")), "evidence-missing");
    // Cut anywhere: what is left of the last line is no envelope, or a whole statement is missing.
    for cut in (0..good.len() - 1).step_by(997) {
        assert!(!judge_bytes(&good.as_bytes()[..cut]).accepted, "{cut}");
    }
}

#[test]
fn a_signed_statement_with_two_meanings_is_refused() {
    let twice = |s: String| s.replacen("{\"_type\"", "{\"_type\":\"https://in-toto.io/Statement/v0.1\",\"_type\"", 1);
    for which in 0..4 {
        assert_eq!(codes(&judge(&with_bytes(which, |s| twice(s).into_bytes()), &simple())), "statement-malformed");
        let complete = |s: String| s.replace("\"complete\":true", "\"complete\":false,\"complete\":true").into_bytes();
        assert_eq!(codes(&judge(&with_bytes(which, complete), &simple())), "statement-malformed");
        let marked = |s: String| [b"\xef\xbb\xbf", s.as_bytes()].concat();
        assert_eq!(codes(&judge(&with_bytes(which, marked), &simple())), "statement-malformed");
        let trailing = |s: String| (s + "{}").into_bytes();
        assert_eq!(codes(&judge(&with_bytes(which, trailing), &simple())), "statement-malformed");
        let deep = |s: String| {
            let nested = "[".repeat(100_000) + &"]".repeat(100_000);
            s.replacen("\"predicate\":{", &format!("\"predicate\":{{\"x\":{nested},"), 1).into_bytes()
        };
        assert_eq!(codes(&judge(&with_bytes(which, deep), &simple())), "statement-malformed");
        let number = |s: String| s.replace("\"lost\":0", "\"lost\":0e0").into_bytes();
        assert_eq!(codes(&judge(&with_bytes(which, number), &simple())), "statement-malformed");
    }
}

#[test]
fn a_block_with_an_unknown_key_or_version_is_refused() {
    let key = key(1);
    let unknown = run().changed(&key, |s| block(s)["waived"] = json!(true));
    assert_eq!(codes(&judge(&unknown, &simple())), "statement-malformed");
    let version = run().changed(&key, |s| block(s)["version"] = json!(2));
    assert_eq!(codes(&judge(&version, &simple())), "statement-malformed");
    let none = run().changed(&key, |s| *block(s) = json!(null));
    assert_eq!(codes(&judge(&none, &simple())), "statement-malformed");
    let digests = run().changed(&key, |s| s["subject"][0]["digest"]["sha512"] = json!("00"));
    assert_eq!(codes(&judge(&digests, &simple())), "statement-malformed");
    let level = run().changed(&key, |s| block(s)["level"] = json!("everything"));
    assert_eq!(codes(&judge(&level, &simple())), "coverage-too-low");
    let time = run().changed(&key, |s| block(s)["finished"] = json!("tomorrow"));
    assert_eq!(codes(&judge(&time, &simple())), "time-malformed");
    let type_ = run().changed(&key, |s| s["_type"] = json!("https://in-toto.io/Statement/v2"));
    assert_eq!(codes(&judge(&type_, &simple())), "statement-malformed");
    let kind = run().changed(&key, |s| s["predicateType"] = json!("https://in-toto.io/attestation/link/v0.4"));
    assert_eq!(codes(&judge(&kind, &simple())), "step-missing", "an unknown version is another kind");
}

/// Every place in a value, as JSON pointers.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| places(v, &format!("{at}/{}", k.replace('/', "~1")), out)),
        Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| places(v, &format!("{at}/{i}"), out)),
        _ => {}
    }
}

fn mutations(value: &Value) -> Vec<Value> {
    let mut out = vec![json!(null), json!([]), json!({}), json!(""), json!(-1), json!(1e300)];
    match value {
        Value::String(s) => out.extend([json!(format!("{s}x")), json!(s.to_uppercase()), json!("\u{0}\u{202e}")]),
        Value::Number(n) => out.extend([json!(n.as_u64().unwrap_or(0) + 1), json!(u64::MAX)]),
        Value::Bool(b) => out.push(json!(!b)),
        Value::Array(list) => out.push([list.clone(), list.clone()].concat().into()),
        _ => {}
    }
    out.retain(|m| m != value);
    out
}

#[test]
fn every_change_of_every_field_is_refused_unless_the_right_key_signs_it_and_then_nothing_panics() {
    let values = run().values();
    let text = simple();
    let policy = parse(&text);
    let good: Vec<String> = run().signed(&[&key(1)]).lines().map(str::to_owned).collect();
    let (mut tried, mut accepted) = (0, 0);
    for which in 0..4 {
        let mut all = Vec::new();
        places(&values[which], "", &mut all);
        for (index, place) in all.iter().enumerate() {
            let found = values[which].pointer(place).unwrap().clone();
            for (nth, mutation) in mutations(&found).into_iter().enumerate() {
                // All places, and at each one of the changes in turn, keep this test short.
                if nth % 6 != index % 6 {
                    continue;
                }
                let mut changed = values[which].clone();
                *changed.pointer_mut(place).unwrap() = mutation;
                let payload = changed.to_string().into_bytes();
                let with = |line: String| {
                    let mut all = good.clone();
                    all[which] = line;
                    verify(all.join("\n").as_bytes(), &[artifact(APP)], &policy, NOW_S)
                };
                let wrong = with(envelope(&payload, &[&key(2)]).to_json());
                assert!(!wrong.accepted && !wrong.reasons.is_empty(), "{which} {place}");
                // The trusted key may say what it likes: the judge must not fall over it, and the citations of the
                // other statements keep it from saying something else.
                let right = with(envelope(&payload, &[&key(1)]).to_json());
                assert_eq!(right.accepted, right.reasons.is_empty());
                accepted += usize::from(right.accepted);
                assert!(!right.accepted || which == 3, "{which} {place}");
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "{tried} tried, {accepted} accepted");
}

#[test]
fn the_original_signature_over_a_changed_payload_is_refused() {
    let evidence = run().signed(&[&key(1)]);
    let first: Value = serde_json::from_str(evidence.lines().next().unwrap()).unwrap();
    let payload = first["payload"].as_str().unwrap();
    for at in (0..payload.len()).step_by(211) {
        let mut changed = payload.as_bytes().to_vec();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let line = evidence.replacen(payload, std::str::from_utf8(&changed).unwrap(), 1);
        let report = judge(&line, &simple());
        assert!(!report.accepted, "byte {at}");
    }
}

#[test]
fn huge_evidence_is_refused_in_time() {
    let begun = Instant::now();
    let line = run().signed(&[&key(1)]).lines().next().unwrap().to_owned();
    let signature = serde_json::from_str::<Value>(&line).unwrap()["signatures"][0].to_string();
    let many = line.replace(&signature, &vec![signature.as_str(); 65].join(","));
    assert_eq!(codes(&judge(&many, &simple())), "evidence-malformed");
    let long = format!("{{\"payload\":\"{}\"}}", "A".repeat(5 << 20));
    assert_eq!(codes(&judge(&long, &simple())), "evidence-malformed");
    let subjects: Vec<Value> =
        (0..20_000).map(|i| json!({"name": i.to_string(), "digest": {"sha256": Digest::of(&[1]).to_hex()}})).collect();
    let wide = run().changed(&key(1), |s| s["subject"] = subjects.clone().into());
    assert!(!judge(&wide, &simple()).accepted);
    let deep = "[".repeat(1 << 20);
    assert_eq!(codes(&judge(&deep, &simple())), "evidence-malformed");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn work_is_bounded_however_many_signatures_there_are() {
    let payload = vec![b' '; 256 << 10];
    let mut signed = envelope(&payload, &[&key(9)]);
    for _ in 1..64 {
        let again = signed.signatures[0].clone();
        signed.signatures.push(again);
    }
    let line = signed.to_json() + "\n";
    let keys: Vec<_> = (10..18).map(|k| (format!("k{k}"), key(k))).collect();
    let named: Vec<(&str, &sekisho_attest::SecretKey)> = keys.iter().map(|(n, k)| (n.as_str(), k)).collect();
    let begun = Instant::now();
    // 64 signatures × 8 keys × 256 KiB × 5 lines are more than is hashed.
    let report = judge(&line.repeat(5), &policy(&named, ""));
    assert_eq!(codes(&report), "evidence-too-large");
    assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", begun.elapsed());
}

#[test]
fn what_evidence_says_is_escaped_where_it_is_shown() {
    let mut hostile = run();
    hostile.recording.header.step = Some("\u{1b}[2J\u{202e}build".into());
    let report = judge(&hostile.signed(&[&key(1)]), &simple());
    assert_eq!(codes(&report), "step-missing");
    let text = report.to_text(true) + &report.to_json().to_string();
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains("\\u001b"), "{text}");
}

#[test]
fn many_runs_of_one_step_are_judged_in_linear_time() {
    let mut evidence = String::new();
    for nonce in 0..100u8 {
        let mut each = run();
        each.recording.header.nonce = [nonce; 16];
        evidence += &each.signed(&[&key(1)]);
    }
    let begun = Instant::now();
    assert_eq!(codes(&judge(&evidence, &simple())), "accepted");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(names::KINDS.len(), 4);
}
