//! Statements of one run that may together prove one step.
use crate::evidence::{Said, Signed};
use crate::policy::{SignerRule, StepRule};
use crate::reason::{Reason, shown, some};
use sekisho_attest::{Descriptor, RunBlock};
use std::collections::{HashMap, HashSet};

/// Statements that agree, with at most one verdict.
pub(crate) struct Candidate<'e> {
    pub(crate) block: &'e RunBlock,
    pub(crate) subjects: &'e [Descriptor],
    pub(crate) statements: Vec<&'e Signed>,
    /// Kinds that there are of the run, be it in disagreement with these.
    pub(crate) kinds: Vec<&'static str>,
    products: HashSet<&'e Descriptor>,
}

impl<'e> Candidate<'e> {
    pub(crate) fn verdict(&self) -> Option<&'e Said> {
        self.statements.iter().find_map(|s| s.verdict.as_ref())
    }

    pub(crate) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &'e Signed> {
        self.statements.iter().copied().filter(move |s| s.kind == kind)
    }

    /// The materials that the link lists.
    pub(crate) fn materials(&self) -> &'e [Descriptor] {
        self.of_kind("link").next().map_or(&[], |link| &link.materials)
    }

    /// True if the run left this file behind.
    pub(crate) fn produced(&self, file: &Descriptor) -> bool {
        self.products.contains(file)
    }
}

/// Checks 4 and 5, and the candidates of a step: in the order of the evidence.
pub(crate) fn candidates<'e>(rule: &StepRule, signed: &'e [Signed]) -> Gathered<'e> {
    let of_step: Vec<&Signed> = signed.iter().filter(|s| s.block.step == rule.name).collect();
    let step = if of_step.is_empty() {
        let mut others: Vec<&str> = signed.iter().map(|s| s.block.step.as_str()).collect();
        others.sort_unstable();
        others.dedup();
        Err(Reason::new(
            "step-missing",
            format!("no signed attestation is of step {}; there are: {}", shown(&rule.name), some(others)),
            format!("record the step as `sekisho run --step {}`, or name the step in the policy", shown(&rule.name)),
        ))
    } else {
        Ok(format!("{} statements of step {}", of_step.len(), shown(&rule.name)))
    };
    let SignerRule { keys, identities, threshold: demanded } = &rule.signers;
    let counted = of_step.into_iter().map(|s| (s.signers.count(keys, identities), s));
    let counted: Vec<(usize, &Signed)> = counted.collect();
    let most = counted.iter().map(|(n, _)| *n).max().unwrap_or(0);
    let strong: Vec<&Signed> = counted.into_iter().filter(|(n, _)| n >= demanded).map(|(_, s)| s).collect();
    let threshold = if strong.is_empty() {
        Err(Reason::new(
            "threshold",
            format!(
                "step {} needs signatures of {demanded} distinct signers of {}, and has {most}",
                shown(&rule.name),
                keys.len() + identities.len(),
            ),
            "let the others sign the same statements, or correct `keys`, `identities` and `threshold` of the step",
        ))
    } else {
        let of = keys.len() + identities.len();
        Ok(format!("at least {demanded} of {of} signers signed {} statements", strong.len()))
    };
    Gathered { step, threshold, candidates: runs(rule, &strong) }
}

/// What there is of a step.
pub(crate) struct Gathered<'e> {
    pub(crate) step: Result<String, Reason>,
    pub(crate) threshold: Result<String, Reason>,
    pub(crate) candidates: Vec<Candidate<'e>>,
}

fn runs<'e>(rule: &StepRule, strong: &[&'e Signed]) -> Vec<Candidate<'e>> {
    let mut index: HashMap<(&str, &str), usize> = HashMap::new();
    let mut runs: Vec<Vec<&Signed>> = Vec::new();
    for signed in strong {
        let at = *index.entry((&signed.block.run, &signed.block.recording.sha256)).or_insert_with(|| {
            runs.push(Vec::new());
            runs.len() - 1
        });
        runs[at].push(signed);
    }
    runs.iter().flat_map(|run| of_run(rule, run)).collect()
}

/// Splits the statements of a run into sets that agree; each verdict makes one candidate.
fn of_run<'e>(rule: &StepRule, run: &[&'e Signed]) -> Vec<Candidate<'e>> {
    let mut sets: Vec<Vec<&'e Signed>> = Vec::new();
    for signed in run {
        let same = |set: &&mut Vec<&'e Signed>| set[0].block == signed.block && set[0].subjects == signed.subjects;
        match sets.iter_mut().find(same) {
            Some(set) => set.push(signed),
            None => sets.push(vec![signed]),
        }
    }
    let mut kinds: Vec<&'static str> = run.iter().map(|s| s.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut out = Vec::new();
    for set in sets {
        let (verdicts, rest): (Vec<_>, Vec<_>) = set.into_iter().partition(|s| s.verdict.is_some());
        let mut push = |statements: Vec<&'e Signed>| {
            let (block, subjects) = (&statements[0].block, &statements[0].subjects[..]);
            let products = subjects.iter().collect();
            out.push(Candidate { block, subjects, statements, kinds: kinds.clone(), products });
        };
        if rule.wants_verdict() && !verdicts.is_empty() {
            for verdict in verdicts {
                push(rest.iter().copied().chain([verdict]).collect());
            }
        } else if !rest.is_empty() {
            push(rest);
        }
    }
    out
}
