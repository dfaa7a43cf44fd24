//! Deviations of one recording or several as questions to a reviewer: what one answer decides is one question.
use crate::decide::{Alternative, alternatives, forbid, says};
use crate::deviation::{Deviation, Severity};
use crate::report::DiffReport;
use crate::rule::Rule;
use sekisho_events::{Digest, PathBytes};
use std::collections::HashMap;

/// One deviation where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Which of the recordings, by its place among the reports.
    pub recording: usize,
    /// Its place in that report.
    pub item: usize,
    /// The deviation.
    pub deviation: Deviation,
}

/// What one program did to one thing, such as making a file and writing to it, in however many recordings; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    key: String,
    first: Asked,
    others: Vec<Asked>,
}

/// The questions that these reports leave open, what matters most first.
pub fn questions<'a>(reports: impl IntoIterator<Item = &'a DiffReport>) -> Vec<Question> {
    let mut all: Vec<Question> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (recording, report) in reports.into_iter().enumerate() {
        for (item, deviation) in report.deviations.iter().enumerate() {
            let key = key(deviation);
            let asked = Asked { recording, item, deviation: deviation.clone() };
            if let Some(question) = places.get(&key).and_then(|at| all.get_mut(*at)) {
                question.others.push(asked);
            } else {
                places.insert(key.clone(), all.len());
                all.push(Question { key, first: asked, others: Vec::new() });
            }
        }
    }
    all.sort_by_key(|q| std::cmp::Reverse(q.severity()));
    all
}

/// Equal for what one answer decides, and the same from one run of the program to the next.
fn key(deviation: &Deviation) -> String {
    let program = deviation.process.as_ref().map(|p| p.path.as_bytes()).unwrap_or_default();
    let changes = deviation.code.starts_with("file-") && deviation.code != "file-read";
    let (kind, what) = if changes { ("change", target(deviation)) } else { (deviation.code, deviation.what.as_str()) };
    let text = [program, kind.as_bytes(), what.as_bytes()].join(&0);
    Digest::of(&text).to_hex()[..16].to_owned()
}

/// What stands behind the verb of a deviation.
fn target(deviation: &Deviation) -> &str {
    deviation.what.split_once(' ').map_or("", |(_, target)| target)
}

impl Question {
    /// Its stable name.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The deviation that speaks for all.
    pub fn deviation(&self) -> &Deviation {
        &self.first.deviation
    }

    /// All deviations that it stands for, where they stand.
    pub fn asked(&self) -> impl Iterator<Item = &Asked> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// How many deviations it stands for.
    pub fn deviations(&self) -> usize {
        1 + self.others.len()
    }

    /// The most severe of them.
    pub fn severity(&self) -> Severity {
        self.asked().map(|a| a.deviation.severity).max().unwrap_or(Severity::High)
    }

    /// What happened, in one escaped line: `create, write $WORKSPACE/a.o`.
    pub fn what(&self) -> String {
        let mut verbs: Vec<&str> = Vec::new();
        for asked in self.asked() {
            let verb = asked.deviation.what.split(' ').next().unwrap_or("");
            if !verbs.contains(&verb) {
                verbs.push(verb);
            }
        }
        match verbs.as_slice() {
            [_] => self.deviation().what.clone(),
            _ => format!("{} {}", verbs.join(", "), target(self.deviation())),
        }
    }

    /// The programs above the one that acted, the nearest first.
    pub fn below(&self) -> Vec<String> {
        let ancestry = self.deviation().process.iter().flat_map(|p| p.ancestry.iter().rev().skip(1));
        ancestry.map(PathBytes::escaped).collect()
    }

    /// Ways to allow all of it, narrow first: those of its first deviation that the others have too.
    pub fn offers(&self) -> Vec<Alternative> {
        let patterns = |rule: &Rule| rule.acts.values().flatten().map(|i| i.text.clone()).collect::<Vec<_>>();
        let mut found = alternatives(self.deviation());
        for deviation in self.distinct() {
            let theirs = alternatives(deviation);
            found.retain_mut(|offer| {
                let same = |a: &&Alternative| {
                    a.rule.process == offer.rule.process
                        && patterns(&a.rule).iter().all(|p| patterns(&offer.rule).contains(p))
                };
                let Some(other) = theirs.iter().find(same) else { return false };
                join(&mut offer.rule, &other.rule);
                offer.says = says(&offer.rule);
                true
            });
        }
        found
    }

    /// The rule that forbids all of it to everybody, if a rule can.
    pub fn refusal(&self) -> Option<Rule> {
        let mut rule = forbid(self.deviation());
        for deviation in self.distinct() {
            match (&mut rule, forbid(deviation)) {
                (Some(rule), Some(other)) => join(rule, &other),
                (None, other) => rule = other,
                (Some(_), None) => {}
            }
        }
        rule
    }

    /// Deviations that ask for another rule than those before them.
    fn distinct(&self) -> Vec<&Deviation> {
        let mut seen = vec![&self.first.deviation.suggest];
        let mut found = Vec::new();
        for asked in &self.others {
            if !seen.contains(&&asked.deviation.suggest) {
                seen.push(&asked.deviation.suggest);
                found.push(&asked.deviation);
            }
        }
        found
    }
}

fn join(rule: &mut Rule, other: &Rule) {
    for (act, list) in &other.acts {
        for item in list {
            rule.add(*act, &item.text);
        }
    }
}
