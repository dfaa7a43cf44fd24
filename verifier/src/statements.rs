//! Check 20: what the policy demands to be stated of every artifact, by whichever tool.
use crate::checks::Found;
use crate::evidence::Foreign;
use crate::policy::{Policy, SignerRule, StatementRule};
use crate::reason::{Reason, shown, some};
use crate::verify::Artifact;
use std::collections::{BTreeMap, HashMap};

/// Finds for each artifact a statement of the kind, signed by enough of those who are trusted for it.
pub(crate) fn stated(rule: &StatementRule, foreign: &[Foreign], artifacts: &[Artifact], policy: &Policy) -> Found {
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
    let mut by_digest: HashMap<&str, Vec<&BTreeMap<String, String>>> = HashMap::new();
    for subject in strong.iter().flat_map(|f| &f.subjects) {
        for algorithm in ["sha256", "sha512"] {
            if let Some(hex) = subject.get(algorithm) {
                by_digest.entry(hex).or_default().push(subject);
            }
        }
    }
    let is_stated = |artifact: &Artifact| {
        let sha256 = artifact.sha256.to_hex();
        let found = [Some(sha256.as_str()), artifact.sha512.as_deref()].into_iter().flatten();
        found.filter_map(|hex| by_digest.get(hex)).flatten().any(|subject| agrees(subject, &sha256, artifact))
    };
    let without: Vec<String> = artifacts
        .iter()
        .filter(|a| !is_stated(a))
        .map(|a| format!("{} (sha256 {})", a.path.escaped(), a.sha256))
        .collect();
    if without.is_empty() {
        let by = strong[0].signers.names(|key| policy.keys[key].name.as_str());
        return Ok(format!("{}, signed by {}", shown(&rule.predicate_type), some(by)));
    }
    Err(Reason::new(
        "statement-missing",
        format!("{}: nobody states {} of {}", shown(&rule.name), shown(&rule.predicate_type), without[0]),
        "give the attestation of this very file with --attestations; if it was built again, attest it again",
    ))
}

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
