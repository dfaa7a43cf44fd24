//! What a reviewer would object to, each with a reason and the narrower form.
use crate::act::{Act, PatternKind};
use crate::date::Date;
use crate::glob::Glob;
use crate::net::NetPattern;
use crate::overlap::Others;
use crate::profile::Profile;
use crate::reviewed::{Reviewed, split};
use crate::rule::Rule;
use crate::sensitive::secret;
use crate::simulate::Simulation;
use crate::vars::Var;
use std::collections::BTreeSet;
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// To be looked at.
    Warning,
    /// To be mended.
    Error,
}

/// One objection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub grade: Grade,
    /// Stable code: `too-wide`, `any-host`, `secret`, `trigger`, `shadowed`, `contradictory`, `expired`, `unreviewed`,
    /// `no-reason`, `unused`.
    pub code: &'static str,
    /// Id of the rule; of an abstraction that is included, `include NAME`.
    pub rule: String,
    /// What it is, and why it matters.
    pub why: String,
    /// What to write in its place.
    pub narrower: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = if self.grade == Grade::Error { "error" } else { "warning" };
        let rule = if self.rule.starts_with(INCLUDE) { "" } else { "rule " };
        write!(f, "{grade}: {rule}{}: {} [{}]", self.rule, self.why, self.code)?;
        match &self.narrower {
            Some(text) => write!(f, "\n  narrower: {text}"),
            None => Ok(()),
        }
    }
}

/// What stands before the name of an abstraction where a finding names a rule; no id of a rule has a space.
const INCLUDE: &str = "include ";

/// All objections to a profile, errors first, by rule.
pub fn lint(profile: &Profile, today: Option<Date>) -> Vec<Finding> {
    lint_with(profile, today, &Simulation::default())
}

/// The same, and rules and includes that no recording of a simulation needed.
pub fn lint_with(profile: &Profile, today: Option<Date>, simulation: &Simulation) -> Vec<Finding> {
    let mut found = unused(profile, simulation);
    let unused: BTreeSet<&str> = simulation.unused_includes().collect();
    needless_includes(profile, &unused, &mut found);
    let others = Others::of(profile);
    for rule in profile.own_rules() {
        review(rule, today, &mut found);
        if rule.deny {
            continue;
        }
        for (act, list) in &rule.acts {
            for item in list {
                // What `change` stands for is said once.
                let repeated = act.is_change() && *act != Act::Write && has(rule, Act::Write, &item.text);
                if !repeated {
                    pattern(rule, *act, &item.text, &mut found);
                }
            }
        }
        others.against(rule, &mut found);
    }
    found.sort_by(|a, b| (b.grade, &a.rule, a.code, &a.why).cmp(&(a.grade, &b.rule, b.code, &b.why)));
    found.dedup();
    found
}

fn unused(profile: &Profile, simulation: &Simulation) -> Vec<Finding> {
    let finding = |rule: String| Finding {
        grade: Grade::Warning,
        code: "unused",
        rule,
        why: "none of the recordings needed it".to_owned(),
        narrower: Some("take it out".to_owned()),
    };
    // What its own count says already is not said twice.
    let counted = profile.own_rules().filter(|r| r.seen.is_some_and(|s| s.n == 0 && s.of > 0));
    let counted: BTreeSet<&str> = counted.map(|r| r.id.as_str()).collect();
    let includes = simulation.unused_includes().map(|name| finding(format!("{INCLUDE}{name}")));
    includes
        .chain(simulation.unused_rules().filter(|id| !counted.contains(id)).map(|id| finding(id.to_owned())))
        .collect()
}

