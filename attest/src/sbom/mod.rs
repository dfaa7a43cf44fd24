//! What a step really read, as a CycloneDX 1.6 bill of materials.
//!
//! Invariant: every component stands for files that the recording says were read, with the digests that it gives; what
//! the disk says when the step has ended gives them names of packages, and nothing else.
mod caches;
mod debian;
mod disk;
mod document;
mod installed;
mod purl;

pub use disk::Disk;

use crate::facts::{RunFacts, name_within};
use caches::Part;
use installed::{Contents, Npm, Python};
use purl::Package;
use sekisho_events::Digest;
use std::collections::BTreeMap;

/// A file that was read.
#[derive(Clone, Debug)]
struct Read {
    name: String,
    /// Every content that was read, the first one first; none is known where it could not be taken.
    contents: Vec<Digest>,
    /// The step itself put it there before: by an installation, say.
    made: bool,
    part: Part,
}

/// What a step read, by package; and the files that are of none.
#[derive(Clone, Debug)]
pub struct Bom<'f> {
    facts: &'f RunFacts,
    packages: BTreeMap<Package, Vec<Read>>,
    files: Vec<Read>,
}

impl<'f> Bom<'f> {
    /// Finds the packages of all that was there before and was read; and of what the step put there itself, and read
    /// then, as far as it is a package's.
    pub fn new(facts: &'f RunFacts, disk: &dyn Disk) -> Self {
        let (workspace, all) = (facts.header.workspace.as_bytes(), inputs(facts));
        let paths: Vec<&[u8]> = all.iter().map(|(path, ..)| *path).filter(|path| path.starts_with(b"/")).collect();
        let owners = debian::owners(disk, &paths);
        let text = |(path, contents, _): &(&'f [u8], Vec<Digest>, bool)| {
            Some((std::str::from_utf8(path).ok()?, contents.first().copied()))
        };
        let contents: Contents<'_> = all.iter().filter_map(text).collect();
        let (mut npm, mut python) = (Npm::new(disk, &contents), Python::new(disk));
        let mut bom = Self { facts, packages: BTreeMap::new(), files: Vec::new() };
        for (path, contents, made) in &all {
            let mut read =
                Read { name: name_within(workspace, path), contents: contents.clone(), made: *made, part: Part::File };
            let named = std::str::from_utf8(path).ok().filter(|path| path.starts_with('/'));
            let found = owners.get(*path).map(|package| (package.clone(), Part::File)).or_else(|| {
                let path = named?;
                let first = contents.first().copied();
                let of_file = |package| (package, Part::File);
                caches::package(path)
                    .or_else(|| npm.package(path).map(of_file))
                    .or_else(|| python.package(path, first).map(of_file))
            });
            match found {
                Some((package, part)) => {
                    read.part = part;
                    bom.packages.entry(package).or_default().push(read);
                }
                // What the step made of its inputs is no input.
                None if *made => {}
                None => bom.files.push(read),
            }
        }
        bom.files.sort_by(|a, b| (a.name.starts_with('/'), &a.name).cmp(&(b.name.starts_with('/'), &b.name)));
        bom
    }

    /// How many packages there are.
    pub fn packages(&self) -> usize {
        self.packages.len()
    }

    /// How many files are of no package.
    pub fn files(&self) -> usize {
        self.files.len()
    }
}

/// Everything that was read, by path: the contents, and whether the step had made it.
fn inputs(facts: &RunFacts) -> Vec<(&[u8], Vec<Digest>, bool)> {
    let mut all: BTreeMap<&[u8], (Vec<Digest>, bool)> = BTreeMap::new();
    for (path, sha256) in facts.consumed() {
        all.insert(path.as_bytes(), (sha256.into_iter().collect(), true));
    }
    for material in &facts.materials {
        let contents = material.sha256.into_iter().chain(material.changed_to.iter().copied()).collect();
        all.insert(material.path.as_bytes(), (contents, false));
    }
    all.into_iter().map(|(path, (contents, made))| (path, contents, made)).collect()
}
