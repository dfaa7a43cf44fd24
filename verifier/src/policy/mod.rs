//! What is demanded, and of whom (docs/policy.md).
mod error;
mod lint;
mod read;
mod signers;
mod source;

pub use error::{PolicyError, PolicyErrorKind};
pub use lint::{Finding, Grade};

use crate::trust::{Identity, Trust};
use globset::GlobMatcher;
use sekisho_attest::{PublicKey, names};
use sekisho_events::{Digest, Level};

/// How a profile was in force while the step ran, from weak to strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Recorded and reported.
    Observe,
    /// Calls that it does not allow failed.
    Deny,
    /// The step died at the first of them.
    Kill,
}

impl Mode {
    /// The mode of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Observe, Self::Deny, Self::Kill].into_iter().find(|mode| mode.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Deny => "deny",
            Self::Kill => "kill",
        }
    }
}

/// A trusted key.
#[derive(Clone, Debug)]
pub struct Key {
    /// What the policy calls it.
    pub name: String,
    /// The key.
    pub public: PublicKey,
}

/// Where a material must come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Anywhere.
    Any,
    /// It is a product of the run of this step (index into [`Policy::steps`], before the step that demands it).
    Step(usize),
    /// It has one of these digests.
    Digests(Vec<Digest>),
    /// Somebody who is trusted for it states something of this kind about it.
    Stated(Box<StatementRule>),
}

/// A demand on the materials of a step.
#[derive(Clone, Debug)]
pub struct MaterialRule {
    /// As written.
    pub pattern: String,
    /// Which materials, by name.
    pub glob: GlobMatcher,
    /// Where they come from.
    pub source: Source,
}

/// Who may sign, and how many must.
#[derive(Clone, Debug)]
pub struct SignerRule {
    /// Indices into [`Policy::keys`], each key once whatever its names.
    pub keys: Vec<usize>,
    /// Indices into [`Policy::identities`].
    pub identities: Vec<usize>,
    /// How many distinct signers.
    pub threshold: usize,
}

/// A demand on every artifact: somebody who is trusted states something of this kind about it.
#[derive(Clone, Debug)]
pub struct StatementRule {
    /// What the policy calls it.
    pub name: String,
    /// The statement's `predicateType`, exactly.
    pub predicate_type: String,
    /// What it must say that was verified.
    pub properties: Vec<String>,
    /// Who may sign it.
    pub signers: SignerRule,
}

/// What is demanded of the evidence of one step.
#[derive(Clone, Debug)]
pub struct StepRule {
    /// Name of the step.
    pub name: String,
    /// Who may sign it.
    pub signers: SignerRule,
    /// Which kinds of statement must be there, by short name.
    pub predicates: Vec<&'static str>,
    /// Digests of the profiles by which it may be judged; empty for any that is reviewed as `reviews` demands.
    pub profiles: Vec<Digest>,
    /// Refs of which one must have held the profile as it judged; empty: none is demanded.
    pub profile_refs: Vec<(String, GlobMatcher)>,
    /// Who must have signed the review of the profile by which it was judged.
    pub reviews: Option<SignerRule>,
    /// Attributes that must be claimed of the run, and that its recording must bear.
    pub attributes: Vec<&'static str>,
    /// The weakest mode.
    pub mode: Mode,
    /// The lowest level.
    pub level: Level,
    /// Classes of act that must have been recorded.
    pub recorded: Vec<String>,
    /// Engines that are trusted; empty for any.
    pub engines: Vec<String>,
    /// Every recorded name must have been confirmed.
    pub toctou_verified: bool,
    /// A recording that missed something may do.
    pub allow_incomplete: bool,
    /// A step that failed may do.
    pub allow_failed: bool,
    /// How old the run may be, in seconds.
    pub max_age_s: Option<u64>,
    /// What the products may be called; each pattern must have one. Empty for any.
    pub products: Vec<(String, GlobMatcher)>,
    /// Demands on materials.
    pub materials: Vec<MaterialRule>,
    /// No material of the workspace may match none of the rules.
    pub materials_only: bool,
}

impl StepRule {
    /// What must be stated of its materials.
    pub(crate) fn stated(&self) -> impl Iterator<Item = &StatementRule> {
        self.materials.iter().filter_map(|rule| match &rule.source {
            Source::Stated(stated) => Some(&**stated),
            _ => None,
        })
    }

    /// True if a verdict is demanded.
    pub fn wants_verdict(&self) -> bool {
        self.predicates.contains(&"verdict")
    }
}

/// A policy, checked: what it says can be done.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The trusted keys; no two are the same key.
    pub keys: Vec<Key>,
    /// The trusted identities.
    pub identities: Vec<Identity>,
    /// The roots of trust that the identities name.
    pub trusts: Vec<Trust>,
    /// The steps, those that others consume first. None if statements are demanded only.
    pub steps: Vec<StepRule>,
    /// What must be stated of each artifact, by whichever tool.
    pub statements: Vec<StatementRule>,
    /// True if an identity is believed by a root of trust that comes with sekisho, as of [`crate::EMBEDDED_ROOT_DATE`].
    pub embedded_root: bool,
    /// Which step's products are released; 0 if there are no steps.
    pub artifacts_from: usize,
}

/// A file that a policy names could not be read: the system's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFailed(pub String);

/// Reads the files that a policy names: paths as written in it, for the caller to resolve beside the policy.
pub trait PolicyFiles {
    /// The content of a file.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, ReadFailed>;
}

impl<F: FnMut(&str) -> Result<Vec<u8>, ReadFailed>> PolicyFiles for F {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, ReadFailed> {
        self(path)
    }
}

impl Policy {
    /// Reads `policy.toml`.
    pub fn parse(text: &str, mut files: impl PolicyFiles) -> Result<Self, PolicyError> {
        read::policy(text, &mut files, None)
    }

    /// The same, with a `trusted_root.json` of the public-good instance in place of the embedded one.
    pub fn parse_with_root(text: &str, mut files: impl PolicyFiles, root: &str) -> Result<Self, PolicyError> {
        read::policy(text, &mut files, Some(root))
    }

    /// What whoever satisfies this policy was found to be, by name: for simple verification results.
    pub fn properties(&self) -> Vec<&'static str> {
        let all = |demand: fn(&StepRule) -> bool| !self.steps.is_empty() && self.steps.iter().all(demand);
        let enforced = |step: &StepRule| step.wants_verdict() && step.mode > Mode::Observe;
        let met = [
            (names::LEVEL_ACCEPTED, true),
            (names::LEVEL_CLEAN, all(StepRule::wants_verdict)),
            (names::LEVEL_ENFORCED, all(enforced)),
            (names::PROPERTY_COMPLETE, all(|step| !step.allow_incomplete)),
        ];
        met.into_iter().filter(|(_, met)| *met).map(|(name, _)| name).collect()
    }

    /// True if an artifact's SHA-512 is of use.
    pub fn wants_sha512(&self) -> bool {
        !self.statements.is_empty()
    }
}
