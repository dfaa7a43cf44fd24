//! Rules from facts.
use super::names::{self, unversioned};
use super::reads::reads;
use super::tree::{Leaf, Limits, Node, Who, widen};
use super::{Fact, FactKey, Place, Thing};
use crate::act::Act;
use crate::decision::Outcome;
use crate::glob::Glob;
use crate::matcher::Matcher;
use crate::need::{Need, Target};
use crate::profile::Profile;
use crate::rule::Rule;
use crate::sensitive::secret;
use crate::suggest::slug;
use crate::vars::{Var, Vars};
use sekisho_events::{Event, Exec, Kind, PathBytes, ProcessId};
use std::collections::{BTreeMap, BTreeSet};

pub(super) type Facts = BTreeMap<FactKey, Fact>;

/// Devices that hold nothing.
const DEVICES: &[&[u8]] = &[
    b"/dev/null",
    b"/dev/zero",
    b"/dev/full",
    b"/dev/tty",
    b"/dev/random",
    b"/dev/urandom",
    b"/dev/stdout",
    b"/dev/stderr",
];

/// Rules that allow all facts, with the number of runs in which each was needed.
/// `narrow`: a few files of the workspace that are read do not open all of it.
pub(crate) fn rules(facts: &Facts, runs: u32, uid: u32, narrow: bool) -> Vec<(Rule, u32)> {
    let mut profile = Profile::default();
    programs(facts, &mut profile);
    read_rules(facts, narrow, &mut profile);
    devices(facts, &mut profile);
    changes(facts, runs, &mut profile);
    others(facts, &mut profile);
    secrets(facts, &mut profile);
    complete(facts, &mut profile, uid);
    count(facts, profile, uid)
}

/// A program as a pattern: its version open if it belongs to the system, its random parts if the step made it.
fn program(place: &Place) -> String {
    let component = |c: &[u8]| match place.var {
        None => unversioned(c),
        Some(var) => names::open(c, var == Var::Tmp),
    };
    let parts = names::open_all(place.components(), component);
    let pattern = format!("{}/{}", place.root(), parts.join("/"));
    // A program of which no name would be left is named as it was.
    let nameless = Glob::parse(&pattern).is_ok_and(|g| g.depth().0 == 0 && g.fixed_in_last() == 0);
    if nameless && place.var != Some(Var::Tmp) { place.literal() } else { pattern }
}

fn who(place: Option<&Place>) -> Who {
    place.map(program)
}

fn paths(facts: &Facts) -> impl Iterator<Item = (Act, &Place, Option<&Place>, &Fact)> {
    facts.iter().filter_map(|((act, thing, who), fact)| match thing {
        Thing::Path(place) => Some((*act, place, who.as_ref(), fact)),
        Thing::Pattern(_) => None,
    })
}

fn put(profile: &mut Profile, rule: Rule) {
    if rule.patterns() > 0 {
        profile.insert(rule);
    }
}

fn named(id: &str, why: &str) -> Rule {
    let mut rule = Rule::new(id);
    rule.why = Some(why.to_owned());
    rule
}

fn programs(facts: &Facts, profile: &mut Profile) {
    let mut system = named("programs", "programs that the build runs");
    let mut home = named("programs-home", "programs from the home directory that the build runs");
    let mut made = named("programs-made", "programs that the build brings or makes, and runs");
    for (_, place, ..) in paths(facts).filter(|(act, ..)| *act == Act::Exec) {
        if secret(&place.bytes()).is_some() {
            continue;
        }
        let rule = match place.var {
            None => &mut system,
            Some(Var::Home) => &mut home,
            Some(_) => &mut made,
        };
        rule.add(Act::Exec, &program(place));
    }
    for rule in [system, home, made] {
        put(profile, rule);
    }
}

