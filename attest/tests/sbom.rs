//! What was read, by package: whose a file is, and what is said where nobody can know.
#![allow(clippy::unwrap_used, reason = "tests")]
mod recording;

use recording::Recording;
use sekisho_attest::sbom::{Bom, Disk};
use sekisho_attest::{Options, RunFacts, Select, WholeBom, attest, names};
use sekisho_events::{Access, ContentWhen, Digest, End, Level, Toctou};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// A disk of files by path; `/lib` is a link to `usr/lib`.
#[derive(Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    fn with(mut self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.0.insert(path.into(), text.as_ref().to_vec());
        self
    }
}

impl Disk for Files {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        self.0.get(path.to_str().unwrap()).cloned()
    }

    fn names(&self, directory: &Path) -> Vec<OsString> {
        let below = self.0.keys().filter_map(|path| Path::new(path).strip_prefix(directory).ok());
        below.filter_map(|path| Some(path.components().next()?.as_os_str().to_owned())).collect()
    }

    fn is_link(&self, path: &Path, to: &str) -> bool {
        path == Path::new("/lib") && to == "usr/lib"
    }
}

const STATUS: &str = "\
Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: glibc (2.36-9+deb12u10)
Version: 2.36-9+deb12u10
Description: GNU C Library
 Version: 9 is not the version

Package: make
Status: install ok installed
Architecture: amd64
Version: 4.3-4.1

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
";

fn debian() -> Files {
    let info = |name: &str| format!("/var/lib/dpkg/info/{name}.list");
    Files::default()
        .with("/etc/os-release", "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n")
        .with("/var/lib/dpkg/status", STATUS)
        .with(
            "/var/lib/dpkg/diversions",
            "/usr/bin/tool\n/usr/bin/tool.real\nmake\n/usr/bin/mine\n/usr/bin/theirs\n:\n",
        )
        .with(
            &info("libc6:amd64"),
            "/.\n/lib/x86_64-linux-gnu/libc.so.6\n/usr/bin/tool\n/usr/bin/mine\n/usr/bin/both\n",
        )
        .with(&info("make"), "/usr/bin/make\n/usr/bin/tool\n/usr/bin/both\n")
        .with(&info("gone"), "/etc/gone\n")
        .with(&info("stranger"), "/etc/stranger\n")
}

fn document(recording: &Recording, disk: &Files) -> Value {
    let facts = recording.facts();
    serde_json::from_str(&Bom::new(&facts, disk).to_json()).unwrap()
}

/// Package URL of each package and the names of its files; under `-` the files of none.
fn read(document: &Value) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let name = |component: &Value| component["name"].as_str().unwrap().to_owned();
    for component in document["components"].as_array().unwrap() {
        match component.get("purl") {
            None => out.entry("-".into()).or_default().push(name(component)),
            Some(purl) => {
                let files = component["components"].as_array().unwrap().iter().map(name).collect();
                assert!(out.insert(purl.as_str().unwrap().into(), files).is_none(), "{purl} stands twice");
            }
        }
    }
    out
}

fn reading(paths: &[&str]) -> Recording {
    let mut r = Recording::new();
    for path in paths {
        r.read(path, path.as_bytes());
    }
    r
}

#[test]
fn a_file_of_an_installed_debian_package_is_named_by_it() {
    let paths = ["/usr/bin/make", "/usr/lib/x86_64-linux-gnu/libc.so.6", "/etc/gone", "/etc/stranger", "/w/make.c"];
    let found = read(&document(&reading(&paths), &debian()));
    let libc = "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12&upstream=glibc%402.36-9%2Bdeb12u10";
    assert_eq!(found[libc], ["/usr/lib/x86_64-linux-gnu/libc.so.6"]);
    assert_eq!(found["pkg:deb/debian/make@4.3-4.1?arch=amd64&distro=debian-12"], ["/usr/bin/make"]);
    assert_eq!(found["-"], ["make.c", "/etc/gone", "/etc/stranger"]);
    assert_eq!(found.len(), 3);
}