/// An abstraction that another one, which is needed, brings along need not be named. Shipped abstractions name all that they stand on.
fn needless_includes(profile: &Profile, unused: &BTreeSet<&str>, found: &mut Vec<Finding>) {
    if Reviewed::named(&profile.meta.name).is_some_and(|r| r.text() == profile.to_toml()) {
        return;
    }
    let named = |profile: &Profile| -> Vec<String> {
        profile.meta.include.iter().filter_map(|i| Some(split(&i.text)?.0.to_owned())).collect()
    };
    let all = named(profile);
    for name in all.iter().filter(|name| !unused.contains(name.as_str())) {
        let inner = Reviewed::named(name).and_then(|r| Profile::parse_any_form(r.text()).ok());
        let Some(inner) = inner else { continue };
        let brought: BTreeSet<&str> = inner.rules.iter().filter_map(|r| r.from.as_deref()).collect();
        for other in all.iter().filter(|other| brought.contains(other.as_str())) {
            found.push(Finding {
                grade: Grade::Warning,
                code: "unused",
                rule: format!("{INCLUDE}{other}"),
                why: format!("`{name}` includes it already"),
                narrower: Some("take it out".to_owned()),
            });
        }
    }
}

fn has(rule: &Rule, act: Act, text: &str) -> bool {
    rule.acts.get(&act).is_some_and(|l| l.iter().any(|i| i.text == text))
}

pub(crate) fn push(
    found: &mut Vec<Finding>,
    grade: Grade,
    code: &'static str,
    rule: &Rule,
    why: String,
    narrower: Option<&str>,
) {
    found.push(Finding { grade, code, rule: rule.id.clone(), why, narrower: narrower.map(str::to_owned) });
}

fn review(rule: &Rule, today: Option<Date>, found: &mut Vec<Finding>) {
    if let (true, Some(day)) = (rule.is_expired(today), rule.expires) {
        let why = format!("it expired after {day} and allows nothing any more");
        push(found, Grade::Error, "expired", rule, why, Some("take it out, or review it again and set a later day"));
    }
    if rule.deny && rule.expires.is_some() {
        let why = "a rule that forbids does not expire".to_owned();
        push(found, Grade::Warning, "expired", rule, why, Some("take `expires` out"));
    }
    if !rule.is_reviewed() {
        let why = "nobody has put a name and a day under it".to_owned();
        push(found, Grade::Warning, "unreviewed", rule, why, Some("reviewed_by = \"…\", reviewed_on = \"2026-…\""));
    }
    if rule.why.as_ref().is_none_or(|w| w.trim().is_empty()) {
        push(found, Grade::Warning, "no-reason", rule, "it says no reason".to_owned(), Some("why = \"…\""));
    }
    if rule.seen.is_some_and(|s| s.n == 0 && s.of > 0) {
        let why = "no recording needed it".to_owned();
        push(found, Grade::Warning, "unused", rule, why, Some("take it out"));
    }
}

fn pattern(rule: &Rule, act: Act, text: &str, found: &mut Vec<Finding>) {
    let shown = sekisho_events::escape(text.as_bytes());
    match act.pattern_kind() {
        PatternKind::Net => net(rule, act, text, &shown, found),
        PatternKind::Name => {
            if text.starts_with("*.") {
                let why = format!("{} asks for every name below a domain: {shown}", act.key());
                push(found, Grade::Warning, "any-host", rule, why, Some("the names that are needed"));
            }
        }
        PatternKind::Path => {
            if let Ok(glob) = Glob::parse(text) {
                path(rule, act, &glob, &shown, found);
            }
        }
        PatternKind::Delegate => {
            let why = format!("what {shown} does for the build is not recorded");
            push(found, Grade::Warning, "delegated", rule, why, None);
        }
        PatternKind::Word => {}
    }
}

