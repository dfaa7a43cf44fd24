//! Judging one act by a profile: deny over allow, and what nothing allows is unlisted.
use crate::act::{Act, PatternKind};
use crate::class::{Class, RuleSet};
use crate::date::Date;
use crate::decision::{Decision, MatchError, Outcome, Verdict, weight};
use crate::glob::Glob;
use crate::index::Index;
use crate::memo::{Key, Known, Memo};
use crate::need::{Need, Target, needs};
use crate::net::{BoundNet, NamePattern, NetPattern};
use crate::process::{Image, Processes};
use crate::profile::Profile;
use crate::sensitive::secret;
use crate::vars::Vars;
use sekisho_events::{Digest, Event, Kind, ProcessId};
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Debug)]
struct Compiled {
    id: Arc<str>,
    errno: i32,
    deny: bool,
    acts: u32,
    lapsed: bool,
    anybody: bool,
    needs_above: bool,
    digests: Vec<Digest>,
}

#[derive(Clone, Copy, Debug)]
enum Who {
    Process(u32),
    Ancestor(u32),
}

/// A profile made ready for one recording.
#[derive(Debug)]
pub struct Matcher {
    rules: Vec<Compiled>,
    who: Index<Who>,
    paths: Index<(u32, u32)>,
    nets: Vec<(u32, u32, BoundNet)>,
    names: Vec<(u32, NamePattern)>,
    delegates: Index<u32>,
    words: HashMap<(Act, Vec<u8>), Vec<u32>>,
    expected: Vec<String>,
    judge_metadata: bool,
    processes: Processes,
    classes: Vec<Class>,
    class_numbers: HashMap<Class, u32>,
    running: HashMap<ProcessId, u32>,
    steps: HashMap<Step, u32>,
    /// The process of the last act, and its class: most acts are of the same as the one before.
    last: Option<(ProcessId, u32)>,
    memo: Memo,
}

/// Class and program before an exec, and the program that it runs.
type Step = (u32, Option<Vec<u8>>, Vec<u8>);

/// Steps from class to class kept before they begin anew.
const MAX_STEPS: usize = 1 << 10;
/// Sets of rules kept before they begin anew; far more than a build has.
const MAX_CLASSES: usize = 1 << 14;

impl Matcher {
    /// Compiles a profile; rules do not expire.
    pub fn new(profile: &Profile, vars: &Vars) -> Result<Self, MatchError> {
        Self::on(profile, vars, None)
    }

    /// Compiles a profile as it stands on a day: rules that have expired allow nothing.
    pub fn on(profile: &Profile, vars: &Vars, today: Option<Date>) -> Result<Self, MatchError> {
        let expected = profile.meta.refused.as_ref().map_or_else(
            || crate::profile::EXPECTED_REFUSALS.iter().map(ToString::to_string).collect(),
            |list| list.iter().map(|i| i.text.clone()).collect(),
        );
        let mut matcher = Self {
            rules: Vec::with_capacity(profile.rules.len()),
            who: Index::default(),
            paths: Index::default(),
            nets: Vec::new(),
            names: Vec::new(),
            delegates: Index::default(),
            words: HashMap::new(),
            expected,
            judge_metadata: profile.meta.judge_metadata,
            processes: Processes::default(),
            classes: vec![Class::default()],
            class_numbers: HashMap::from([(Class::default(), 0)]),
            running: HashMap::new(),
            steps: HashMap::new(),
            last: None,
            memo: Memo::default(),
        };
        for (number, rule) in profile.rules.iter().enumerate() {
            matcher.rules.push(Compiled {
                id: rule.id.as_str().into(),
                errno: rule.errno_or_default(),
                deny: rule.deny,
                acts: rule.acts.keys().fold(0, |all, act| all | act.bit()),
                lapsed: rule.is_expired(today) || profile.meta.require_review && !rule.deny && !rule.is_reviewed(),
                anybody: rule.process.is_empty(),
                needs_above: !rule.ancestor.is_empty(),
                digests: rule.digests().collect(),
            });
            matcher
                .compile(number as u32, rule, vars)
                .map_err(|key| MatchError::BadPattern { rule: rule.id.clone(), key })?;
        }
        Ok(matcher)
    }

