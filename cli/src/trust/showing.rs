//! Whom a root of trust names.
use super::age;
use crate::exit::{CliError, shown};
use crate::{files, gate};
use sekisho_events::{Digest, escape};
use sekisho_verifier::{Demands, EMBEDDED_ROOT_DATE, Trust};
use serde_json::Value;
use sigstore_sign::trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT;
use std::fmt::Write as _;
use std::path::Path;

/// Longest root of trust that is read.
pub(super) const MAX_ROOT_BYTES: u64 = 4 << 20;

/// Its date, and each authority, log and clock with the time for which it counts.
pub fn show(root: Option<&Path>) -> Result<String, CliError> {
    let now_s = gate::now(None)?;
    let (name, text, age) = match root {
        None => {
            let age = format!("of {EMBEDDED_ROOT_DATE}, {} days ago", age::embedded_days(now_s));
            ("embedded".to_owned(), SIGSTORE_PRODUCTION_TRUSTED_ROOT.to_owned(), age)
        }
        Some(path) => {
            let text = files::read_text(path, MAX_ROOT_BYTES)?;
            let age = age::written(path, now_s).map(|(date, days)| format!("written on {date}, {days} days ago"));
            (shown(path), text, age.unwrap_or_else(|| "of an unknown age".to_owned()))
        }
    };
    usable(&text).map_err(|e| CliError::new(format!("{name}: {e}")))?;
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    Ok(format!("{name}  sha256:{}  {age}\n{}", Digest::of(text.as_bytes()), listing(&value)))
}

/// Refuses what the gate could not judge by.
pub(super) fn usable(text: &str) -> Result<(), sekisho_verifier::TrustError> {
    Trust::new(text, Demands { sct: true, log: true }).map(drop)
}

fn listing(root: &Value) -> String {
    let mut out = String::new();
    for (list, what, named, counts) in [
        ("certificateAuthorities", "authority", "/uri", "/validFor"),
        ("ctlogs", "log of certificates", "/baseUrl", "/publicKey/validFor"),
        ("tlogs", "log of signatures", "/baseUrl", "/publicKey/validFor"),
        ("timestampAuthorities", "clock", "/uri", "/validFor"),
    ] {
        for entry in root[list].as_array().into_iter().flatten() {
            let text = |at: &str| entry.pointer(at).and_then(Value::as_str).map(|text| escape(text.as_bytes()));
            let day = |end| text(&format!("{counts}/{end}")).map(|time| time.chars().take(10).collect::<String>());
            let name =
                text(named).or_else(|| text("/subject/organization")).unwrap_or_else(|| "without a name".to_owned());
            let (since, until) = (day("start").unwrap_or_default(), day("end").unwrap_or_default());
            let _ = writeln!(out, "{}", format!("  {what:<20} {since:>10} – {until:<10} {name}").trim_end());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_root_is_shown_with_all_that_it_names() {
        let text = show(None).unwrap();
        assert!(text.starts_with("embedded  sha256:") && text.contains(EMBEDDED_ROOT_DATE), "{text}");
        for row in ["authority", "log of certificates", "log of signatures", "clock"] {
            assert!(text.lines().any(|line| line.trim_start().starts_with(row) && line.contains("https://")), "{text}");
        }
    }

    #[test]
    fn what_is_no_root_is_refused_and_its_words_are_escaped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("root.json");
        std::fs::write(&path, "{}").unwrap();
        assert!(show(Some(&path)).unwrap_err().to_string().contains("not a usable trusted root"));
        let value = serde_json::json!({"tlogs": [{"baseUrl": "https://\u{1b}[31m"}, {}]});
        assert_eq!(
            listing(&value),
            "  log of signatures               –            https://\\x1b[31m\n  log of signatures               –            without a name\n"
        );
    }
}
