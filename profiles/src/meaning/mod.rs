//! A profile against another: what became possible and what no longer is, each with a witness that both were asked about.
//!
//! The rules that both have do not count. For every other one, each kind of act that it speaks of is made, by each kind of
//! program, and both profiles judge it as they would judge a recording.
mod actors;
mod report;
mod settings;
mod targets;

use crate::act::Act;
use crate::classes::TooManyClasses;
use crate::date::Date;
use crate::decision::{Decision, MatchError, Outcome};
use crate::deviation::{Severity, severity, what};
use crate::matcher::Matcher;
use crate::need::Need;
use crate::profile::Profile;
use crate::rule::Rule;
use crate::vars::Vars;
use actors::{Who, actors};
use sekisho_events::Digest;
pub use settings::{Direction, Setting};
use std::collections::{BTreeMap, BTreeSet};
use targets::{Owned, targets};

/// Why two profiles cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MeaningError {
    /// One of them cannot be used.
    #[error(transparent)]
    Match(#[from] MatchError),
    /// There is too much to try.
    #[error(transparent)]
    TooMany(#[from] TooManyClasses),
}

/// Which rule makes the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A rule that allows it, which the other profile does not have so.
    Allows,
    /// A rule of the other profile that forbids it.
    Forbids,
}

/// An act that the two profiles judge differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The program that acts; `None` before the first one. Variables stand for themselves.
    pub program: Option<String>,
    /// What ran above it, where that matters.
    pub above: Vec<String>,
    /// The act, as `explain` takes it.
    pub what: String,
    /// What the profile that does not allow it says.
    pub why: String,
}

/// Acts that one profile allows and the other does not, all by one pattern of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The rule that makes the difference.
    pub rule: String,
    /// How it makes it.
    pub cause: Cause,
    /// Its pattern.
    pub pattern: String,
    /// The acts.
    pub acts: BTreeSet<Act>,
    /// The programs, as the rule names them; empty: every program.
    pub programs: BTreeSet<String>,
    /// How much it matters.
    pub severity: Severity,
    /// One such act.
    pub witness: Witness,
}

/// What differs in meaning between two profiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meaning {
    /// What only the second allows, what matters most first.
    pub possible: Vec<Change>,
    /// What only the first allows.
    pub impossible: Vec<Change>,
    /// What else changes how a step is judged.
    pub settings: Vec<Setting>,
}

impl Meaning {
    /// Compares two profiles as they stand on a day.
    pub fn compare(before: &Profile, after: &Profile, today: Option<Date>) -> Result<Self, MeaningError> {
        let mut found = Found::default();
        for vars in &layouts() {
            let sides = Sides::new(before, after, today);
            compare(&sides, vars, today, &mut found)?;
        }
        let mut meaning = Self { settings: settings::settings(before, after, today), ..Self::default() };
        for ((possible, ..), change) in found {
            if possible { meaning.possible.push(change) } else { meaning.impossible.push(change) }
        }
        let key = |c: &Change| (std::cmp::Reverse(c.severity), c.rule.clone(), c.pattern.clone());
        meaning.possible.sort_by_key(key);
        meaning.impossible.sort_by_key(key);
        settings::without_effect(before, after, &mut meaning);
        Ok(meaning)
    }

    /// True if both say the same.
    pub fn is_same(&self) -> bool {
        self.possible.is_empty() && self.impossible.is_empty() && self.settings.is_empty()
    }
}

/// The variables as places of their own, and with the workspace and the temporary directory in the home: a rule for the one may
/// be one for the other.
fn layouts() -> [Vars; 2] {
    let uid = u32::MAX - 1;
    [
        Vars::new(Some(b"/\x01/WORKSPACE"), Some(b"/\x01/HOME"), Some(b"/\x01/TMP"), uid),
        Vars::new(Some(b"/\x01/HOME/\x01/WORKSPACE"), Some(b"/\x01/HOME"), Some(b"/\x01/HOME/\x01/TMP"), uid),
    ]
}

/// Both profiles, and which of their rules the other does not have.
struct Sides<'p> {
    profiles: [&'p Profile; 2],
    differs: [Vec<bool>; 2],
}

impl<'p> Sides<'p> {
    fn new(before: &'p Profile, after: &'p Profile, today: Option<Date>) -> Self {
        let profiles = [before, after];
        let key = |p: &Profile, r: &Rule| (r.body(), lapsed(p, r, today));
        let keys = profiles.map(|p| p.rules.iter().map(|r| key(p, r)).collect::<Vec<_>>());
        let differs = [0, 1].map(|side| {
            let other: BTreeSet<_> = keys[1 - side].iter().collect();
            keys[side].iter().map(|k| !other.contains(k)).collect()
        });
        Self { profiles, differs }
    }

    fn differs(&self, side: usize, rule: usize) -> bool {
        self.differs[side][rule]
    }

