//! Patterns over events: an object that an event must contain.
use serde_json::Value;

/// Whether the event contains the pattern: each key of an object, each item of a list somewhere in the list, each text
/// as a glob whose `*` stands for anything. Numbers match by their decimal text. Texts that came as bytes (`NAME_b64`) match
/// no text. An act (`file`, `net`, `exec`, `restrict`) must have been done unless the pattern names another outcome.
pub fn matches(pattern: &Value, event: &Value) -> bool {
    let act = matches!(text(pattern, "kind"), "file" | "net" | "exec" | "restrict");
    if act && pattern.get("outcome").is_none() && !done(event) {
        return false;
    }
    contains(pattern, event)
}

/// Whether the act of the event was, or may have been, done.
pub fn done(event: &Value) -> bool {
    matches!(event.get("outcome"), None | Some(Value::Null)) || matches!(text(event, "outcome"), "ok" | "unknown")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

fn contains(pattern: &Value, value: &Value) -> bool {
    match (pattern, value) {
        (Value::Object(p), Value::Object(v)) => {
            p.iter().all(|(k, want)| v.get(k).is_some_and(|have| contains(want, have)))
        }
        (Value::Array(p), Value::Array(v)) => p.iter().all(|want| v.iter().any(|have| contains(want, have))),
        (Value::String(p), Value::String(v)) => glob(p.as_bytes(), v.as_bytes()),
        (Value::String(p), Value::Number(n)) => glob(p.as_bytes(), n.to_string().as_bytes()),
        (p, v) => p == v,
    }
}

/// `*` stands for any bytes, everything else for itself.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && pattern[p] == text[t] {
            p += 1;
            t += 1;
        } else if let Some((sp, st)) = star {
            star = Some((sp, st + 1));
            p = sp + 1;
            t = st + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pattern_matches_what_contains_it() {
        let event = json!({"kind": "file", "access": "read", "path": "/a/b", "ino": 7, "outcome": "ok"});
        assert!(matches(&json!({"kind": "file", "path": "/a/*", "ino": "7"}), &event));
        assert!(!matches(&json!({"kind": "file", "path": "/a"}), &event));
        assert!(!matches(&json!({"kind": "file", "size": 1}), &event));
    }

    #[test]
    fn a_failed_act_is_no_act() {
        let event = json!({"kind": "file", "path": "/a", "outcome": {"errno": "ENOENT"}});
        assert!(!matches(&json!({"kind": "file", "path": "/a"}), &event));
        assert!(matches(&json!({"kind": "file", "outcome": {"errno": "ENOENT"}}), &event));
    }
}
