//! What else changes how a step is judged: what is in force, what is expected, what has to happen, until when.
use super::{Cause, Meaning};
use crate::date::Date;
use crate::profile::{EXPECTED_REFUSALS, Profile};
use crate::rule::Rule;
use sekisho_events::Mode;
use std::collections::{BTreeMap, BTreeSet};

/// To which side a setting moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// More passes than before.
    Weaker,
    /// Less passes than before.
    Stricter,
}

impl Direction {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Weaker => "weaker",
            Self::Stricter => "stricter",
        }
    }

    fn of(weaker: bool) -> Self {
        if weaker { Self::Weaker } else { Self::Stricter }
    }
}

/// One setting that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key, and the rule if it is of one: `mode`, `rule no-ssh`.
    pub key: String,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
    /// What that means.
    pub direction: Direction,
}

/// All settings that differ.
pub(super) fn settings(before: &Profile, after: &Profile, today: Option<Date>) -> Vec<Setting> {
    let (a, b) = (&before.meta, &after.meta);
    let mut found = Vec::new();
    let mut put = |key: &str, before: String, after: String, weaker: bool| {
        if before != after {
            found.push(Setting { key: key.to_owned(), before, after, direction: Direction::of(weaker) });
        }
    };
    let mode = |m: Option<Mode>| m.unwrap_or_default();
    put("mode", mode(a.mode).name().into(), mode(b.mode).name().into(), rank(mode(b.mode)) < rank(mode(a.mode)));
    let level = |l: Option<sekisho_events::Level>| l.map_or_else(|| "any".to_owned(), |l| l.name().to_owned());
    put("level", level(a.level), level(b.level), b.level < a.level);
    let flag = |on: bool| if on { "true" } else { "false" }.to_owned();
    put("judge_metadata", flag(a.judge_metadata), flag(b.judge_metadata), a.judge_metadata);
    put("require_review", flag(a.require_review), flag(b.require_review), a.require_review);
    let (old, new) = (expected(before), expected(after));
    put("refused", join(&old), join(&new), !new.is_subset(&old));
    let (old, new) = (required(before), required(after));
    for (body, id) in &old {
        if !new.contains_key(body) {
            put(&format!("rule {id}"), "required".into(), "not required".into(), true);
        }
    }
    for (body, id) in &new {
        if !old.contains_key(body) {
            put(&format!("rule {id}"), "not required".into(), "required".into(), false);
        }
    }
    expiry(before, after, today, &mut put);
    found
}

fn rank(mode: Mode) -> u8 {
    match mode {
        Mode::Observe => 0,
        Mode::Deny => 1,
        Mode::Kill => 2,
    }
}

fn expected(profile: &Profile) -> BTreeSet<String> {
    match &profile.meta.refused {
        Some(list) => list.iter().map(|i| i.text.clone()).collect(),
        None => EXPECTED_REFUSALS.iter().map(ToString::to_string).collect(),
    }
}

fn join(words: &BTreeSet<String>) -> String {
    if words.is_empty() { "none".to_owned() } else { words.iter().cloned().collect::<Vec<_>>().join(", ") }
}

/// What has to happen, whatever the rule is called.
fn required(profile: &Profile) -> BTreeMap<String, &str> {
    profile.rules.iter().filter(|r| r.required).map(|r| (r.body(), r.id.as_str())).collect()
}

/// The last day of a rule that says the same in both and allows something today.
fn expiry(before: &Profile, after: &Profile, today: Option<Date>, put: &mut impl FnMut(&str, String, String, bool)) {
    let bodies: BTreeMap<String, &Rule> = before.rules.iter().map(|r| (r.body(), r)).collect();
    let day = |d: Option<Date>| d.map_or_else(|| "for ever".to_owned(), |d| format!("until {d}"));
    for rule in after.rules.iter().filter(|r| !r.deny) {
        let Some(old) = bodies.get(&rule.body()).filter(|o| !o.is_expired(today) && !rule.is_expired(today)) else {
            continue;
        };
        let later = match (old.expires, rule.expires) {
            (Some(old), Some(new)) => new > old,
            (old, _) => old.is_some(),
        };
        put(&format!("rule {}", rule.id), day(old.expires), day(rule.expires), later);
    }
}

/// Rules that forbid, and that only one of them has, but which change nothing that is allowed.
pub(super) fn without_effect(before: &Profile, after: &Profile, meaning: &mut Meaning) {
    for (here, there, weaker) in [(before, after, true), (after, before, false)] {
        let bodies: BTreeSet<String> = there.rules.iter().map(Rule::body).collect();
        for rule in here.rules.iter().filter(|r| r.deny && !bodies.contains(&r.body())) {
            let changes = meaning.possible.iter().chain(&meaning.impossible);
            if changes.into_iter().any(|c| c.cause == Cause::Forbids && c.rule == rule.id) {
                continue;
            }
            let (yes, no) = ("forbids something".to_owned(), "is not there; nothing else allows that".to_owned());
            let (before, after) = if weaker { (yes, no) } else { (no, yes) };
            let direction = Direction::of(weaker);
            meaning.settings.push(Setting { key: format!("rule {}", rule.id), before, after, direction });
        }
    }
}
