//! What two recordings of the same step have in common: their acts, without what is another at each run.
use crate::recording::Recording;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// Acts, and how often each was told; the content of a file counts once (see [`acts`]).
pub type Acts = BTreeMap<String, usize>;

/// Keys that number an event or tell when it was, which differs from run to run.
const CHANCE: [&str; 10] =
    ["seq", "at_us", "mount", "ino", "process", "parent", "times", "env_bytes", "parent_by", "argv_sha256"];

/// The acts of a recording; the folder `ground` is told as `GROUND`.
///
/// A file that is read again within moments of a change is hashed again, as the same times may stand for another state:
/// how often the same content of it is told is a matter of the clock, so that is told once here.
pub fn acts(recording: &Recording, ground: &Path) -> Acts {
    let folder = ground.display().to_string();
    let mut acts = Acts::new();
    for event in &recording.events {
        let act = plain(event).to_string().replace(folder.trim_end_matches('/'), "GROUND");
        let times = acts.entry(act).or_insert(0);
        *times = if event["kind"] == "content" { 1 } else { *times + 1 };
    }
    acts
}

/// The kinds of act of a recording, where files hold the name of the folder or of a process: no digests, no numbers, no
/// counts, and not whether a name could have changed, which is a matter of moments.
pub fn kinds(recording: &Recording, ground: &Path) -> Acts {
    let told = recording.events.iter().filter(|event| event["kind"] != "content").cloned().map(without_digests);
    let told = Recording { events: told.collect(), ..Recording::default() };
    acts(&told, ground).into_keys().map(|act| (without_numbers(&act), 1)).collect()
}

/// What only one of them tells, or tells more often, a line each.
pub fn differences((one, a): (&str, &Acts), (other, b): (&str, &Acts)) -> Vec<String> {
    let mut acts: Vec<&String> = a.keys().chain(b.keys()).filter(|act| a.get(*act) != b.get(*act)).collect();
    acts.sort();
    acts.dedup();
    let times = |acts: &Acts, act: &String| acts.get(act).copied().unwrap_or_default();
    acts.into_iter().map(|act| format!("{one} {}, {other} {}: {act}", times(a, act), times(b, act))).collect()
}

/// What one engine told of a case in several runs.
#[derive(Debug)]
pub struct Told {
    always: Acts,
    ever: Acts,
}

impl Told {
    /// Of one run.
    #[must_use]
    pub fn of(acts: &Acts) -> Self {
        Self { always: acts.clone(), ever: acts.clone() }
    }

    /// Of one run more.
    pub fn add(&mut self, acts: &Acts) {
        self.always.retain(|act, _| acts.contains_key(act));
        self.ever.extend(acts.iter().map(|(act, times)| (act.clone(), *times)));
    }

    /// What every run told and no run of the other's did.
    #[must_use]
    pub fn always_without(&self, other: &Self) -> Acts {
        let alone = self.always.iter().filter(|(act, _)| !other.ever.contains_key(*act));
        alone.map(|(act, times)| (act.clone(), *times)).collect()
    }

    /// Neither always tells what the other never does.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.always_without(other).is_empty() && other.always_without(self).is_empty()
    }
}

fn plain(event: &Value) -> Value {
    match event {
        Value::Object(map) => {
            // Digests come when they are made: who runs what by then is chance.
            let content = map.get("kind").is_some_and(|kind| kind == "content");
            let kept = map.iter().filter(|(name, _)| !(content && *name == "by" || CHANCE.contains(&name.as_str())));
            Value::Object(kept.map(|(name, value)| (name.clone(), plain(value))).collect::<Map<_, _>>())
        }
        Value::Array(list) => Value::Array(list.iter().map(plain).collect()),
        Value::String(text) => Value::String(without_random(text)),
        other => other.clone(),
    }
}

fn without_digests(event: Value) -> Value {
    match event {
        Value::Object(map) => {
            let kept =
                map.into_iter().filter(|(name, _)| !matches!(name.as_str(), "sha256" | "digest" | "size" | "racy"));
            Value::Object(kept.map(|(name, value)| (name, without_digests(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(without_digests).collect()),
        other => other,
    }
}

/// Compilers name their temporary files `ccXXXXXX`.
fn without_random(text: &str) -> String {
    match text.find("/tmp/cc") {
        Some(at) if text.len() >= at + 13 => format!("{}/tmp/cc*{}", &text[..at], &text[at + 13..]),
        _ => text.to_owned(),
    }
}

fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' if out.ends_with('#') => {}
            '0'..='9' => out.push('#'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_act_more_is_a_difference() {
        let one: Acts = [("read a".to_owned(), 1), ("read b".to_owned(), 2)].into();
        let more: Acts = [("read a".to_owned(), 1), ("read b".to_owned(), 3)].into();
        assert_eq!(differences(("x", &one), ("y", &more)), ["x 2, y 3: read b"]);
        assert!(differences(("x", &one), ("y", &one)).is_empty());
    }

    #[test]
    fn an_act_by_chance_is_no_difference_and_a_lost_one_is() {
        let acts = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 1)).collect::<Acts>();
        let (mut one, mut other) = (Told::of(&acts(&["a", "sometimes", "lost"])), Told::of(&acts(&["a"])));
        one.add(&acts(&["a", "lost"]));
        other.add(&acts(&["a", "sometimes"]));
        assert!(!one.agrees_with(&other));
        assert_eq!(one.always_without(&other), acts(&["lost"]));
        assert!(other.always_without(&one).is_empty());
    }

    #[test]
    fn a_pid_is_no_difference() {
        assert_eq!(without_numbers("/proc/4711/fd/3"), without_numbers("/proc/9/fd/12"));
    }
}
