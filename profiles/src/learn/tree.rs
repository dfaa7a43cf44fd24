//! Changed paths as a tree, folded into few patterns: never the top of an area, never over what the step only reads.
use crate::act::Act;
use std::collections::{BTreeMap, BTreeSet};

/// A program, by its pattern; `None` before the first one.
pub(crate) type Who = Option<String>;

/// What was done at one name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leaf {
    /// Bits of acts.
    pub(crate) acts: u32,
    /// It stands for directories only.
    pub(crate) directory: bool,
    pub(crate) who: BTreeSet<Who>,
}

impl Leaf {
    pub(crate) fn merge(&mut self, other: &Self) {
        self.directory = other.directory && (self.directory || self.acts == 0);
        self.acts |= other.acts;
        self.who.extend(other.who.iter().cloned());
    }
}

/// One component of changed paths, as a pattern.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    children: BTreeMap<String, Node>,
    leaf: Option<Leaf>,
    /// It was only read here.
    input: bool,
    /// It is a directory that the step made.
    made: bool,
    runs: BTreeSet<u32>,
}

/// How far an area may be folded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Depth from which a whole subtree may be one pattern (1: a directory at the top of the area).
    pub(crate) depth: usize,
    /// Names below a directory of the step's own from which on it is.
    pub(crate) made: usize,
    /// The same below other directories; 0: never.
    pub(crate) found: usize,
    /// True if names of one extension may be one pattern.
    pub(crate) extensions: bool,
}

impl Node {
    /// Adds a path of pattern components.
    pub(crate) fn insert(&mut self, path: &[String], run: u32, leaf: Option<Leaf>, made: bool) {
        self.runs.insert(run);
        let Some((first, rest)) = path.split_first() else {
            match (leaf, &mut self.leaf) {
                (Some(new), Some(old)) => old.merge(&new),
                (Some(new), none) => *none = Some(new),
                (None, _) => self.input = true,
            }
            self.made |= made;
            return;
        };
        self.children.entry(first.clone()).or_default().insert(rest, run, leaf, made);
    }

    fn absorb(&mut self, other: Self) {
        match (other.leaf, &mut self.leaf) {
            (Some(new), Some(old)) => old.merge(&new),
            (Some(new), none) => *none = Some(new),
            (None, _) => {}
        }
        self.input |= other.input;
        self.made |= other.made;
        self.runs.extend(other.runs);
        for (name, child) in other.children {
            self.children.entry(name).or_default().absorb(child);
        }
    }

    /// Gives names that differ from run to run in the same place one pattern.
    pub(crate) fn align(&mut self, runs: u32, anywhere: bool) {
        let here = self.runs.len();
        if runs > 1 && here > 1 {
            let passing: Vec<String> = self
                .children
                .iter()
                .filter(|(_, c)| c.runs.len() < here && !c.is_input())
                .map(|(n, _)| n.clone())
                .collect();
            let mut patterns: BTreeSet<String> = BTreeSet::new();
            for (i, name) in passing.iter().enumerate() {
                let Some(node) = self.children.get(name) else { continue };
                let partner = passing.iter().enumerate().find_map(|(j, other)| {
                    let apart = j != i && self.children.get(other).is_some_and(|o| o.runs.is_disjoint(&node.runs));
                    if apart { super::names::common(name, other, anywhere).map(|p| (other.clone(), p)) } else { None }
                });
                if let Some((other, pattern)) = partner {
                    for old in [name, &other] {
                        if let Some(node) = self.children.remove(old) {
                            self.children.entry(pattern.clone()).or_default().absorb(node);
                        }
                    }
                    patterns.insert(pattern);
                }
            }
            // One run may have more of them than another: what found no partner is one of those whose pattern is known now.
            for name in passing.iter().filter(|name| !patterns.contains(*name)) {
                if let Some(pattern) = patterns.iter().find(|pattern| super::names::covers(pattern, name))
                    && let Some(node) = self.children.remove(name)
                {
                    self.children.entry(pattern.clone()).or_default().absorb(node);
                }
            }
        }
        self.children.values_mut().for_each(|c| c.align(runs, anywhere));
    }

    fn is_input(&self) -> bool {
        self.input && self.leaf.is_none()
    }

    fn has_input(&self) -> bool {
        self.is_input() || self.children.values().any(Self::has_input)
    }

