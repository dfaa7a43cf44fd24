//! The smallest rule that would allow one need.
use crate::act::Act;
use crate::deviation::pattern_of;
use crate::need::{Need, Target};
use crate::net::NetPattern;
use crate::profile::Profile;
use crate::rule::Rule;
use crate::vars::Vars;
use sekisho_events::PathBytes;

/// The pattern that stands for this need and nothing else; `None` if no pattern can say it.
pub(crate) fn pattern(need: &Need<'_>, vars: &Vars) -> Option<String> {
    let text = match &need.target {
        Target::Path(path) => pattern_of(path, vars),
        Target::Net(act) => match NetPattern::exact(act) {
            NetPattern::Unix { .. } => format!("unix:{}", pattern_of(act.path.as_ref()?.as_bytes(), vars)),
            other => other.to_string(),
        },
        Target::Name(name) => crate::net::NamePattern::parse(name).ok()?.to_string(),
        Target::Delegate(to) => delegate_pattern(to, vars)?,
        Target::Word(word) => word.to_string(),
    };
    crate::load::pattern(need.act, &text).ok()
}

fn delegate_pattern(to: &[u8], vars: &Vars) -> Option<String> {
    for scheme in ["unix:", "fifo:"] {
        if let Some(path) = to.strip_prefix(scheme.as_bytes()).filter(|p| p.starts_with(b"/")) {
            return Some(format!("{scheme}{}", pattern_of(path, vars)));
        }
    }
    std::str::from_utf8(to).ok().map(str::to_owned)
}

/// The rule that allows the need to this program; to everybody where no program runs yet.
pub(crate) fn rule(need: &Need<'_>, process: Option<&PathBytes>, vars: &Vars) -> Option<Rule> {
    let mut rule = Rule::new(id(process, need.act));
    if let Some(path) = process {
        rule.add_process(&pattern_of(path.as_bytes(), vars));
    }
    rule.add(need.act, &pattern(need, vars)?);
    Some(rule)
}

/// A name for such a rule: `curl-connect`.
pub(crate) fn id(process: Option<&PathBytes>, act: Act) -> String {
    let name = process.map_or(&b"step"[..], PathBytes::file_name);
    format!("{}-{}", slug(name), act.key())
}

/// Small letters, digits and single dashes, beginning with a letter, at most 40.
pub(crate) fn slug(name: &[u8]) -> String {
    let mut out = String::new();
    for b in name.iter().take(40) {
        match b {
            b'a'..=b'z' | b'0'..=b'9' => out.push(*b as char),
            b'A'..=b'Z' => out.push(b.to_ascii_lowercase() as char),
            _ if !out.ends_with('-') && !out.is_empty() => out.push('-'),
            _ => {}
        }
    }
    let out = out.trim_end_matches('-');
    if out.starts_with(|c: char| c.is_ascii_lowercase()) { out.to_owned() } else { format!("p{out}") }
}

/// The rule of a fragment.
pub(crate) fn parsed(fragment: &str) -> Option<Rule> {
    let text = format!("[profile]\nversion = 1\nname = \"x\"\n\n{fragment}");
    Profile::parse_any_form(&text).ok()?.rules.into_iter().next()
}

/// A rule as the text of a fragment.
pub(crate) fn fragment(rule: &Rule) -> String {
    let mut out = String::new();
    crate::write::rule(&mut out, rule);
    out
}
