//! Where the text of a profile stands in version control, and whether the change that it judges has changed it.
//!
//! Invariant: facts only, found by somebody else; what is not known to be as it was before the change is doubted.
use crate::deviation::{Deviation, Severity};
use sekisho_events::{PathBytes, escape, json::put_bytes};
use serde_json::{Map, Value};

/// How the text that judged compares with the commit that is checked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is that of the commit, byte by byte.
    Committed,
    /// The commit has another text under this path.
    Modified,
    /// The commit has no file under this path.
    Untracked,
    /// The path leads through a symbolic link of the work tree: the commit says where to, not what is there.
    Linked,
    /// The repository could not be asked.
    Unknown,
}

/// How it compares with the commit that the change under review is to go into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// The same text under the same path.
    Same,
    /// Another text: the change has changed it.
    Changed,
    /// No file under this path: the change brings it.
    New,
    /// Another text, which came there after the change had begun: the change did not touch the profile.
    Outdated,
    /// It could not be found out.
    Unknown,
}

/// What the change under review is to go into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// How it is called: `refs/remotes/origin/main`.
    pub reference: String,
    /// Its commit, if that is in the repository.
    pub commit: Option<String>,
    /// How the profile compares with its.
    pub state: Against,
    /// True if somebody has asked for the profile to be trusted all the same.
    pub accepted: bool,
}

/// Where the text of a profile stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The commit that is checked out.
    pub commit: Option<String>,
    /// The path of the profile in it.
    pub path: PathBytes,
    /// The branch or tag that is checked out.
    pub reference: Option<String>,
    /// How the text compares with that commit.
    pub state: Standing,
    /// Where a change is under review, what it is to go into.
    pub base: Option<Base>,
}

impl Standing {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Modified => "modified",
            Self::Untracked => "untracked",
            Self::Linked => "linked",
            Self::Unknown => "unknown",
        }
    }
}

impl Against {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed => "changed",
            Self::New => "new",
            Self::Outdated => "outdated",
            Self::Unknown => "unknown",
        }
    }
}

