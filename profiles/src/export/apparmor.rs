//! AppArmor profile (apparmor.d(5)).
use super::{Exported, allowing, lost_who, name, nets};
use crate::act::Act;
use crate::net::{Host, NetPattern};
use crate::profile::Profile;
use crate::rule::Rule;
use std::collections::BTreeMap;
use std::fmt::Write as _;

pub(super) fn export(profile: &Profile) -> Exported {
    let name = name(profile);
    let mut out = format!(
        "# Made from the sekisho profile {name}. Set these to where the build runs.\n\
         @{{WORKSPACE}}=/workspace\n@{{SEKISHO_HOME}}=/root\n@{{SEKISHO_TMP}}=/tmp\n\n\
         profile sekisho-{name} flags=(attach_disconnected) {{\n"
    );
    let mut lost = Vec::new();
    files(&mut out, profile, &mut lost);
    network(&mut out, profile, &mut lost);
    if allowing(profile).any(|r| r.acts.contains_key(&Act::Mount)) {
        out.push_str("  mount,\n  umount,\n");
        lost.push("mount: the places are not told apart".to_owned());
    }
    out.push_str("  signal (send, receive) peer=@{profile_name},\n  ptrace (read, readby) peer=@{profile_name},\n}\n");
    lost_who(profile, &mut lost);
    lost.push("secrets: a wildcard covers them here; deny them by name".to_owned());
    lost.push("delete, rename and attributes are all `w` here, and the errno of a denial is always EACCES".to_owned());
    Exported { text: out, lost }
}

/// Letters of a path's permissions, gathered over all rules.
fn files(out: &mut String, profile: &Profile, lost: &mut Vec<String>) {
    let mut allow: BTreeMap<String, Letters> = BTreeMap::new();
    let mut deny: BTreeMap<String, Letters> = BTreeMap::new();
    for rule in &profile.rules {
        let partial = rule.deny && !(rule.process.is_empty() && rule.ancestor.is_empty());
        if partial {
            lost.push(format!("rule {}: it forbids some programs only, and here would forbid all; left out", rule.id));
            continue;
        }
        gather(if rule.deny { &mut deny } else { &mut allow }, rule, lost);
    }
    for (path, letters) in allow {
        let _ = writeln!(out, "  {path} {},", letters.allow());
    }
    for (path, letters) in deny {
        let _ = writeln!(out, "  deny {path} {},", letters.deny());
    }
}

#[derive(Default)]
struct Letters {
    read: bool,
    write: bool,
    link: bool,
    exec: bool,
}

impl Letters {
    fn allow(&self) -> String {
        let mut out = String::new();
        match (self.exec, self.read) {
            (true, _) => out.push_str("mr"),
            (false, true) => out.push_str("rm"),
            _ => {}
        }
        out.push_str(if self.write { "w" } else { "" });
        out.push_str(if self.link { "l" } else { "" });
        out.push_str(if self.write { "k" } else { "" });
        out.push_str(if self.exec { "ix" } else { "" });
        out
    }

    fn deny(&self) -> String {
        let letters = [(self.read, "r"), (self.write, "w"), (self.link, "l"), (self.exec, "x")];
        letters.iter().filter(|(set, _)| *set).map(|(_, l)| *l).collect()
    }
}

fn gather(into: &mut BTreeMap<String, Letters>, rule: &Rule, lost: &mut Vec<String>) {
    for (act, list) in &rule.acts {
        for item in list {
            let Some(path) = pattern(&item.text) else {
                if act.pattern_kind() == crate::act::PatternKind::Path {
                    lost.push(format!("rule {}: {}", rule.id, sekisho_events::escape(item.text.as_bytes())));
                }
                continue;
            };
            match act {
                Act::Exec => into.entry(path).or_default().exec = true,
                Act::Read => into.entry(path).or_default().read = true,
                Act::Link => into.entry(path).or_default().link = true,
                Act::Write | Act::Create | Act::Delete | Act::Rename | Act::Attributes => {
                    into.entry(path).or_default().write = true;
                }
                _ => {}
            }
        }
    }
}

/// Our pattern as a quoted one of AppArmor: `/**/` may be empty here and not there, and a byte is `\ooo`.
fn pattern(text: &str) -> Option<String> {
    crate::glob::Glob::parse(text).ok()?;
    if text.starts_with("ns:") || text.contains("$UID") {
        return None;
    }
    let text = [("$WORKSPACE", "@{WORKSPACE}"), ("$HOME", "@{SEKISHO_HOME}"), ("$TMP", "@{SEKISHO_TMP}")]
        .iter()
        .find_map(|(ours, theirs)| Some(format!("{theirs}{}", text.strip_prefix(ours)?)))
        .unwrap_or_else(|| text.to_owned());
    let (head, rest) = text.split_at(text.find('}').map_or(0, |n| n + 1));
    let mut out = format!("\"{head}");
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'x') => {
                chars.next();
                let hex: String = chars.by_ref().take(2).collect();
                let _ = write!(out, "\\{:03o}", u8::from_str_radix(&hex, 16).ok()?);
            }
            '\\' => out.extend(['\\', chars.next()?]),
            '"' | '^' | ',' | '@' => out.extend(['\\', c]),
            '!' if out.ends_with('[') => out.push('^'),
            c => out.push(c),
        }
    }
    out.push('"');
    Some(out.replace("/**/", "/{,**/}"))
}

fn network(out: &mut String, profile: &Profile, lost: &mut Vec<String>) {
    let mut kinds = std::collections::BTreeSet::new();
    let mut hosts = 0;
    for net in nets(profile, &[Act::Connect, Act::Send, Act::Listen]) {
        match net {
            NetPattern::Inet { host, protocol, .. } => {
                hosts += 1;
                let kind = match protocol.as_str() {
                    "tcp" => "stream",
                    "udp" => "dgram",
                    _ => "raw",
                };
                let six = matches!(host, Host::Address(std::net::IpAddr::V6(_)));
                if !six {
                    kinds.insert(format!("inet {kind}"));
                }
                if six || !matches!(host, Host::Address(_)) {
                    kinds.insert(format!("inet6 {kind}"));
                }
            }
            NetPattern::Unix { .. } | NetPattern::Abstract { .. } => {
                kinds.insert("unix".to_owned());
            }
            NetPattern::Protocol(protocol) if protocol == "netlink" => {
                kinds.insert("netlink raw".to_owned());
            }
            NetPattern::Protocol(protocol) => lost.push(format!("network: {protocol}")),
        }
    }
    for kind in kinds {
        let _ = writeln!(out, "  network {kind},");
    }
    if hosts > 0 {
        lost.push(format!("hosts and ports: {hosts} patterns become whole protocols"));
    }
}
