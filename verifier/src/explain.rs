//! Which evidence each check rests on: for `verify --explain`, and for the summary that says what was verified.
//!
//! Invariant: what is named here was signed by somebody whom the demand trusts, and was looked at by the check that names it.
use crate::candidate::Candidate;
use crate::check::Check;
use crate::evidence::{Foreign, Signed};
use crate::policy::{Policy, SignerRule};
use crate::reason::shown;
use sekisho_events::Digest;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;

/// A signed statement that a check rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The step that it is of; `None` for another tool's.
    pub step: Option<String>,
    /// `link`, `provenance`, `runtime-trace`, `verdict`; of another tool's the predicate type.
    pub kind: String,
    /// Digest of the payload.
    pub sha256: Digest,
    /// Lines of the evidence, from 1, where it stands, signed.
    pub lines: Vec<usize>,
    /// Who signed it, of those whom the demand trusts.
    pub signers: Vec<String>,
}

/// Where a line of the evidence comes from: the name of the file, escaped, and the line there.
pub type Origin<'o> = dyn Fn(usize) -> (String, usize) + 'o;

impl Evidence {
    pub(crate) fn to_json(&self, origin: &Origin<'_>) -> Value {
        let places = |line: &usize| {
            let (file, line) = origin(*line);
            json!({"file": file, "line": line})
        };
        json!({
            "kind": shown(&self.kind),
            "step": self.step.as_deref().map(shown),
            "sha256": self.sha256.to_hex(),
            "places": self.lines.iter().map(places).collect::<Vec<_>>(),
            "signers": self.signers,
        })
    }

    pub(crate) fn to_line(&self, origin: &Origin<'_>) -> String {
        let mut out = shown(&self.kind);
        if let Some(step) = &self.step {
            let _ = write!(out, " of step {}", shown(step));
        }
        let places = self.lines.iter().map(|line| {
            let (file, line) = origin(*line);
            format!("{file}:{line}")
        });
        let places: Vec<String> = places.collect();
        let _ =
            write!(out, ", sha256:{}, in {}, signed by {}", self.sha256, places.join(", "), self.signers.join(", "));
        out
    }
}

/// All evidence that checks rest on, each statement once.
#[derive(Default)]
pub(crate) struct Cited {
    index: HashMap<Digest, usize>,
    pub(crate) all: Vec<Evidence>,
}

impl Cited {
    fn add(&mut self, sha256: Digest, evidence: impl FnOnce() -> Evidence) -> usize {
        *self.index.entry(sha256).or_insert_with(|| {
            self.all.push(evidence());
            self.all.len() - 1
        })
    }

    pub(crate) fn signed(&mut self, signed: &Signed, rule: &SignerRule, policy: &Policy) -> usize {
        self.add(signed.payload, || Evidence {
            step: Some(signed.block.step.clone()),
            kind: signed.kind.to_owned(),
            sha256: signed.payload,
            lines: signed.lines.clone(),
            signers: signed.signers.trusted(rule, policy),
        })
    }

    pub(crate) fn foreign(&mut self, foreign: &Foreign, rule: &SignerRule, policy: &Policy) -> usize {
        self.add(foreign.payload, || Evidence {
            step: None,
            kind: foreign.predicate_type.clone(),
            sha256: foreign.payload,
            lines: foreign.lines.clone(),
            signers: foreign.signers.trusted(rule, policy),
        })
    }
}

/// Which statements of a candidate a check looks at.
pub(crate) fn rests_on<'c, 'e>(check: Check, candidate: &'c Candidate<'e>) -> impl Iterator<Item = &'e Signed> + 'c {
    let kinds = match check {
        Check::Profile | Check::Mode => &["verdict"][..],
        Check::Behaviour => &["verdict", "attributes"],
        Check::Materials | Check::Chain => &["link"],
        _ => &[],
    };
    candidate.statements.iter().copied().filter(move |s| kinds.is_empty() || kinds.contains(&s.kind))
}