impl Origin {
    /// The JSON form (docs/interface.md). What is not known has no key.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        put(&mut map, "commit", self.commit.as_deref());
        put_bytes(&mut map, "path", self.path.as_bytes());
        put(&mut map, "ref", self.reference.as_deref());
        map.insert("state".into(), self.state.name().into());
        if let Some(base) = &self.base {
            let mut of_base = Map::new();
            of_base.insert("ref".into(), base.reference.clone().into());
            put(&mut of_base, "commit", base.commit.as_deref());
            of_base.insert("state".into(), base.state.name().into());
            of_base.insert("accepted".into(), base.accepted.into());
            map.insert("base".into(), of_base.into());
        }
        Value::Object(map)
    }

    /// In a few words: `of commit 1a2b3c4d on main`, and what is remarkable about it.
    pub fn words(&self) -> Option<String> {
        let stands = self.commit.as_deref().filter(|_| self.state == Standing::Committed).map(|commit| {
            let on = self.reference.as_deref().map_or_else(String::new, |r| format!(" on {}", short(r)));
            format!("of commit {}{on}", commit.get(..8).unwrap_or(commit))
        });
        joined(stands.into_iter().chain(self.remark()))
    }

    /// What is remarkable about it, if anything is: `not as committed`, `not that of origin/main`.
    pub fn remark(&self) -> Option<String> {
        let stands = match self.state {
            Standing::Modified => Some("not as committed".to_owned()),
            Standing::Untracked => Some("not committed".to_owned()),
            _ => None,
        };
        let changed = self.base.as_ref().filter(|b| b.state != Against::Same).map(|b| match b.state {
            Against::Unknown => format!("not known to be that of {}", short(&b.reference)),
            _ => format!("not that of {}", short(&b.reference)),
        });
        joined(stands.into_iter().chain(changed))
    }

    /// The base whose profile this is not, or not known to be, and that nobody has said to trust all the same.
    pub fn doubt(&self) -> Option<&Base> {
        self.base.as_ref().filter(|base| base.state != Against::Same && !base.accepted)
    }

    /// The command that shows what is doubtful, or makes it known; `profile` is the profile as a word of it.
    pub(crate) fn command(&self, profile: &str) -> Option<String> {
        let base = self.doubt()?;
        let plain = |text: &str| {
            let ordinary = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
            (!text.starts_with('-') && text.chars().all(ordinary)).then(|| text.to_owned())
        };
        let reference = base.reference.strip_prefix("refs/remotes/").unwrap_or(&base.reference);
        match base.state {
            Against::Unknown if base.commit.is_none() => {
                let (remote, branch) = base.reference.strip_prefix("refs/remotes/")?.split_once('/')?;
                Some(format!("git fetch --depth=1 {} {}", plain(remote)?, plain(branch)?))
            }
            Against::Changed | Against::Outdated => {
                let path = plain(self.path.as_str()?)?;
                Some(format!("git show {}:{path} | sekisho profile diff - {profile}", plain(reference)?))
            }
            _ => None,
        }
    }

    /// The deviation that a doubtful profile is.
    pub(crate) fn deviation(&self) -> Option<Deviation> {
        let base = self.doubt()?;
        let (name, path) = (short(&base.reference), self.path.escaped());
        let (code, what, why) = match base.state {
            Against::Unknown => {
                let why = match (self.state, &base.commit) {
                    (Standing::Linked, _) => {
                        format!("{path} leads through a symbolic link, which the change may have made")
                    }
                    (_, None) => format!("{name} is not in this clone"),
                    _ => "the repository could not be asked".to_owned(),
                };
                ("profile-unknown", format!("the profile may not be that of {name}"), why)
            }
            state => {
                let why = match state {
                    Against::New => format!("{path} is not in {name}: the change that it judges brings it"),
                    Against::Outdated => format!("{name} has another {path} since the change was begun"),
                    _ => format!("{path} was changed by the change that it judges"),
                };
                ("profile-changed", format!("the profile is not that of {name}"), why)
            }
        };
        Some(Deviation::of_whole(code, what, Severity::High, why))
    }
}

fn put(map: &mut Map<String, Value>, key: &str, text: Option<&str>) {
    if let Some(text) = text {
        map.insert(key.into(), text.into());
    }
}

fn joined(words: impl Iterator<Item = String>) -> Option<String> {
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// A ref as people say it.
fn short(reference: &str) -> String {
    let name = ["refs/heads/", "refs/remotes/", "refs/tags/"].iter().find_map(|p| reference.strip_prefix(p));
    escape(name.unwrap_or(reference).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(state: Against, accepted: bool) -> Origin {
        let reference = "refs/remotes/origin/main".to_owned();
        Origin {
            commit: Some("1a2b3c4d5e6f".to_owned()),
            path: PathBytes::new("ci/sekisho.toml"),
            reference: Some("refs/heads/topic".to_owned()),
            state: Standing::Committed,
            base: Some(Base { reference, commit: Some("00".to_owned()), state, accepted }),
        }
    }

    #[test]
    fn only_the_text_of_the_base_is_trusted_or_what_somebody_has_accepted() {
        assert_eq!(origin(Against::Same, false).deviation(), None);
        for state in [Against::Changed, Against::New, Against::Outdated, Against::Unknown] {
            let doubted = origin(state, false).deviation().unwrap();
            assert_eq!(doubted.severity, Severity::High);
            assert!(doubted.what.ends_with("that of origin/main"), "{}", doubted.what);
            assert_eq!(origin(state, true).deviation(), None);
        }
    }

    #[test]
    fn what_is_accepted_is_still_said() {
        let accepted = origin(Against::Changed, true);
        assert_eq!(accepted.words().unwrap(), "of commit 1a2b3c4d on topic, not that of origin/main");
        assert_eq!(accepted.to_json()["base"]["accepted"], true);
    }
}
