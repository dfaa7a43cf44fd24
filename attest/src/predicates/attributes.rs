//! in-toto SCAI attribute report v0.3: what a recording proves that the step kept to.
//!
//! Invariant: an attribute is claimed only if its opposite would stand in the recording: of one that missed something, or
//! at a level that does not watch it, nothing is claimed.
use super::provenance::{cited, recording};
use super::verdict::Verdict;
use super::{object, verdict};
use crate::facts::{Network, RunFacts};
use crate::names::{
    ATTRIBUTE_INPUTS_DIGESTED, ATTRIBUTE_INPUTS_IN_PROFILE, ATTRIBUTE_NO_NETWORK, BLOCK, PROPERTY_COMPLETE,
};
use sekisho_events::{Digest, Level, PathBytes, Toctou, escape};
use serde_json::{Map, Value, json};
use std::fmt;

/// Why an attribute is not claimed of a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unclaimed {
    /// What would speak against it may have been missed.
    #[error("the recording is not complete")]
    Incomplete,
    /// What would speak against it is not watched.
    #[error("level {} does not watch it", .0.name())]
    Level(Level),
    /// A socket that may lead elsewhere.
    #[error("{} did {operation} by {}", program.escaped(), escape(protocol.as_bytes()))]
    Network {
        /// Which program.
        program: PathBytes,
        /// What it did.
        operation: &'static str,
        /// By which protocol.
        protocol: String,
    },
    /// Somebody outside, who may use the network, was asked.
    #[error("work was handed to {0}")]
    Delegated(Escaped),
    /// Somebody outside, who may use the network, may have sent something.
    #[error("somebody who is not known to be of the step came to a UNIX socket of the step")]
    Visited,
    /// A device that may lead elsewhere.
    #[error("the device {} was opened", .0.escaped())]
    Device(PathBytes),
    /// Names may lead elsewhere.
    #[error("something was mounted")]
    Mounted,
    /// Another process may have done it.
    #[error("another process was interfered with")]
    Tampered,
    /// The content of an input is not known, or not one.
    #[error("the content of {} is not known, or changed meanwhile", .0.escaped())]
    Input(PathBytes),
    /// A name could be changed while it was read.
    #[error("not every name was confirmed")]
    Names,
    /// There is no judgement.
    #[error("it was not judged by a profile")]
    NoVerdict,
    /// The judgement is that it did not.
    #[error("it deviated from the profile")]
    Deviates,
}

/// A name that is fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escaped(String);

impl fmt::Display for Escaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Each attribute, and whether it is claimed.
pub type Claims = [(&'static str, Result<(), Unclaimed>); 4];

/// What can be claimed of a run, and why not the rest; `verdict` is how it was judged.
pub fn claims(facts: &RunFacts, verdict: Option<&Verdict>) -> Claims {
    let whole = whole(facts);
    let watched = whole.clone().and(match facts.header.level {
        Level::Exec => Err(Unclaimed::Level(Level::Exec)),
        Level::Files | Level::Deep => Ok(()),
    });
    [
        (PROPERTY_COMPLETE, whole),
        (ATTRIBUTE_NO_NETWORK, watched.clone().and_then(|()| no_network(facts))),
        (ATTRIBUTE_INPUTS_DIGESTED, watched.clone().and_then(|()| digested(facts))),
        (ATTRIBUTE_INPUTS_IN_PROFILE, watched.and_then(|()| in_profile(facts, verdict))),
    ]
}

fn whole(facts: &RunFacts) -> Result<(), Unclaimed> {
    let trailer = &facts.trailer;
    let whole = trailer.complete && trailer.lost == 0 && trailer.gaps == 0;
    if whole { Ok(()) } else { Err(Unclaimed::Incomplete) }
}

fn no_network(facts: &RunFacts) -> Result<(), Unclaimed> {
    // Where nobody was reached a question may have left the machine all the same.
    let leads_out = |n: &&Network| !matches!(n.protocol.as_str(), "unix" | "netlink");
    if let Some(Network { program, operation, protocol, .. }) = facts.network.iter().find(leads_out) {
        return Err(Unclaimed::Network { program: program.clone(), operation, protocol: protocol.clone() });
    }
    if let Some(to) = facts.delegated.first() {
        return Err(Unclaimed::Delegated(Escaped(to.clone())));
    }
    let reach = &facts.reach;
    match &reach.device {
        Some(device) => Err(Unclaimed::Device(device.clone())),
        None if reach.visited => Err(Unclaimed::Visited),
        None if reach.mounted => Err(Unclaimed::Mounted),
        None if reach.tampered => Err(Unclaimed::Tampered),
        None => Ok(()),
    }
}

fn digested(facts: &RunFacts) -> Result<(), Unclaimed> {
    let unknown = facts.materials.iter().find(|m| m.sha256.is_none() || !m.changed_to.is_empty());
    unknown.map_or(Ok(()), |m| Err(Unclaimed::Input(m.path.clone())))
}

fn in_profile(facts: &RunFacts, verdict: Option<&Verdict>) -> Result<(), Unclaimed> {
    match verdict {
        None => Err(Unclaimed::NoVerdict),
        Some(verdict) if !verdict.clean => Err(Unclaimed::Deviates),
        Some(_) if facts.trailer.toctou != Toctou::Verified => Err(Unclaimed::Names),
        Some(_) => Ok(()),
    }
}

/// `trace` and `verdict` are the digests of those statements' payloads. `None` if nothing can be claimed.
pub(crate) fn attributes(
    facts: &RunFacts,
    judged: Option<(&Verdict, Digest)>,
    trace: Digest,
    block: &Value,
    builder: &str,
) -> Option<Map<String, Value>> {
    let claims = claims(facts, judged.map(|(verdict, _)| verdict));
    let claimed = claims.into_iter().filter(|(_, claim)| claim.is_ok());
    let attributes: Vec<Value> = claimed
        .map(|(name, _)| {
            let mut conditions = json!({"level": facts.header.level.name()});
            let evidence = match (name, judged) {
                (ATTRIBUTE_INPUTS_IN_PROFILE, Some((verdict, payload))) => {
                    conditions["profile"] = verdict::profile(verdict);
                    cited("verdict", payload)
                }
                (ATTRIBUTE_NO_NETWORK, _) => cited("runtime-trace", trace),
                _ => recording(facts),
            };
            json!({"attribute": name, "conditions": conditions, "evidence": evidence})
        })
        .collect();
    let producer = json!({"uri": builder, "name": facts.header.tool, "annotations": {BLOCK: block}});
    (!attributes.is_empty()).then(|| object(json!({"attributes": attributes, "producer": producer})))
}
