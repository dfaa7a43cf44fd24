//! Which shipped abstractions a new profile stands on, so that its own rules say what is special about the project.
use super::build::{Facts, judge, stand_ins, whole};
use super::{FactKey, Thing};
use crate::act::Act;
use crate::glob::Glob;
use crate::profile::Profile;
use crate::reviewed::Reviewed;
use crate::rule::{Item, Rule};
use crate::vars::{Var, Vars};
use std::collections::BTreeSet;

/// Includes what the runs needed, and forgets the facts that it allows.
///
/// A toolchain is included if a program of its own was run, one that it lets everybody run, or a file of the workspace was read
/// that it names (`config.status`: only a configure has one); what has no program, if something of its own was needed; neither if
/// another one includes it. What happened in the workspace stays the project's own.
pub(super) fn include(profile: &mut Profile, facts: &mut Facts, uid: u32) {
    let mut chosen: Vec<Reviewed> = Vec::new();
    let mut below: BTreeSet<String> = BTreeSet::new();
    for shipped in Reviewed::all() {
        let Some(alone) = with(&[shipped]) else { continue };
        let own = alone.rules.iter().filter(|r| r.from.as_deref() == Some(shipped.name()));
        let own: BTreeSet<&str> = own.map(|r| r.id.as_str()).collect();
        let runs = alone.rules.iter().any(|r| own.contains(r.id.as_str()) && r.acts.contains_key(&Act::Exec));
        let mut needed = false;
        judge(facts, &alone, uid, |(act, thing, _), _, rule| {
            let Some(rule) = rule.map(|n| &alone.rules[n as usize]).filter(|r| own.contains(r.id.as_str())) else {
                return;
            };
            let runs_it = *act == Act::Exec && rule.process.is_empty();
            needed |= !runs || runs_it || in_workspace(thing);
        });
        if needed {
            chosen.push(shipped);
            below.extend(alone.rules.iter().filter(|r| !own.contains(r.id.as_str())).filter_map(|r| r.from.clone()));
        }
    }
    chosen.retain(|r| !below.contains(r.name()));
    profile.meta.include = chosen.iter().map(|r| Item::new(r.pin())).collect();
    let Some(base) = with(&chosen) else { return };
    let mut allowed: BTreeSet<FactKey> = BTreeSet::new();
    judge(facts, &base, uid, |key, _, rule| {
        if rule.is_some() && !in_workspace(&key.1) {
            allowed.insert(key.clone());
        }
    });
    let vars = stand_ins(uid);
    facts.retain(|key, _| !allowed.contains(key) && !base.rules.iter().any(|r| lists(r, key, &vars)));
    profile.rules.extend(base.rules);
}

fn in_workspace(thing: &Thing) -> bool {
    matches!(thing, Thing::Path(place) if place.var == Some(Var::Workspace))
}

/// A profile that is nothing but these.
fn with(shipped: &[Reviewed]) -> Option<Profile> {
    let mut profile = Profile::default();
    "x".clone_into(&mut profile.meta.name);
    profile.meta.include = shipped.iter().map(|r| Item::new(r.pin())).collect();
    Profile::parse_any_form(&profile.to_toml()).ok()
}

/// True if a rule allows something that is no path, word by word.
fn lists(rule: &Rule, (act, thing, who): &FactKey, vars: &Vars) -> bool {
    let Thing::Pattern(pattern) = thing else { return false };
    let speaks = rule.process.is_empty()
        || who.as_ref().is_some_and(|place| {
            let path = whole(place, vars);
            let matches =
                |i: &Item| Glob::parse(&i.text).ok().and_then(|g| g.bind(vars)).is_some_and(|p| p.matches(&path));
            rule.process.iter().any(matches)
        });
    speaks && rule.ancestor.is_empty() && rule.acts.get(act).is_some_and(|l| l.iter().any(|i| i.text == *pattern))
}
