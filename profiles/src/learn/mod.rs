//! From recordings of good runs to a profile that a person can read.
//!
//! Invariant: the profile accepts every recording it was made of; no rule that it makes lets anything be written to the
//! whole workspace, home or system; hosts and secrets are named one by one.

mod build;
mod include;
mod names;
mod reads;
mod tree;

use crate::act::Act;
use crate::decision::{MatchError, Outcome};
use crate::deviation::pattern_of;
use crate::matcher::Matcher;
use crate::need::{Need, Target, needs};
use crate::net::NetPattern;
use crate::process::Processes;
use crate::profile::Profile;
use crate::rule::Seen;
use crate::vars::{Var, Vars};
use sekisho_events::{Event, Header, Kind, Level, NetOp, Outcome as Came};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A path by its variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) foreign: bool,
    pub(crate) var: Option<Var>,
    /// What stands behind the variable: empty, or beginning with `/`.
    pub(crate) rest: Vec<u8>,
}

impl Place {
    fn of(path: &[u8], vars: &Vars) -> Self {
        let (foreign, path) = path.strip_prefix(b"ns:").map_or((false, path), |p| (true, p));
        let (var, rest) = if foreign { (None, path) } else { vars.shorten(path) };
        Self { foreign, var, rest: rest.to_vec() }
    }

    /// The pattern that matches it only.
    pub(crate) fn literal(&self) -> String {
        format!("{}{}", self.root(), crate::glob::Glob::escape(&self.rest))
    }

    /// The part before [`Place::rest`], as a pattern.
    pub(crate) fn root(&self) -> String {
        let scheme = if self.foreign { "ns:" } else { "" };
        self.var.map_or_else(|| scheme.to_owned(), |v| format!("{scheme}${}", v.name()))
    }

    /// The path itself, with the variable's name in place of its value.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let root = self.var.map_or("", Var::name);
        [root.as_bytes(), &self.rest].concat()
    }

    pub(crate) fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.rest.split(|b| *b == b'/').skip(1)
    }
}

/// To what something was done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Thing {
    Path(Place),
    /// A pattern as it stands in a profile.
    Pattern(String),
}

/// What is known of one act on one thing by one program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fact {
    pub(crate) runs: BTreeSet<u32>,
    /// It is a directory that was made.
    pub(crate) made: bool,
    /// It was read before the step had written it.
    pub(crate) input: bool,
}

/// A key of [`Learner`]: act, thing, and the program (`None` before the first one).
pub(crate) type FactKey = (Act, Thing, Option<Place>);

/// Learns from recordings. Call [`Learner::begin`], [`Learner::push`] for every event, then [`Learner::end`], for each.
#[derive(Default)]
pub struct Learner {
    base: Option<Profile>,
    facts: BTreeMap<FactKey, Fact>,
    runs: u32,
    used: HashMap<String, u32>,
    uid: u32,
    level: Option<Level>,
    denied_too: bool,
    include: bool,
    current: Option<Run>,
}

/// One recording while it is read.
struct Run {
    vars: Vars,
    processes: Processes,
    written: HashSet<Vec<u8>>,
    /// Ports that the step itself listens on.
    own_ports: HashSet<u16>,
    matcher: Option<Matcher>,
    used: HashSet<String>,
}

impl Learner {
    /// Learns a profile from nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns only what `profile` does not allow.
    pub fn on(profile: Profile) -> Self {
        Self { base: Some(profile), ..Self::default() }
    }

    /// Learns also what was denied only because no rule spoke of it.
    #[must_use]
    pub fn with_denied(self) -> Self {
        Self { denied_too: true, ..self }
    }

    /// Stands on shipped abstractions for what they allow; has no effect on a base.
    #[must_use]
    pub fn with_include(self) -> Self {
        Self { include: true, ..self }
    }

    /// Begins a recording.
    pub fn begin(&mut self, header: &Header) -> Result<(), MatchError> {
        let vars = Vars::from_header(header);
        let matcher = self.base.as_ref().map(|p| Matcher::new(p, &vars)).transpose()?;
        self.uid = header.uid;
        // Looking at names is not learned, so that a profile never asks for it.
        let level = header.level.min(Level::Files);
        self.level = Some(self.level.map_or(level, |l| l.min(level)));
        self.runs += 1;
        self.current = Some(Run {
            vars,
            processes: Processes::default(),
            written: HashSet::new(),
            own_ports: HashSet::new(),
            matcher,
            used: HashSet::new(),
        });
        Ok(())
    }

    /// Takes the next event.
    pub fn push(&mut self, event: &Event) {
        let Some(mut run) = self.current.take() else { return };
        let made = matches!(&event.kind, Kind::File(a) if a.access == sekisho_events::Access::Mkdir);
        if let Kind::Net(act) = &event.kind
            && act.op == NetOp::Listen
            && act.outcome == Came::Ok
        {
            run.own_ports.extend(act.port);
        }
        let kind = match &event.kind {
            Kind::Denied(denied) if self.denied_too && denied.rule == "default" => &*denied.would,
            kind => kind,
        };
        needs(kind, &mut |need| self.learn(&mut run, event, &need, made));
        run.processes.observe(event);
        if let Some(matcher) = &mut run.matcher {
            matcher.observe(event);
        }
        self.current = Some(run);
    }

