//! What a profile says: to an act of a process, and to each single need of it.
use std::sync::Arc;

/// What a profile says to an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A rule allows it (the first by name).
    Allowed {
        /// Its id.
        rule: Arc<str>,
    },
    /// A rule forbids it.
    Denied {
        /// Its id.
        rule: Arc<str>,
        /// What the call is to return (positive errno).
        errno: i32,
    },
    /// No rule speaks of it.
    Unlisted,
    /// It is nothing that rules speak of.
    NotJudged,
}

/// Why a profile that reads well cannot be matched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatchError {
    /// A pattern that was put into a rule without being checked.
    #[error("rule {rule}: bad pattern for `{key}`")]
    BadPattern {
        /// Id of the rule.
        rule: String,
        /// Key of the list.
        key: &'static str,
    },
}

/// Everything that a profile says to one need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) outcome: Outcome,
    /// All rules that match, sorted; numbers of rules in the profile.
    pub(crate) matched: Vec<u32>,
    /// A rule that would have allowed it, had it not expired, or had somebody reviewed it.
    pub(crate) lapsed: Option<u32>,
    /// A rule that allows the program with another digest.
    pub(crate) other_digest: Option<u32>,
    /// A rule with a wildcard that would have allowed it, were it no secret.
    pub(crate) unnamed: Option<u32>,
}

impl Decision {
    /// As if nothing were decided; what memory it has is kept.
    pub(crate) fn clear(&mut self) {
        let mut matched = std::mem::take(&mut self.matched);
        matched.clear();
        *self = Self { matched, ..Self::default() };
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outcome {
    Allowed(u32),
    Denied(u32),
    Expected,
    #[default]
    Unlisted,
    NotJudged,
}

/// Of several needs of one event, the worst decides.
pub(crate) fn weight(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::NotJudged => 0,
        Verdict::Allowed { .. } => 1,
        Verdict::Unlisted => 2,
        Verdict::Denied { .. } => 3,
    }
}