fn read_rules(facts: &Facts, narrow: bool, profile: &mut Profile) {
    let facts = paths(facts).filter(|(act, ..)| *act == Act::Read).map(|(_, place, by, _)| (place, who(by)));
    let all = reads(facts, narrow);
    let mut system = named("read-system", "programs, libraries and settings of the system");
    all.system.iter().for_each(|p| system.add(Act::Read, p));
    put(profile, system);
    let sources = ("read-workspace", "what the build is made from");
    if all.workspace {
        let mut workspace = named(sources.0, sources.1);
        workspace.add(Act::Read, "$WORKSPACE/**");
        put(profile, workspace);
    }
    for (id, why, patterns) in [
        (sources.0, sources.1, all.sources),
        ("read-home", "caches and toolchains in the home directory", all.home),
        ("read-elsewhere", "other files that the build reads", all.elsewhere),
    ] {
        let mut rule = named(id, why);
        let mut anybody = false;
        for (pattern, leaf) in patterns {
            rule.add(Act::Read, &pattern);
            anybody |= !add_who(&mut rule, &leaf.who);
        }
        if anybody {
            rule.process.clear();
        }
        put(profile, rule);
    }
}

/// False if one of them is nobody yet, so that the rule cannot name programs.
fn add_who(rule: &mut Rule, who: &BTreeSet<Who>) -> bool {
    who.iter().flatten().for_each(|w| rule.add_process(w));
    !who.contains(&None)
}

pub(super) fn is_device(place: &Place) -> bool {
    place.var.is_none() && (DEVICES.contains(&place.rest.as_slice()) || place.rest.starts_with(b"/dev/pts/"))
}

fn devices(facts: &Facts, profile: &mut Profile) {
    let mut rule = named("devices", "devices that hold nothing, and the terminal");
    for (act, place, ..) in paths(facts).filter(|(_, place, ..)| is_device(place)) {
        let pattern = if place.rest.starts_with(b"/dev/pts/") { "/dev/pts/*".to_owned() } else { place.literal() };
        match act {
            Act::Read | Act::Write => [Act::Read, Act::Write].into_iter().for_each(|a| rule.add(a, &pattern)),
            Act::Attributes => rule.add(act, &pattern),
            _ => {}
        }
    }
    put(profile, rule);
}

fn changes(facts: &Facts, runs: u32, profile: &mut Profile) {
    // Area, its variable, most rules for it (more are merged), and how far it may be folded.
    let areas = [
        ("workspace", Some(Var::Workspace), 4, Limits { depth: 1, made: 3, found: 6, extensions: true }),
        ("tmp", Some(Var::Tmp), 1, Limits { depth: 1, made: 2, found: 2, extensions: false }),
        ("home", Some(Var::Home), 3, Limits { depth: 2, made: 4, found: 8, extensions: true }),
        ("system", None, 3, Limits { depth: 3, made: 4, found: 0, extensions: false }),
    ];
    for (name, var, most, limits) in areas {
        let mut tree = Node::default();
        let directories: BTreeSet<&Place> = paths(facts).filter(|(_, _, _, f)| f.made).map(|(_, p, ..)| p).collect();
        for (act, place, by, fact) in paths(facts).filter(|(_, p, ..)| p.var == var && !p.foreign && !is_device(p)) {
            let wanted = act.is_change() || act == Act::Read && (var == Some(Var::Tmp) || fact.input);
            if !wanted || secret(&place.bytes()).is_some() {
                continue;
            }
            let leaf = (act.is_change() || var == Some(Var::Tmp)).then(|| Leaf {
                acts: act.bit(),
                directory: directories.contains(place),
                who: BTreeSet::from([who(by)]),
            });
            let open = |c: &[u8]| area_component(c, place);
            let path = names::open_all(place.components(), open);
            for run in &fact.runs {
                tree.insert(&path, *run, leaf.clone(), fact.made);
            }
        }
        tree.align(runs, var == Some(Var::Tmp));
        let root = var.map_or_else(String::new, |v| format!("${}", v.name()));
        grouped(name, most, tree.fold(&root, limits), profile);
    }
}

fn area_component(component: &[u8], place: &Place) -> String {
    let number = !component.is_empty() && component.iter().all(u8::is_ascii_digit);
    if place.rest.starts_with(b"/proc/") && number {
        return "[0-9]*".to_owned();
    }
    names::open(component, place.var == Some(Var::Tmp) || place.rest.starts_with(b"/dev/shm/"))
}

