//! Abstractions that are shipped with the program: what toolchains and the system need, reviewed once, included by name and
//! digest.
//!
//! They never forbid, never name a host, and never let anything in the workspace be changed or run: what a project does is said by its
//! own profile. A file in the workspace that they let be read is a mark: only their toolchain has it.
use crate::error::{ProfileErrorKind as Kind, Shown, nearest};
use crate::profile::Profile;
use sekisho_events::Digest;

/// One shipped abstraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reviewed {
    name: &'static str,
    text: &'static str,
}

impl Reviewed {
    /// All of them, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        SHIPPED.0.iter().map(|(name, text)| Self { name, text })
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|r| r.name == name)
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The profile, as it is shipped.
    pub fn text(self) -> &'static str {
        self.text
    }

    /// How a profile includes it: `NAME@sha256:DIGEST`.
    pub fn pin(self) -> String {
        format!("{}@sha256:{}", self.name, Digest::of(self.text.as_bytes()))
    }

    /// What it is for.
    pub fn description(self) -> Option<String> {
        Profile::parse_alone(self.text).ok()?.meta.description
    }
}

/// Abstractions by name, sorted.
#[derive(Debug)]
pub(crate) struct Library(pub(crate) &'static [(&'static str, &'static str)]);

/// Name and digest of `NAME@sha256:DIGEST`.
pub(crate) fn split(text: &str) -> Option<(&str, Digest)> {
    let (name, digest) = text.split_once("@sha256:")?;
    let good = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    Some((name, Digest::from_hex(digest)?)).filter(|_| good)
}

impl Library {
    /// Name and text of what an include names.
    pub(crate) fn find(&self, text: &str) -> Result<(&'static str, &'static str), Kind> {
        let (name, _) = split(text).ok_or(Kind::Include)?;
        let names: Vec<&'static str> = self.0.iter().map(|(n, _)| *n).collect();
        let found = self.0.iter().find(|(n, _)| *n == name).copied();
        found.ok_or_else(|| Kind::UnknownInclude { name: Shown::new(name), nearest: nearest(name, &names) })
    }

    /// True if the digest of an include is that of this text.
    pub(crate) fn is_pinned(&self, include: &str, text: &str) -> bool {
        let _ = self;
        split(include).is_some_and(|(_, digest)| digest == Digest::of(text.as_bytes()))
    }
}

macro_rules! shipped {
    ($($name:literal),*) => {
        &[$(($name, include_str!(concat!("../reviewed/", $name, ".toml")))),*]
    };
}

/// profiles/reviewed/.
pub(crate) const SHIPPED: Library = Library(shipped![
    "autotools",
    "binutils",
    "cargo",
    "certificates",
    "clang",
    "cmake",
    "configure",
    "curl",
    "gcc",
    "git",
    "go",
    "gradle",
    "jvm",
    "libc",
    "locale",
    "make",
    "maven",
    "ninja",
    "node",
    "npm",
    "pip",
    "pnpm",
    "timezone"
]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act::{Act, PatternKind};
    use crate::date::Date;
    use crate::glob::Glob;
    use crate::lint::lint;
    use crate::vars::Var;

    #[test]
    fn every_shipped_abstraction_loads_lints_clean_and_says_where_it_comes_from() {
        for shipped in Reviewed::all() {
            let profile = Profile::parse(shipped.text()).unwrap_or_else(|e| panic!("{}: {e}", shipped.name()));
            assert_eq!(lint(&profile, Date::parse("2026-11-21")), [], "{}", shipped.name());
            assert_eq!(profile.meta.name, shipped.name());
            let origin =
                profile.meta.comments.get("").into_iter().chain(profile.meta.comments.get("profile")).flatten();
            assert!(origin.into_iter().any(|l| l.starts_with("# Origin: ")), "{}", shipped.name());
            assert!(shipped.description().is_some() && profile.own_rules().count() > 0, "{}", shipped.name());
        }
        assert!(SHIPPED.0.is_sorted());
    }

    #[test]
    fn no_shipped_abstraction_forbids_names_a_host_sets_a_mode_or_changes_the_workspace() {
        for shipped in Reviewed::all() {
            let profile = Profile::parse(shipped.text()).unwrap();
            let meta = &profile.meta;
            assert!(meta.mode.is_none() && meta.level.is_none() && meta.refused.is_none() && !meta.require_review);
            for rule in profile.own_rules() {
                assert!(!rule.deny && !rule.required && rule.is_reviewed() && rule.expires.is_none(), "{}", rule.id);
                for (act, list) in &rule.acts {
                    for item in list {
                        let outside = match act.pattern_kind() {
                            PatternKind::Path => {
                                let var = Glob::parse(&item.text).unwrap().var();
                                let read_by_some = *act == Act::Read && !rule.process.is_empty();
                                let change = act.is_change() || *act == Act::Exec;
                                !(var == Some(Var::Workspace) && !read_by_some
                                    || change && rule.process.is_empty() && var.is_some())
                            }
                            PatternKind::Net => !item.text.contains(':') || item.text.starts_with("unix:"),
                            PatternKind::Name | PatternKind::Delegate => false,
                            PatternKind::Word => true,
                        };
                        assert!(outside, "{}: {} {}", shipped.name(), act.key(), item.text);
                    }
                }
            }
        }
    }

    const ONE: &str = "[profile]\nversion = 1\nname = \"one\"\n\n[[rule]]\nid = \"r\"\nread = [\"/one\"]\n";

    fn with(include: &str, library: &Library) -> Result<Profile, crate::error::ProfileError> {
        let text = format!(
            "[profile]\nversion = 1\nname = \"t\"\ninclude = [{include}]\n\n[[rule]]\nid = \"r\"\nread = [\"/a\"]\n"
        );
        let profile = crate::load::profile(&text, library)?;
        assert_eq!(profile.to_toml(), text, "what is included is not written");
        Ok(profile)
    }

    fn pin(name: &str, text: &str) -> String {
        format!("\"{name}@sha256:{}\"", Digest::of(text.as_bytes()))
    }

    #[test]
    fn rules_of_an_include_are_known_by_its_name_and_stay_out_of_the_file() {
        let library = Library(&[("one", ONE)]);
        let profile = with(&pin("one", ONE), &library).unwrap();
        let ids: Vec<&str> = profile.rules.iter().map(|r| r.id.as_str()).collect();
        assert_eq!(ids, ["one/r", "r"]);
        assert_eq!(profile.own_rules().count(), 1);
    }

    #[test]
    fn a_wrong_digest_an_unknown_name_and_a_second_one_are_told_with_their_place() {
        let library = Library(&[("one", ONE)]);
        let wrong = with(&pin("one", "other"), &library).unwrap_err();
        assert_eq!((wrong.line, wrong.column), (4, 12));
        assert_eq!(
            wrong.to_string(),
            format!(
                "line 4, column 12: `one` is pinned to another content; this program ships {}",
                Digest::of(ONE.as_bytes())
            )
        );
        let unknown = with(&pin("onn", ONE), &library).unwrap_err().to_string();
        assert!(unknown.ends_with("no abstraction `onn` is shipped (did you mean `one`?)"), "{unknown}");
        assert!(with("\"one\"", &library).unwrap_err().to_string().contains("NAME@sha256:DIGEST"));
        let two = format!("{}, {}", pin("one", ONE), pin("one", ONE));
        assert!(with(&two, &library).unwrap_err().to_string().ends_with("`one` is included twice"));
    }

    #[test]
    fn abstractions_that_include_each_other_are_refused() {
        const A: &str = "[profile]\nversion = 1\nname = \"a\"\ninclude = [\"b@sha256:0000000000000000000000000000000000000000000000000000000000000000\"]\n";
        const LIBRARY: Library = Library(&[("a", A), ("self", SELF)]);
        // No digest can be in what it is the digest of: the name is looked at before it.
        const SELF: &str = "[profile]\nversion = 1\nname = \"self\"\ninclude = [\"self@sha256:0000000000000000000000000000000000000000000000000000000000000000\"]\n";
        let cycle = with(&pin("self", SELF), &LIBRARY).unwrap_err().to_string();
        assert!(
            cycle.contains("in the abstraction `self`: ") && cycle.ends_with("`self` includes itself, by way of self"),
            "{cycle}"
        );
        assert!(with(&pin("a", A), &LIBRARY).unwrap_err().to_string().contains("no abstraction `b`"));
    }
}
