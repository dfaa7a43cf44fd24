//! Packages that are named by files beside them: npm's `package.json`, Python's `RECORD`.
//!
//! Invariant: what such a file says counts where it cannot say anything: a manifest only with the content that the step
//! read, a record only of files with the digest that it gives.
use super::disk::Disk;
use super::purl::{KnownBy, Package};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekisho_events::Digest;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Digests of what was read, by path.
pub(crate) type Contents<'a> = BTreeMap<&'a str, Option<Digest>>;

/// npm packages, each read once.
pub(crate) struct Npm<'a> {
    disk: &'a dyn Disk,
    contents: &'a Contents<'a>,
    found: HashMap<String, Option<Package>>,
}

impl<'a> Npm<'a> {
    pub(crate) fn new(disk: &'a dyn Disk, contents: &'a Contents<'a>) -> Self {
        Self { disk, contents, found: HashMap::new() }
    }

    /// The package of a file below `node_modules`: the innermost one (nodejs.org, "Loading from node_modules folders").
    pub(crate) fn package(&mut self, path: &str) -> Option<Package> {
        const DIRECTORY: &str = "/node_modules/";
        let begin = path.rfind(DIRECTORY)? + DIRECTORY.len();
        let below = &path[begin..];
        let mut ends = below.match_indices('/').map(|(at, _)| at);
        let first = ends.next()?;
        let end = if below.starts_with('@') { ends.next()? } else { first };
        let name = &below[..end];
        if name.starts_with('.') {
            return None;
        }
        let directory = &path[..begin + end];
        if !self.found.contains_key(directory) {
            let package = self.manifest(directory).or_else(|| of_name(name, None, KnownBy::Path));
            self.found.insert(directory.to_owned(), package);
        }
        self.found.get(directory).cloned().flatten()
    }

    /// What `package.json` says, if its content is what the step read.
    fn manifest(&self, directory: &str) -> Option<Package> {
        let path = format!("{directory}/package.json");
        let read = self.contents.get(path.as_str()).copied().flatten()?;
        let text = self.disk.read(Path::new(&path)).filter(|text| Digest::of(text) == read)?;
        let manifest: Value = serde_json::from_slice(&text).ok()?;
        let text = |key: &str| manifest.get(key).and_then(Value::as_str);
        of_name(text("name")?, Some(text("version")?), KnownBy::Manifest)
    }
}

fn of_name(name: &str, version: Option<&str>, known_by: KnownBy) -> Option<Package> {
    match name.split_once('/') {
        Some((scope, name)) if scope.len() > 1 && scope.starts_with('@') && !name.contains('/') => {
            Package::new("npm", name, version, known_by)?.within(scope)
        }
        Some(_) => None,
        None => Package::new("npm", name, version, known_by),
    }
}

/// Python distributions of each directory of installed packages, each read once.
pub(crate) struct Python<'a> {
    disk: &'a dyn Disk,
    sites: HashMap<String, Site>,
}

/// What the records of a directory list: distribution and digest, by path below it.
type Site = HashMap<String, (Package, Option<Digest>)>;

impl<'a> Python<'a> {
    pub(crate) fn new(disk: &'a dyn Disk) -> Self {
        Self { disk, sites: HashMap::new() }
    }

    /// The distribution in whose record the file is (packaging.python.org, "Recording installed projects"), with the
    /// digest that it had when it was installed. Compiled files are those of their source.
    pub(crate) fn package(&mut self, path: &str, sha256: Option<Digest>) -> Option<Package> {
        let ends = ["/site-packages/", "/dist-packages/"];
        let at = ends.iter().filter_map(|end| Some(path.rfind(end)? + end.len())).max()?;
        let (root, below) = path.split_at(at);
        if !self.sites.contains_key(root) {
            self.sites.insert(root.to_owned(), site(self.disk, root));
        }
        let site = self.sites.get(root)?;
        let listed = site.get(below).or_else(|| site.get(&source(below)?))?;
        let (package, recorded) = listed;
        (site.get(below).is_none() || recorded.is_none() || *recorded == sha256).then(|| package.clone())
    }
}

/// `a/__pycache__/b.cpython-313.pyc` is compiled from `a/b.py` (PEP 3147).
fn source(compiled: &str) -> Option<String> {
    let (directory, file) = compiled.rsplit_once('/')?;
    let directory = directory.strip_suffix("__pycache__")?;
    let (module, _) = file.strip_suffix(".pyc")?.split_once('.')?;
    Some(format!("{directory}{module}.py"))
}

fn site(disk: &dyn Disk, root: &str) -> Site {
    let mut names: Vec<String> = disk.names(Path::new(root)).into_iter().filter_map(|n| n.into_string().ok()).collect();
    names.sort_unstable();
    let mut site = Site::new();
    for directory in names {
        let Some((name, version)) = directory.strip_suffix(".dist-info").and_then(|d| d.split_once('-')) else {
            continue;
        };
        // purl: lower case, and `-` for `_`.
        let name = name.to_ascii_lowercase().replace('_', "-");
        let package = Package::new("pypi", &name, Some(version), KnownBy::Record);
        let record = disk.read(&Path::new(root).join(&directory).join("RECORD"));
        let (Some(package), Some(record)) = (package, record.and_then(|r| String::from_utf8(r).ok())) else { continue };
        for (path, digest) in record.lines().filter_map(row) {
            site.insert(path, (package.clone(), digest));
        }
    }
    site
}

/// A row of a record: path and digest, the path in quotes where it has a comma.
fn row(line: &str) -> Option<(String, Option<Digest>)> {
    let (path, rest) = match line.strip_prefix('"') {
        None => line.split_once(',').map(|(path, rest)| (path.to_owned(), rest))?,
        Some(quoted) => {
            let (path, rest) = quoted.rsplit_once("\",")?;
            (path.replace("\"\"", "\""), rest)
        }
    };
    let hash = rest.split(',').next().and_then(|h| h.strip_prefix("sha256="));
    let digest = hash.and_then(|h| URL_SAFE_NO_PAD.decode(h).ok()).and_then(|bytes| bytes.try_into().ok());
    Some((path, digest.map(Digest::new)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_record_are_read_as_python_writes_them() {
        let (path, digest) = row("a/b.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0").unwrap();
        assert_eq!((path.as_str(), digest), ("a/b.py", Some(Digest::of(b""))));
        assert_eq!(row("a-1.0.dist-info/RECORD,,"), Some(("a-1.0.dist-info/RECORD".into(), None)));
        assert_eq!(row("\"a,\"\"b\"\".py\",,"), Some(("a,\"b\".py".into(), None)));
        assert_eq!(row("nothing"), None);
    }

    #[test]
    fn compiled_files_are_of_their_source() {
        assert_eq!(source("a/__pycache__/b.cpython-313.opt-1.pyc").as_deref(), Some("a/b.py"));
        assert_eq!(source("__pycache__/b.cpython-313.pyc").as_deref(), Some("b.py"));
        assert_eq!(source("a/b.pyc"), None);
    }
}