    fn learn(&mut self, run: &mut Run, event: &Event, need: &Need<'_>, made: bool) {
        let fresh = match &need.target {
            Target::Path(path) if need.act == Act::Read => !run.written.contains(&**path),
            Target::Path(path) if need.act.is_change() && need.act != Act::Attributes => {
                run.written.insert(path.to_vec());
                false
            }
            _ => false,
        };
        if is_ordinary(need) || allowed(run, event, need) {
            return;
        }
        let who = run.processes.image(event.process).map(|i| Place::of(i.path.as_bytes(), &run.vars));
        let Some(thing) = thing(run, need) else { return };
        // The ELF interpreter is read, not chosen; every other file before the program is a program too.
        let act = if need.or.is_some() && is_loader(need) { Act::Read } else { need.act };
        let fact = self.facts.entry((act, thing, who)).or_default();
        fact.runs.insert(self.runs);
        fact.made |= made;
        fact.input |= fresh;
    }

    /// Ends a recording.
    pub fn end(&mut self) {
        if let Some(run) = self.current.take() {
            for rule in run.used {
                *self.used.entry(rule).or_default() += 1;
            }
        }
    }

    /// The profile that accepts all that was learned; on a base, the base with what was new.
    pub fn finish(mut self, name: &str) -> Profile {
        self.end();
        // What a profile does not let be read although it speaks of reading was left out by somebody.
        let reads = |p: &Profile| p.rules.iter().any(|r| r.is_own() && !r.deny && r.acts.contains_key(&Act::Read));
        let narrow = self.base.as_ref().is_some_and(reads);
        let mut profile = self.base.take().unwrap_or_else(|| {
            let mut profile = Profile::default();
            name.clone_into(&mut profile.meta.name);
            profile.meta.level = self.level;
            if self.include {
                include::include(&mut profile, &mut self.facts, self.uid);
            }
            profile
        });
        for rule in profile.rules.iter_mut().filter(|r| r.is_own()) {
            let seen = rule.seen.unwrap_or(Seen { n: 0, of: profile.meta.recordings.unwrap_or(0) });
            let used = self.used.get(&rule.id).copied().unwrap_or(0);
            rule.seen = Some(Seen { n: seen.n + used, of: seen.of + self.runs });
        }
        let before = profile.meta.recordings.unwrap_or(0);
        profile.meta.recordings = Some(before + self.runs);
        for (mut rule, runs) in build::rules(&self.facts, self.runs, self.uid, narrow) {
            rule.seen = (runs > 0).then_some(Seen { n: runs, of: before + self.runs });
            profile.insert(rule);
        }
        profile.normalise();
        profile
    }
}

/// True for what every profile leaves alone.
fn is_ordinary(need: &Need<'_>) -> bool {
    match &need.target {
        Target::Word(call) if need.act == Act::Refused => crate::profile::EXPECTED_REFUSALS.contains(&&**call),
        _ => matches!(need.act, Act::List | Act::Stat),
    }
}

/// True if the base allows it, or forbids it: what is forbidden is not learned away.
fn allowed(run: &mut Run, event: &Event, need: &Need<'_>) -> bool {
    let Some(matcher) = &mut run.matcher else { return false };
    let decision = matcher.decide(event.process, need).clone();
    let ids: Vec<String> = decision.matched.iter().map(|r| matcher.id(*r).to_string()).collect();
    run.used.extend(ids);
    decision.outcome != Outcome::Unlisted
}

fn is_loader(need: &Need<'_>) -> bool {
    let Target::Path(path) = &need.target else { return false };
    let name = path.rsplit(|b| *b == b'/').next().unwrap_or(b"");
    name.starts_with(b"ld-") || name.starts_with(b"ld.so") || name.starts_with(b"ld64.so")
}

fn thing(run: &Run, need: &Need<'_>) -> Option<Thing> {
    if let Target::Path(path) = &need.target {
        // A name that could not be learned is none that a rule can say.
        if !path.strip_prefix(b"ns:").unwrap_or(path).starts_with(b"/") {
            return None;
        }
        return Some(Thing::Path(Place::of(path, &run.vars)));
    }
    let mut pattern = crate::suggest::pattern(need, &run.vars)?;
    if let Target::Net(act) = &need.target
        && let Some(address) = act.address.filter(std::net::IpAddr::is_loopback)
        && act
            .port
            .is_some_and(|p| p == 0 || run.own_ports.contains(&p) && p >= 1024 || need.act == Act::Listen && p >= 32768)
    {
        // The kernel chose the port of a server that the step runs for itself.
        let text = NetPattern::exact(act).to_string();
        let host = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        pattern = text.rsplit_once('/').map_or(pattern, |(_, protocol)| format!("{host}:*/{protocol}"));
    }
    if let Target::Net(act) = &need.target
        && act.protocol == "unix"
        && let Some(path) = act.path.as_ref().map(sekisho_events::PathBytes::as_bytes).filter(|p| p.starts_with(b"/"))
    {
        pattern = format!("unix:{}", socket_pattern(path, &run.vars));
    }
    Some(Thing::Pattern(pattern))
}

/// The pattern of a socket file: random names stay open where they are temporary.
fn socket_pattern(path: &[u8], vars: &Vars) -> String {
    let place = Place::of(path, vars);
    if place.var != Some(Var::Tmp) {
        return pattern_of(path, vars);
    }
    let parts: Vec<Cow<'_, str>> = place.components().map(|c| Cow::Owned(names::open(c, true))).collect();
    format!("{}/{}", place.root(), parts.join("/"))
}

/// A path with its variable and with random parts left open: what two runs have in common.
pub(crate) fn open_path(path: &[u8], vars: &Vars) -> String {
    let place = Place::of(path, vars);
    let anywhere = place.var == Some(Var::Tmp);
    let number = |c: &[u8]| place.rest.starts_with(b"/proc/") && !c.is_empty() && c.iter().all(u8::is_ascii_digit);
    let open = |c: &[u8]| if number(c) { "[0-9]*".to_owned() } else { names::open(c, anywhere) };
    let parts = names::open_all(place.components(), open);
    if parts.is_empty() { place.root() } else { format!("{}/{}", place.root(), parts.join("/")) }
}
