//! The gate: evidence, artifacts, a policy and a time in, a report out.
use crate::candidate::{Candidate, Gathered, candidates};
use crate::chain::Accepted;
use crate::check::Check;
use crate::checks::{Found, NOT_DEMANDED, check};
use crate::evidence::{Foreign, Signed, payloads, statements};
use crate::explain::{Cited, rests_on};
use crate::paper::papers;
use crate::policy::{Policy, StepRule};
use crate::reason::{Reason, some};
use crate::report::{Report, StepResult};
use crate::reviewed::{reviewed, reviews};
use crate::statements::{materials_stated, stated};
use sekisho_events::{Digest, PathBytes};
use std::collections::{BTreeSet, HashMap};

/// No more evidence than this is read.
pub const MAX_EVIDENCE_BYTES: usize = 256 << 20;
/// How many reasons are given; more artifacts may be refused for the like.
const MAX_REASONS: usize = 50;

/// Something that is to be released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// As it was named.
    pub path: PathBytes,
    /// Of its content.
    pub sha256: Digest,
    /// Of its content, in lower-case hex, where the policy has use for it ([`Policy::wants_sha512`]).
    pub sha512: Option<String>,
}

/// Judges whether `artifacts` may be released. `evidence` is one DSSE envelope or sigstore bundle a line; `now_s` the
/// time, in seconds since the epoch.
pub fn verify(evidence: &[u8], artifacts: &[Artifact], policy: &Policy, now_s: u64) -> Report {
    let mut log = Log { results: Vec::new(), reasons: Vec::new(), cited: Cited::default() };
    let judged = read(evidence, policy, &mut log);
    if let Some((signed, foreign)) = judged {
        let steps: Vec<Judged<'_>> =
            policy.steps.iter().map(|rule| judge(rule, &signed, &foreign, policy, now_s)).collect();
        decide(policy, &steps, &foreign, artifacts, &mut log);
        for rule in &policy.statements {
            let stated = stated(rule, &foreign, artifacts, policy);
            let cite = |f: &&Foreign| log.cited.foreign(f, &rule.signers, policy);
            let evidence = stated.by.iter().map(cite).collect();
            log.found(Check::Stated, Some(&rule.name), &stated.found);
            if let Some(result) = log.results.last_mut() {
                result.evidence = evidence;
            }
        }
    } else {
        for rule in &policy.steps {
            log.skip(Check::of_step(), &rule.name);
        }
        for rule in &policy.statements {
            log.skip([Check::Stated], &rule.name);
        }
    }
    log.reasons.truncate(MAX_REASONS);
    let accepted = log.reasons.is_empty() && !artifacts.is_empty() && log.results.iter().all(|r| r.ok);
    let Log { results: steps, reasons, cited } = log;
    Report { accepted, subjects: artifacts.to_vec(), steps, reasons, evidence: cited.all }
}

struct Log {
    results: Vec<StepResult>,
    reasons: Vec<Reason>,
    cited: Cited,
}

impl Log {
    fn found(&mut self, check: Check, step: Option<&str>, found: &Found) {
        self.results.push(result(check, step, found));
        if let Err(reason) = found {
            self.reason(reason);
        }
    }

    fn skip(&mut self, checks: impl IntoIterator<Item = Check>, step: &str) {
        for check in checks {
            self.results.push(not_reached(check, Some(step)));
        }
    }

    fn reason(&mut self, reason: &Reason) {
        if self.reasons.len() <= MAX_REASONS && !self.reasons.contains(reason) {
            self.reasons.push(reason.clone());
        }
    }
}

fn result(check: Check, step: Option<&str>, found: &Found) -> StepResult {
    let detail = match found {
        Ok(detail) => detail.clone(),
        Err(reason) => reason.message.clone(),
    };
    StepResult { check, step: step.map(str::to_owned), ok: found.is_ok(), reached: true, detail, evidence: Vec::new() }
}

fn not_reached(check: Check, step: Option<&str>) -> StepResult {
    let detail = "not reached: an earlier check failed".to_owned();
    StepResult { check, step: step.map(str::to_owned), ok: false, reached: false, detail, evidence: Vec::new() }
}

