//! From a deviation to the rules that a reviewer can choose from, narrow first.
use crate::act::{Act, PatternKind};
use crate::deviation::Deviation;
use crate::glob::Glob;
use crate::lint::{Grade, lint};
use crate::meaning::Meaning;
use crate::profile::Profile;
use crate::rule::{Item, Rule};

/// One way to allow a deviation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The rule.
    pub rule: Rule,
    /// What it allows, in one line.
    pub says: String,
}

/// Ways to allow a deviation, from narrow to wide; none if no rule can. What `lint` calls an error is not among them.
pub fn alternatives(deviation: &Deviation) -> Vec<Alternative> {
    let Some(rule) = suggested(deviation) else { return Vec::new() };
    let mut found = vec![Alternative { says: says(&rule), rule: rule.clone() }];
    let mut offer = |rule: Rule| {
        let only = |rule: &Rule| Profile { rules: vec![rule.clone()], ..Profile::default() };
        let good = lint(&only(&rule), None).iter().all(|f| f.grade != Grade::Error && f.code != "secret");
        // A wildcard does not cover a secret: wider in its letters is not yet wider.
        let wider =
            || Meaning::compare(&only(&found[0].rule), &only(&rule), None).is_ok_and(|m| m.impossible.is_empty());
        if good && found.iter().all(|a| a.rule != rule) && wider() {
            found.push(Alternative { says: says(&rule), rule });
        }
    };
    for wider in wider_patterns(&rule) {
        offer(wider);
    }
    if !rule.process.is_empty() {
        let mut anybody = rule.clone();
        anybody.process.clear();
        offer(anybody);
    }
    found
}

/// The rule that forbids a deviation to everybody, if it is an act that a rule can speak of.
pub fn forbid(deviation: &Deviation) -> Option<Rule> {
    let mut rule = suggested(deviation)?;
    rule.process.clear();
    rule.id = format!("no-{}", rule.id);
    rule.deny = true;
    Some(rule)
}

fn suggested(deviation: &Deviation) -> Option<Rule> {
    crate::suggest::parsed(deviation.suggest.as_ref()?)
}

/// The same rule for its directory and extension, and for the whole directory.
fn wider_patterns(rule: &Rule) -> Vec<Rule> {
    // Of an act that is a delegation too, one half would be wider than the other.
    let Some((act, list)) = rule.acts.iter().next().filter(|_| rule.acts.len() == 1) else { return Vec::new() };
    let (Some(item), PatternKind::Path) = (list.first(), act.pattern_kind()) else { return Vec::new() };
    if *act == Act::Exec || Glob::parse(&item.text).is_err() {
        return Vec::new();
    }
    let Some((directory, name)) = item.text.rsplit_once('/') else { return Vec::new() };
    let mut patterns = Vec::new();
    if let Some((stem, extension)) = name.rsplit_once('.')
        && !stem.is_empty()
        && extension.bytes().all(|b| b.is_ascii_alphanumeric())
    {
        patterns.push(format!("{directory}/*.{extension}"));
    }
    patterns.push(format!("{directory}/**"));
    let with = |pattern: String| {
        let mut wide = rule.clone();
        wide.acts.insert(*act, vec![Item::new(pattern)]);
        wide
    };
    patterns.into_iter().filter(|p| Glob::parse(p).is_ok()).map(with).collect()
}

/// What a rule allows, in one line: `/usr/bin/cc may make, write to $WORKSPACE/a.o`.
pub fn says(rule: &Rule) -> String {
    let who = match rule.process.as_slice() {
        [] => "every program".to_owned(),
        list => list.iter().map(|i| sekisho_events::escape(i.text.as_bytes())).collect::<Vec<_>>().join(", "),
    };
    let mut parts: Vec<(Vec<&str>, String)> = Vec::new();
    for (act, list) in &rule.acts {
        let items: Vec<String> = list.iter().map(|i| sekisho_events::escape(i.text.as_bytes())).collect();
        let items = items.join(", ");
        match parts.iter_mut().find(|(_, i)| *i == items) {
            Some((verbs, _)) => verbs.push(act.verb()),
            None => parts.push((vec![act.verb()], items)),
        }
    }
    let parts: Vec<String> = parts.into_iter().map(|(verbs, items)| format!("{} {items}", verbs.join(", "))).collect();
    format!("{who} may {}", parts.join("; "))
}
