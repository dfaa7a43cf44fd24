//! Which files may be read: few broad rules for the system and the workspace, narrow ones for all else.
use super::names::unversioned;
use super::tree::{Leaf, Limits, Node, Who};
use super::{Place, names};
use crate::act::Act;
use crate::sensitive::secret;
use crate::vars::Var;
use std::collections::{BTreeMap, BTreeSet};

/// Directories that everybody may read as a whole.
const OPEN: &[&str] = &["usr", "lib", "lib32", "lib64", "libx32", "bin", "sbin", "sys"];

/// A directory of `/etc` that is read as a whole: it holds no secrets that a name would not show.
fn etc_pattern(components: &[&[u8]]) -> String {
    match components {
        [_, directory, _, ..] => format!("/etc/{}/**", unversioned(directory)),
        _ => format!("/{}", join(components)),
    }
}

fn join(components: &[&[u8]]) -> String {
    components.iter().map(|c| crate::glob::Glob::escape(c)).collect::<Vec<_>>().join("/")
}

/// Patterns for one read outside of workspace, home and temporary directory; `None`: to be folded with its neighbours.
fn system_pattern(place: &Place) -> Option<String> {
    let components: Vec<&[u8]> = place.components().collect();
    let first = std::str::from_utf8(components.first()?).ok()?;
    if components.len() > 1 && OPEN.contains(&first) {
        return Some(format!("/{first}/**"));
    }
    match first {
        "etc" => Some(etc_pattern(&components)),
        "opt" if components.len() > 2 => Some(format!("/opt/{}/**", unversioned(components[1]))),
        "nix" | "gnu" if components.len() > 3 => Some(format!("/{first}/store/**")),
        "proc" => Some(proc_pattern(&components)),
        _ => None,
    }
}

/// `/proc/self/**` for what a process sees of itself, `/proc/[0-9]*/stat` for what it sees of others.
fn proc_pattern(components: &[&[u8]]) -> String {
    match components.get(1) {
        Some(&b"self" | &b"thread-self") if components.len() > 2 => {
            format!("/proc/{}/**", crate::glob::Glob::escape(components[1]))
        }
        Some(second) if second.iter().all(u8::is_ascii_digit) && components.len() > 2 => {
            let rest: Vec<String> = components[2..].iter().map(|c| numbers(c)).collect();
            format!("/proc/[0-9]*/{}", rest.join("/"))
        }
        _ => format!("/{}", join(components)),
    }
}

fn numbers(component: &[u8]) -> String {
    if component.iter().all(u8::is_ascii_digit) { "[0-9]*".to_owned() } else { crate::glob::Glob::escape(component) }
}

/// Read patterns, with who reads by them, by area: system, workspace, home, elsewhere. Temporary files and secrets are not
/// among them.
pub(crate) struct Reads {
    pub(crate) system: BTreeSet<String>,
    /// All of the workspace; otherwise only `sources` of it.
    pub(crate) workspace: bool,
    pub(crate) sources: BTreeMap<String, Leaf>,
    pub(crate) home: BTreeMap<String, Leaf>,
    pub(crate) elsewhere: BTreeMap<String, Leaf>,
}

/// More patterns than this for files of the workspace are not read, but looked over.
const MAX_SOURCES: usize = 8;

/// Sorts and folds what was read. `narrow`: what is read in the workspace is named, unless it is much.
pub(crate) fn reads<'f>(facts: impl Iterator<Item = (&'f Place, Who)>, narrow: bool) -> Reads {
    let mut reads = Reads {
        system: BTreeSet::new(),
        workspace: false,
        sources: BTreeMap::new(),
        home: BTreeMap::new(),
        elsewhere: BTreeMap::new(),
    };
    let (mut sources, mut home, mut elsewhere) = (Node::default(), Node::default(), Node::default());
    for (place, who) in facts {
        if secret(&place.bytes()).is_some() || place.foreign || super::build::is_device(place) {
            continue;
        }
        let leaf = Leaf { acts: Act::Read.bit(), directory: false, who: BTreeSet::from([who]) };
        let parts = |open: &dyn Fn(&[u8]) -> String| names::open_all(place.components(), open);
        match place.var {
            Some(Var::Workspace) if narrow && !place.rest.is_empty() => {
                sources.insert(&parts(&|c| names::open(c, false)), 0, Some(leaf), false);
            }
            Some(Var::Workspace) => reads.workspace |= !place.rest.is_empty(),
            Some(Var::Tmp) => {}
            Some(Var::Home) => home.insert(&parts(&|c| names::open(c, false)), 0, Some(leaf), false),
            None => match system_pattern(place) {
                Some(pattern) => {
                    reads.system.insert(pattern);
                }
                None => elsewhere.insert(&parts(&|c| names::open(c, false)), 0, Some(leaf), false),
            },
        }
    }
    let limits = Limits { depth: 2, made: 4, found: 4, extensions: false };
    reads.home = home.fold("$HOME", limits);
    reads.sources = sources.fold("$WORKSPACE", limits);
    if reads.sources.len() > MAX_SOURCES {
        reads.sources.clear();
        reads.workspace = true;
    }
    reads.elsewhere = elsewhere.fold("", limits);
    reads
}
