//! A profile that is being reviewed: what stands in the file, and what was decided since.
//!
//! Invariant: decisions are kept apart from what they were made on, so that each can be taken back, and all can be put on what
//! somebody else has written meanwhile.
use crate::date::Date;
use crate::profile::Profile;
use crate::rule::Rule;
use std::collections::HashMap;

/// Lines of a rule that are compared one with another.
const MAX_COMPARED: usize = 2000;

/// Who decides, when, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The reviewer.
    pub by: String,
    /// The day.
    pub on: Option<Date>,
    /// The reason.
    pub why: String,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its number in this draft.
    pub id: u64,
    /// Key of the question that it answers.
    pub question: String,
    /// The question, in one escaped line.
    pub what: String,
    /// The rule that it adds, with its reason and reviewer.
    pub rule: Rule,
}

/// A profile as it was read, and the decisions that are not yet in it.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    base: Profile,
    decisions: Vec<Decision>,
    last: u64,
}

/// A line of a change: `+` is new, `-` is gone, a blank stands between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedLine {
    /// `+`, `-` or a blank.
    pub sign: char,
    /// The line.
    pub text: String,
}

impl Draft {
    /// Nothing is decided yet.
    pub fn new(base: Profile) -> Self {
        Self { base, ..Self::default() }
    }

    /// Answers a question by a rule; an earlier answer to it is replaced. Returns the number of the decision.
    pub fn decide(&mut self, question: &str, what: String, mut rule: Rule, stamp: &Stamp) -> u64 {
        rule.why = Some(stamp.why.clone());
        rule.reviewed_by = Some(stamp.by.clone());
        rule.reviewed_on = stamp.on;
        self.decisions.retain(|d| d.question != question);
        self.last += 1;
        self.decisions.push(Decision { id: self.last, question: question.to_owned(), what, rule });
        self.last
    }

    /// Takes a decision back; false if there is none of this number.
    pub fn undo(&mut self, id: u64) -> bool {
        let before = self.decisions.len();
        self.decisions.retain(|d| d.id != id);
        self.decisions.len() < before
    }

    /// What was decided, in order.
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// What the decisions were made on.
    pub fn base(&self) -> &Profile {
        &self.base
    }

    /// Puts the decisions on another profile: what somebody else wrote meanwhile.
    pub fn rebase(&mut self, base: Profile) {
        self.base = base;
    }

    /// The profile was written: the decisions are part of it.
    pub fn written(&mut self) {
        self.base = self.profile();
        self.decisions.clear();
    }

    /// The profile with every decision.
    pub fn profile(&self) -> Profile {
        let mut profile = self.base.clone();
        for decision in &self.decisions {
            add(&mut profile, decision.rule.clone());
        }
        profile
    }

    /// What the decisions change in the file, rule by rule.
    pub fn changes(&self) -> Vec<ChangedLine> {
        let after = self.profile();
        let before: HashMap<&str, &Rule> = self.base.own_rules().map(|r| (r.id.as_str(), r)).collect();
        let mut lines = Vec::new();
        for rule in after.own_rules() {
            let old = before.get(rule.id.as_str());
            if old.is_some_and(|old| *old == rule) {
                continue;
            }
            let (old, new) = (old.map(|r| r.to_toml()).unwrap_or_default(), rule.to_toml());
            if !lines.is_empty() {
                lines.push(ChangedLine { sign: ' ', text: String::new() });
            }
            compare(&old.lines().collect::<Vec<_>>(), &new.lines().collect::<Vec<_>>(), &mut lines);
        }
        lines
    }
}

/// Adds a rule: to one that says the same, which is then reviewed anew; or its patterns to one of the same review; or as it is.
fn add(profile: &mut Profile, mut rule: Rule) {
    rule.normalise();
    let body = rule.body();
    let alike = |r: &Rule| r.is_own() && r.deny == rule.deny && r.patterns() == rule.patterns();
    if let Some(old) = profile.rules.iter_mut().find(|r| alike(r) && r.body() == body) {
        (old.why, old.reviewed_by, old.reviewed_on) = (rule.why, rule.reviewed_by, rule.reviewed_on);
        old.expires = None;
        return;
    }
    let same = |r: &&mut Rule| {
        r.is_own()
            && r.process == rule.process
            && r.ancestor == rule.ancestor
            && r.deny == rule.deny
            && r.why == rule.why
            && (&r.reviewed_by, r.reviewed_on) == (&rule.reviewed_by, rule.reviewed_on)
            && (r.expires, r.required) == (rule.expires, rule.required)
            && (&r.sha256, r.errno) == (&rule.sha256, rule.errno)
    };
    match profile.rules.iter_mut().find(same) {
        Some(old) => {
            for (act, list) in &rule.acts {
                for item in list {
                    old.add(*act, &item.text);
                }
            }
            profile.normalise();
        }
        None => profile.insert(rule),
    }
}

