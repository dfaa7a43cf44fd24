//! To what an act can be done so that two profiles may judge it differently: one target of each kind that their patterns tell
//! apart.
use super::Sides;
use crate::act::{Act, PatternKind};
use crate::classes::{TooManyClasses, classes};
use crate::glob::{Glob, Pattern};
use crate::need::Target;
use crate::net::{Host, NamePattern, NetPattern};
use crate::vars::Vars;
use sekisho_events::{NetAct, NetOp};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

/// A target that owns what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owned {
    Path(Vec<u8>),
    Net(Box<NetAct>),
    Name(String),
    Delegate(Vec<u8>),
    Word(String),
}

impl Owned {
    /// As a need holds it.
    pub(super) fn target(&self) -> Target<'_> {
        match self {
            Self::Path(path) => Target::Path(path.into()),
            Self::Net(act) => Target::Net(act),
            Self::Name(name) => Target::Name(name),
            Self::Delegate(to) => Target::Delegate(to),
            Self::Word(word) => Target::Word(word.into()),
        }
    }

    /// True if this pattern of a rule for `act` is for it.
    pub(super) fn is_matched(&self, act: Act, text: &str, vars: &Vars) -> bool {
        match self {
            Self::Path(path) => glob(text, vars).is_some_and(|p| p.matches(path)),
            Self::Net(net) => NetPattern::parse(text).ok().and_then(|p| p.bind(vars)).is_some_and(|p| p.matches(net)),
            Self::Name(name) => NamePattern::parse(text).is_ok_and(|p| p.matches(name)),
            Self::Delegate(to) => text.as_bytes() == to || delegate(text, vars).is_some_and(|p| p.matches(to)),
            Self::Word(word) => act.pattern_kind() == PatternKind::Word && text == word,
        }
    }
}

/// Texts of patterns, and whether one of them stands in a rule that differs.
type Texts<'p> = BTreeMap<&'p str, bool>;

/// One target of every kind that a rule which differs speaks of.
pub(super) fn targets(act: Act, sides: &Sides<'_>, vars: &Vars) -> Result<Vec<Owned>, TooManyClasses> {
    let mut texts = Texts::new();
    let mut forbidding = BTreeSet::new();
    for (side, number, rule) in sides.rules() {
        for item in rule.acts.get(&act).into_iter().flatten() {
            *texts.entry(&item.text).or_default() |= sides.differs(side, number);
            if rule.deny {
                forbidding.insert(item.text.as_str());
            }
        }
    }
    if !texts.values().any(|focus| *focus) {
        return Ok(Vec::new());
    }
    match act.pattern_kind() {
        PatternKind::Path => Ok(paths(&texts, |t| glob(t, vars))?.into_iter().map(Owned::Path).collect()),
        PatternKind::Net => nets(act, &texts, &forbidding, vars),
        PatternKind::Name => Ok(names(&texts).into_iter().map(Owned::Name).collect()),
        PatternKind::Delegate => {
            let mut all = paths(&texts, |t| delegate(t, vars))?;
            all.extend(focus(&texts).filter(|t| delegate(t, vars).is_none()).map(|t| t.as_bytes().to_vec()));
            Ok(all.into_iter().map(Owned::Delegate).collect())
        }
        PatternKind::Word => Ok(focus(&texts).map(|t| Owned::Word(t.to_owned())).collect()),
    }
}

fn focus<'p>(texts: &Texts<'p>) -> impl Iterator<Item = &'p str> {
    texts.iter().filter(|(_, focus)| **focus).map(|(text, _)| *text)
}

fn glob(text: &str, vars: &Vars) -> Option<Pattern> {
    Glob::parse(text).ok()?.bind(vars)
}

/// `unix:` or `fifo:` with a path behind it.
fn delegate(text: &str, vars: &Vars) -> Option<Pattern> {
    let (scheme, rest) = text.split_once(':').filter(|(s, r)| matches!(*s, "unix" | "fifo") && !r.starts_with('@'))?;
    Some(glob(rest, vars)?.below(format!("{scheme}:").as_bytes()))
}

fn paths(texts: &Texts<'_>, bind: impl Fn(&str) -> Option<Pattern>) -> Result<Vec<Vec<u8>>, TooManyClasses> {
    let mut patterns = Vec::new();
    let mut wanted = BTreeSet::new();
    for (text, focus) in texts {
        let Some(pattern) = bind(text) else { continue };
        if *focus {
            wanted.insert(patterns.len() as u32);
        }
        patterns.push(pattern);
    }
    Ok(classes(&patterns, Some(&wanted))?.into_iter().map(|c| c.path).collect())
}

/// A name for each pattern that is in focus: its own, one below it, and those of others that it is for.
fn names(texts: &Texts<'_>) -> BTreeSet<String> {
    let all: Vec<String> = texts.keys().map(|t| one_name(t)).collect();
    let mut found = BTreeSet::new();
    for text in focus(texts) {
        found.insert(one_name(text));
        if let Ok(pattern) = NamePattern::parse(text) {
            found.extend(all.iter().filter(|n| pattern.matches(n)).cloned());
        }
    }
    found
}