    fn changed(&self) -> usize {
        usize::from(self.leaf.is_some()) + self.children.values().map(Self::changed).sum::<usize>()
    }

    /// All that was done below, as one.
    fn all_below(&self) -> Leaf {
        let mut all = Leaf::default();
        for child in self.children.values() {
            if let Some(leaf) = &child.leaf {
                all.merge(leaf);
            }
            all.merge(&child.all_below());
        }
        all
    }

    /// Patterns for all that was changed, below `prefix`.
    pub(crate) fn fold(&self, prefix: &str, limits: Limits) -> BTreeMap<String, Leaf> {
        let mut out = BTreeMap::new();
        let wide = if limits.extensions { self.wide_extensions() } else { BTreeSet::new() };
        self.fold_into(prefix, 0, limits, &wide, &mut out);
        for extension in wide {
            let pattern = format!("{prefix}/**/*.{extension}");
            let tail = format!(".{extension}");
            let mut all = Leaf::default();
            self.gather(&tail, &mut all);
            out.insert(pattern, all);
        }
        out
    }

    fn fold_into(
        &self,
        path: &str,
        depth: usize,
        limits: Limits,
        wide: &BTreeSet<String>,
        out: &mut BTreeMap<String, Leaf>,
    ) {
        if let Some(leaf) = self.leaf.as_ref().filter(|_| depth > 0) {
            out.entry(path.to_owned()).or_default().merge(leaf);
        }
        let below: usize = self.children.values().map(Self::changed).sum();
        let enough = if self.made { below >= limits.made } else { limits.found > 0 && below >= limits.found };
        let fixed = path.rsplit('/').next().is_some_and(|c| c.bytes().filter(u8::is_ascii_alphanumeric).count() >= 2);
        if depth >= limits.depth && enough && fixed && !self.has_input() {
            out.entry(format!("{path}/**")).or_default().merge(&self.all_below());
            return;
        }
        let folded = if limits.extensions { self.groups() } else { BTreeMap::new() };
        for (name, child) in &self.children {
            let place = format!("{path}/{name}");
            let covered = extension(name).is_some_and(|e| wide.contains(e));
            let group = folded.iter().find(|(_, names)| names.contains(name)).map(|(pattern, _)| pattern);
            match (group, &child.leaf) {
                (_, Some(_)) if covered && child.children.is_empty() => {}
                (Some(pattern), Some(leaf)) if child.children.is_empty() => {
                    out.entry(format!("{path}/{pattern}")).or_default().merge(leaf);
                }
                _ => child.fold_into(&place, depth + 1, limits, wide, out),
            }
        }
    }

    /// Names in this directory that one pattern can stand for: three of an extension, or of a stem, and no input among them.
    fn groups(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, child) in &self.children {
            if child.leaf.is_none() || !child.children.is_empty() || child.made {
                continue;
            }
            if let Some(stem) = stem(name) {
                groups.entry(format!("{stem}.*")).or_default().insert(name.clone());
            }
            if let Some(extension) = extension(name) {
                groups.entry(format!("*.{extension}")).or_default().insert(name.clone());
            }
        }
        groups.retain(|pattern, names| {
            let hits = |name: &str| match pattern.strip_prefix("*.") {
                Some(e) => extension(name) == Some(e),
                None => stem(name).is_some_and(|s| pattern.strip_suffix(".*") == Some(s)),
            };
            names.len() >= 3 && !self.children.iter().any(|(n, c)| hits(n) && (c.is_input() || !c.children.is_empty()))
        });
        groups
    }

    /// Extensions of changed files in four directories or more, that no file has which is only read.
    fn wide_extensions(&self) -> BTreeSet<String> {
        let (mut directories, mut inputs) = (BTreeMap::new(), BTreeSet::new());
        self.count_extensions(&mut directories, &mut inputs);
        directories.into_iter().filter(|(e, n)| *n >= 4 && !inputs.contains(e)).map(|(e, _)| e).collect()
    }

    fn count_extensions(&self, directories: &mut BTreeMap<String, usize>, inputs: &mut BTreeSet<String>) {
        let mut here = BTreeSet::new();
        for (name, child) in &self.children {
            if let Some(extension) = extension(name) {
                if child.is_input() {
                    inputs.insert(extension.to_owned());
                } else if child.leaf.is_some() && child.children.is_empty() && !child.made {
                    here.insert(extension.to_owned());
                }
            }
            // What is folded as a whole directory is no reason for a wider pattern.
            if !child.made || child.has_input() {
                child.count_extensions(directories, inputs);
            }
        }
        for extension in here {
            *directories.entry(extension).or_default() += 1;
        }
    }

    fn gather(&self, tail: &str, all: &mut Leaf) {
        for (name, child) in &self.children {
            if let Some(leaf) = child.leaf.as_ref().filter(|_| name.ends_with(tail) && child.children.is_empty()) {
                all.merge(leaf);
            }
            child.gather(tail, all);
        }
    }
}

