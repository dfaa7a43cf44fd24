//! One rule: who may (or must not) do what to what, why, and who reviewed that.
use crate::act::Act;
use crate::date::Date;
use sekisho_events::Digest;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

/// One item of a list in a profile, with the comment lines above it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// The pattern or word.
    pub text: String,
    /// Comment lines, each with its `#`.
    pub comment: Vec<String>,
}

impl Item {
    /// An item without comment.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), comment: Vec::new() }
    }
}

/// How often a rule was needed: `n of m` recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// In how many recordings.
    pub n: u32,
    /// Of how many.
    pub of: u32,
}

impl Seen {
    /// Reads `3 of 4`.
    pub fn parse(text: &str) -> Option<Self> {
        let (n, of) = text.split_once(" of ")?;
        let seen = Self { n: n.parse().ok()?, of: of.parse().ok()? };
        (seen.n <= seen.of && seen.to_string() == text).then_some(seen)
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.n, self.of)
    }
}

/// One rule. See docs/profile.md for what each part means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Its name: unique, and what verdicts and denials cite.
    pub id: String,
    /// Who: patterns of the program's path. Empty: everybody.
    pub process: Vec<Item>,
    /// Below whom: patterns of programs that ran before it on the way down. Empty: wherever.
    pub ancestor: Vec<Item>,
    /// What to what, act by act, sorted.
    pub acts: BTreeMap<Act, Vec<Item>>,
    /// Digests that an executed image must have one of. Empty: any.
    pub sha256: Vec<Item>,
    /// True if it forbids; that beats every rule that allows.
    pub deny: bool,
    /// What a forbidden call returns (positive errno); `None`: EACCES.
    pub errno: Option<i32>,
    /// True if a run in which it is not needed deviates.
    pub required: bool,
    /// Why it is so.
    pub why: Option<String>,
    /// Who looked at it.
    pub reviewed_by: Option<String>,
    /// When.
    pub reviewed_on: Option<Date>,
    /// The last day on which it allows anything.
    pub expires: Option<Date>,
    /// In how many recordings it was needed.
    pub seen: Option<Seen>,
    /// Comment lines above the rule and above its keys.
    pub comments: BTreeMap<String, Vec<String>>,
    /// The shipped abstraction that it comes from; `None`: it stands in the profile itself.
    pub from: Option<String>,
}

impl Rule {
    /// An empty rule of this name.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// Adds a pattern for an act; nothing happens if it is there.
    pub fn add(&mut self, act: Act, pattern: &str) {
        let list = self.acts.entry(act).or_default();
        if !list.iter().any(|i| i.text == pattern) {
            list.push(Item::new(pattern));
        }
    }

    /// Adds a pattern for all that `change` stands for.
    pub fn add_change(&mut self, pattern: &str) {
        for act in Act::CHANGE {
            self.add(act, pattern);
        }
    }

    /// Adds a program to those that it speaks of.
    pub fn add_process(&mut self, pattern: &str) {
        if !self.process.iter().any(|i| i.text == pattern) {
            self.process.push(Item::new(pattern));
        }
    }