fn one_name(text: &str) -> String {
    text.strip_prefix("*.").map_or_else(|| text.to_owned(), |rest| format!("x.{rest}"))
}

fn nets(act: Act, texts: &Texts<'_>, forbidding: &BTreeSet<&str>, vars: &Vars) -> Result<Vec<Owned>, TooManyClasses> {
    let op = match act {
        Act::Listen => NetOp::Listen,
        Act::Send => NetOp::Send,
        _ => NetOp::Connect,
    };
    let mut found = Vec::new();
    let socket = |path: Vec<u8>| {
        let mut net = NetAct::new(op, "unix");
        net.path = Some(path.as_slice().into());
        Owned::Net(Box::new(net))
    };
    let named = |text: &str| match NetPattern::parse(text) {
        Ok(NetPattern::Unix { path, .. }) => path.bind(vars),
        _ => None,
    };
    let hidden = |text: &str| match NetPattern::parse(text) {
        Ok(NetPattern::Abstract { name, .. }) => name.bind(vars),
        _ => None,
    };
    found.extend(paths(texts, named)?.into_iter().map(socket));
    let at = |path: Vec<u8>| [b"@", path.strip_prefix(b"/").unwrap_or(&path)].concat();
    found.extend(paths(texts, hidden)?.into_iter().map(|p| socket(at(p))));
    let places = Places::new(texts, forbidding);
    for text in focus(texts) {
        match NetPattern::parse(text) {
            Ok(NetPattern::Protocol(protocol)) => found.push(Owned::Net(Box::new(NetAct::new(op, &protocol)))),
            Ok(NetPattern::Inet { host, ports, protocol }) => {
                for (name, address) in places.hosts(&host) {
                    for port in places.ports(ports) {
                        let mut net = NetAct::new(op, &protocol);
                        (net.host, net.address, net.port) = (name.clone(), address, port);
                        found.push(Owned::Net(Box::new(net)));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

type Place = (Option<String>, Option<IpAddr>);

/// Hosts and ports that the patterns tell apart.
struct Places {
    hosts: Vec<Place>,
    /// What rules forbid: only these can make the name and the address of one act be judged apart.
    forbidden: Vec<Place>,
    ends: BTreeSet<u16>,
    stranger: IpAddr,
}

impl Places {
    fn new(texts: &Texts<'_>, forbidding: &BTreeSet<&str>) -> Self {
        let mut places = Self {
            hosts: Vec::new(),
            forbidden: Vec::new(),
            ends: BTreeSet::new(),
            stranger: IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)),
        };
        for text in texts.keys() {
            let Ok(NetPattern::Inet { host, ports, .. }) = NetPattern::parse(text) else { continue };
            if let Some((low, high)) = ports {
                places.ends.extend([low, high, low.saturating_sub(1), high.saturating_add(1)]);
            }
            let Some(place) = one_place(&host) else { continue };
            if forbidding.contains(text) {
                places.forbidden.push(place.clone());
            }
            places.hosts.push(place);
        }
        // An address that no pattern names (RFC 5737).
        let taken: BTreeSet<IpAddr> = places.hosts.iter().filter_map(|(_, a)| *a).collect();
        let free = (1..=u8::MAX).map(|n| IpAddr::V4(Ipv4Addr::new(198, 51, 100, n))).find(|a| !taken.contains(a));
        places.stranger = free.unwrap_or(places.stranger);
        places
    }

    fn hosts(&self, host: &Host) -> Vec<Place> {
        let mut all: Vec<Place> = match host {
            Host::Any => [vec![(None, Some(self.stranger))], self.hosts.clone()].concat(),
            Host::Address(_) => one_place(host).into_iter().collect(),
            Host::Name(pattern) => {
                let matching = self.hosts.iter().filter(|(n, _)| n.as_ref().is_some_and(|n| pattern.matches(n)));
                one_place(host).into_iter().chain(matching.cloned()).collect()
            }
        };
        for (name, address) in all.clone() {
            for (other, at) in &self.forbidden {
                match (&name, address, other, at) {
                    (Some(_), None, None, Some(_)) => all.push((name.clone(), *at)),
                    (None, Some(_), Some(_), None) => all.push((other.clone(), address)),
                    _ => {}
                }
            }
        }
        let mut seen = BTreeSet::new();
        all.retain(|place| seen.insert(place.clone()));
        all
    }

    fn ports(&self, ports: Option<(u16, u16)>) -> Vec<Option<u16>> {
        let Some((low, high)) = ports else { return vec![None] };
        self.ends.range(low..=high).map(|p| Some(*p)).collect()
    }
}

fn one_place(host: &Host) -> Option<Place> {
    match host {
        Host::Any => None,
        Host::Address(address) => Some((None, Some(*address))),
        Host::Name(name) => Some((Some(one_name(&name.to_string())), None)),
    }
}
