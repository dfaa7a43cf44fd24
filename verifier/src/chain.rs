//! Check 19: a run for each step of the policy, so that what one produced is what the next consumed.
use crate::candidate::Candidate;
use crate::policy::{MaterialRule, Policy, Source};
use crate::reason::{Reason, shown};

/// Most pairs of runs that are held against each other.
const MAX_PAIRS: usize = 20_000;

/// For each step of the policy, its accepted candidates.
pub(crate) struct Accepted<'c, 'e> {
    pub(crate) of_step: Vec<Vec<&'c Candidate<'e>>>,
}

impl<'c, 'e> Accepted<'c, 'e> {
    /// Finds one candidate a step, `first` being that of the released artifact, such that all rules with `from` hold.
    /// Gives the position of each in `of_step`.
    pub(crate) fn tie(&self, policy: &Policy, first: &'c Candidate<'e>) -> Result<Vec<usize>, Reason> {
        let order = order(policy);
        let mut search =
            Search { accepted: self, policy, order, chosen: vec![None; policy.steps.len()], pairs: 0, failed: None };
        let at = self.of_step[policy.artifacts_from].iter().position(|c| std::ptr::eq(*c, first));
        search.chosen[policy.artifacts_from] = at;
        if search.choose(0) {
            return Ok(search.chosen.into_iter().map(Option::unwrap_or_default).collect());
        }
        Err(search.failed.unwrap_or_else(|| {
            Reason::new(
                "chain-broken",
                "no runs of the policy's steps fit together",
                "run the steps again, one after the other, in one workspace",
            )
        }))
    }
}

/// The other steps, each behind one that it shares a rule with.
fn order(policy: &Policy) -> Vec<usize> {
    let mut seen = vec![policy.artifacts_from];
    let mut at = 0;
    while at < seen.len() {
        let here = seen[at];
        for (index, step) in policy.steps.iter().enumerate() {
            for rule in &step.materials {
                let Source::Step(from) = rule.source else { continue };
                for (a, b) in [(index, from), (from, index)] {
                    if a == here && !seen.contains(&b) {
                        seen.push(b);
                    }
                }
            }
        }
        at += 1;
    }
    seen.split_off(1)
}

struct Search<'s, 'c, 'e> {
    accepted: &'s Accepted<'c, 'e>,
    policy: &'s Policy,
    order: Vec<usize>,
    chosen: Vec<Option<usize>>,
    pairs: usize,
    failed: Option<Reason>,
}

impl Search<'_, '_, '_> {
    /// Chooses for the steps from `at` on; backtracks.
    fn choose(&mut self, at: usize) -> bool {
        let Some(&step) = self.order.get(at) else { return true };
        for index in 0..self.accepted.of_step[step].len() {
            self.chosen[step] = Some(index);
            if self.fits(step) && self.choose(at + 1) {
                return true;
            }
            if self.pairs > MAX_PAIRS {
                break;
            }
        }
        self.chosen[step] = None;
        false
    }

    /// True if every rule between `step` and a step that is chosen already holds.
    fn fits(&mut self, step: usize) -> bool {
        for (consumer, rule_step) in self.policy.steps.iter().enumerate() {
            for rule in &rule_step.materials {
                let Source::Step(producer) = rule.source else { continue };
                if consumer != step && producer != step {
                    continue;
                }
                let (Some(c), Some(p)) = (self.chosen[consumer], self.chosen[producer]) else { continue };
                self.pairs += 1;
                if self.pairs > MAX_PAIRS {
                    self.failed = Some(too_many());
                    return false;
                }
                let (c, p) = (self.accepted.of_step[consumer][c], self.accepted.of_step[producer][p]);
                if let Err(reason) = holds(rule, (&rule_step.name, c), (&self.policy.steps[producer].name, p)) {
                    self.failed.get_or_insert(reason);
                    return false;
                }
            }
        }
        true
    }
}

/// True if what the consumer read under the pattern is what the producer left behind.
fn holds(
    rule: &MaterialRule,
    (consumer, read): (&str, &Candidate<'_>),
    (producer, made): (&str, &Candidate<'_>),
) -> Result<(), Reason> {
    let matching = read.materials().iter().filter(|m| rule.glob.is_match(&m.name));
    for material in matching {
        if made.produced(material) {
            continue;
        }
        let other = made.subjects.iter().find(|s| s.name == material.name);
        let found = other.map_or_else(
            || "which it does not attest as its product".to_owned(),
            |s| format!("which it left with sha256 {}", s.sha256),
        );
        return Err(Reason::new(
            "chain-broken",
            format!(
                "step {} read {} with sha256 {}, not as it came from step {}, {found}",
                shown(consumer),
                shown(&material.name),
                material.sha256,
                shown(producer),
            ),
            "find out what changed it between the steps; if nothing did, attest it as a product (`--product GLOB`) of the earlier step",
        ));
    }
    Ok(())
}

fn too_many() -> Reason {
    Reason::new(
        "evidence-too-large",
        "the evidence has more runs of several steps than are held against each other",
        "give only the attestations of what is released",
    )
}
