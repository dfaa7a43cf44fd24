//! Attributes that an in-toto SCAI report claims, and whether the run that it is about can bear them: part of check 15.
use crate::candidate::Candidate;
use crate::evidence::{at, malformed};
use crate::policy::StepRule;
use crate::reason::{Reason, shown, some};
use sekisho_attest::Descriptor;
use sekisho_attest::names::ATTRIBUTE_INPUTS_IN_PROFILE;
use sekisho_events::{Digest, Level};
use serde_json::{Map, Value};

/// What a report of ours claims of the products of its run.
pub(crate) struct Claim {
    attribute: String,
    /// The profile that it speaks of, if of one.
    profile: Option<Digest>,
}

/// The claims of a report of ours; one about something else than its subjects is none of ours.
pub(crate) fn claims(predicate: &Map<String, Value>) -> Result<Vec<Claim>, Reason> {
    let wrong = || malformed("attributes: not a list of attributes, each with its conditions");
    let list = predicate.get("attributes").and_then(Value::as_array).filter(|list| !list.is_empty());
    let claim = |value: &Value| {
        let value = value.as_object().filter(|value| !value.contains_key("target"))?;
        let digest = at(value, &["conditions", "profile", "digest", "sha256"]);
        let profile = match digest {
            Some(digest) => Some(Digest::from_hex(digest.as_str()?)?),
            None => None,
        };
        Some(Claim { attribute: value.get("attribute")?.as_str()?.to_owned(), profile })
    };
    list.ok_or_else(wrong)?.iter().map(|value| claim(value).ok_or_else(wrong)).collect()
}

/// What the claims of a report of ours rest on. The verdict is not among it: whichever is shown must be of the same profile.
pub(crate) fn evidence(predicate: &Map<String, Value>) -> Result<Vec<Descriptor>, Reason> {
    let list = predicate.get("attributes").and_then(Value::as_array).into_iter().flatten();
    let cited = list.filter_map(|value| value.get("evidence"));
    let read = |value| Descriptor::from_json(value).ok_or_else(|| malformed("attributes: evidence without sha256"));
    let all: Vec<Descriptor> = cited.map(read).collect::<Result<_, _>>()?;
    Ok(all.into_iter().filter(|cited| cited.name != "verdict").collect())
}

/// The attributes of another tool's report that hold of its subjects whatever else may be: those with a target are about
/// something else, and conditions are not judged.
pub(crate) fn unconditional(predicate: &Map<String, Value>) -> Vec<String> {
    let list = predicate.get("attributes").and_then(Value::as_array).into_iter().flatten();
    let plain = |value: &&Value| value.get("target").is_none() && value.get("conditions").is_none();
    list.filter(plain).filter_map(|value| Some(value.get("attribute")?.as_str()?.to_owned())).collect()
}

/// Every attribute that the policy demands is claimed of this very run, which can bear it. Gives what was found.
pub(crate) fn demanded(rule: &StepRule, candidate: &Candidate<'_>) -> Result<String, Reason> {
    let Some(first) = rule.attributes.iter().find(|name| !holds(name, candidate)) else {
        return Ok(rule.attributes.join(", "));
    };
    let all = candidate.of_kind("attributes").flat_map(|report| &report.claims).map(|claim| claim.attribute.as_str());
    Err(Reason::new(
        "attribute-missing",
        format!("it is not proved that step {} has {}; claimed are: {}", shown(&rule.name), shown(first), some(all)),
        "`sekisho attest --scai` (or `run --scai`) says what it does not claim, and why",
    ))
}

/// True if it is claimed; a report may not claim more than its recording bears, nor of another profile than judged it.
fn holds(attribute: &str, candidate: &Candidate<'_>) -> bool {
    let block = candidate.block;
    let whole = block.complete && block.lost == 0 && block.gaps == 0;
    let watched = block.level().is_some_and(|level| level >= Level::Files);
    let judged = candidate.verdict().filter(|said| said.block.clean).map(|said| said.profile);
    let borne = |claim: &Claim| match claim.attribute.as_str() {
        ATTRIBUTE_INPUTS_IN_PROFILE => judged.is_some() && claim.profile == judged && block.is_toctou_verified(),
        _ => true,
    };
    let mut claims = candidate.of_kind("attributes").flat_map(|report| &report.claims);
    whole && watched && claims.any(|claim| claim.attribute == attribute && borne(claim))
}