/// Checks 1 to 3, over all evidence.
fn read(evidence: &[u8], policy: &Policy, log: &mut Log) -> Option<(Vec<Signed>, Vec<Foreign>)> {
    let mut found = Vec::new();
    let judged = papers(evidence)
        .inspect(|all| found.push(Ok(format!("{} envelopes", all.len()))))
        .and_then(|all| payloads(all, policy))
        .inspect(|all| found.push(Ok(format!("{} payloads signed by whom the policy trusts", all.len()))))
        .and_then(statements);
    let judged = match judged {
        Ok((signed, foreign)) => {
            found.push(Ok(format!("{} statements, {} of other kinds", signed.len(), foreign.len())));
            Some((signed, foreign))
        }
        Err(reason) => {
            found.push(Err(reason));
            None
        }
    };
    for (check, found) in Check::GLOBAL.iter().zip(&found) {
        log.found(*check, None, found);
    }
    for check in &Check::GLOBAL[found.len()..] {
        log.results.push(not_reached(*check, None));
    }
    judged
}

/// A candidate, and its checks up to the first that failed.
struct Evaluated<'e> {
    candidate: Candidate<'e>,
    found: Vec<(Check, Found)>,
}

impl Evaluated<'_> {
    fn failure(&self) -> Option<&Reason> {
        self.found.last().and_then(|(_, found)| found.as_ref().err())
    }
}

/// A step of the policy, and what there is of it.
struct Judged<'e> {
    rule: &'e StepRule,
    step: Found,
    threshold: Found,
    evaluated: Vec<Evaluated<'e>>,
}

impl<'e> Judged<'e> {
    /// The candidate that came furthest; the first of several.
    fn best(&self) -> Option<&Evaluated<'e>> {
        let far = |e: &Evaluated<'_>| (e.failure().is_none(), e.found.len());
        self.evaluated.iter().rev().max_by_key(|e| far(e))
    }

    /// Why nothing of this step can be accepted.
    fn failure(&self) -> Option<&Reason> {
        if self.evaluated.iter().any(|e| e.failure().is_none()) {
            return None;
        }
        let early = self.step.as_ref().err().or(self.threshold.as_ref().err());
        early.or_else(|| self.best().and_then(Evaluated::failure))
    }
}

fn judge<'e>(rule: &'e StepRule, signed: &'e [Signed], foreign: &[Foreign], policy: &Policy, now_s: u64) -> Judged<'e> {
    let Gathered { step, threshold, candidates } = candidates(rule, signed);
    let evaluate = |candidate: Candidate<'e>| {
        let mut found = Vec::new();
        for each in Check::of_step().skip_while(|c| *c < Check::Predicates) {
            let mut outcome = check(each, rule, &candidate, now_s);
            if let (Check::Profile, Ok(_), Some(demand)) = (each, &outcome, &rule.reviews) {
                outcome = reviewed(rule, demand, &candidate, foreign, policy);
            }
            if let (Check::Materials, Ok(_)) = (each, &outcome)
                && let Err(reason) = materials_stated(rule, &candidate, foreign, policy)
            {
                outcome = Err(reason);
            }
            let failed = outcome.is_err();
            found.push((each, outcome));
            if failed {
                break;
            }
        }
        Evaluated { candidate, found }
    };
    Judged { rule, step, threshold, evaluated: candidates.into_iter().map(evaluate).collect() }
}