fn net(rule: &Rule, act: Act, text: &str, shown: &str, found: &mut Vec<Finding>) {
    let Ok(NetPattern::Inet { host, ports, .. }) = NetPattern::parse(text) else { return };
    match host {
        crate::net::Host::Any => {
            let why = format!("{} to any host: {shown}", act.key());
            push(
                found,
                Grade::Error,
                "any-host",
                rule,
                why,
                Some("one pattern for each host: registry.example.org:443/tcp"),
            );
        }
        crate::net::Host::Name(name) if name.is_wide() => {
            let why = format!("{} to every host below a domain: {shown}", act.key());
            push(found, Grade::Warning, "any-host", rule, why, Some("the hosts that are needed"));
        }
        crate::net::Host::Address(address) if !address.is_loopback() && ports.is_some_and(|(a, b)| a != b) => {
            let why = format!("{} to many ports: {shown}", act.key());
            push(found, Grade::Warning, "any-host", rule, why, Some("the ports that are needed"));
        }
        _ => {}
    }
}

fn path(rule: &Rule, act: Act, glob: &Glob, shown: &str, found: &mut Vec<Finding>) {
    let (literal, all) = glob.depth();
    let open = literal < all && (glob.is_deep() || glob.fixed_in_last() == 0);
    // Below a variable nothing need be fixed but one name; elsewhere two: `/etc` is as wide as a home.
    let floor = if glob.var().is_some() { 1 } else { 2 };
    let extension = glob.fixed_in_last() > 1;
    // Names of six letters or more, whatever they are, such as hashes: not all that is there.
    let long = !glob.is_deep() && glob.shortest_last() >= 6;
    if act.is_change() || act == Act::Mount {
        if open && literal < floor && !extension && !long && !is_temporary(glob) {
            let why = format!("it lets {shown} be changed as a whole");
            push(
                found,
                Grade::Error,
                "too-wide",
                rule,
                why,
                Some("directories that the build makes, or directory/*.ext"),
            );
        }
        if may_be_trigger(shown) {
            let why = format!("what is written to {shown} is run later by somebody else");
            push(found, Grade::Warning, "trigger", rule, why, None);
        }
    }
    if act == Act::Exec && open && (glob.is_deep() || literal == 0 || glob.var().is_none()) && !is_temporary(glob) {
        let why = format!("any program in {shown} may be run");
        push(found, Grade::Error, "too-wide", rule, why, Some("the programs by name"));
    }
    if act == Act::Read && open && !long {
        let home = glob.var() == Some(Var::Home) && literal == 0;
        // `/home/*/.rustup/*/lib/**` is a directory by name, in whatever home.
        let named = glob.components().iter().flatten().count() > 1;
        let root = glob.var().is_none()
            && (literal == 0 || literal == 1 && !named && (shown.starts_with("/home/") || shown.starts_with("/root/")));
        if home || root {
            let why = format!("it lets {shown} be read as a whole");
            push(
                found,
                Grade::Error,
                "too-wide",
                rule,
                why,
                Some("the directories that are needed, such as $HOME/.cache/ccache/**"),
            );
        }
    }
    let components: Vec<Vec<u8>> = glob.components().into_iter().map(|c| c.unwrap_or_else(|| b"*".to_vec())).collect();
    if let Some(secret) = secret(&[b"/", components.join(&b"/"[..]).as_slice()].concat()) {
        let why = format!("{} may be touched by {}: {shown}", secret.what, who(rule));
        push(found, Grade::Warning, "secret", rule, why, None);
    }
}

/// True for a name below the temporary directory that is not wholly open.
fn is_temporary(glob: &Glob) -> bool {
    glob.var() == Some(Var::Tmp) && (glob.depth().1 > 1 || glob.fixed_in_last() > 0 || glob.shortest_last() >= 6)
}

fn may_be_trigger(shown: &str) -> bool {
    const WORDS: [&str; 9] = [
        "/.git/",
        "/.github/",
        "/.bashrc",
        "/.profile",
        "/.zshrc",
        "/.gitconfig",
        "/etc/cron",
        "/etc/ld.so",
        "/etc/profile",
    ];
    WORDS.iter().any(|w| shown.contains(w))
}

