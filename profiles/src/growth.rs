//! What merging recordings into a profile showed: rules that are new, rules that few recordings need, and rules that recordings
//! used to need and these did not.
use crate::profile::Profile;
use crate::rule::{Rule, Seen};

/// A rule that at most one in so many recordings needs is rare.
const RARE: u32 = 4;

/// Ids of rules, each in one list at most, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// The profile did not have them before.
    pub new: Vec<String>,
    /// Recordings needed them before, and none of these did; with how often they were needed before.
    pub vanished: Vec<(String, Seen)>,
    /// They were needed in a quarter of all recordings at most.
    pub rare: Vec<(String, Seen)>,
}

impl Growth {
    /// Compares a profile with what became of it.
    pub fn between(before: &Profile, after: &Profile) -> Self {
        let mut growth = Self::default();
        for rule in after.rules.iter().filter(|r| r.is_own() && !r.deny) {
            let Some(old) = before.rule(&rule.id) else {
                growth.new.push(rule.id.clone());
                continue;
            };
            let (was, is) = (needed(old), needed(rule));
            if was.n > 0 && is.n == was.n && is.of > was.of {
                growth.vanished.push((rule.id.clone(), was));
            } else if is.n > 0 && is.n * RARE <= is.of {
                growth.rare.push((rule.id.clone(), is));
            }
        }
        growth
    }

    /// One line for each list that is not empty; one that says so where all are.
    pub fn lines(&self) -> Vec<String> {
        let counted = |list: &[(String, Seen)]| {
            list.iter().map(|(id, seen)| format!("{id} ({seen})")).collect::<Vec<_>>().join(", ")
        };
        let mut lines =
            vec![if self.new.is_empty() { "nothing new".to_owned() } else { format!("new: {}", self.new.join(", ")) }];
        if !self.vanished.is_empty() {
            lines.push(format!("needed before, and not in these: {}", counted(&self.vanished)));
        }
        if !self.rare.is_empty() {
            lines.push(format!("rare: {}", counted(&self.rare)));
        }
        lines
    }
}

fn needed(rule: &Rule) -> Seen {
    rule.seen.unwrap_or(Seen { n: 0, of: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(seen: &[(&str, &str)]) -> Profile {
        let rules =
            seen.iter().map(|(id, seen)| format!("[[rule]]\nid = \"{id}\"\nread = [\"/{id}\"]\nseen = \"{seen}\"\n"));
        let text: String = std::iter::once("[profile]\nversion = 1\nname = \"t\"\n".to_owned()).chain(rules).collect();
        Profile::parse_any_form(&text).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn what_is_new_rare_or_vanished_is_told_apart() {
        let before = profile(&[("always", "3 of 3"), ("gone", "3 of 3"), ("never", "0 of 3"), ("rare", "1 of 7")]);
        let after = profile(&[
            ("always", "4 of 4"),
            ("fresh", "1 of 4"),
            ("gone", "3 of 4"),
            ("never", "0 of 4"),
            ("rare", "2 of 8"),
        ]);
        let growth = Growth::between(&before, &after);
        assert_eq!(
            growth.lines(),
            ["new: fresh", "needed before, and not in these: gone (3 of 3)", "rare: rare (2 of 8)"]
        );
        assert_eq!(Growth::between(&after, &after).lines(), ["nothing new", "rare: fresh (1 of 4), rare (2 of 8)"]);
    }
}
