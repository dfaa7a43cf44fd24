//! Rules made of lists that other tools keep: which hosts a step is expected to reach.
//!
//! Invariant: a list is read whole or not at all; a rule allows exactly the hosts and ports that stand in it, and nothing
//! that a list says makes a rule that allows any host.
mod cargo;
mod endpoints;
mod npm;

use crate::act::Act;
use crate::error::Shown;
use crate::net::{Host, NetPattern};
use crate::profile::Profile;
use crate::rule::{Item, Rule};
use std::collections::BTreeMap;

/// Packages that are named beside their host; of more, nothing is said.
const MAX_NAMED: usize = 3;

/// Kinds of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Import {
    /// `allowed-endpoints` of Harden-Runner: the list itself, or a workflow that holds it.
    Endpoints,
    /// `package-lock.json` or `npm-shrinkwrap.json`.
    Npm,
    /// `Cargo.lock`.
    Cargo,
}

/// What was read from a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The rules.
    pub rules: Vec<Rule>,
    /// What the list cannot say, or says about something else than hosts.
    pub notes: Vec<String>,
}

/// A list that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{kind}", line_text(*.line))]
pub struct ImportError {
    /// In which line, where that is known.
    pub line: Option<usize>,
    /// What is wrong there.
    pub kind: ImportErrorKind,
}

/// What is wrong with a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportErrorKind {
    /// Not a host with its port.
    #[error("`{0}` is no HOST:PORT")]
    Endpoint(Shown),
    /// A value that is known only while the workflow runs.
    #[error("`{0}` is an expression: its value is not in the file")]
    Expression(Shown),
    /// Every host.
    #[error("`{0}` stands for any host")]
    AnyHost(Shown),
    /// Not JSON, or not TOML.
    #[error("not {0}")]
    Syntax(&'static str),
    /// A version of the format that is not known.
    #[error("version {0} of {1} is not known")]
    Version(i64, &'static str),
    /// Something that must be there.
    #[error("`{0}` is missing or not what it should be")]
    Missing(&'static str),
    /// An address of a package that is not understood.
    #[error("`{0}` is no address that a package can come from")]
    Url(Shown),
    /// There is nothing in it.
    #[error("no host stands in it")]
    Nothing,
}

fn line_text(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!("line {line}: "))
}

impl From<ImportErrorKind> for ImportError {
    fn from(kind: ImportErrorKind) -> Self {
        Self { line: None, kind }
    }
}

/// Reads a list; `name` is how it is called in the rules' reasons. Packages are fetched by the programs `by`, or, if none
/// is named, by those of the tool.
pub fn import(kind: Import, text: &str, name: &str, by: &[String]) -> Result<Imported, ImportError> {
    let mut imported = match kind {
        Import::Endpoints => endpoints::read(text, name)?,
        Import::Npm => npm::read(text, name)?,
        Import::Cargo => cargo::read(text, name)?,
    };
    if !by.is_empty() {
        for rule in &mut imported.rules {
            rule.process = by.iter().map(Item::new).collect();
        }
    }
    imported.rules.iter_mut().for_each(Rule::normalise);
    Ok(imported)
}

/// Adds a rule to a profile: to the one of its name and programs, if there is one, whose review it then has no more. False
/// if all of it stood there.
pub fn add(profile: &mut Profile, rule: Rule) -> bool {
    let alike = |r: &&mut Rule| r.is_own() && !r.deny && r.id == rule.id && texts(&r.process) == texts(&rule.process);
    let Some(known) = profile.rules.iter_mut().find(alike) else {
        profile.insert(rule);
        return true;
    };
    let before = known.patterns();
    for (act, items) in rule.acts {
        let list = known.acts.entry(act).or_default();
        for item in items {
            if !list.iter().any(|i| i.text == item.text) {
                list.push(item);
            }
        }
    }
    let grew = known.patterns() > before;
    if grew {
        (known.reviewed_by, known.reviewed_on) = (None, None);
    }
    profile.normalise();
    grew
}

fn texts(items: &[Item]) -> Vec<&str> {
    items.iter().map(|i| i.text.as_str()).collect()
}

/// A host and its port, as a pattern of `connect`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Endpoint {
    connect: String,
    resolve: Option<String>,
}