/// Finds for each artifact the evidence that carries it, and reports on the first that fails, or else the first.
fn decide(policy: &Policy, steps: &[Judged<'_>], foreign: &[Foreign], artifacts: &[Artifact], log: &mut Log) {
    for (index, step) in steps.iter().enumerate() {
        if index != policy.artifacts_from
            && let Some(reason) = step.failure()
        {
            log.reason(reason);
        }
    }
    if artifacts.is_empty() {
        log.reason(&Reason::new("no-artifact", "no artifact was named", "name the files that are to be released"));
    }
    let Some(released) = steps.get(policy.artifacts_from) else { return };
    let by_digest = by_digest(released);
    let good = |s: &Judged<'_>| -> Vec<usize> {
        (0..s.evaluated.len()).filter(|i| s.evaluated[*i].failure().is_none()).collect()
    };
    let positions: Vec<Vec<usize>> = steps.iter().map(good).collect();
    let of_step = steps.iter().zip(&positions).map(|(s, at)| at.iter().map(|i| &s.evaluated[*i].candidate).collect());
    let accepted = Accepted { of_step: of_step.collect() };
    let mut tied: HashMap<usize, Result<Vec<usize>, Reason>> = HashMap::new();
    let mut shown: Option<Choice> = None;
    let mut used: BTreeSet<(usize, usize)> = BTreeSet::new();
    for artifact in artifacts {
        let covering = by_digest.get(&artifact.sha256).map_or(&[][..], Vec::as_slice);
        let choice = choose(policy, released, artifact, covering, &accepted, &mut tied);
        if let Some(reason) = &choice.reason {
            log.reason(reason);
        }
        used.extend(choice.candidate.map(|at| (policy.artifacts_from, at)).filter(|_| choice.reason.is_none()));
        used.extend(choice.uses(policy, &positions));
        let worse = shown.as_ref().is_none_or(|s| s.reason.is_none() && choice.reason.is_some());
        if worse {
            shown = Some(choice);
        }
    }
    cite(policy, steps, foreign, &used, log);
    let Some(choice) = shown else { return };
    for (index, step) in steps.iter().enumerate() {
        let at = match (&choice.tied, index == policy.artifacts_from) {
            (_, true) => choice.candidate,
            (Some(tied), false) => positions[index].get(tied[index]).copied(),
            (None, false) => None,
        };
        let evaluated = at.map(|i| &step.evaluated[i]).or_else(|| step.best());
        let own = (index == policy.artifacts_from).then_some(&choice);
        report(policy, step, evaluated, own, artifacts.len(), log);
    }
}