    fn compile(&mut self, number: u32, rule: &crate::rule::Rule, vars: &Vars) -> Result<(), &'static str> {
        for (key, list) in [("process", &rule.process), ("ancestor", &rule.ancestor)] {
            for item in list {
                if let Some(pattern) = Glob::parse(&item.text).map_err(|_| key)?.bind(vars) {
                    let who = if key == "process" { Who::Process(number) } else { Who::Ancestor(number) };
                    self.who.insert(pattern, who);
                }
            }
        }
        let mut masks: Vec<(&str, u32)> = Vec::new();
        for (act, list) in &rule.acts {
            for item in list {
                match act.pattern_kind() {
                    PatternKind::Path => match masks.iter_mut().find(|(text, _)| *text == item.text) {
                        Some((_, mask)) => *mask |= act.bit(),
                        None => masks.push((&item.text, act.bit())),
                    },
                    PatternKind::Net => {
                        if let Some(net) = NetPattern::parse(&item.text).map_err(|_| act.key())?.bind(vars) {
                            self.nets.push((number, act.bit(), net));
                        }
                    }
                    PatternKind::Name => {
                        self.names.push((number, NamePattern::parse(&item.text).map_err(|_| act.key())?));
                    }
                    PatternKind::Delegate => self.compile_delegate(number, &item.text, vars).ok_or(act.key())?,
                    PatternKind::Word => {
                        self.words.entry((*act, item.text.clone().into_bytes())).or_default().push(number);
                    }
                }
            }
        }
        for (text, mask) in masks {
            if let Some(pattern) = Glob::parse(text).map_err(|_| "path")?.bind(vars) {
                self.paths.insert(pattern, (number, mask));
            }
        }
        Ok(())
    }

    /// `unix:` and `fifo:` with a path pattern behind, looked up as `/unix/…`; all else is literal.
    fn compile_delegate(&mut self, number: u32, text: &str, vars: &Vars) -> Option<()> {
        match text.split_once(':') {
            Some((scheme @ ("unix" | "fifo"), rest)) if !rest.starts_with('@') => {
                if let Some(pattern) = Glob::parse(rest).ok()?.bind(vars) {
                    self.delegates.insert(pattern.below(format!("{scheme}:").as_bytes()), number);
                }
            }
            _ => self.words.entry((Act::Delegate, text.as_bytes().to_vec())).or_default().push(number),
        }
        Some(())
    }

    /// Hears of an event, in order, so that it knows who runs what.
    pub fn observe(&mut self, event: &Event) {
        if !matches!(event.kind, Kind::Spawn { .. } | Kind::Exec(_) | Kind::Exit(_)) {
            return;
        }
        self.last = None;
        match &event.kind {
            Kind::Spawn { parent, .. } => {
                let class = self.class(*parent);
                self.running.insert(event.process, class);
            }
            Kind::Exec(exec) if exec.outcome.is_effect() => {
                let before = self.processes.image(event.process).map(|i| i.path.as_bytes().to_vec());
                let class = self.class_behind(event.process, before, exec.path.as_bytes());
                self.running.insert(event.process, class);
            }
            Kind::Exit(_) => {
                self.running.remove(&event.process);
            }
            _ => {}
        }
        self.processes.observe(event);
    }

    /// What a process runs.
    pub fn image(&self, process: ProcessId) -> Option<&Arc<Image>> {
        self.processes.image(process)
    }

    /// The id of a rule, by its number in the profile.
    pub(crate) fn id(&self, rule: u32) -> Arc<str> {
        self.rules[rule as usize].id.clone()
    }

    /// True if this rule, by its number, speaks of what a process runs.
    pub(crate) fn speaks(&self, process: ProcessId, rule: u32) -> bool {
        let compiled = &self.rules[rule as usize];
        let class = &self.classes[self.class(process) as usize];
        compiled.anybody && !compiled.needs_above || class.rules.contains(rule)
    }

    /// The first rule that allows a process an act at all, to whatever; one that speaks of it before one for everybody.
    pub(crate) fn rule_for(&self, process: ProcessId, act: Act) -> Option<Arc<str>> {
        let class = &self.classes[self.class(process) as usize];
        let speaks = |(number, rule): &(usize, &Compiled)| {
            !rule.deny
                && !rule.lapsed
                && rule.acts & act.bit() != 0
                && (rule.anybody && !rule.needs_above || class.rules.contains(*number as u32))
        };
        let first = self.rules.iter().enumerate().filter(speaks).min_by_key(|(_, rule)| rule.anybody);
        first.map(|(_, rule)| rule.id.clone())
    }

    fn class(&self, process: ProcessId) -> u32 {
        self.running.get(&process).copied().unwrap_or(0)
    }

    /// The class of a process that ran `before` and now runs `path`. Found once for each such step, as a hundred compilers of
    /// one make take the same one, and the patterns of ten thousand rules may have to be tried for it.
    fn class_behind(&mut self, process: ProcessId, before: Option<Vec<u8>>, path: &[u8]) -> u32 {
        let old = self.class(process);
        let key = (old, before, path.to_vec());
        if let Some(number) = self.steps.get(&key) {
            return *number;
        }
        let number = self.class_of(old, key.1.as_deref(), path);
        if self.steps.len() >= MAX_STEPS {
            self.steps.clear();
        }
        // When classes were numbered anew, the key may speak of another one.
        if self.class(process) == old {
            self.steps.insert(key, number);
        }
        number
    }

    /// The class of a process that ran `before` in the class `old` and now runs `path`.
    fn class_of(&mut self, old: u32, before: Option<&[u8]>, path: &[u8]) -> u32 {
        let mut above = self.classes[old as usize].above.clone();
        if let Some(before) = before {
            self.who.find(before, |_, who| {
                if let Who::Ancestor(rule) = who {
                    above.push(*rule);
                }
            });
            above.sort_unstable();
            above.dedup();
        }
        let mut rules = Vec::new();
        self.who.find(path, |_, who| {
            if let Who::Process(rule) = who {
                rules.push(*rule);
            }
        });
        rules.retain(|r| !self.rules[*r as usize].needs_above || above.binary_search(r).is_ok());
        rules.extend(above.iter().filter(|r| self.rules[**r as usize].anybody));
        let class = Class { rules: RuleSet::new(rules), above };
        if let Some(number) = self.class_numbers.get(&class) {
            return *number;
        }
        if self.classes.len() >= MAX_CLASSES {
            self.compact();
        }
        let number = self.classes.len() as u32;
        self.classes.push(class.clone());
        self.class_numbers.insert(class, number);
        number
    }

    /// Forgets classes that no live process has.
    fn compact(&mut self) {
        let old = std::mem::replace(&mut self.classes, vec![Class::default()]);
        self.class_numbers = HashMap::from([(Class::default(), 0)]);
        self.memo.clear();
        self.last = None;
        self.steps.clear();
        for number in self.running.values_mut() {
            let class = &old[*number as usize];
            *number = *self.class_numbers.entry(class.clone()).or_insert_with(|| {
                self.classes.push(class.clone());
                (self.classes.len() - 1) as u32
            });
        }
    }

    /// Judges an act of a process before it happens. A pinned digest that is not known yet is left to the comparison.
    pub fn judge(&mut self, process: ProcessId, kind: &Kind) -> Verdict {
        let class = self.class_of_last(process);
        let mut verdict = Verdict::NotJudged;
        needs(kind, &mut |need| {
            let next = match self.decide_class(class, &need, false).outcome {
                Outcome::Allowed(rule) => Verdict::Allowed { rule: self.id(rule) },
                Outcome::Denied(rule) => {
                    Verdict::Denied { rule: self.id(rule), errno: self.rules[rule as usize].errno }
                }
                Outcome::Expected => Verdict::Allowed { rule: "(expected refusal)".into() },
                Outcome::Unlisted => Verdict::Unlisted,
                Outcome::NotJudged => Verdict::NotJudged,
            };
            if weight(&next) > weight(&verdict) {
                verdict = next;
            }
        });
        verdict
    }

    /// All that the profile says to one need of a process.
    pub(crate) fn decide(&mut self, process: ProcessId, need: &Need<'_>) -> &Decision {
        let class = self.class_of_last(process);
        self.decide_class(class, need, true)
    }

    fn class_of_last(&mut self, process: ProcessId) -> u32 {
        if let Some((last, class)) = self.last
            && last == process
        {
            return class;
        }
        let class = self.class(process);
        self.last = Some((process, class));
        class
    }

    fn decide_class(&mut self, class: u32, need: &Need<'_>, strict: bool) -> &Decision {
        let key = match &need.target {
            Target::Path(path) if need.act != Act::Exec => Some(Key { class, act: need.act.bit(), path }),
            _ => None,
        };
        let known = key.map_or(Known::New, |key| self.memo.look(key));
        if let Known::Decided(slot) = known {
            return self.memo.decided(slot);
        }
        let mut decision = self.memo.blank();
        self.evaluate(class, need, strict, &mut decision);
        match (known, key) {
            (Known::Again(place), Some(key)) => self.memo.keep(place, key, decision),
            _ => self.memo.pass(decision),
        }
    }

    /// Decides, in an empty decision.
    fn evaluate(&self, class: u32, need: &Need<'_>, strict: bool, decision: &mut Decision) {
        let mut found = Found { matcher: self, class: &self.classes[class as usize], decision };
        let mask = need.act.bit() | need.or.map_or(0, Act::bit);
        match &need.target {
            Target::Path(path) => {
                let mut lies_in = None;
                self.paths.find(path, |pattern, (rule, acts)| {
                    if acts & mask == 0 {
                        return;
                    }
                    let secret = *lies_in.get_or_insert_with(|| secret(path));
                    let named = secret.is_none_or(|s| pattern.names(s.component));
                    let known = strict || need.sha256.is_some();
                    let pinned = known && acts & Act::Exec.bit() & mask != 0;
                    let digest = if pinned { Pin::Is(need.sha256) } else { Pin::Free };
                    found.take(*rule, named, digest);
                });
            }
            Target::Net(act) => {
                for (rule, acts, net) in &self.nets {
                    if acts & mask != 0 && net.matches(act) {
                        found.take(*rule, true, Pin::Free);
                    }
                }
            }
            Target::Name(name) => {
                for (rule, pattern) in &self.names {
                    if pattern.matches(name) {
                        found.take(*rule, true, Pin::Free);
                    }
                }
            }
            Target::Delegate(to) => {
                self.delegates.find(to, |_, rule| found.take(*rule, true, Pin::Free));
                found.take_words(Act::Delegate, to);
            }
            Target::Word(word) => found.take_words(need.act, word.as_bytes()),
        }
        if decision.matched.len() > 1 {
            decision.matched.sort_unstable();
            decision.matched.dedup();
        }
        if decision.outcome == Outcome::Unlisted {
            decision.outcome = self.unlisted(need);
        }
    }

    fn unlisted(&self, need: &Need<'_>) -> Outcome {
        match (need.act, &need.target) {
            (Act::List | Act::Stat, _) if !self.judge_metadata => Outcome::NotJudged,
            (Act::Refused, Target::Word(call)) if self.expected.iter().any(|e| e == call) => Outcome::Expected,
            _ => Outcome::Unlisted,
        }
    }
}

