//! What came of a verification: as JSON for scripts, as text for people.
use crate::check::Check;
use crate::explain::{Evidence, Origin};
use crate::reason::Reason;
use crate::verify::Artifact;
use sekisho_events::json::put_bytes;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// One check and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepResult {
    /// Which check.
    pub check: Check,
    /// Of which step of the policy; `None` for those over all evidence.
    pub step: Option<String>,
    /// True if it was made and passed.
    pub ok: bool,
    /// False if an earlier one failed, so that this was not made.
    pub reached: bool,
    /// What was found.
    pub detail: String,
    /// What it rests on: positions in [`Report::evidence`].
    pub evidence: Vec<usize>,
}

/// The report. The same evidence, policy and time give the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// True if every artifact may be released.
    pub accepted: bool,
    /// What was to be released.
    pub subjects: Vec<Artifact>,
    /// Every check, in order; where several runs are evidence, of the one that came furthest.
    pub steps: Vec<StepResult>,
    /// Why not; empty if accepted.
    pub reasons: Vec<Reason>,
    /// The statements that the checks rest on; of accepted artifacts, all that were needed.
    pub evidence: Vec<Evidence>,
}

impl Report {
    /// The form of docs/interface.md, `verify --format json`.
    pub fn to_json(&self) -> Value {
        let subjects: Vec<Value> = self.subjects.iter().map(subject).collect();
        let reasons: Vec<Value> =
            self.reasons.iter().map(|r| json!({"code": r.code, "message": r.message, "hint": r.hint})).collect();
        json!({
            "version": 1,
            "accepted": self.accepted,
            "subjects": subjects,
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
            "reasons": reasons,
        })
    }

    /// The same with `evidence`, and in each step the positions of what it rests on.
    pub fn to_explained_json(&self, origin: &Origin<'_>) -> Value {
        let mut out = self.to_json();
        if let Some(steps) = out["steps"].as_array_mut() {
            for (json, result) in steps.iter_mut().zip(&self.steps) {
                json["evidence"] = result.evidence.clone().into();
            }
        }
        out["evidence"] = self.evidence.iter().map(|e| e.to_json(origin)).collect();
        out
    }

    /// The same for a person: the checks, each with the numbers of what it rests on, and what that is.
    pub fn to_explained_text(&self, origin: &Origin<'_>) -> String {
        let mut out = self.to_text(false);
        out.push('\n');
        for result in &self.steps {
            let _ = write!(out, "{}", check_line(result));
            let cited: Vec<String> = result.evidence.iter().map(|at| format!("[{}]", at + 1)).collect();
            let _ = writeln!(out, "{}{}", if cited.is_empty() { "" } else { "  by " }, cited.join(" "));
        }
        if !self.evidence.is_empty() {
            out.push('\n');
        }
        for (at, evidence) in self.evidence.iter().enumerate() {
            let _ = writeln!(out, "  [{}] {}", at + 1, evidence.to_line(origin));
        }
        out
    }

    /// For a person: the reasons first, then the checks if `checks` is set.
    pub fn to_text(&self, checks: bool) -> String {
        let mut out = String::new();
        for subject in &self.subjects {
            let word = if self.accepted { "accepted" } else { "refused" };
            let _ = writeln!(out, "{word}  {}  sha256:{}", subject.path.escaped(), subject.sha256);
        }
        for reason in &self.reasons {
            let _ = writeln!(out, "\n  {}: {}\n  hint: {}", reason.code, reason.message, reason.hint);
        }
        if checks {
            out.push('\n');
            for result in &self.steps {
                let _ = writeln!(out, "{}", check_line(result));
            }
        }
        out
    }
}

fn check_line(result: &StepResult) -> String {
    let mark = match (result.ok, result.reached) {
        (true, _) => "ok",
        (false, true) => "FAILED",
        (false, false) => "-",
    };
    let step = result.step.as_deref().map(|s| format!("{}: ", crate::reason::shown(s)));
    let (number, id) = (result.check.number(), result.check.id());
    format!("  {number:>2} {id:<13} {mark:<7} {}{}", step.unwrap_or_default(), result.detail)
}

fn subject(artifact: &Artifact) -> Value {
    let mut out = Map::new();
    put_bytes(&mut out, "path", artifact.path.as_bytes());
    out.insert("sha256".into(), artifact.sha256.to_hex().into());
    out.into()
}

fn step(result: &StepResult) -> Value {
    let mut out = Map::new();
    out.insert("id".into(), result.check.id().into());
    out.insert("ok".into(), result.ok.into());
    out.insert("reached".into(), result.reached.into());
    if let Some(step) = &result.step {
        out.insert("step".into(), crate::reason::shown(step).into());
    }
    out.insert("detail".into(), result.detail.as_str().into());
    out.into()
}
