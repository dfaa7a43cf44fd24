//! A recording against a profile, event by event, in bounded memory.
use crate::act::Act;
use crate::date::Date;
use crate::decision::{Decision, MatchError, Outcome};
use crate::delegation::{self, Acted};
use crate::deviation::{Actor, Deviation, MAX_SEQ, Severity, secret_in, severity, what};
use crate::matcher::Matcher;
use crate::need::{Need, needs};
use crate::origin::Origin;
use crate::profile::Profile;
use crate::report::{DiffReport, GapLine};
use crate::suggest;
use crate::vars::Vars;
use sekisho_events::{Denied, Digest, Event, Kind, Level, Mode, PathBytes, ProcessId, Trailer};
use std::collections::HashMap;

/// Distinct deviations that are kept; more are counted.
const MAX_DEVIATIONS: usize = 10_000;
/// Distinct gaps that are kept; more are counted.
const MAX_GAPS: usize = 1000;

/// What a diff needs to know beside profile and events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiffOptions {
    /// The day on which it is judged; `None`: no rule expires.
    pub today: Option<Date>,
    /// The mode that was in force.
    pub mode: Mode,
    /// How the profile is called in the report.
    pub profile_path: String,
    /// Digest of the profile's text.
    pub profile_sha256: Option<Digest>,
    /// Where its text stands in version control.
    pub origin: Option<Origin>,
    /// How much the recording watched; `None`: as much as the profile demands.
    pub level: Option<Level>,
}