/// dpkg-divert(1).
#[test]
fn a_diverted_file_is_whose_it_is_now_and_what_two_packages_claim_is_nobodys() {
    let paths = ["/usr/bin/tool", "/usr/bin/tool.real", "/usr/bin/mine", "/usr/bin/theirs", "/usr/bin/both"];
    let found = read(&document(&reading(&paths), &debian()));
    let of = |name: &str| found.iter().find(|(purl, _)| purl.contains(name)).map(|(_, files)| files.clone());
    assert_eq!(of("/make@").unwrap(), ["/usr/bin/tool"]);
    assert_eq!(of("/libc6@").unwrap(), ["/usr/bin/theirs", "/usr/bin/tool.real"]);
    assert_eq!(found["-"], ["/usr/bin/both", "/usr/bin/mine"]);
}

#[test]
fn an_npm_manifest_counts_only_with_the_content_that_was_read() {
    let manifest = r#"{"name":"@a/real","version":"1.2.3"}"#;
    let at = "/w/node_modules/alias";
    let mut r = Recording::new();
    r.read(&format!("{at}/package.json"), manifest.as_bytes()).read(&format!("{at}/index.js"), b"x");
    r.read(&format!("{at}/node_modules/left-pad/index.js"), b"y").read("/w/node_modules/.bin/tool", b"z");
    let package = format!("{at}/package.json");
    let found = read(&document(&r, &Files::default().with(&package, manifest)));
    assert_eq!(found["pkg:npm/%40a/real@1.2.3"].len(), 2);
    assert_eq!(found["pkg:npm/left-pad"].len(), 1, "its manifest was not read");
    assert_eq!(found["-"], ["node_modules/.bin/tool"]);
    let changed = read(&document(&r, &Files::default().with(&package, manifest.replace("1.2.3", "6.6.6"))));
    assert!(changed.contains_key("pkg:npm/alias"), "what changed since says nothing: {changed:?}");
}

#[test]
fn a_python_file_is_a_distributions_only_with_the_digest_in_its_record() {
    let site = "/usr/local/lib/python3.13/site-packages";
    // SHA-256 of nothing, as RECORD has it.
    let record = "six.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\nsix_x.py,,\n";
    let disk = Files::default().with(&format!("{site}/Zope_Six-1.17.0.dist-info/RECORD"), record);
    let mut r = Recording::new();
    r.read(&format!("{site}/six.py"), b"")
        .read(&format!("{site}/six_x.py"), b"any")
        .read(&format!("{site}/own.py"), b"");
    r.read(&format!("{site}/__pycache__/six.cpython-313.pyc"), b"compiled");
    let found = read(&document(&r, &disk));
    assert_eq!(found["pkg:pypi/zope-six@1.17.0"].len(), 3);
    assert_eq!(found["-"], [format!("{site}/own.py")]);
    let mut patched = Recording::new();
    patched.read(&format!("{site}/six.py"), b"patched");
    assert_eq!(read(&document(&patched, &disk))["-"], [format!("{site}/six.py")]);
}

#[test]
fn what_the_step_installed_and_then_read_is_told_and_its_own_intermediates_are_not() {
    let crate_ = "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.0/src/lib.rs";
    let mut r = Recording::new();
    r.make(crate_, b"lib").file(Access::Read, crate_).make("/w/a.o", b"o").file(Access::Read, "/w/a.o");
    let document = document(&r, &Files::default());
    assert_eq!(read(&document), BTreeMap::from([("pkg:cargo/serde@1.0.0".into(), vec![crate_.to_owned()])]));
    let properties = document["components"][0]["properties"].as_array().unwrap();
    assert!(properties.contains(&json!({"name": "sekisho:made-by", "value": "the step itself"})));
}

#[test]
fn every_content_that_was_read_is_told_and_one_that_is_not_known_is_not_made_up() {
    let mut r = Recording::new();
    r.read("/w/a.c", b"good").content(ContentWhen::Read, "/w/a.c", b"evil").file(Access::Read, "/w/b.c");
    let document = document(&r, &Files::default());
    let [a, b] = &document["components"].as_array().unwrap()[..] else { panic!("{document}") };
    assert_eq!(a["hashes"], json!([{"alg": "SHA-256", "content": Digest::of(b"good").to_hex()}]));
    assert_eq!(a["properties"][0]["value"], Digest::of(b"evil").to_hex());
    assert_eq!(b.get("hashes"), None);
}