/// One rule for each set of programs; the most alike are merged until they are few.
fn grouped(area: &str, most: usize, patterns: BTreeMap<String, Leaf>, profile: &mut Profile) {
    let mut groups: BTreeMap<BTreeSet<Who>, Vec<(String, u32)>> = BTreeMap::new();
    for (pattern, leaf) in patterns {
        let acts = widen(&leaf);
        groups.entry(leaf.who).or_default().push((pattern, acts));
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    while groups.len() > 1 {
        let (i, j, alike) = closest(&groups);
        if groups.len() <= most && alike < 50 {
            break;
        }
        let (who, patterns) = groups.remove(j);
        groups[i].0.extend(who);
        groups[i].1.extend(patterns);
    }
    for (who, patterns) in groups {
        let mut programs = who.iter().flatten();
        let id = match (programs.next(), programs.next()) {
            (Some(one), None) => format!("write-{area}-{}", slug(short(one).as_bytes())),
            _ => format!("write-{area}"),
        };
        let mut rule = named(
            &id,
            match area {
                "workspace" => "what the build makes",
                "tmp" => "temporary files of the build",
                "home" => "caches in the home directory",
                _ => "what the build changes in the system",
            },
        );
        let known = add_who(&mut rule, &who);
        if !known {
            rule.process.clear();
        }
        for (pattern, acts) in patterns {
            Act::ALL.into_iter().filter(|a| acts & a.bit() != 0).for_each(|a| rule.add(a, &pattern));
        }
        put(profile, rule);
    }
}

/// The last part of a program's pattern, without its version.
fn short(pattern: &str) -> &str {
    let name = pattern.rsplit('/').next().unwrap_or(pattern);
    name.strip_suffix("-[0-9]*").or_else(|| name.strip_suffix(".[0-9]*")).unwrap_or(name)
}

/// Programs, and what they change: pattern and bits of acts.
type Group = (BTreeSet<Who>, Vec<(String, u32)>);

/// The two groups whose programs are most alike, and how much, in percent.
fn closest(groups: &[Group]) -> (usize, usize, usize) {
    let mut best = (0, 1, 0);
    let mut found = false;
    for i in 0..groups.len() {
        for j in i + 1..groups.len() {
            let (a, b) = (&groups[i].0, &groups[j].0);
            let both = a.intersection(b).count();
            let alike = both * 200 / (a.len() + b.len()).max(1);
            if alike > best.2 || !found {
                found = true;
                best = (i, j, alike);
            }
        }
    }
    best
}

/// Network and all that is no path: by program, exactly.
fn others(facts: &Facts, profile: &mut Profile) {
    let mut by_program: BTreeMap<(Who, &str), Rule> = BTreeMap::new();
    for (act, thing, by) in facts.keys() {
        let Thing::Pattern(pattern) = thing else { continue };
        let by = who(by.as_ref());
        let kind = match act {
            Act::Connect | Act::Listen | Act::Send | Act::Resolve => "network",
            Act::Delegate => "delegate",
            _ => "calls",
        };
        let rule = by_program.entry((by.clone(), kind)).or_insert_with(|| {
            let name = by.as_deref().map_or("step", short);
            named(
                &format!("{}-{kind}", slug(name.as_bytes())),
                match kind {
                    "network" => "connections that the build makes",
                    "delegate" => "somebody outside the build acts for it",
                    _ => "calls that change what is seen, or are refused",
                },
            )
        });
        if let Some(by) = &by {
            rule.add_process(by);
        }
        rule.add(*act, pattern);
    }
    for rule in by_program.into_values() {
        put(profile, rule);
    }
}

/// Secrets that the runs touched: each named, by each program, for a person to question.
fn secrets(facts: &Facts, profile: &mut Profile) {
    let mut rules: BTreeMap<Who, Rule> = BTreeMap::new();
    for (act, place, by, _) in paths(facts) {
        let Some(secret) = secret(&place.bytes()) else { continue };
        let by = who(by);
        let rule = rules.entry(by.clone()).or_insert_with(|| {
            let name = by.as_deref().map_or("step", short);
            named(&format!("secret-{}", slug(name.as_bytes())), &format!("reads or changes secrets: {}", secret.what))
        });
        if let Some(by) = &by {
            rule.add_process(by);
        }
        rule.add(act, &place.literal());
    }
    for rule in rules.into_values() {
        put(profile, rule);
    }
}

/// Stand-ins for the variables, so that facts of recordings with different ones can be judged together.
pub(super) fn stand_ins(uid: u32) -> Vars {
    Vars::new(Some(b"/\x01/w"), Some(b"/\x01/h"), Some(b"/\x01/t"), uid)
}

pub(super) fn whole(place: &Place, vars: &Vars) -> Vec<u8> {
    let root = place.var.and_then(|v| vars.get(v)).unwrap_or(b"");
    let scheme: &[u8] = if place.foreign { b"ns:" } else { b"" };
    [scheme, root, &place.rest].concat()
}

/// Judges every path fact by the profile: calls `take` with its key and the rule that allows it.
pub(super) fn judge(facts: &Facts, profile: &Profile, uid: u32, mut take: impl FnMut(&FactKey, &Fact, Option<u32>)) {
    let vars = stand_ins(uid);
    let Ok(mut matcher) = Matcher::new(profile, &vars) else { return };
    let mut numbers: BTreeMap<&Option<Place>, u64> = BTreeMap::new();
    for (key, fact) in facts {
        let (act, Thing::Path(place), by) = key else { continue };
        let next = numbers.len() as u64 + 1;
        let process = ProcessId(*numbers.entry(by).or_insert(next));
        if let (true, Some(image)) = (process.0 == next, by) {
            let exec = Exec { path: PathBytes::new(whole(image, &vars)), ..Exec::default() };
            matcher.observe(&Event { seq: 1, process, at_us: 0, times: None, kind: Kind::Exec(Box::new(exec)) });
        }
        let path = whole(place, &vars);
        let need = Need { act: *act, or: None, target: Target::Path(path.into()), sha256: None, by_descriptor: false };
        let rule = match matcher.decide(process, &need).outcome {
            Outcome::Allowed(rule) => Some(rule),
            _ => None,
        };
        take(key, fact, rule);
    }
}

/// Adds what the rules so far do not allow, exactly as it was.
fn complete(facts: &Facts, profile: &mut Profile, uid: u32) {
    let mut left: BTreeMap<Who, Rule> = BTreeMap::new();
    judge(facts, profile, uid, |(act, thing, by), _, rule| {
        let (None, Thing::Path(place)) = (rule, thing) else { return };
        let by = by.as_ref().map(Place::literal);
        let rule = left.entry(by.clone()).or_insert_with(|| {
            let name = by.as_deref().map_or("step", short);
            named(&format!("{}-also", slug(name.as_bytes())), "single acts that fit no other rule")
        });
        if let Some(by) = &by {
            rule.add_process(by);
        }
        rule.add(*act, &place.literal());
    });
    for rule in left.into_values() {
        put(profile, rule);
    }
}

/// Takes the rules apart from the profile, each with the number of runs that needed it.
fn count(facts: &Facts, profile: Profile, uid: u32) -> Vec<(Rule, u32)> {
    let mut runs: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); profile.rules.len()];
    judge(facts, &profile, uid, |_, fact, rule| {
        if let Some(rule) = rule {
            runs[rule as usize].extend(&fact.runs);
        }
    });
    for ((act, thing, by), fact) in facts {
        let Thing::Pattern(pattern) = thing else { continue };
        let by = who(by.as_ref());
        for (rule, runs) in profile.rules.iter().zip(&mut runs) {
            let says = rule.acts.get(act).is_some_and(|l| l.iter().any(|i| i.text == *pattern));
            let speaks = by.as_ref().map_or(rule.process.is_empty(), |b| rule.process.iter().any(|i| i.text == *b));
            if says && speaks {
                runs.extend(&fact.runs);
            }
        }
    }
    profile.rules.into_iter().zip(runs).map(|(rule, runs)| (rule, runs.len() as u32)).collect()
}
