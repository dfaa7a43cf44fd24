//! Rules beside rules: one that says no more than another, one that another undoes.
use crate::act::Act;
use crate::glob::Glob;
use crate::lint::{Finding, Grade, push};
use crate::profile::Profile;
use crate::rule::Rule;
use crate::sensitive::secret;
use std::collections::{BTreeSet, HashMap};

/// The rules of a profile by what they say.
pub(crate) struct Others<'p> {
    rules: &'p [Rule],
    /// Rules by each of their patterns.
    by_pattern: HashMap<(Act, &'p str), Vec<usize>>,
    /// Rules by each directory that they open wholly: `/usr` for `/usr/**`.
    by_directory: HashMap<(Act, &'p str), Vec<usize>>,
}

impl<'p> Others<'p> {
    /// Of this profile.
    pub(crate) fn of(profile: &'p Profile) -> Self {
        let mut all = Self { rules: &profile.rules, by_pattern: HashMap::new(), by_directory: HashMap::new() };
        for (at, rule) in profile.rules.iter().enumerate() {
            for (act, item) in rule.acts.iter().flat_map(|(act, list)| list.iter().map(move |item| (*act, item))) {
                all.by_pattern.entry((act, &item.text)).or_default().push(at);
                if let Some(directory) = item.text.strip_suffix("/**") {
                    all.by_directory.entry((act, directory)).or_default().push(at);
                }
            }
        }
        all
    }

    /// Rules that may cover a pattern of this one: those that have the same, or open a directory above it.
    fn near(&self, rule: &Rule) -> BTreeSet<usize> {
        let mut near = BTreeSet::new();
        for (act, item) in rule.acts.iter().flat_map(|(act, list)| list.iter().map(move |item| (*act, item))) {
            near.extend(self.by_pattern.get(&(act, item.text.as_str())).into_iter().flatten());
            for (end, _) in item.text.match_indices('/') {
                near.extend(self.by_directory.get(&(act, &item.text[..end])).into_iter().flatten());
            }
        }
        near
    }

    /// Points out a rule that says less than others, or that others undo.
    pub(crate) fn against(&self, rule: &Rule, found: &mut Vec<Finding>) {
        for at in self.near(rule) {
            let other = &self.rules[at];
            if other.id != rule.id {
                against(rule, other, found);
            }
        }
    }
}

fn against(rule: &Rule, other: &Rule, found: &mut Vec<Finding>) {
    let mut undone: Vec<&str> = Vec::new();
    let (mut said, mut patterns) = (0, 0);
    for (act, list) in &rule.acts {
        for item in list {
            patterns += 1;
            let covered = other.acts.get(act).is_some_and(|l| l.iter().any(|o| covers(&o.text, &item.text)));
            said += usize::from(covered);
            if covered && other.deny && !undone.contains(&item.text.as_str()) {
                undone.push(&item.text);
            }
        }
    }
    if other.deny && other.process.is_empty() && other.ancestor.is_empty() && !undone.is_empty() {
        let first = sekisho_events::escape(undone[0].as_bytes());
        let why = format!("rule {} forbids what it allows: {first}", other.id);
        push(found, Grade::Warning, "contradictory", rule, why, Some("take out one of the two"));
    }
    let pinned = !other.sha256.is_empty();
    if !other.deny && !pinned && !rule.required && said == patterns && speaks(rule, other) && !says_same(rule, other) {
        let why = format!("rule {} allows all of it already", other.id);
        push(found, Grade::Warning, "shadowed", rule, why, Some("take it out"));
    }
}

/// True if whoever the narrow rule speaks of is one whom the wide rule speaks of.
fn speaks(narrow: &Rule, wide: &Rule) -> bool {
    wide.ancestor.is_empty()
        && (wide.process.is_empty()
            || !narrow.process.is_empty()
                && narrow.process.iter().all(|p| wide.process.iter().any(|w| covers(&w.text, &p.text))))
}

fn says_same(rule: &Rule, other: &Rule) -> bool {
    rule.body() == other.body()
}

/// True if every path of `narrow` is one of `wide`: equal, or below a directory that `wide` opens wholly.
fn covers(wide: &str, narrow: &str) -> bool {
    if wide == narrow {
        return true;
    }
    let Some(prefix) = wide.strip_suffix("/**") else { return false };
    let plain = !prefix.contains(['*', '?', '[']) && Glob::parse(wide).is_ok();
    plain
        && narrow.strip_prefix(prefix).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
        && Glob::parse(narrow).is_ok_and(|g| {
            let parts: Vec<Vec<u8>> = g.components().into_iter().flatten().collect();
            secret(&[b"/", parts.join(&b"/"[..]).as_slice()].concat()).is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Item;

    #[test]
    fn of_fifty_thousand_rules_only_those_that_may_cover_it_are_laid_beside_one() {
        let rule = |id: String, text: String| {
            let mut rule = Rule { id, ..Rule::default() };
            rule.acts.insert(Act::Read, vec![Item::new(text)]);
            rule
        };
        let each = (0..50_000).map(|n| rule(format!("r{n}"), format!("/srv/{n}/*.h")));
        let wide = rule("wide".to_owned(), "/srv/7/**".to_owned());
        let profile = Profile { rules: each.chain([wide]).collect(), ..Profile::default() };
        let others = Others::of(&profile);
        assert_eq!(others.near(&profile.rules[4242]), BTreeSet::from([4242]));
        assert_eq!(others.near(&profile.rules[7]), BTreeSet::from([7, 50_000]));
    }
}
