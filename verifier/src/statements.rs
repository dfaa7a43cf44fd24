//! Check 20: what the policy demands to be stated of every artifact, by whichever tool.
use crate::candidate::Candidate;
use crate::checks::Found;
use crate::evidence::Foreign;
use crate::policy::{Policy, SignerRule, Source, StatementRule, StepRule};
use crate::reason::{Reason, shown, some};
use crate::verify::Artifact;
use sekisho_attest::Descriptor;
use sekisho_events::PathBytes;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What was found, and the statements that it rests on.
pub(crate) struct Stated<'f> {
    pub(crate) found: Found,
    pub(crate) by: Vec<&'f Foreign>,
}

/// Finds for each artifact a statement of the kind, signed by enough of those who are trusted for it.
pub(crate) fn stated<'f>(
    rule: &StatementRule,
    foreign: &'f [Foreign],
    artifacts: &[Artifact],
    policy: &Policy,
) -> Stated<'f> {
    match by_whom(rule, foreign, artifacts, policy) {
        Ok(by) => {
            let names = by.first().map(|f| f.signers.names(|key| policy.keys[key].name.as_str()));
            let found = Ok(format!("{}, signed by {}", shown(&rule.predicate_type), some(names.unwrap_or_default())));
            Stated { found, by }
        }
        Err(reason) => Stated { found: Err(reason), by: Vec::new() },
    }
}

/// What it rests on that of each material which a rule of the step names so something is stated, by whom it demands.
pub(crate) fn materials_stated<'f>(
    rule: &StepRule,
    candidate: &Candidate<'_>,
    foreign: &'f [Foreign],
    policy: &Policy,
) -> Result<Vec<(&'f Foreign, SignerRule)>, Reason> {
    let mut all = Vec::new();
    for demand in &rule.materials {
        let Source::Stated(stated) = &demand.source else { continue };
        let matching = candidate.materials().iter().filter(|m| demand.glob.is_match(&m.name));
        let of = |m: &Descriptor| Artifact { path: PathBytes::from(m.name.as_str()), sha256: m.sha256, sha512: None };
        let materials: Vec<Artifact> = matching.map(of).collect();
        let by = by_whom(stated, foreign, &materials, policy)?;
        all.extend(by.into_iter().map(|statement| (statement, stated.signers.clone())));
    }
    Ok(all)
}

fn by_whom<'f>(
    rule: &StatementRule,
    foreign: &'f [Foreign],
    artifacts: &[Artifact],
    policy: &Policy,
) -> Result<Vec<&'f Foreign>, Reason> {
    let of_kind: Vec<&Foreign> = foreign.iter().filter(|f| f.predicate_type == rule.predicate_type).collect();
    if of_kind.is_empty() {
        return Err(kind_missing(rule, foreign));
    }
    let SignerRule { keys, identities, threshold } = &rule.signers;
    let strong: Vec<&Foreign> =
        of_kind.iter().copied().filter(|f| f.signers.count(keys, identities) >= *threshold).collect();
    if strong.is_empty() {
        let by = of_kind.iter().flat_map(|f| f.signers.names(|key| policy.keys[key].name.as_str()));
        return Err(Reason::new(
            "statement-missing",
            format!(
                "{}: no statement of type {} is signed by {threshold} of whom the policy trusts for it; there are some by: {}",
                shown(&rule.name),
                shown(&rule.predicate_type),
                some(by),
            ),
            "let them sign it, or correct `keys`, `identities` and `threshold` of the demand",
        ));
    }
    let mut by_digest: HashMap<&str, Vec<Place<'_>>> = HashMap::new();
    for (index, statement) in strong.iter().enumerate() {
        for subject in &statement.subjects {
            for algorithm in ["sha256", "sha512"] {
                if let Some(hex) = subject.get(algorithm) {
                    by_digest.entry(hex).or_default().push((index, subject));
                }
            }
        }
    }
    let stating = |artifact: &Artifact| {
        let sha256 = artifact.sha256.to_hex();
        let hexes = [Some(sha256.as_str()), artifact.sha512.as_deref()].into_iter().flatten();
        let mut of_it = hexes
            .filter_map(|hex| by_digest.get(hex))
            .flatten()
            .filter(|(_, subject)| agrees(subject, &sha256, artifact))
            .map(|(index, _)| *index);
        // One that says that it passed suffices; of those that did not, the first is told.
        let first = of_it.next()?;
        let good = |index: &usize| strong[*index].failed.is_none() && lacking(rule, strong[*index]).is_none();
        Some(std::iter::once(first).chain(of_it).find(good).unwrap_or(first))
    };
    let mut by = BTreeSet::new();
    for artifact in artifacts {
        let found = stating(artifact).ok_or_else(|| unstated(rule, artifact))?;
        if let Some(result) = &strong[found].failed {
            return Err(not_passed(rule, artifact, result));
        }
        if let Some(property) = lacking(rule, strong[found]) {
            return Err(lacks(rule, artifact, property));
        }
        by.insert(found);
    }
    Ok(by.into_iter().map(|index| strong[index]).collect())
}

/// What is demanded that the statement does not say was verified.
fn lacking<'r>(rule: &'r StatementRule, statement: &Foreign) -> Option<&'r str> {
    rule.properties.iter().find(|property| !statement.verified.contains(property)).map(String::as_str)
}

fn lacks(rule: &StatementRule, artifact: &Artifact, property: &str) -> Reason {
    Reason::new(
        "property-missing",
        format!("{}: it is not stated that {} has {}", shown(&rule.name), artifact.path.escaped(), shown(property)),
        "let the verifier verify that too; only verification summaries and simple verification results list properties",
    )
}

fn unstated(rule: &StatementRule, artifact: &Artifact) -> Reason {
    let of = format!("{} (sha256 {})", artifact.path.escaped(), artifact.sha256);
    Reason::new(
        "statement-missing",
        format!("{}: nobody states {} of {of}", shown(&rule.name), shown(&rule.predicate_type)),
        "give the attestation of this very file with --attestations; if it was built again, attest it again",
    )
}

fn not_passed(rule: &StatementRule, artifact: &Artifact, result: &str) -> Reason {
    Reason::new(
        "statement-not-passed",
        format!(
            "{}: what is stated of {} is that it came out {}",
            shown(&rule.name),
            artifact.path.escaped(),
            shown(result)
        ),
        "mend what it found; the newer statement, which says that it passed, is looked for beside this one",
    )
}

/// Which statement has it, and the subject by its digests.
type Place<'s> = (usize, &'s BTreeMap<String, String>);

/// Every digest that we can compute is the artifact's, and there is one.
fn agrees(subject: &BTreeMap<String, String>, sha256: &str, artifact: &Artifact) -> bool {
    let same = |algorithm: &str, ours: Option<&str>| subject.get(algorithm).map(|theirs| Some(theirs.as_str()) == ours);
    let both = [same("sha256", Some(sha256)), same("sha512", artifact.sha512.as_deref())];
    both.iter().any(Option::is_some) && !both.contains(&Some(false))
}

fn kind_missing(rule: &StatementRule, foreign: &[Foreign]) -> Reason {
    let mut others: Vec<&str> = foreign.iter().map(|f| f.predicate_type.as_str()).collect();
    others.sort_unstable();
    others.dedup();
    Reason::new(
        "statement-missing",
        format!(
            "{}: no signed statement is of type {}; of other tools there are: {}",
            shown(&rule.name),
            shown(&rule.predicate_type),
            some(others),
        ),
        "give the file that has it with --attestations, or correct `predicate_type`",
    )
}