/// Whether pinned digests count, and what the image's is.
#[derive(Clone, Copy)]
enum Pin {
    Free,
    Is(Option<Digest>),
}

struct Found<'m> {
    matcher: &'m Matcher,
    class: &'m Class,
    decision: &'m mut Decision,
}

impl Found<'_> {
    fn take_words(&mut self, act: Act, word: &[u8]) {
        let matcher = self.matcher;
        for rule in matcher.words.get(&(act, word.to_vec())).into_iter().flatten() {
            self.take(*rule, true, Pin::Free);
        }
    }

    /// A rule whose pattern matches. `named` is false for a secret that the pattern does not name; `digest` is that of an
    /// image, where pins count.
    fn take(&mut self, number: u32, named: bool, digest: Pin) {
        let rule = &self.matcher.rules[number as usize];
        let speaks_of_all = rule.anybody && !rule.needs_above;
        if !speaks_of_all && !self.class.rules.contains(number) {
            return;
        }
        let pinned_away = match digest {
            Pin::Is(digest) => !rule.digests.is_empty() && digest.is_none_or(|d| !rule.digests.contains(&d)),
            Pin::Free => false,
        };
        let decision = &mut *self.decision;
        if rule.deny {
            if pinned_away {
                return;
            }
            decision.matched.push(number);
            let first = if let Outcome::Denied(first) = decision.outcome { first.min(number) } else { number };
            decision.outcome = Outcome::Denied(first);
        } else if pinned_away {
            decision.other_digest = Some(decision.other_digest.map_or(number, |n| n.min(number)));
        } else if !named {
            decision.unnamed = Some(decision.unnamed.map_or(number, |n| n.min(number)));
        } else if rule.lapsed {
            decision.lapsed = Some(decision.lapsed.map_or(number, |n| n.min(number)));
        } else {
            decision.matched.push(number);
            decision.outcome = match decision.outcome {
                Outcome::Denied(first) => Outcome::Denied(first),
                Outcome::Allowed(first) => Outcome::Allowed(first.min(number)),
                _ => Outcome::Allowed(number),
            };
        }
    }
}