#[test]
fn it_is_complete_only_if_nothing_was_missed() {
    let aggregate = |facts: &RunFacts| {
        let document: Value = serde_json::from_str(&Bom::new(facts, &Files::default()).to_json()).unwrap();
        document["compositions"][0]["aggregate"].clone()
    };
    let mut r = reading(&["/w/a"]);
    assert_eq!(aggregate(&r.facts()), "complete");
    let end = End { lost: 0, status: 0, duration_us: 1, toctou: Toctou::Verified, complete: false };
    assert_eq!(aggregate(&sekisho_attest::gather(&r.bytes_ending(end)[..]).unwrap()), "incomplete");
    r.header.level = Level::Exec;
    assert_eq!(aggregate(&r.facts()), "incomplete");
}

#[test]
fn what_is_signed_fits_says_what_it_left_out_and_has_the_digest_of_the_whole() {
    let mut paths: Vec<String> = (0..3000).map(|n| format!("/w/src/file-{n}.c")).collect();
    let cache = "/go/pkg/mod/cache/download/example.com";
    paths.extend((0..1500).map(|n| format!("{cache}/module-{n}/@v/v1.{n}.0.mod")));
    paths.push("/go/pkg/mod/example.com/used@v1.0.0/a.go".into());
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let r = reading(&paths);
    let facts = r.facts();
    let products = facts.products(&Select::Default, r.on_disk()).unwrap();
    let bom = Bom::new(&facts, &Files::default());
    let text = bom.to_json();
    assert_eq!(text, Bom::new(&r.facts(), &Files::default()).to_json(), "the same bytes");
    let sbom = Some(WholeBom { bom: &bom, text: &text, name: b"my sbom.json" });
    let statements = attest(&facts, &products, Options { sbom, ..Options::default() }).unwrap();
    let statement: Value = serde_json::from_slice(statements.payloads().last().unwrap()).unwrap();
    assert_eq!(statement["predicateType"], names::SBOM);
    assert_eq!(statement["subject"][0]["name"], "recording.sekisho");
    let signed = &statement["predicate"];
    let listed = signed["components"].as_array().unwrap();
    assert!(listed.len() > 200 && listed.len() < paths.len());
    assert_eq!(listed[0]["purl"], "pkg:golang/example.com/used@v1.0.0", "what was used comes first");
    assert_eq!(listed[1]["properties"][0], json!({"name": "sekisho:only", "value": "metadata"}));
    assert_eq!(signed["compositions"][0]["aggregate"], "incomplete");
    let whole = &signed["externalReferences"][0];
    assert_eq!((&whole["url"], &whole["type"]), (&json!("my%20sbom.json"), &json!("bom")));
    assert_eq!(whole["hashes"][0]["content"], Digest::of(text.as_bytes()).to_hex());
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["components"].as_array().unwrap().len(), paths.len());
    assert_ne!(document["serialNumber"], signed["serialNumber"]);
}

#[test]
fn hostile_names_and_lists_name_nothing() {
    let long = format!("/w/node_modules/{}/x.js", "n".repeat(3000));
    let odd = ["/w/node_modules/@/x.js", "/w/node_modules//x", "/w/node_modules/a\nb/x", &long, "/go/pkg/mod/@v1/x"];
    let mut r = reading(&odd);
    r.read("/w/node_modules/p/package.json", b"{\"name\":\"a/b/c\",\"version\":\"1\"}");
    r.read("/w/node_modules/q/package.json", b"[[[[");
    let disk = debian()
        .with("/var/lib/dpkg/status", [&[0xff, b'\n', b'\n'], STATUS.as_bytes()].concat())
        .with("/var/lib/dpkg/diversions", "/usr/bin/make\n")
        .with("/etc/os-release", "ID=../../evil\nVERSION_ID=\n")
        .with("/w/node_modules/p/package.json", "{\"name\":\"a/b/c\",\"version\":\"1\"}")
        .with("/w/node_modules/q/package.json", "[[[[");
    r.read("/usr/bin/make", b"make");
    let found = read(&document(&r, &disk));
    let purls: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(purls, ["-", "pkg:deb/debian/make@4.3-4.1?arch=amd64", "pkg:npm/p", "pkg:npm/q"]);
    assert_eq!(found["-"].len(), odd.len());
}
