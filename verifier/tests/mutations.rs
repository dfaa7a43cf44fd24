//! Our own envelopes and bundles with one field changed, left out or added: refused, or nothing is changed by it.
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::{APP, NOW_S, artifact, envelope, key, parse, policy, run};
use sekisho_verifier::{Policy, Report, verify};
use serde_json::{Value, json};

/// What nobody signs and nothing rests on, and why it is there.
const FREE: [(&str, &str); 4] = [
    ("/keyid", "a hint at the key"),
    ("/hint", "another"),
    ("/publicKey", "the hint's place"),
    ("/signatures", "one signature twice"),
];

fn free(place: &str) -> bool {
    FREE.iter().any(|(end, _)| place.ends_with(end))
}

fn bundled(envelope: &Value) -> Value {
    let signatures: Vec<Value> =
        envelope["signatures"].as_array().unwrap().iter().map(|s| json!({"sig": s["sig"]})).collect();
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": "aGludA=="}},
        "dsseEnvelope": {"payload": envelope["payload"], "payloadType": envelope["payloadType"], "signatures": signatures},
    })
}

/// Every place in a value, as JSON pointers.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| places(v, &format!("{at}/{k}"), out)),
        Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| places(v, &format!("{at}/{i}"), out)),
        _ => {}
    }
}

/// Other values at this place.
fn others(value: &Value) -> Vec<Value> {
    let mut out = vec![json!(null), json!({}), json!([]), json!(""), json!(1), json!(true), json!("A".repeat(88))];
    match value {
        Value::String(text) => {
            for at in [0, text.len() / 3, text.len() / 2, text.len() - 3] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] = if bytes[at] == b'B' { b'C' } else { b'B' };
                out.push(String::from_utf8(bytes).unwrap().into());
            }
            out.extend([json!(text[..text.len() - 4]), json!(format!("{text}{text}")), json!(format!(" {text}"))]);
        }
        Value::Array(list) => out.extend([json!([list[0], list[0]]), json!([[list[0]]])]),
        Value::Object(_) => out.push(json!([value])),
        _ => {}
    }
    out.retain(|v| v != value);
    out
}

/// All documents that differ from `whole` in one field, each with the place.
fn twins(whole: &Value) -> Vec<(String, Value)> {
    let (mut all, mut out) = (Vec::new(), Vec::new());
    places(whole, "", &mut all);
    for place in all {
        for other in others(whole.pointer(&place).unwrap()) {
            let mut twin = whole.clone();
            *twin.pointer_mut(&place).unwrap() = other;
            out.push((place.clone(), twin));
        }
        let Some((parent, name)) = place.rsplit_once('/') else { continue };
        let mut twin = whole.clone();
        match twin.pointer_mut(parent).unwrap() {
            Value::Object(map) => drop(map.shift_remove(name)),
            Value::Array(list) => drop(list.remove(name.parse().unwrap())),
            _ => unreachable!(),
        }
        out.push((place, twin));
    }
    out
}

struct Good {
    lines: Vec<String>,
    policy: Policy,
}

impl Good {
    /// The good evidence with another line in place of one.
    fn with(&self, which: usize, line: &Value) -> Report {
        let mut lines = self.lines.clone();
        lines[which] = line.to_string();
        verify(lines.join("\n").as_bytes(), &[artifact(APP)], &self.policy, NOW_S)
    }
}

#[test]
fn every_field_of_our_envelopes_and_bundles_that_is_changed_is_refused_or_changes_nothing() {
    let payloads = run().payloads();
    let lines: Vec<String> = payloads.iter().map(|p| envelope(p, &[&key(1)]).to_json()).collect();
    let good = Good { lines, policy: parse(&policy(&[("ci", &key(1))], "")) };
    let (mut tried, mut passed) = (0, Vec::new());
    for which in [0, 3] {
        let plain: Value = serde_json::from_str(&good.lines[which]).unwrap();
        for whole in [bundled(&plain), plain] {
            let expected = good.with(which, &whole);
            assert!(expected.accepted, "{}", expected.to_text(true));
            for (place, twin) in twins(&whole) {
                tried += 1;
                let report = good.with(which, &twin);
                if report.accepted {
                    assert_eq!(report, expected, "{place}");
                    if !free(&place) {
                        passed.push(place);
                    }
                } else {
                    assert!(!report.reasons.is_empty(), "{place}");
                }
            }
        }
    }
    assert!(passed.is_empty(), "{passed:?}");
    assert!(tried > 300, "{tried}");
}

/// DSSE, protocol.md: consumers ignore fields that they do not know, for nobody signs them.
#[test]
fn a_field_that_is_added_beside_what_is_signed_changes_nothing() {
    let lines: Vec<String> = run().payloads().iter().map(|p| envelope(p, &[&key(1)]).to_json()).collect();
    let good = Good { lines, policy: parse(&policy(&[("ci", &key(1))], "")) };
    let plain: Value = serde_json::from_str(&good.lines[0]).unwrap();
    let mut more = plain.clone();
    more["note"] = json!({"accepted": true});
    more["signatures"][0]["note"] = json!("x");
    assert_eq!(good.with(0, &more), good.with(0, &plain));
    // But what makes a bundle of it is read as a bundle, and this is none.
    more["verificationMaterial"] = json!({});
    assert!(!good.with(0, &more).accepted);
}