/// What stands behind the last dot, if it is short and plain.
fn extension(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    let plain = extension.bytes().all(|b| b.is_ascii_alphanumeric()) && (1..=10).contains(&extension.len());
    let word = extension.bytes().any(|b| b.is_ascii_alphabetic());
    (plain && word && !stem.is_empty()).then_some(extension)
}

/// What stands before the first dot, if it is four plain letters or more.
fn stem(name: &str) -> Option<&str> {
    let (stem, _) = name.split_once('.')?;
    let plain = stem.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    (plain && stem.len() >= 4).then_some(stem)
}

/// Bits of acts as the acts that a reviewed rule would name: whoever makes a file may do with it what it likes.
pub(crate) fn widen(leaf: &Leaf) -> u32 {
    let acts = leaf.acts;
    let all: u32 = Act::CHANGE.iter().map(|a| a.bit()).sum();
    let single = [Act::Write, Act::Delete, Act::Attributes].iter().any(|a| acts & all == a.bit());
    if single || leaf.directory || acts & all == 0 { acts } else { acts | all }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: Limits = Limits { depth: 1, made: 3, found: 6, extensions: true };

    fn tree(changed: &[&str], inputs: &[&str], made: &[&str]) -> Node {
        let mut root = Node::default();
        let split = |p: &str| p.split('/').map(str::to_owned).collect::<Vec<_>>();
        let leaf = || Some(Leaf { acts: 1, ..Leaf::default() });
        for path in changed {
            root.insert(&split(path), 0, leaf(), false);
        }
        for path in made {
            root.insert(&split(path), 0, leaf(), true);
        }
        for path in inputs {
            root.insert(&split(path), 0, None, false);
        }
        root
    }

    fn fold(node: &Node) -> Vec<String> {
        node.fold("W", WORKSPACE).into_keys().collect()
    }

    #[test]
    fn a_directory_of_its_own_becomes_one_pattern() {
        let node = tree(&["build/a.o", "build/b.o", "build/x/y"], &["src/a.c"], &["build"]);
        assert_eq!(fold(&node), ["W/build", "W/build/**"]);
    }

    #[test]
    fn what_is_only_read_is_never_covered() {
        let node = tree(&["src/a.o", "src/b.o", "src/c.o", "src/gen.c", "src/x.c", "src/y.c"], &["src/a.c"], &["src"]);
        assert_eq!(fold(&node), ["W/src", "W/src/*.o", "W/src/gen.c", "W/src/x.c", "W/src/y.c"]);
    }

    #[test]
    fn the_top_of_an_area_is_never_one_pattern() {
        let names: Vec<String> = (0..50).map(|n| format!("f{n}")).collect();
        let node = tree(&names.iter().map(String::as_str).collect::<Vec<_>>(), &[], &[]);
        assert_eq!(fold(&node).len(), 50);
    }

    #[test]
    fn objects_in_many_directories_become_one_pattern() {
        let node = tree(&["a/x.o", "b/x.o", "c/x.o", "d/x.o"], &["a/x.c"], &[]);
        assert_eq!(fold(&node), ["W/**/*.o"]);
    }

    #[test]
    fn names_that_differ_between_runs_are_aligned() {
        let mut root = Node::default();
        let leaf = || Some(Leaf { acts: 1, ..Leaf::default() });
        for (run, name) in [(0, "log-abcdef"), (1, "log-ghijkl")] {
            root.insert(&["stable".to_owned()], run, leaf(), false);
            root.insert(&[name.to_owned()], run, leaf(), false);
        }
        root.align(2, false);
        assert_eq!(fold(&root), ["W/log-??????", "W/stable"]);
    }
}
