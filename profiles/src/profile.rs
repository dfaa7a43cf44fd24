//! A profile: what a step may do, as a person reviewed it.
use crate::error::ProfileError;
use crate::rule::{Item, Rule};
use sekisho_events::{Level, Mode};

/// Refusals that every profile tolerates unless it has a list of its own: each has a fallback that programs take.
pub const EXPECTED_REFUSALS: &[&str] = &["clone3", "io_uring_setup"];

/// The `[profile]` table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// What the profile is called.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Shipped abstractions that it stands on, each `NAME@sha256:DIGEST`.
    pub include: Vec<Item>,
    /// How much is to be watched.
    pub level: Option<Level>,
    /// What happens to what it does not allow.
    pub mode: Option<Mode>,
    /// Calls whose refusal is expected; `None`: [`EXPECTED_REFUSALS`].
    pub refused: Option<Vec<Item>>,
    /// True if looking at names and listing directories is judged (level `deep`).
    pub judge_metadata: bool,
    /// True if a rule that nobody reviewed allows nothing.
    pub require_review: bool,
    /// How many recordings it was made of.
    pub recordings: Option<u32>,
    /// Comment lines by key; the empty key is above the table.
    pub comments: std::collections::BTreeMap<String, Vec<String>>,
}

/// A profile. [`Profile::parse`] and [`Profile::to_toml`] are inverse on canonical text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The `[profile]` table.
    pub meta: Meta,
    /// The rules, sorted by id; those of abstractions too, as `NAME/ID`.
    pub rules: Vec<Rule>,
    /// Comment lines at the end of the file.
    pub trailing: Vec<String>,
}

impl Profile {
    /// Reads a profile, which must be in canonical form.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        if let Some((profile, head)) = crate::canonical::read(text) {
            return crate::load::included(profile, head, &crate::reviewed::SHIPPED);
        }
        let profile = Self::parse_any_form(text)?;
        crate::write::check_canonical(text, &profile.to_toml())?;
        Ok(profile)
    }

    /// Reads a profile in any form.
    pub fn parse_any_form(text: &str) -> Result<Self, ProfileError> {
        crate::load::profile(text, &crate::reviewed::SHIPPED)
    }

    /// Reads a profile in any form without what it includes, for `fmt`: a digest that is wrong does not keep it from being written.
    pub fn parse_alone(text: &str) -> Result<Self, ProfileError> {
        crate::load::alone(text)
    }

    /// The rules that stand in it itself.
    pub fn own_rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|r| r.is_own())
    }

    /// The canonical text.
    pub fn to_toml(&self) -> String {
        crate::write::profile(self)
    }

    /// The rule of this name.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|r| r.id == id)
    }

    /// Adds a rule; its name gets a number if it is taken.
    pub fn insert(&mut self, mut rule: Rule) {
        rule.normalise();
        let base = rule.id.clone();
        let mut number = 2;
        while self.rule(&rule.id).is_some() {
            rule.id = format!("{base}-{number}");
            number += 1;
        }
        self.rules.push(rule);
        self.normalise();
    }

    /// Sorts rules and lists.
    pub fn normalise(&mut self) {
        self.rules.iter_mut().for_each(Rule::normalise);
        self.rules.sort_by(|a, b| a.id.cmp(&b.id));
        for list in self.meta.refused.iter_mut().chain([&mut self.meta.include]) {
            list.sort();
            list.dedup_by(|a, b| a.text == b.text);
        }
    }

    /// The day on which one of its own rules was last reviewed; what is included was reviewed elsewhere.
    pub fn reviewed_on(&self) -> Option<crate::date::Date> {
        self.rules.iter().filter(|r| r.is_own()).filter_map(|r| r.reviewed_on).max()
    }

    /// How many of its own rules nobody has put a name and a day under.
    pub fn unreviewed(&self) -> usize {
        self.rules.iter().filter(|r| r.is_own() && !r.is_reviewed()).count()
    }

    /// True if a refusal of this call is expected of every process.
    pub fn expects_refusal(&self, call: &str) -> bool {
        match &self.meta.refused {
            Some(list) => list.iter().any(|i| i.text == call),
            None => EXPECTED_REFUSALS.contains(&call),
        }
    }
}