    /// The rule as canonical text.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        crate::write::rule(&mut out, self);
        out
    }

    /// True if it no longer allows anything on that day. A rule that forbids does not expire.
    pub fn is_expired(&self, today: Option<Date>) -> bool {
        !self.deny && matches!((self.expires, today), (Some(last), Some(today)) if today > last)
    }

    /// True if it stands in the profile itself, and not in what that includes.
    pub fn is_own(&self) -> bool {
        self.from.is_none()
    }

    /// True if somebody put a name and a day under it.
    pub fn is_reviewed(&self) -> bool {
        self.reviewed_by.is_some() && self.reviewed_on.is_some()
    }

    /// What a forbidden call returns.
    pub fn errno_or_default(&self) -> i32 {
        self.errno.unwrap_or(crate::errno::EACCES)
    }

    /// The pinned digests.
    pub fn digests(&self) -> impl Iterator<Item = Digest> + '_ {
        self.sha256.iter().filter_map(|i| Digest::from_hex(&i.text))
    }

    /// Number of patterns.
    pub fn patterns(&self) -> usize {
        self.acts.values().map(Vec::len).sum()
    }

    /// Sorts lists and drops repetitions; comments of what is dropped go to what stays.
    pub fn normalise(&mut self) {
        for list in [&mut self.process, &mut self.ancestor, &mut self.sha256].into_iter().chain(self.acts.values_mut())
        {
            list.sort();
            list.dedup_by(|later, first| {
                let same = later.text == first.text;
                if same {
                    first.comment.append(&mut later.comment);
                }
                same
            });
        }
        self.acts.retain(|_, list| !list.is_empty());
    }

    /// The parts that [`Rule::body`] writes, each list without its comments.
    fn said(&self) -> impl Iterator<Item = (u8, &[Item])> {
        let acts = self.acts.iter().map(|(act, list)| (*act as u8, list.as_slice()));
        acts.chain([(100, self.process.as_slice()), (101, &self.ancestor), (102, &self.sha256)])
    }

    /// All that it says but for its name, review, bookkeeping and comments, as one key.
    pub(crate) fn body(&self) -> String {
        let mut bare = self.clone();
        bare.normalise();
        bare.id = String::new();
        bare.comments.clear();
        bare.from = None;
        (bare.why, bare.reviewed_by, bare.reviewed_on, bare.expires, bare.seen) = (None, None, None, None, None);
        let lists = [&mut bare.process, &mut bare.ancestor, &mut bare.sha256].into_iter().chain(bare.acts.values_mut());
        lists.flatten().for_each(|i| i.comment.clear());
        let mut out = String::new();
        crate::write::rule(&mut out, &bare);
        out
    }
}

/// All that a rule says but for its name, review, bookkeeping and comments, to be compared: equal if [`Rule::body`] is. Of rules whose
/// lists are sorted.
struct Said<'r>(&'r Rule);

impl PartialEq for Said<'_> {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.0, other.0);
        let texts =
            |list: &'_ [Item], other: &'_ [Item]| list.iter().map(|i| &i.text).eq(other.iter().map(|i| &i.text));
        (a.deny, a.errno, a.required) == (b.deny, b.errno, b.required)
            && a.acts.len() == b.acts.len()
            && a.said().zip(b.said()).all(|((key, list), (other, others))| key == other && texts(list, others))
    }
}

impl Eq for Said<'_> {}

impl Hash for Said<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0.deny, self.0.errno, self.0.required).hash(state);
        for (key, list) in self.0.said() {
            (key, list.len()).hash(state);
            for item in list {
                item.text.hash(state);
            }
        }
    }
}

/// Two rules, by their places, of which there may be one only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeated {
    pub(crate) first: usize,
    pub(crate) again: usize,
    /// True if they have the same name, false if they say the same.
    pub(crate) by_name: bool,
}

/// The first rule that is called as one before it, or says the same.
pub(crate) fn first_repeated(rules: &[Rule]) -> Option<Repeated> {
    let mut names = HashMap::with_capacity(rules.len());
    let mut said = HashMap::with_capacity(rules.len());
    rules.iter().enumerate().find_map(|(again, rule)| {
        if let Some(first) = names.insert(rule.id.as_str(), again) {
            return Some(Repeated { first, again, by_name: true });
        }
        said.insert(Said(rule), again).map(|first| Repeated { first, again, by_name: false })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rules_say_the_same_where_they_are_written_the_same() {
        let mut rules: Vec<Rule> = Vec::new();
        for shipped in crate::reviewed::Reviewed::all() {
            rules.extend(crate::load::alone(shipped.text()).unwrap().rules);
        }
        let mut changed = Vec::new();
        for rule in &rules {
            let renamed = Rule { id: "other".into(), why: Some("because".into()), ..rule.clone() };
            let widened = Rule { process: Vec::new(), ..rule.clone() };
            let denied = Rule { deny: !rule.deny, ..rule.clone() };
            changed.extend([renamed, widened, denied]);
        }
        for other in rules.iter().chain(&changed) {
            for rule in &rules {
                assert_eq!(Said(rule) == Said(other), rule.body() == other.body(), "{} and {}", rule.id, other.id);
            }
        }
    }
}
