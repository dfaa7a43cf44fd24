//! A verdict as SARIF 2.1.0 (OASIS), for code scanning.
use sekisho_events::PathBytes;
use sekisho_profiles::{Deviation, DiffReport};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Code scanning services refuse a run with more results than this; the rest is counted in a notification.
const MAX_RESULTS: usize = 5000;

/// The verdict as a SARIF log with one run. `tool_version` is that of this program.
pub fn sarif(report: &DiffReport, tool_version: &str) -> Value {
    let rules: BTreeMap<&str, &str> = report.deviations.iter().map(|d| (d.code, meaning(d.code))).collect();
    let index = |code| rules.keys().position(|known| *known == code);
    let rule = |(id, text): (&&str, &&str)| json!({"id": id, "shortDescription": {"text": text}});
    let results: Vec<Value> =
        report.deviations.iter().take(MAX_RESULTS).map(|d| result(d, index(d.code), &report.profile_path)).collect();
    let left = report.deviations.len().saturating_sub(MAX_RESULTS) as u64 + report.omitted;
    let mut notifications: Vec<Value> = Vec::new();
    if left > 0 {
        let text = format!("{left} more deviations are not listed");
        notifications.push(json!({"level": "warning", "message": {"text": text}}));
    }
    for gap in &report.gaps {
        let text = format!("gap {} x{}: {}", gap.why, gap.times, sekisho_events::escape(gap.detail.as_bytes()));
        notifications.push(json!({"level": "error", "message": {"text": text}}));
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "sekisho",
                "semanticVersion": tool_version,
                "rules": rules.iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications,
            }],
            "properties": {"clean": report.clean, "complete": report.complete, "mode": report.mode.name()},
            "results": results,
        }],
    })
}

fn result(deviation: &Deviation, index: Option<usize>, profile: &str) -> Value {
    let level = match deviation.severity.name() {
        "high" => "error",
        "medium" => "warning",
        _ => "note",
    };
    let chain: Vec<String> =
        deviation.process.iter().flat_map(|p| p.ancestry.iter().rev().map(PathBytes::escaped)).collect();
    let by = if chain.is_empty() { String::new() } else { format!(" by {}", chain.join(" ← ")) };
    let mut properties = json!({"severity": deviation.severity.name(), "times": deviation.times, "seq": deviation.seq});
    if let Some(suggest) = &deviation.suggest {
        properties["suggest"] = suggest.as_str().into();
    }
    let mut location = json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(profile)},
        "region": {"startLine": 1},
    }});
    if let Some(actor) = &deviation.process {
        let name = actor.path.escaped();
        location["logicalLocations"] = json!([{"fullyQualifiedName": name, "kind": "process"}]);
    }
    let mut result = json!({
        "ruleId": deviation.code,
        "level": level,
        "message": {"text": format!("{}{by}: {}", deviation.what, deviation.why)},
        "locations": [location],
        "partialFingerprints": {"sekisho/v1": fingerprint(deviation)},
        "properties": properties,
    });
    if let Some(index) = index {
        result["ruleIndex"] = index.into();
    }
    result
}

/// The same deviation in another run has the same one: no numbers of processes or events.
fn fingerprint(deviation: &Deviation) -> String {
    let path = deviation.process.as_ref().map(|p| p.path.as_bytes()).unwrap_or_default();
    let parts = [deviation.code.as_bytes(), path, deviation.what.as_bytes()];
    sekisho_events::Digest::of(&parts.join(&0)).to_hex()
}

/// A relative reference (RFC 3986): everything but unreserved characters and `/` is percent-encoded.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let encoded = path.bytes().map(|b| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => (b as char).to_string(),
        other => format!("%{other:02X}"),
    });
    let encoded: String = encoded.collect();
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

fn meaning(code: &str) -> &'static str {
    match code {
        "exec" => "A program was run that the profile does not allow",
        "file-read" => "A file was read that the profile does not allow",
        "file-write" => "A file was written that the profile does not allow",
        "file-create" => "A file was created that the profile does not allow",
        "file-delete" => "A file was deleted that the profile does not allow",
        "file-rename" => "A file was renamed that the profile does not allow",
        "file-link" => "A link was made that the profile does not allow",
        "file-attributes" => "Attributes were changed that the profile does not allow",
        "file-list" => "A directory was listed that the profile does not allow",
        "file-stat" => "A file was looked at that the profile does not allow",
        "mount" => "A mount that the profile does not allow",
        "restrict" => "The step limited itself or changed its view of the system",
        "net-send" => "A message was sent that the profile does not allow",
        "net-connect" => "A connection that the profile does not allow",
        "net-listen" => "An address was listened on that the profile does not allow",
        "net-resolve" => "A name was asked for that the profile does not allow",
        "denied-rule" => "A rule of the profile forbids it",
        "digest" => "The content is not the one that the profile pins",
        "delegated" => "Somebody outside the step was asked to act",
        "tamper" => "An act aimed at the recorder or at another process",
        "refused" => "A call that acts where nobody sees it",
        "incomplete" => "The recording is not complete",
        "missing" => "A required act did not happen",
        "coverage" => "Less was watched than the profile demands",
        "profile-changed" => "The change that the profile judges has changed the profile",
        "profile-unknown" => "It is not known whether the change that the profile judges has changed the profile",
        "descriptor" => "A descriptor came from elsewhere",
        _ => "A deviation from the profile",
    }
}
