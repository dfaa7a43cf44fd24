//! Check 13, its other half: those whom the policy names have signed the review of the very profile that the run was judged by.
use crate::candidate::Candidate;
use crate::checks::Found;
use crate::evidence::Foreign;
use crate::policy::{Policy, SignerRule, StepRule};
use crate::reason::{Reason, shown, some};
use crate::signers::Signers;
use sekisho_attest::names::PROFILE_REVIEW;

/// The reviews of the profile by which a candidate was judged.
pub(crate) fn reviews<'f>(candidate: &Candidate<'_>, foreign: &'f [Foreign]) -> Vec<&'f Foreign> {
    let Some(said) = candidate.verdict() else { return Vec::new() };
    let hex = said.profile.to_hex();
    // One subject: a review is of one profile, and a longer list could be made to look like one of another.
    let of_it = |f: &&Foreign| {
        f.predicate_type == PROFILE_REVIEW && f.subjects.len() == 1 && f.subjects[0].get("sha256") == Some(&hex)
    };
    foreign.iter().filter(of_it).collect()
}

/// Finds whether enough of them have signed.
pub(crate) fn reviewed(
    rule: &StepRule,
    demand: &SignerRule,
    candidate: &Candidate<'_>,
    foreign: &[Foreign],
    policy: &Policy,
) -> Found {
    let mut all = Signers::default();
    for review in reviews(candidate, foreign) {
        all.join(&review.signers);
    }
    let SignerRule { keys, identities, threshold } = demand;
    let count = all.count(keys, identities);
    let profile = candidate.verdict().map_or_else(String::new, |said| said.profile.to_hex());
    if count >= *threshold {
        let by = all.trusted(demand, policy);
        return Ok(format!("sha256:{profile}, reviewed by {}", some(by.iter().map(String::as_str))));
    }
    Err(Reason::new(
        "profile-not-reviewed",
        format!(
            "step {} was judged by the profile with sha256 {profile}, whose review {count} of {threshold} have signed",
            shown(&rule.name)
        ),
        "let them review and sign it (`sekisho profile sign P --key K`), and give the signatures with --attestations too",
    ))
}