/// Names all that the accepted artifacts rest on: steps and their candidates.
fn cite(policy: &Policy, steps: &[Judged<'_>], foreign: &[Foreign], used: &BTreeSet<(usize, usize)>, log: &mut Log) {
    for (step, candidate) in used {
        let judged = &steps[*step];
        for signed in &judged.evaluated[*candidate].candidate.statements {
            log.cited.signed(signed, &judged.rule.signers, policy);
        }
        let candidate = &judged.evaluated[*candidate].candidate;
        for (statement, signers) in materials_stated(judged.rule, candidate, foreign, policy).unwrap_or_default() {
            log.cited.foreign(statement, &signers, policy);
        }
        let Some(demand) = &judged.rule.reviews else { continue };
        for review in reviews(candidate, foreign) {
            log.cited.foreign(review, demand, policy);
        }
    }
}

fn by_digest(step: &Judged<'_>) -> HashMap<Digest, Vec<usize>> {
    let mut out: HashMap<Digest, Vec<usize>> = HashMap::new();
    for (index, evaluated) in step.evaluated.iter().enumerate() {
        for subject in evaluated.candidate.subjects {
            let list = out.entry(subject.sha256).or_default();
            if list.last() != Some(&index) {
                list.push(index);
            }
        }
    }
    out
}

/// What was found for one artifact.
struct Choice {
    /// Which candidate of the released step.
    candidate: Option<usize>,
    subject: Found,
    chain: Option<Found>,
    tied: Option<Vec<usize>>,
    reason: Option<Reason>,
}

impl Choice {
    /// The other steps' candidates that an accepted artifact rests on.
    fn uses(&self, policy: &Policy, positions: &[Vec<usize>]) -> Vec<(usize, usize)> {
        let Some(tied) = self.tied.as_ref().filter(|_| self.reason.is_none()) else { return Vec::new() };
        let others = tied.iter().enumerate().filter(|(step, _)| *step != policy.artifacts_from);
        others.filter_map(|(step, at)| Some((step, *positions[step].get(*at)?))).collect()
    }
}

fn choose<'c, 'e>(
    policy: &Policy,
    released: &'c Judged<'e>,
    artifact: &Artifact,
    covering: &[usize],
    accepted: &Accepted<'c, 'e>,
    tied: &mut HashMap<usize, Result<Vec<usize>, Reason>>,
) -> Choice {
    let subject = Ok(format!("{} is sha256:{}", artifact.path.escaped(), artifact.sha256));
    let mut broken = None;
    for &index in covering {
        let evaluated = &released.evaluated[index];
        if evaluated.failure().is_some() {
            continue;
        }
        match tied.entry(index).or_insert_with(|| accepted.tie(policy, &evaluated.candidate)) {
            Ok(tied) => {
                let chain = Some(Ok(chain_detail(policy)));
                return Choice { candidate: Some(index), subject, chain, tied: Some(tied.clone()), reason: None };
            }
            Err(reason) => broken = broken.or(Some((index, reason.clone()))),
        }
    }
    if let Some((index, reason)) = broken {
        let chain = Some(Err(reason.clone()));
        return Choice { candidate: Some(index), subject, chain, tied: None, reason: Some(reason) };
    }
    // What covers the artifact and came furthest says best why not.
    let best = covering.iter().rev().max_by_key(|i| released.evaluated[**i].found.len());
    if let Some(&index) = best {
        let reason = released.evaluated[index].failure().cloned();
        return Choice { candidate: Some(index), subject, chain: None, tied: None, reason };
    }
    let early = released.step.as_ref().err().or(released.threshold.as_ref().err());
    let reason = early.cloned().unwrap_or_else(|| other_artifact(released, artifact));
    Choice { candidate: None, subject: Err(reason.clone()), chain: None, tied: None, reason: Some(reason) }
}

fn chain_detail(policy: &Policy) -> String {
    match policy.steps.len() {
        1 => "one step".to_owned(),
        n => format!("{n} steps fit together"),
    }
}

fn other_artifact(released: &Judged<'_>, artifact: &Artifact) -> Reason {
    let name = artifact.path.file_name();
    let subjects = || released.evaluated.iter().flat_map(|e| e.candidate.subjects);
    let same_name = subjects().find(|s| s.name.as_bytes().rsplit(|b| *b == b'/').next() == Some(name));
    let attested = match same_name {
        Some(subject) => format!("{} is attested with sha256 {}", crate::reason::shown(&subject.name), subject.sha256),
        None => format!("attested are: {}", some(subjects().map(|s| s.name.as_str()))),
    };
    Reason::new(
        "subject-not-attested",
        format!(
            "{} with sha256 {} is no product of step {}; {attested}",
            artifact.path.escaped(),
            artifact.sha256,
            crate::reason::shown(&released.rule.name),
        ),
        "release the file that was attested; if it is the right one, attest it (`--product GLOB`) in the run that made it",
    )
}

/// The checks of one step of the policy: `choice` is given for the step whose products are released.
fn report(
    policy: &Policy,
    step: &Judged<'_>,
    evaluated: Option<&Evaluated<'_>>,
    choice: Option<&Choice>,
    artifacts: usize,
    log: &mut Log,
) {
    let name = &step.rule.name;
    let mut failed = false;
    for check in Check::of_step() {
        let of_candidate = || evaluated.and_then(|e| e.found.iter().find(|(c, _)| *c == check)).map(|(_, f)| f.clone());
        let found = match check {
            Check::Step => Some(step.step.clone()),
            Check::Threshold => Some(step.threshold.clone()),
            Check::Subject => Some(match choice {
                Some(choice) if artifacts > 1 && choice.reason.is_none() => Ok(format!("all {artifacts} artifacts")),
                Some(choice) => choice.subject.clone(),
                None => Ok("its products are not what is released".to_owned()),
            }),
            Check::Chain => match choice {
                Some(choice) => choice.chain.clone(),
                None => of_candidate().map(|_| Ok("judged with the released step".to_owned())),
            },
            _ => of_candidate(),
        };
        let found = found.filter(|_| !failed);
        match &found {
            Some(found) => {
                failed |= found.is_err();
                let mut result = result(check, Some(name), found);
                if let Some(evaluated) = evaluated.filter(|_| result.detail != NOT_DEMANDED) {
                    let looked_at = rests_on(check, &evaluated.candidate);
                    result.evidence = looked_at.map(|s| log.cited.signed(s, &step.rule.signers, policy)).collect();
                }
                log.results.push(result);
            }
            None => log.results.push(not_reached(check, Some(name))),
        }
    }
}
