//! Debian packages: which installed one a file belongs to, by dpkg's lists (dpkg(1), "FILES").
use super::disk::Disk;
use super::purl::{KnownBy, Package};
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Where dpkg keeps what it knows.
const DPKG: &str = "/var/lib/dpkg";
/// Directories that lie below `/usr` on a merged system; lists name files by either.
const MERGED: [&str; 6] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// The installed packages that these files belong to, by path. What two packages claim is nobody's.
pub(crate) fn owners(disk: &dyn Disk, paths: &[&[u8]]) -> BTreeMap<Vec<u8>, Package> {
    let Some(status) = disk.read(&Path::new(DPKG).join("status")) else { return BTreeMap::new() };
    let installed = installed(&status, &Distribution::of(disk));
    let diversions = Diversions::of(disk);
    // What lists call the file, and what it is called here.
    let mut wanted: HashMap<Vec<u8>, Vec<&[u8]>> = HashMap::new();
    for path in paths {
        for name in names(disk, diversions.listed_as(path)) {
            wanted.entry(name).or_default().push(path);
        }
    }
    let info = Path::new(DPKG).join("info");
    let mut lists: Vec<_> = disk.names(&info).into_iter().filter(|n| n.as_bytes().ends_with(b".list")).collect();
    lists.sort_unstable();
    let mut found: BTreeMap<Vec<u8>, Option<Package>> = BTreeMap::new();
    for list in lists {
        let Some(name) = list.to_str().and_then(|n| n.strip_suffix(".list")) else { continue };
        let (Some(package), Some(lines)) = (installed.get(name), disk.read(&info.join(&list))) else { continue };
        for line in lines.split(|b| *b == b'\n') {
            for path in wanted.get(line).into_iter().flatten() {
                if diversions.allows(path, &package.name) {
                    let one = |before: &mut Option<Package>| *before = before.take().filter(|p| p == package);
                    found.entry(path.to_vec()).and_modify(one).or_insert_with(|| Some(package.clone()));
                }
            }
        }
    }
    found.into_iter().filter_map(|(path, package)| Some((path, package?))).collect()
}

/// The names of a file in dpkg's lists: its own, and on a merged system the one without `/usr`.
fn names(disk: &dyn Disk, path: &[u8]) -> Vec<Vec<u8>> {
    let mut names = vec![path.to_vec()];
    if let Some(below) = path.strip_prefix(b"/usr") {
        let first = below.split(|b| *b == b'/').nth(1).unwrap_or_default();
        let merged = |d: &&str| disk.is_link(&Path::new("/").join(d), &format!("usr/{d}"));
        if MERGED.iter().find(|d| d.as_bytes() == first).is_some_and(merged) {
            names.push(below.to_vec());
        }
    }
    names
}

/// What distribution this is (os-release(5)).
struct Distribution {
    id: String,
    version: Option<String>,
}

impl Distribution {
    fn of(disk: &dyn Disk) -> Self {
        let files = ["/etc/os-release", "/usr/lib/os-release"];
        let text = files.into_iter().find_map(|f| disk.read(Path::new(f))).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let plain = |v: &&str| !v.is_empty() && v.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
            Some(line.trim_matches(['"', '\''])).filter(plain).map(str::to_owned)
        };
        let version = value("VERSION_ID").or_else(|| value("VERSION_CODENAME"));
        Self { id: value("ID").unwrap_or_else(|| "debian".to_owned()), version }
    }
}

/// Installed packages by the name of their list: `NAME`, or `NAME:ARCH` where several may be installed.
fn installed(status: &[u8], distribution: &Distribution) -> HashMap<String, Package> {
    let text = String::from_utf8_lossy(status);
    let mut out = HashMap::new();
    for paragraph in text.split("\n\n") {
        let field =
            |key: &str| paragraph.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).map(str::trim);
        let (Some(name), Some(version)) = (field("Package"), field("Version")) else { continue };
        let (Some(arch), Some(state)) = (field("Architecture"), field("Status")) else { continue };
        if !state.ends_with(" installed") {
            continue;
        }
        let package = Package::new("deb", name, Some(version), KnownBy::Dpkg).and_then(|p| p.within(&distribution.id));
        let Some(mut package) = package.map(|p| p.with("arch", arch)) else { continue };
        if let Some(release) = &distribution.version {
            package = package.with("distro", &format!("{}-{release}", distribution.id));
        }
        // Advisories are about source packages: `NAME`, or `NAME (VERSION)`.
        if let Some(source) = field("Source") {
            let (source, of) = source.split_once(" (").unwrap_or((source, ""));
            let of = of.trim_end_matches(')');
            let upstream = if of.is_empty() { source.to_owned() } else { format!("{source}@{of}") };
            package = package.with("upstream", &upstream);
        }
        out.insert(format!("{name}:{arch}"), package.clone());
        if field("Multi-Arch") != Some("same") {
            out.insert(name.to_owned(), package);
        }
    }
    out
}

/// Files that a package put aside to make room for its own (dpkg-divert(1)).
struct Diversions {
    /// Name in the lists, name now, by whom; `:` is the administrator.
    all: Vec<[Vec<u8>; 3]>,
}

impl Diversions {
    fn of(disk: &dyn Disk) -> Self {
        let text = disk.read(&Path::new(DPKG).join("diversions")).unwrap_or_default();
        let lines: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
        let three = |of: &[&[u8]]| [of[0].to_vec(), of[1].to_vec(), of[2].to_vec()];
        Self { all: lines.chunks_exact(3).map(three).collect() }
    }

    fn listed_as<'p>(&'p self, path: &'p [u8]) -> &'p [u8] {
        self.all.iter().find(|[_, to, _]| to == path).map_or(path, |[from, ..]| from)
    }

    /// True if the file of this name may be this package's: where one was put aside, the other is meant.
    fn allows(&self, path: &[u8], package: &str) -> bool {
        let is = |by: &[u8]| OsStr::from_bytes(by) == package;
        let (mut put_aside, mut room) = (true, true);
        for [from, to, by] in &self.all {
            put_aside &= to != path || !is(by);
            room &= from != path || is(by);
        }
        put_aside && room
    }
}