    /// All rules: which side, number, rule.
    fn rules(&self) -> impl Iterator<Item = (usize, usize, &'p Rule)> + '_ {
        (0..2).flat_map(|side| self.profiles[side].rules.iter().enumerate().map(move |(n, rule)| (side, n, rule)))
    }
}

/// True if a rule allows nothing on that day.
fn lapsed(profile: &Profile, rule: &Rule, today: Option<Date>) -> bool {
    rule.is_expired(today) || profile.meta.require_review && !rule.deny && !rule.is_reviewed()
}

/// By direction, rule, cause and pattern.
type Found = BTreeMap<(bool, String, Cause, String), Change>;

fn compare(sides: &Sides<'_>, vars: &Vars, today: Option<Date>, found: &mut Found) -> Result<(), MeaningError> {
    if !sides.differs.iter().flatten().any(|d| *d) {
        return Ok(());
    }
    let mut matchers = [Matcher::on(sides.profiles[0], vars, today)?, Matcher::on(sides.profiles[1], vars, today)?];
    let everybody = actors(sides, vars)?;
    for who in &everybody {
        for matcher in &mut matchers {
            who.enter(matcher);
        }
    }
    let metadata = sides.profiles[0].meta.judge_metadata == sides.profiles[1].meta.judge_metadata;
    for act in Act::ALL.into_iter().filter(|a| metadata || !matches!(a, Act::List | Act::Stat)) {
        for target in targets(act, sides, vars)? {
            let speaking = speaking(sides, act, &target, vars);
            for who in &everybody {
                if !speaking.iter().any(|(side, rule)| matchers[*side].speaks(who.process, *rule)) {
                    continue;
                }
                for sha256 in digests(sides, act) {
                    let need = Need { act, or: None, target: target.target(), sha256, by_descriptor: false };
                    let decisions = [0, 1].map(|side| matchers[side].decide(who.process, &need).clone());
                    let difference = Difference { sides, vars, who, need: &need, target: &target };
                    difference.take([&decisions[0], &decisions[1]], found);
                }
            }
        }
    }
    Ok(())
}

/// Rules that differ and have a pattern for this.
fn speaking(sides: &Sides<'_>, act: Act, target: &Owned, vars: &Vars) -> Vec<(usize, u32)> {
    let hits = |rule: &Rule| rule.acts.get(&act).into_iter().flatten().any(|i| target.is_matched(act, &i.text, vars));
    let differing = sides.rules().filter(|(side, n, _)| sides.differs(*side, *n));
    differing.filter(|(_, _, rule)| hits(rule)).map(|(side, n, _)| (side, n as u32)).collect()
}

/// Digests that rules pin, and one that none does; for what is run only.
fn digests(sides: &Sides<'_>, act: Act) -> BTreeSet<Option<Digest>> {
    if act != Act::Exec {
        return BTreeSet::from([None]);
    }
    let pinned = sides.rules().flat_map(|(_, _, rule)| rule.digests()).map(Some);
    pinned.chain([Some(Digest::of(b"an image that nobody pinned"))]).collect()
}

/// One act, asked of both.
struct Difference<'a> {
    sides: &'a Sides<'a>,
    vars: &'a Vars,
    who: &'a Who,
    need: &'a Need<'a>,
    target: &'a Owned,
}

impl Difference<'_> {
    /// Keeps it if only one of them allows it.
    fn take(&self, decisions: [&Decision; 2], found: &mut Found) {
        let allowed = |d: &Decision| !matches!(d.outcome, Outcome::Denied(_) | Outcome::Unlisted);
        let yes = match decisions.map(allowed) {
            [true, false] => 0,
            [false, true] => 1,
            _ => return,
        };
        let Some((cause, rule)) = self.cause(yes, decisions) else { return };
        let item = rule.acts.get(&self.need.act).into_iter().flatten();
        let pattern = item.map(|i| &i.text).find(|t| self.target.is_matched(self.need.act, t, self.vars));
        let Some(pattern) = pattern else { return };
        let change = found.entry((yes == 1, rule.id.clone(), cause, pattern.clone())).or_insert_with(|| Change {
            rule: rule.id.clone(),
            cause,
            pattern: pattern.clone(),
            acts: BTreeSet::new(),
            programs: BTreeSet::new(),
            severity: Severity::Low,
            witness: self.witness(1 - yes, decisions[1 - yes]),
        });
        change.acts.insert(self.need.act);
        change.severity = change.severity.max(severity(self.need, self.vars));
        if let Some(program) = self.who.program.as_ref() {
            let of = rule.process.iter().map(|i| &i.text);
            let named = of.filter(|t| Owned::Path(program.clone()).is_matched(Act::Exec, t, self.vars));
            change.programs.extend(named.cloned());
        }
    }

    /// The rule by which they differ.
    fn cause(&self, yes: usize, decisions: [&Decision; 2]) -> Option<(Cause, &Rule)> {
        let rule = |side: usize, n: u32| &self.sides.profiles[side].rules[n as usize];
        let allows = decisions[yes].matched.iter().find(|n| self.sides.differs(yes, **n as usize));
        match (allows, decisions[1 - yes].outcome) {
            (Some(n), _) => Some((Cause::Allows, rule(yes, *n))),
            (None, Outcome::Denied(n)) => Some((Cause::Forbids, rule(1 - yes, n))),
            (None, _) => decisions[yes].matched.first().map(|n| (Cause::Allows, rule(yes, *n))),
        }
    }

    fn witness(&self, no: usize, decision: &Decision) -> Witness {
        let shown = |path: &[u8]| crate::deviation::show_path(path, self.vars);
        let id = |n: u32| &self.sides.profiles[no].rules[n as usize].id;
        let why = match decision {
            Decision { outcome: Outcome::Denied(n), .. } => format!("rule {} forbids it", id(*n)),
            Decision { other_digest: Some(n), .. } => format!("rule {} pins another digest", id(*n)),
            Decision { lapsed: Some(n), .. } => format!("rule {} has expired, or nobody reviewed it", id(*n)),
            Decision { unnamed: Some(n), .. } => format!("it is a secret, which rule {} does not name", id(*n)),
            _ => "no rule lists it".to_owned(),
        };
        Witness {
            program: self.who.program.as_deref().map(shown),
            above: self.who.above.iter().map(|p| shown(p)).collect(),
            what: what(self.need, self.vars),
            why,
        }
    }
}
