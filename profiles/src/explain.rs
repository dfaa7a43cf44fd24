//! Why an act is allowed or not, rule by rule, from words such as `connect tcp 203.0.113.7:443`.
use crate::act::{Act, PatternKind};
use crate::date::Date;
use crate::decision::{MatchError, Outcome};
use crate::matcher::Matcher;
use crate::need::{Need, Target};
use crate::profile::Profile;
use crate::vars::{Var, Vars};
use sekisho_events::{Event, Exec, Kind, NetAct, NetOp, PathBytes, ProcessId};
use std::fmt::Write as _;

/// Why the words could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// The first word is no act.
    #[error("the act begins with one of: {}", Act::ALL.map(Act::key).join(", "))]
    UnknownAct,
    /// There is nothing behind the first word.
    #[error("say to what it is done: a path, `tcp HOST:PORT`, a name")]
    NoTarget,
    /// Not an address.
    #[error("say the protocol and the place: tcp 203.0.113.7:443, unix /run/x.sock")]
    NoAddress,
    /// The profile cannot be used.
    #[error(transparent)]
    Match(#[from] MatchError),
}

/// The answer: whether it is allowed, and in words why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// True if it is.
    pub allowed: bool,
    /// Lines for a person.
    pub text: String,
}

/// Explains what the profile says to an act, done by `program` (a path; `None`: before the first one).
pub fn explain(
    profile: &Profile,
    act: &str,
    program: Option<&str>,
    today: Option<Date>,
) -> Result<Explanation, ExplainError> {
    let vars = Vars::new(Some(b"/\x01/WORKSPACE"), Some(b"/\x01/HOME"), Some(b"/\x01/TMP"), 0);
    let (verb, target) = act.trim().split_once(' ').ok_or(ExplainError::NoTarget)?;
    let verb = Act::ALL.into_iter().find(|a| a.key() == verb).ok_or(ExplainError::UnknownAct)?;
    let net;
    let target = match verb.pattern_kind() {
        PatternKind::Path => Target::Path(expand(target, &vars).into()),
        PatternKind::Net => {
            net = address(target).ok_or(ExplainError::NoAddress)?;
            Target::Net(&net)
        }
        PatternKind::Name => Target::Name(target),
        PatternKind::Delegate => Target::Delegate(target.as_bytes()),
        PatternKind::Word => Target::Word(target.into()),
    };
    let mut matcher = Matcher::on(profile, &vars, today)?;
    let process = ProcessId(1);
    if let Some(program) = program {
        let exec = Exec { path: PathBytes::new(expand(program, &vars)), ..Exec::default() };
        matcher.observe(&Event { seq: 1, process, at_us: 0, times: None, kind: Kind::Exec(Box::new(exec)) });
    }
    let decision = matcher.decide(process, &Need { act: verb, or: None, target, sha256: None, by_descriptor: false });
    let mut text = String::new();
    let allowed = match decision.outcome {
        Outcome::Allowed(_) => "allowed",
        Outcome::Expected => "allowed: the refusal of this call is expected",
        Outcome::NotJudged => "not judged: the profile says nothing about looking at names",
        Outcome::Denied(_) => "forbidden",
        Outcome::Unlisted => "not allowed: no rule lists it",
    };
    let _ = writeln!(text, "{allowed}");
    for number in &decision.matched {
        let rule = &profile.rules[*number as usize];
        let verb = if rule.deny { "forbids" } else { "allows" };
        let _ = writeln!(text, "  rule {} {verb} it{}", rule.id, reason(rule.why.as_deref()));
    }
    for (number, why) in [
        (decision.lapsed, "would allow it, but has expired or was not reviewed"),
        (decision.other_digest, "allows it with a pinned digest only"),
        (decision.unnamed, "covers it by a wildcard, but it is a secret that a rule must name"),
    ] {
        if let Some(number) = number {
            let _ = writeln!(text, "  rule {} {why}", profile.rules[number as usize].id);
        }
    }
    if decision.outcome == Outcome::Unlisted {
        others(profile, verb, decision.matched.is_empty(), &mut text);
    }
    Ok(Explanation {
        allowed: matches!(decision.outcome, Outcome::Allowed(_) | Outcome::Expected | Outcome::NotJudged),
        text,
    })
}

/// Rules that speak of this act, to other things or by other programs.
fn others(profile: &Profile, verb: Act, none: bool, text: &mut String) {
    let speaking = profile.rules.iter().filter(|r| !r.deny && r.acts.contains_key(&verb));
    for rule in speaking.take(8).filter(|_| none) {
        let who = match rule.process.len() {
            0 => "anybody".to_owned(),
            1 => sekisho_events::escape(rule.process[0].text.as_bytes()),
            n => format!("{n} programs"),
        };
        let list = match rule.acts.get(&verb).map_or(0, Vec::len) {
            1 => "1 pattern".to_owned(),
            n => format!("{n} patterns"),
        };
        let _ = writeln!(text, "  rule {} lets {who} {} other things ({list})", rule.id, verb.key());
    }
}

fn reason(why: Option<&str>) -> String {
    why.map_or_else(String::new, |w| format!(": {}", sekisho_events::escape(w.as_bytes())))
}

/// A path as `diff` shows it: `$WORKSPACE` and the others stand for themselves.
fn expand(path: &str, vars: &Vars) -> Vec<u8> {
    for var in Var::ALL {
        let rest = path.strip_prefix('$').and_then(|p| p.strip_prefix(var.name()));
        if let (Some(rest), Some(value)) = (rest.filter(|r| r.is_empty() || r.starts_with('/')), vars.get(var)) {
            return [value, rest.as_bytes()].concat();
        }
    }
    path.as_bytes().to_vec()
}

/// `tcp 203.0.113.7:443`, `tcp host:443`, `unix /path`, `netlink`.
fn address(text: &str) -> Option<NetAct> {
    let (protocol, place) = text.split_once(' ').unwrap_or((text, ""));
    let mut act = NetAct::new(NetOp::Connect, protocol);
    if protocol == "unix" {
        act.path = Some(place.into());
        return Some(act);
    }
    if place.is_empty() {
        return Some(act);
    }
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map(|(h, p)| (h, p.strip_prefix(':')))?,
        None => place.split_once(':').map_or((place, None), |(h, p)| (h, Some(p))),
    };
    act.port = port.map(str::parse).transpose().ok()?;
    match host.parse() {
        Ok(address) => act.address = Some(address),
        Err(_) => act.host = Some(host.to_owned()),
    }
    Some(act)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_names_the_rules() {
        let text = "[profile]\nversion = 1\nname = \"t\"\n[[rule]]\nid = \"net\"\nprocess = [\"/usr/bin/curl\"]\nconnect = [\"203.0.113.7:443/tcp\"]\nwhy = \"mirror\"\n\
                    [[rule]]\nid = \"no\"\nread = [\"$HOME/x\"]\ndeny = true\n";
        let profile = Profile::parse_any_form(text).unwrap();
        let answer = |act, by| explain(&profile, act, by, None).unwrap();
        let good = answer("connect tcp 203.0.113.7:443", Some("/usr/bin/curl"));
        assert!(good.allowed && good.text.contains("rule net allows it: mirror"), "{}", good.text);
        assert!(!answer("connect tcp 203.0.113.7:443", Some("/usr/bin/wget")).allowed);
        assert!(answer("read $HOME/x", None).text.contains("rule no forbids"));
        assert_eq!(explain(&profile, "fly /x", None, None), Err(ExplainError::UnknownAct));
    }
}
