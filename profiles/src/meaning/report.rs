//! What differs between two profiles, as JSON and as text.
use super::{Cause, Change, Meaning, Setting, Witness};
use crate::act::Act;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Programs that are named in one line.
const MAX_PROGRAMS: usize = 4;

impl Meaning {
    /// The JSON form (docs/interface.md); `before` and `after` say which profiles.
    pub fn to_json(&self, before: &Value, after: &Value) -> Value {
        json!({
            "version": 1,
            "same": self.is_same(),
            "before": before,
            "after": after,
            "possible": self.possible.iter().map(change).collect::<Value>(),
            "impossible": self.impossible.iter().map(change).collect::<Value>(),
            "settings": self.settings.iter().map(setting).collect::<Value>(),
        })
    }

    /// The difference as lines for a person.
    pub fn to_text(&self) -> String {
        if self.is_same() {
            return "the profiles mean the same\n".to_owned();
        }
        let mut out = String::new();
        for (title, list, possible) in
            [("became possible", &self.possible, true), ("no longer possible", &self.impossible, false)]
        {
            let _ = writeln!(out, "{title}: {}", list.len());
            for change in list {
                lines(change, possible, &mut out);
            }
        }
        if !self.settings.is_empty() {
            let _ = writeln!(out, "settings: {}", self.settings.len());
        }
        for s in &self.settings {
            let _ = writeln!(out, "  {:<8}  {}: {} -> {}", s.direction.name(), s.key, s.before, s.after);
        }
        out
    }
}

fn lines(change: &Change, possible: bool, out: &mut String) {
    let pattern = sekisho_events::escape(change.pattern.as_bytes());
    let _ = writeln!(out, "  {:<8}{}: {} {pattern}", change.severity.name(), who(change), verbs(change));
    let rule = match (change.cause, possible) {
        (Cause::Allows, true) => format!("rule {} allows it", change.rule),
        (Cause::Allows, false) => format!("rule {} allowed it", change.rule),
        (Cause::Forbids, true) => format!("rule {} no longer forbids it", change.rule),
        (Cause::Forbids, false) => format!("rule {} forbids it", change.rule),
    };
    let time = if possible { "before" } else { "now" };
    let _ = writeln!(out, "          {rule}; {time}: {}", change.witness.why);
    let _ = writeln!(out, "          witness: {}", witness(&change.witness));
}

fn who(change: &Change) -> String {
    if change.programs.is_empty() {
        return "every program".to_owned();
    }
    let names = change.programs.iter().take(MAX_PROGRAMS).map(|p| sekisho_events::escape(p.as_bytes()));
    let mut out = names.collect::<Vec<_>>().join(", ");
    if let Some(more) = change.programs.len().checked_sub(MAX_PROGRAMS).filter(|n| *n > 0) {
        let _ = write!(out, " and {more} more");
    }
    out
}

/// The keys of a rule that say these acts.
fn keys(change: &Change) -> Vec<&'static str> {
    let whole = Act::CHANGE.iter().all(|a| change.acts.contains(a));
    let mut keys: Vec<&str> = change.acts.iter().filter(|a| !(whole && a.is_change())).map(|a| a.key()).collect();
    if whole {
        keys.push("change");
    }
    keys
}

fn verbs(change: &Change) -> String {
    keys(change).join(", ")
}

fn witness(witness: &Witness) -> String {
    let by = witness.program.as_deref().unwrap_or("the step's first program");
    let above = if witness.above.is_empty() { String::new() } else { format!(" below {}", witness.above.join(", ")) };
    format!("{} by {by}{above}", witness.what)
}

fn change(change: &Change) -> Value {
    json!({
        "rule": change.rule,
        "cause": match change.cause {
            Cause::Allows => "allows",
            Cause::Forbids => "forbids",
        },
        "acts": keys(change),
        "pattern": change.pattern,
        "processes": change.programs,
        "severity": change.severity.name(),
        "witness": {
            "process": change.witness.program,
            "above": change.witness.above,
            "act": change.witness.what,
            "why": change.witness.why,
        },
    })
}

fn setting(setting: &Setting) -> Value {
    json!({"key": setting.key, "before": setting.before, "after": setting.after, "direction": setting.direction.name()})
}
