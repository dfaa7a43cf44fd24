//! landlockconfig (github.com/landlock-lsm/landlockconfig, schema/landlockconfig.json), TOML form, ABI 5.
use super::{Exported, allowing, lost_who, nets};
use crate::act::Act;
use crate::glob::Glob;
use crate::net::{Host, NetPattern};
use crate::profile::Profile;
use crate::write::quote;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What the kernel runs first of a dynamic program (System V ABI, AMD64 supplement, 5.2.1).
const LOADER: &str = "/lib64/ld-linux-x86-64.so.2";

pub(super) fn export(profile: &Profile) -> Exported {
    let mut lost = Vec::new();
    // Landlock opens what lies beneath a path: for each set of rights, the paths.
    let mut beneath: BTreeMap<BTreeSet<&'static str>, BTreeSet<String>> = BTreeMap::new();
    let mut rights: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for rule in allowing(profile) {
        for (act, list) in &rule.acts {
            let Some((file, directory)) = access(*act) else { continue };
            for item in list {
                match place(&item.text) {
                    Some((path, whole)) => {
                        let set = rights.entry(path).or_default();
                        set.extend(if whole { directory } else { file });
                    }
                    None => lost.push(format!(
                        "rule {}: {} {}",
                        rule.id,
                        act.key(),
                        sekisho_events::escape(item.text.as_bytes())
                    )),
                }
            }
        }
    }
    if rights.values().any(|set| set.contains("execute")) {
        rights.entry(LOADER.to_owned()).or_default().extend(["execute", "read_file"]);
        lost.push(format!("exec: every program may run {LOADER}, which loads dynamic programs: Landlock asks for that as for a program"));
        lost.push(
            "exec: scripts that a rule lets only be read do not run as programs: Landlock asks for `execute`"
                .to_owned(),
        );
    }
    for (path, set) in rights {
        if set.is_empty() {
            lost.push(format!("making or removing {path}: only a whole directory can be opened for that"));
            continue;
        }
        beneath.entry(set).or_default().insert(path);
    }
    let mut out = String::from("# Set the variables to where the build runs.\nabi = 5\n");
    for (name, value) in [("WORKSPACE", "/workspace"), ("HOME", "/root"), ("TMP", "/tmp")] {
        let _ = write!(out, "\n[[variable]]\nname = \"{name}\"\nliteral = [\"{value}\"]\n");
    }
    out.push_str("\n[[ruleset]]\nhandled_access_fs = [\"abi.all\"]\nhandled_access_net = [\"abi.all\"]\n");
    for (set, paths) in beneath {
        let list = |items: Vec<String>| items.join(", ");
        let set = list(set.iter().map(|s| quote(s)).collect());
        let paths = list(paths.iter().map(|p| quote(p)).collect());
        let _ = write!(out, "\n[[path_beneath]]\nallowed_access = [{set}]\nparent = [{paths}]\n");
    }
    network(&mut out, profile, &mut lost);
    if profile.rules.iter().any(|r| r.deny) {
        lost.push("deny: Landlock only allows; what is open beneath a directory cannot be closed again".to_owned());
    }
    lost_who(profile, &mut lost);
    lost.sort();
    lost.dedup();
    Exported { text: out, lost }
}

/// Rights for an act: on one file, and beneath a directory.
fn access(act: Act) -> Option<(&'static [&'static str], &'static [&'static str])> {
    Some(match act {
        Act::Exec => (&["execute", "read_file"], &["execute", "read_file"]),
        Act::Read => (&["read_file"], &["read_file", "read_dir"]),
        Act::List => (&[], &["read_dir"]),
        Act::Write => (&["write_file", "truncate"], &["write_file", "truncate"]),
        Act::Create => (&[], &["make_reg", "make_dir", "make_sym", "make_fifo", "make_sock"]),
        Act::Delete => (&[], &["remove_file", "remove_dir"]),
        Act::Rename | Act::Link => (&[], &["refer", "make_reg", "remove_file"]),
        _ => return None,
    })
}

/// The path to open, and whether it is a directory as a whole; `None` for what Landlock cannot tell apart.
fn place(text: &str) -> Option<(String, bool)> {
    let (path, whole) = text.strip_suffix("/**").map_or((text, false), |p| (p, true));
    let glob = Glob::parse(if path.is_empty() { "/" } else { path }).ok()?;
    if !glob.is_literal() || path.contains("$UID") || path.starts_with("ns:") || path.contains("\\x") {
        return None;
    }
    let path = ["WORKSPACE", "HOME", "TMP"].iter().fold(path.to_owned(), |p, name| {
        p.strip_prefix(&format!("${name}")).map_or(p.clone(), |rest| format!("${{{name}}}{rest}"))
    });
    let plain: String = path.chars().filter(|c| *c != '\\').collect();
    Some((if plain.is_empty() { "/".to_owned() } else { plain }, whole))
}

fn network(out: &mut String, profile: &Profile, lost: &mut Vec<String>) {
    for (acts, right) in [(&[Act::Connect][..], "connect_tcp"), (&[Act::Listen][..], "bind_tcp")] {
        let mut ports = BTreeSet::new();
        for net in nets(profile, acts) {
            match &net {
                NetPattern::Inet { host, ports: Some((low, high)), protocol } if protocol == "tcp" => {
                    if low == high {
                        ports.insert(*low);
                    } else {
                        lost.push(format!("ports: {net} (single ports only)"));
                    }
                    if !matches!(host, Host::Any) {
                        lost.push(format!("host: {net} opens its port to every host"));
                    }
                }
                NetPattern::Inet { .. } => lost.push(format!("network: {net} (TCP only; other protocols stay open)")),
                _ => {}
            }
        }
        if !ports.is_empty() {
            let list: Vec<String> = ports.iter().map(ToString::to_string).collect();
            let _ = write!(out, "\n[[net_port]]\nallowed_access = [\"{right}\"]\nport = [{}]\n", list.join(", "));
        }
    }
}