/// The shortest way from the old lines to the new: by the longest sequence that both have.
fn compare(old: &[&str], new: &[&str], out: &mut Vec<ChangedLine>) {
    let mut line = |sign, text: &str| out.push(ChangedLine { sign, text: text.to_owned() });
    if old.is_empty() || old.len().max(new.len()) > MAX_COMPARED {
        for text in old {
            line('-', text);
        }
        for text in new {
            line('+', text);
        }
        return;
    }
    // Length of the longest common sequence of what follows each pair of places.
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for (a, text) in old.iter().enumerate().rev() {
        for (b, other) in new.iter().enumerate().rev() {
            common[a][b] =
                if text == other { common[a + 1][b + 1] + 1 } else { common[a + 1][b].max(common[a][b + 1]) };
        }
    }
    let (mut a, mut b) = (0, 0);
    while a < old.len() || b < new.len() {
        if a < old.len() && b < new.len() && old[a] == new[b] {
            line(' ', old[a]);
            (a, b) = (a + 1, b + 1);
        } else if b == new.len() || a < old.len() && common[a + 1][b] >= common[a][b + 1] {
            line('-', old[a]);
            a += 1;
        } else {
            line('+', new[b]);
            b += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act::Act;

    fn stamp(why: &str) -> Stamp {
        Stamp { by: "dana".to_owned(), on: Date::parse("2026-11-21"), why: why.to_owned() }
    }

    fn rule(id: &str, pattern: &str) -> Rule {
        let mut rule = Rule::new(id);
        rule.add_process("/cc");
        rule.add(Act::Write, pattern);
        rule
    }

    fn base(rules: &str) -> Profile {
        Profile::parse_any_form(&format!("[profile]\nversion = 1\nname = \"t\"\n{rules}")).unwrap()
    }

    #[test]
    fn what_was_decided_can_be_taken_back_and_put_on_another_profile() {
        let mut draft = Draft::new(base(""));
        let one = draft.decide("q1", "write /a".to_owned(), rule("a", "/a"), &stamp("because"));
        draft.decide("q2", "write /b".to_owned(), rule("b", "/b"), &stamp("because"));
        assert_eq!(draft.profile().rules[0].acts[&Act::Write].len(), 2, "one reason, one reviewer: one rule");
        draft.decide("q2", "write /b".to_owned(), rule("b", "/b"), &stamp("otherwise"));
        assert_eq!(
            (draft.decisions().len(), draft.profile().rules.len()),
            (2, 2),
            "a second answer replaces the first"
        );
        assert!(draft.undo(one) && !draft.undo(one));
        draft.rebase(base("[[rule]]\nid = \"theirs\"\nread = [\"/x\"]\n"));
        let ids: Vec<String> = draft.profile().rules.into_iter().map(|r| r.id).collect();
        assert_eq!(ids, ["b", "theirs"]);
        draft.written();
        assert!(draft.decisions().is_empty() && draft.changes().is_empty() && draft.base().rules.len() == 2);
    }

    /// A profile in which two rules say the same is refused: what had expired is reviewed anew instead.
    #[test]
    fn an_expired_rule_that_is_accepted_again_is_renewed() {
        let old = "[[rule]]\nid = \"old\"\nprocess = [\"/cc\"]\nwrite = [\"/a\"]\nexpires = \"2020-01-01\"\n";
        let mut draft = Draft::new(base(old));
        draft.decide("q", "write /a".to_owned(), rule("a", "/a"), &stamp("still needed"));
        let text = draft.profile().to_toml();
        let again = Profile::parse(&text).unwrap();
        assert_eq!((again.rules.len(), again.rules[0].expires), (1, None), "{text}");
    }

    #[test]
    fn the_change_of_a_rule_is_told_line_by_line() {
        let mut draft = Draft::new(base(
            "[[rule]]\nid = \"a\"\nprocess = [\"/cc\"]\nwrite = [\"/a\"]\nwhy = \"because\"\nreviewed_by = \"dana\"\nreviewed_on = \"2026-11-21\"\n",
        ));
        draft.decide("q", "write /b".to_owned(), rule("x", "/b"), &stamp("because"));
        let lines: Vec<String> = draft.changes().into_iter().map(|l| format!("{}{}", l.sign, l.text)).collect();
        assert!(lines.contains(&"-write = [\"/a\"]".to_owned()), "{lines:?}");
        assert!(lines.contains(&"+write = [\"/a\", \"/b\"]".to_owned()), "{lines:?}");
        assert!(lines.contains(&" id = \"a\"".to_owned()), "{lines:?}");
    }
}
