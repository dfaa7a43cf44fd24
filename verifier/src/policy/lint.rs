//! What of a policy is a mistake, or demands less than it seems to.
use super::{Mode, Policy, SignerRule, StepRule};
use crate::reason::shown;
use crate::trust::{Claim, Identity, SanRule};
use sekisho_events::Level;
use std::fmt;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// A mistake, or a hole.
    Warning,
    /// Worth knowing; right for many.
    Note,
}

/// Something about a policy. Codes are stable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub grade: Grade,
    /// Which kind of finding.
    pub code: &'static str,
    /// What, and where.
    pub message: String,
    /// What mends it.
    pub hint: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = if self.grade == Grade::Warning { "warning" } else { "note" };
        write!(f, "{grade}: {}: {}\n  hint: {}", self.code, self.message, self.hint)
    }
}

impl Policy {
    /// Findings, in the order of the policy.
    pub fn lint(&self) -> Vec<Finding> {
        let mut out = Findings(Vec::new());
        self.unused(&mut out);
        for identity in &self.identities {
            wide(identity, &mut out);
        }
        for step in &self.steps {
            weak(step, &mut out);
        }
        let signers = self.steps.iter().map(|s| (&s.name, &s.signers));
        for (name, rule) in signers.chain(self.statements.iter().map(|s| (&s.name, &s.signers))) {
            any_one(name, rule, &mut out);
        }
        if self.steps.is_empty() {
            let message = "it demands statements only: what the build did is not judged".to_owned();
            out.note("no-steps", message, "add [[steps]] for the steps that are recorded");
        }
        out.0
    }

    fn unused(&self, out: &mut Findings) {
        let of_steps = || {
            self.steps
                .iter()
                .flat_map(|s| std::iter::once(&s.signers).chain(&s.reviews).chain(s.stated().map(|r| &r.signers)))
        };
        let rules = || of_steps().chain(self.statements.iter().map(|s| &s.signers));
        for (index, key) in self.keys.iter().enumerate() {
            if !rules().any(|rule| rule.keys.contains(&index)) {
                let message = format!("no step names key {}", shown(&key.name));
                out.warn("unused", message, "take it out, or name it in `keys` of a step");
            }
        }
        for (index, identity) in self.identities.iter().enumerate() {
            if !rules().any(|rule| rule.identities.contains(&index)) {
                let message = format!("no step names identity {}", shown(&identity.name));
                out.warn("unused", message, "take it out, or name it in `identities` of a step");
            }
        }
    }
}

struct Findings(Vec<Finding>);

impl Findings {
    fn warn(&mut self, code: &'static str, message: String, hint: &'static str) {
        self.0.push(Finding { grade: Grade::Warning, code, message, hint });
    }

    fn note(&mut self, code: &'static str, message: String, hint: &'static str) {
        self.0.push(Finding { grade: Grade::Note, code, message, hint });
    }
}

/// Globs that let in more than one repository, or every branch.
fn wide(identity: &Identity, out: &mut Findings) {
    let SanRule::Glob(glob, _) = &identity.san else { return };
    let name = shown(&identity.name);
    let says = |claims: &[Claim]| identity.claims.iter().any(|(claim, _)| claims.contains(claim));
    let (before, after) = glob.rsplit_once('@').unwrap_or((glob, ""));
    // https://HOST/OWNER/REPOSITORY/…
    let place: Vec<&str> = before.splitn(6, '/').take(5).collect();
    let open = |text: &&str| text.contains(['*', '?', '[', '{']);
    let by_claim = [Claim::Repository, Claim::RepositoryId, Claim::Owner, Claim::OwnerId];
    if place.iter().any(open) && before.contains("//") && !says(&by_claim) {
        let message = format!("identity {name}: {} is not of one repository", shown(glob));
        out.warn("any-repository", message, "write owner and repository out, or demand `repository` or `owner_id`");
    }
    let branches = ["*", "**", "refs/*", "refs/**", "refs/heads/*", "refs/heads/**"];
    if branches.contains(&after) && !says(&[Claim::Ref, Claim::Commit, Claim::Environment]) {
        let message = format!("identity {name}: who may push any branch may sign");
        out.warn(
            "any-branch",
            message,
            "name the branch or the tags in `identity_glob`, or demand `ref` or `environment`",
        );
    }
}

fn weak(step: &StepRule, out: &mut Findings) {
    let name = shown(&step.name);
    if !step.wants_verdict() {
        let message = format!("step {name}: no verdict is demanded, so that it may have done anything");
        out.warn("no-verdict", message, "leave `predicates` out, and name the reviewed profile in `profiles`");
    } else if step.mode == Mode::Observe {
        let message = format!("step {name}: the profile need not have been enforced");
        out.note("observe", message, "`mode = \"deny\"`, when the profile has proved itself");
    }
    if step.allow_incomplete {
        let message = format!("step {name}: what a recording missed is forgiven");
        out.warn("allow-incomplete", message, "mend the cause of the gaps, and take `allow_incomplete` out");
    }
    if step.allow_failed {
        let message = format!("step {name}: what a failed step left behind is released");
        out.warn("allow-failed", message, "take `allow_failed` out");
    }
    if step.level == Level::Exec {
        let message = format!("step {name}: files and network need not have been watched");
        out.warn("level-exec", message, "leave `level` out");
    }
    if step.max_age_s.is_none() {
        let message = format!("step {name}: an attestation is good for ever, also of a version with a known hole");
        out.note("no-age", message, "`max_age = \"30d\"`, or whatever a release may wait");
    }
}

fn any_one(name: &str, rule: &SignerRule, out: &mut Findings) {
    let signers = rule.keys.len() + rule.identities.len();
    if signers > 1 && rule.threshold == 1 {
        let message = format!("{}: any one of {signers} signers suffices", shown(name));
        out.note("any-signer", message, "`threshold` is how many of them must have signed");
    }
}