impl Endpoint {
    /// Of `host` and `port`; `shown` is what stands in the list.
    fn new(host: &str, port: u16, shown: &str) -> Result<Self, ImportErrorKind> {
        let wrong = || ImportErrorKind::Endpoint(Shown::new(shown));
        let pattern = NetPattern::parse(&format!("{host}:{port}/tcp")).map_err(|_| wrong())?;
        let NetPattern::Inet { host, .. } = &pattern else { return Err(wrong()) };
        let resolve = match host {
            Host::Any => return Err(ImportErrorKind::AnyHost(Shown::new(shown))),
            Host::Address(_) => None,
            Host::Name(name) => Some(name.to_string()),
        };
        Ok(Self { connect: pattern.to_string(), resolve })
    }

    /// Of the address of a package; `None` for one that is a file. Who logs in there, and how, is not read.
    fn of_url(url: &str) -> Result<Option<Self>, ImportErrorKind> {
        let wrong = || ImportErrorKind::Url(Shown::new(url));
        if url.starts_with("file:") {
            return Ok(None);
        }
        let bare = ["git+", "registry+", "sparse+"].iter().find_map(|p| url.strip_prefix(p)).unwrap_or(url);
        let (scheme, rest) = bare.split_once("://").ok_or_else(wrong)?;
        let usual = match scheme {
            "https" => 443,
            "http" => 80,
            "ssh" => 22,
            "git" => 9418,
            "file" => return Ok(None),
            _ => return Err(wrong()),
        };
        let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let place = place.rsplit('@').next().unwrap_or_default();
        let bracket = place.find(']').map_or(0, |at| at + 1);
        let (host, port) = match place[bracket..].find(':') {
            // `git@host:owner/name` has a path behind its colon.
            Some(at) => (&place[..bracket + at], place[bracket + at + 1..].parse().unwrap_or(usual)),
            None => (place, usual),
        };
        Self::new(host, port, url).map(Some).map_err(|_| wrong())
    }
}

/// Where packages come from, and which.
#[derive(Default)]
struct Places(BTreeMap<Endpoint, Vec<String>>);

impl Places {
    fn add(&mut self, place: Endpoint, package: &str) {
        self.0.entry(place).or_default().push(sekisho_events::escape(package.as_bytes()));
    }

    /// The rule that lets programs reach them; `None` if there are none.
    fn rule(self, id: &str, programs: &[&str], why: String) -> Option<Rule> {
        let mut rule = Rule::new(id);
        for program in programs {
            rule.add_process(program);
        }
        rule.why = Some(why);
        for (place, mut packages) in self.0 {
            packages.sort();
            packages.dedup();
            let named = (1..=MAX_NAMED).contains(&packages.len());
            let comment = if named { vec![format!("# {}", packages.join(", "))] } else { Vec::new() };
            if let Some(name) = &place.resolve {
                rule.add(Act::Resolve, name);
            }
            rule.acts.entry(Act::Connect).or_default().push(Item { text: place.connect, comment });
        }
        (!rule.acts.is_empty()).then_some(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_package_is_a_host_and_a_port() {
        let of = |url: &str| Endpoint::of_url(url).unwrap().map(|e| e.connect);
        assert_eq!(of("https://registry.npmjs.org/a/-/a-1.tgz").as_deref(), Some("registry.npmjs.org:443/tcp"));
        assert_eq!(of("https://me:secret@host.example:8443/a?x=1#y").as_deref(), Some("host.example:8443/tcp"));
        assert_eq!(of("git+ssh://git@github.com/o/n.git#0123").as_deref(), Some("github.com:22/tcp"));
        assert_eq!(of("git+ssh://git@github.com:o/n.git").as_deref(), Some("github.com:22/tcp"));
        assert_eq!(of("http://[2001:db8::1]:8080/x").as_deref(), Some("[2001:db8::1]:8080/tcp"));
        assert_eq!(of("file:../lib"), None);
        for bad in ["", "github.com", "https://", "gopher://a/b", "https://*/x", "https://a b/", "https://[::1/x"] {
            assert!(Endpoint::of_url(bad).is_err(), "{bad}");
        }
    }
}