fn who(rule: &Rule) -> String {
    match rule.process.as_slice() {
        [] => "every program".to_owned(),
        [one] => sekisho_events::escape(one.text.as_bytes()),
        many => format!("{} programs", many.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(rules: &str) -> Vec<String> {
        let text = format!("[profile]\nversion = 1\nname = \"t\"\n{rules}");
        let profile = Profile::parse_any_form(&text).unwrap();
        let found = lint(&profile, Date::parse("2026-06-01"));
        found
            .iter()
            .filter(|f| !matches!(f.code, "unreviewed" | "no-reason"))
            .map(|f| format!("{} {}", f.rule, f.code))
            .collect()
    }

    #[test]
    fn what_is_too_wide_is_an_error() {
        for (act, pattern) in [
            ("change", "$WORKSPACE/**"),
            ("write", "$HOME/**"),
            ("create", "$TMP/*"),
            ("delete", "/**"),
            ("write", "/etc/**"),
            ("write", "$WORKSPACE/*"),
            ("exec", "/usr/bin/*"),
            ("exec", "$WORKSPACE/**"),
            ("read", "/**"),
            ("read", "$HOME/**"),
            ("read", "/home/*/**"),
        ] {
            assert_eq!(
                codes(&format!("[[rule]]\nid = \"a\"\n{act} = [\"{pattern}\"]\n")),
                ["a too-wide"],
                "{act} {pattern}"
            );
        }
        for (act, pattern) in [
            ("change", "$WORKSPACE/build/**"),
            ("write", "$WORKSPACE/*.o"),
            ("change", "$TMP/cc??????.s"),
            ("read", "/usr/**"),
            ("read", "$WORKSPACE/**"),
            ("read", "/home/*/.rustup/toolchains/*/lib/**"),
            ("exec", "/usr/bin/gcc-[0-9]*"),
            ("change", "$WORKSPACE/**/*.o"),
        ] {
            assert!(codes(&format!("[[rule]]\nid = \"a\"\n{act} = [\"{pattern}\"]\n")).is_empty(), "{act} {pattern}");
        }
    }

    #[test]
    fn hosts_secrets_and_days_are_looked_at() {
        assert_eq!(codes("[[rule]]\nid = \"a\"\nconnect = [\"*:443/tcp\"]\n"), ["a any-host"]);
        assert_eq!(codes("[[rule]]\nid = \"a\"\nread = [\"$HOME/.ssh/config\"]\n"), ["a secret"]);
        assert_eq!(codes("[[rule]]\nid = \"a\"\nread = [\"/a\"]\nexpires = \"2026-01-01\"\n"), ["a expired"]);
        assert_eq!(codes("[[rule]]\nid = \"a\"\nwrite = [\"$WORKSPACE/.git/hooks/x\"]\n"), ["a trigger"]);
    }

    #[test]
    fn an_include_that_another_one_brings_along_is_named() {
        let pin = |name: &str| Reviewed::named(name).unwrap().pin();
        let with = |names: &[&str]| {
            let list: Vec<String> = names.iter().map(|n| format!("\"{}\"", pin(n))).collect();
            let text = format!("[profile]\nversion = 1\nname = \"t\"\ninclude = [{}]\n", list.join(", "));
            let found = lint(&Profile::parse_any_form(&text).unwrap(), None);
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            with(&["cargo", "libc", "make"]),
            [
                "warning: include libc: `cargo` includes it already [unused]\n  narrower: take it out",
                "warning: include libc: `make` includes it already [unused]\n  narrower: take it out",
            ]
        );
        assert!(with(&["gcc", "make"]).is_empty());
    }

    #[test]
    fn rules_that_others_make_needless_or_undo_are_named() {
        let wide = "[[rule]]\nid = \"w\"\nread = [\"/usr/**\"]\n";
        assert_eq!(codes(&format!("{wide}[[rule]]\nid = \"n\"\nread = [\"/usr/lib/*.so\"]\n")), ["n shadowed"]);
        assert_eq!(
            codes(&format!("{wide}[[rule]]\nid = \"d\"\nread = [\"/usr/**\"]\ndeny = true\n")),
            ["w contradictory"]
        );
    }
}