type Key = (&'static str, Vec<u8>, String);

/// Compares events with a profile.
pub struct Differ {
    profile: Profile,
    vars: Vars,
    options: DiffOptions,
    matcher: Matcher,
    used: Vec<bool>,
    deviations: Vec<Deviation>,
    known: HashMap<Key, usize>,
    /// Place of the deviation that was last found or repeated; `None`: it was too many.
    latest: Option<usize>,
    acted: Acted,
    omitted: u64,
    events: u64,
    deviating: u64,
    gaps: HashMap<(&'static str, String), u64>,
    gap_count: u64,
}

impl Differ {
    /// Begins a comparison.
    pub fn new(profile: &Profile, vars: &Vars, options: DiffOptions) -> Result<Self, MatchError> {
        Ok(Self {
            matcher: Matcher::on(profile, vars, options.today)?,
            used: vec![false; profile.rules.len()],
            profile: profile.clone(),
            vars: vars.clone(),
            options,
            deviations: Vec::new(),
            known: HashMap::new(),
            latest: None,
            acted: Acted::default(),
            omitted: 0,
            events: 0,
            deviating: 0,
            gaps: HashMap::new(),
            gap_count: 0,
        })
    }

    /// Takes the next event.
    pub fn push(&mut self, event: &Event) {
        let times = event.times.unwrap_or(1);
        self.events += times;
        let deviates = match &event.kind {
            Kind::Gap(gap) => {
                self.gap_count += times;
                let key = (gap.why.name(), gap.detail.clone());
                if self.gaps.len() < MAX_GAPS || self.gaps.contains_key(&key) {
                    *self.gaps.entry(key).or_default() += times;
                }
                false
            }
            Kind::Denied(denied) => {
                self.push_denied(event, denied);
                true
            }
            kind => self.push_kind(event, kind),
        };
        if deviates {
            self.deviating += times;
        }
        self.matcher.observe(event);
    }

    /// How many distinct deviations were found so far.
    pub fn found(&self) -> usize {
        self.deviations.len()
    }

    fn push_kind(&mut self, event: &Event, kind: &Kind) -> bool {
        let mut deviates = false;
        needs(kind, &mut |need| {
            let decision = self.matcher.decide(event.process, &need);
            for rule in &decision.matched {
                self.used[*rule as usize] = true;
            }
            if matches!(decision.outcome, Outcome::Unlisted | Outcome::Denied(_)) {
                deviates = true;
                let decision = decision.clone();
                if !self.fold(event, &need, &decision) {
                    self.deviate(event, kind, &need, &decision);
                }
            }
        });
        match kind {
            Kind::Net(_) | Kind::File(_) if deviates => {
                if let Some(at) = self.latest {
                    self.acted.took_place(event, at);
                }
            }
            Kind::Exec(_) | Kind::Exit(_) => self.acted.forget(event.process),
            _ => {}
        }
        deviates
    }

    /// True if this is a delegation by an act that deviates: then one deviation says both.
    fn fold(&mut self, event: &Event, need: &Need<'_>, decision: &Decision) -> bool {
        let to = delegation::target(&need.target).filter(|_| decision.outcome == Outcome::Unlisted);
        let Some((to, at)) = to.and_then(|to| Some((to, self.acted.before(event.process, to)?))) else { return false };
        let what = what(need, &self.vars);
        let path = self.matcher.image(event.process).map_or_else(PathBytes::default, |image| image.path.clone());
        let process = Some(&path).filter(|p| !p.is_empty());
        let rule = suggest::rule(need, process, &self.vars);
        let Some(deviation) = self.deviations.get_mut(at) else { return false };
        delegation::fold(deviation, to, &what, rule);
        if deviation.seq.len() < MAX_SEQ {
            deviation.seq.push(event.seq);
        }
        self.known.insert((Act::Delegate.code(), path.as_bytes().to_vec(), what), at);
        true
    }

    fn deviate(&mut self, event: &Event, kind: &Kind, need: &Need<'_>, decision: &Decision) {
        let code = match decision.outcome {
            Outcome::Denied(_) => "denied-rule",
            _ if decision.other_digest.is_some() => "digest",
            _ if need.by_descriptor => "descriptor",
            _ => need.act.code(),
        };
        let what = what(need, &self.vars);
        if self.repeat(event, code, &what) {
            return;
        }
        let actor = self.actor(event.process);
        let (why, rule) = self.why(event.process, kind, need, decision);
        let process = (!actor.path.is_empty()).then_some(&actor.path);
        let suggest = match decision.outcome {
            Outcome::Denied(_) => None,
            _ => suggest::rule(need, process, &self.vars).map(|r| suggest::fragment(&r)),
        };
        let severity = match code {
            "denied-rule" | "digest" => Severity::High,
            _ => severity(need, &self.vars),
        };
        let argv = if let (Kind::Exec(exec), Act::Exec) = (kind, need.act) { exec.argv.clone() } else { Vec::new() };
        self.add(
            event,
            Deviation {
                code,
                process: Some(actor),
                what,
                argv,
                seq: Vec::new(),
                times: 0,
                severity,
                why,
                suggest,
                rule,
                delegated: None,
            },
        );
    }

    /// A call that was kept from happening deviates, even if the profile would allow it by now.
    fn push_denied(&mut self, event: &Event, denied: &Denied) {
        let mut any = false;
        needs(&denied.would, &mut |need| {
            any = true;
            let decision = self.matcher.decide(event.process, &need).clone();
            let what = what(&need, &self.vars);
            if self.repeat(event, "denied-rule", &what) {
                return;
            }
            let actor = self.actor(event.process);
            let process = (!actor.path.is_empty()).then_some(&actor.path);
            let (why, suggest) = match decision.outcome {
                Outcome::Unlisted => {
                    let rule = suggest::rule(&need, process, &self.vars);
                    (self.why(event.process, &denied.would, &need, &decision).0, rule.map(|r| suggest::fragment(&r)))
                }
                Outcome::Denied(rule) => (self.forbidden(rule), None),
                _ => ("it was denied when it was tried; the profile allows it now".to_owned(), None),
            };
            let deviation = self.denied(actor, what, format!("{}: {why}", fate(denied)), suggest, denied);
            self.add(event, deviation);
        });
        if !any {
            let what = sekisho_events::escape(denied.call.as_bytes());
            if !self.repeat(event, "denied-rule", &what) {
                let actor = self.actor(event.process);
                let deviation =
                    self.denied(actor, what, format!("{}: a rule forbade the call", fate(denied)), None, denied);
                self.add(event, deviation);
            }
        }
    }

    fn denied(&self, actor: Actor, what: String, why: String, suggest: Option<String>, denied: &Denied) -> Deviation {
        let _ = self;
        Deviation {
            code: "denied-rule",
            process: Some(actor),
            what,
            argv: Vec::new(),
            seq: Vec::new(),
            times: 0,
            severity: Severity::High,
            why,
            suggest,
            rule: Some(sekisho_events::escape(denied.rule.as_bytes())),
            delegated: None,
        }
    }

    fn actor(&self, process: ProcessId) -> Actor {
        self.matcher.image(process).map_or_else(Actor::default, |image| Actor {
            path: image.path.clone(),
            argv: image.argv.clone(),
            ancestry: image.ancestry(),
        })
    }

    fn forbidden(&self, rule: u32) -> String {
        let rule = &self.profile.rules[rule as usize];
        let why = rule.why.as_ref().map_or_else(String::new, |w| format!(": {}", sekisho_events::escape(w.as_bytes())));
        format!("rule {} forbids it{why}", rule.id)
    }

    /// Why a need deviates, and the rule that it is about.
    fn why(&self, process: ProcessId, kind: &Kind, need: &Need<'_>, decision: &Decision) -> (String, Option<String>) {
        let id = |n: u32| self.profile.rules[n as usize].id.clone();
        if let Outcome::Denied(rule) = decision.outcome {
            return (self.forbidden(rule), Some(id(rule)));
        }
        if let Some(rule) = decision.other_digest {
            let why = match need.sha256 {
                Some(digest) => format!("rule {} pins another digest; this one is {digest}", id(rule)),
                None => format!("rule {} pins a digest, and that of this image is not known", id(rule)),
            };
            return (why, Some(id(rule)));
        }
        if let Some(number) = decision.lapsed {
            let rule = &self.profile.rules[number as usize];
            let why = match rule.expires {
                Some(day) if rule.is_expired(self.options.today) => {
                    format!("rule {}, which allowed it, expired after {day}", rule.id)
                }
                _ => format!("rule {} would allow it, but nobody reviewed that rule", rule.id),
            };
            return (why, Some(rule.id.clone()));
        }
        if let (Some(rule), Some(secret)) = (decision.unnamed, secret_in(need)) {
            return (format!("{}: a wildcard does not cover it (rule {})", secret.what, id(rule)), Some(id(rule)));
        }
        (self.unlisted(process, kind, need), None)
    }

    fn unlisted(&self, process: ProcessId, kind: &Kind, need: &Need<'_>) -> String {
        if let Kind::Refused(refused) = kind {
            return format!("the recorder refused it: {}", sekisho_events::escape(refused.why.as_bytes()));
        }
        let who = self
            .matcher
            .image(process)
            .map_or_else(|| "the step's first program".to_owned(), |i| sekisho_events::escape(i.path.file_name()));
        let secret = secret_in(need).map_or_else(String::new, |s| format!("{}; ", s.what));
        match self.matcher.rule_for(process, need.act) {
            Some(rule) => format!("{secret}rule {rule} lets {who} {} other things, not this", need.act.verb()),
            None if need.act == Act::Delegate => format!("{secret}no rule lets {who} hand work to anybody"),
            None => format!("{secret}no rule lets {who} {} anything", need.act.verb()),
        }
    }

    /// Counts one more of a deviation that is known.
    fn repeat(&mut self, event: &Event, code: &'static str, what: &str) -> bool {
        let path = self.matcher.image(event.process).map_or_else(Vec::new, |i| i.path.as_bytes().to_vec());
        let times = event.times.unwrap_or(1);
        let Some(at) = self.known.get(&(code, path, what.to_owned())) else {
            let full = self.deviations.len() >= MAX_DEVIATIONS;
            self.omitted += if full { times } else { 0 };
            self.latest = None;
            return full;
        };
        self.latest = Some(*at);
        let deviation = &mut self.deviations[*at];
        deviation.times += times;
        if deviation.seq.len() < MAX_SEQ && deviation.seq.last() != Some(&event.seq) {
            deviation.seq.push(event.seq);
        }
        true
    }

    fn add(&mut self, event: &Event, mut deviation: Deviation) {
        let path = deviation.process.as_ref().map_or_else(Vec::new, |p| p.path.as_bytes().to_vec());
        self.latest = Some(self.deviations.len());
        self.known.insert((deviation.code, path, deviation.what.clone()), self.deviations.len());
        deviation.seq.push(event.seq);
        deviation.times = event.times.unwrap_or(1);
        self.deviations.push(deviation);
    }

    /// Ends the comparison. Without trailer the recording was cut.
    pub fn finish(mut self, trailer: Option<&Trailer>) -> DiffReport {
        let complete = trailer.is_some_and(|t| t.complete && t.gaps == 0 && t.lost == 0) && self.gap_count == 0;
        if !complete {
            let what = match trailer {
                None => "the recording was cut".to_owned(),
                Some(_) if self.gap_count > 0 => format!("the recording has {} gaps", self.gap_count),
                Some(t) if t.lost > 0 => format!("the recorder lost {} events", t.lost),
                Some(_) => "the recorder says that it missed something".to_owned(),
            };
            self.whole("incomplete", what, Severity::High, "what is not recorded cannot be judged", None);
        }
        if let (Some(have), Some(want)) = (self.options.level, self.profile.meta.level)
            && have < want
        {
            let what = format!("recorded at level {}, and the profile is for {}", have.name(), want.name());
            self.whole("coverage", what, Severity::High, "acts that its rules speak of were not watched", None);
        }
        self.deviations.extend(self.options.origin.as_ref().and_then(Origin::deviation));
        let counts = |r: &crate::rule::Rule| !r.deny && !r.required && r.is_own();
        let unused: Vec<String> = self.unused(counts);
        let unused_includes = self.unused_includes();
        for rule in self.unused(|r| r.required) {
            let what = format!("rule {rule} was not needed");
            self.whole("missing", what, Severity::Medium, "the rule is marked required", Some(rule));
        }
        let mut gaps: Vec<GapLine> =
            self.gaps.into_iter().map(|((why, detail), times)| GapLine { why, detail, times }).collect();
        gaps.sort_by(|a, b| (a.why, &a.detail).cmp(&(b.why, &b.detail)));
        self.deviations.sort_by(|a, b| {
            let key = |d: &Deviation| (d.code, d.process.as_ref().map(|p| p.path.clone()), d.what.clone());
            b.severity.cmp(&a.severity).then_with(|| key(a).cmp(&key(b)))
        });
        DiffReport {
            clean: complete && self.deviations.is_empty(),
            complete,
            profile_path: self.options.profile_path,
            profile_sha256: self.options.profile_sha256,
            profile_origin: self.options.origin,
            profile_reviewed_on: self.profile.reviewed_on(),
            profile_rules: self.profile.rules.iter().filter(|r| counts(r)).count(),
            profile_unreviewed: self.profile.unreviewed(),
            mode: self.options.mode,
            events: self.events,
            allowed: self.events - self.deviating,
            deviations: self.deviations,
            omitted: self.omitted,
            unused_rules: unused,
            unused_includes,
            gaps,
        }
    }

    fn unused(&self, which: impl Fn(&crate::rule::Rule) -> bool) -> Vec<String> {
        let rules = self.profile.rules.iter().zip(&self.used);
        rules.filter(|(r, used)| !**used && which(r)).map(|(r, _)| r.id.clone()).collect()
    }

    /// What an include brings from elsewhere does not count: the loader is needed by every step.
    fn unused_includes(&self) -> Vec<String> {
        let used = |name: &str| {
            self.profile.rules.iter().zip(&self.used).any(|(r, used)| *used && r.from.as_deref() == Some(name))
        };
        let names = self.profile.meta.include.iter().filter_map(|i| Some(crate::reviewed::split(&i.text)?.0));
        names.filter(|name| !used(name)).map(str::to_owned).collect()
    }

    fn whole(&mut self, code: &'static str, what: String, severity: Severity, why: &str, rule: Option<String>) {
        self.deviations.push(Deviation { rule, ..Deviation::of_whole(code, what, severity, why.to_owned()) });
    }
}

/// What became of the step's wish.
fn fate(denied: &Denied) -> &'static str {
    if denied.errno == 0 { "the step was killed before it was done" } else { "not done" }
}
