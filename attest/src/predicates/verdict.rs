//! The verdict: behaviour held against a profile, as a SLSA verification summary v1.
//!
//! The profile is the `policy`; what we add stands in its `annotations`. A verified level that is not SLSA's own may
//! be used by anybody (slsa.dev, "SlsaResult"); ours begin with `SEKISHO_`.
use super::cut::cut;
use super::object;
use super::provenance::cited;
use crate::facts::RunFacts;
use crate::names::{BLOCK, DIFF_VERIFIER, LEVEL_CLEAN, LEVEL_ENFORCED};
use crate::run::Listing;
use crate::timestamp;
use sekisho_events::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

const DEVIATION_BYTES: usize = 24 << 10;
const FIELD_BYTES: usize = 512;

/// What is wrong with a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerdictError {
    /// Not what docs/interface.md says of `verdict.json`.
    #[error("{0} of the verdict is missing or not what it should be")]
    Field(&'static str),
    /// Clean, with deviations or gaps.
    #[error("the verdict says clean, and lists what is not")]
    Contradiction,
    /// It is about another recording.
    #[error("the verdict does not agree with the recording on whether it is complete")]
    OtherRecording,
}

/// A verdict as `diff --format json` gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// True if the profile allows everything that was recorded, and nothing was missed.
    pub clean: bool,
    /// True if nothing was missed.
    pub complete: bool,
    /// Where the profile was read from.
    pub profile_path: String,
    /// SHA-256 of the profile as a file.
    pub profile_sha256: Digest,
    /// Where that file stands in version control, as the verdict says it.
    pub profile_origin: Option<Map<String, Value>>,
    /// Numbers of events, allowed, deviations.
    pub counts: Map<String, Value>,
    /// What was not allowed.
    pub deviations: Vec<Value>,
}

/// What a signed verdict says, in `policy.annotations.verdict`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictBlock {
    /// As [`Verdict::clean`].
    pub clean: bool,
    /// `observe`, `deny`, `kill`: how this very profile was in force while the step ran.
    pub mode: String,
    /// Numbers of events, allowed, deviations.
    pub counts: Map<String, Value>,
    /// The first deviations: `code`, `what`, `process`, `severity`, `times`.
    pub deviations: Vec<Value>,
    /// Of all deviations.
    pub listing: Listing,
}

impl Verdict {
    /// Reads `verdict.json` or the output of `diff --format json`.
    pub fn from_json(value: &Value) -> Result<Self, VerdictError> {
        let flag = |name: &'static str| value[name].as_bool().ok_or(VerdictError::Field(name));
        if value["version"].as_u64() != Some(1) {
            return Err(VerdictError::Field("version"));
        }
        let profile = &value["profile"];
        let sha256 = profile["sha256"].as_str().and_then(Digest::from_hex);
        let verdict = Self {
            clean: flag("clean")?,
            complete: flag("complete")?,
            profile_path: profile["path"].as_str().ok_or(VerdictError::Field("profile.path"))?.to_owned(),
            profile_sha256: sha256.ok_or(VerdictError::Field("profile.sha256"))?,
            profile_origin: profile["origin"].as_object().cloned(),
            counts: value["counts"].as_object().cloned().ok_or(VerdictError::Field("counts"))?,
            deviations: value["deviations"].as_array().cloned().ok_or(VerdictError::Field("deviations"))?,
        };
        if verdict.clean && (!verdict.complete || !verdict.deviations.is_empty()) {
            return Err(VerdictError::Contradiction);
        }
        Ok(verdict)
    }

    /// The mode in which this profile was in force while the step ran; `observe` if another one, or none, was.
    fn mode<'f>(&self, facts: &'f RunFacts) -> &'f str {
        if facts.header.profile_sha256 == Some(self.profile_sha256) { &facts.header.mode } else { "observe" }
    }
}

/// `evidence`: the other statements of the run, by name and digest of their payloads.
pub(crate) fn verdict(
    verdict: &Verdict,
    facts: &RunFacts,
    block: &Value,
    evidence: &[(&str, Digest)],
) -> Result<Map<String, Value>, VerdictError> {
    if verdict.complete != facts.trailer.complete {
        return Err(VerdictError::OtherRecording);
    }
    let mode = verdict.mode(facts);
    let levels = match (verdict.clean, mode) {
        (false, _) => vec!["FAILED"],
        (true, "observe") => vec![LEVEL_CLEAN],
        (true, _) => vec![LEVEL_CLEAN, LEVEL_ENFORCED],
    };
    let (deviations, _) = cut(verdict.deviations.iter().map(short), DEVIATION_BYTES);
    let (_, mut listing) = cut(verdict.deviations.iter().cloned(), 0);
    listing.listed = deviations.len() as u64;
    let said = VerdictBlock {
        clean: verdict.clean,
        mode: mode.to_owned(),
        counts: verdict.counts.clone(),
        deviations,
        listing,
    };
    let inputs: Vec<Value> = evidence.iter().map(|(name, digest)| cited(name, *digest)).collect();
    let run = block["run"].as_str().unwrap_or_default();
    let mut annotations = object(json!({"verdict": said, BLOCK: block}));
    if let Some(origin) = &verdict.profile_origin {
        annotations.insert("profile".to_owned(), origin.clone().into());
    }
    let mut policy = profile(verdict);
    policy["annotations"] = annotations.into();
    Ok(object(json!({
        "verifier": {"id": DIFF_VERIFIER, "version": {"sekisho": facts.header.tool}},
        "timeVerified": timestamp::format(facts.finished_s()),
        "resourceUri": format!("urn:sekisho:run:{run}"),
        "policy": policy,
        "inputAttestations": inputs,
        "verificationResult": if verdict.clean { "PASSED" } else { "FAILED" },
        "verifiedLevels": levels,
    })))
}

/// The profile, by URI and digest.
pub(crate) fn profile(verdict: &Verdict) -> Value {
    json!({
        "uri": format!("file:{}", crate::facts::percent(verdict.profile_path.as_bytes())),
        "digest": {"sha256": verdict.profile_sha256.to_hex()},
    })
}

/// What of a deviation is signed word for word; all of it is in `verdict.json`, whose list the digest covers.
fn short(deviation: &Value) -> Value {
    let text = |value: &Value| -> Value {
        let mut text = value.as_str().unwrap_or_default().to_owned();
        if text.len() > FIELD_BYTES {
            let end = (0..=FIELD_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
        text.into()
    };
    json!({
        "code": text(&deviation["code"]),
        "what": text(&deviation["what"]),
        "process": text(&deviation["process"]["path"]),
        "severity": text(&deviation["severity"]),
        "times": deviation["times"].as_u64(),
    })
}
