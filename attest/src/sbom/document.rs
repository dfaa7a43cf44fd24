//! The two forms of a bill of materials: the whole, a file of its own, and what of it is signed.
use super::caches::Part;
use super::purl::Package;
use super::{Bom, Read};
use crate::facts::percent;
use crate::predicates::{cut, object};
use crate::timestamp;
use sekisho_events::{Digest, Level};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// What packages may take of what is signed, in bytes of JSON.
const PACKAGE_BYTES: usize = 32 << 10;
/// What files of no package may take of it.
const FILE_BYTES: usize = 10 << 10;
/// `bom-ref` of what was built.
const STEP: &str = "step";

impl Bom<'_> {
    /// All of it: each package with its files, then the files of no package. The same recording and the same packages on
    /// the disk give the same bytes.
    pub fn to_json(&self) -> String {
        let packages = self.packages.iter().map(|(package, files)| {
            let mut component = of_package(package, files);
            component["bom-ref"] = package.purl().into();
            component["properties"] = properties(package, files);
            component["components"] = files.iter().map(of_file).collect();
            component
        });
        let components: Vec<Value> = packages.chain(self.files.iter().map(of_file)).collect();
        let whole = self.is_complete();
        sekisho_events::json::pretty(&Value::Object(self.document(&components, whole, None)))
    }

    /// What is signed: packages first, as much as fits, with the digest of the whole, which was written as `name`.
    pub(crate) fn predicate(&self, whole: &str, name: &[u8]) -> Map<String, Value> {
        // Those of which something was used come before those that were only read about.
        let (about, used): (Vec<_>, Vec<_>) = self.packages.iter().partition(|(_, files)| only_metadata(files));
        let packages = used.into_iter().map(|(package, files)| of_package(package, files));
        let about = about.into_iter().map(|(package, files)| {
            let mut component = of_package(package, files);
            component["properties"] = json!([only()]);
            component
        });
        let packages = packages.chain(about);
        let (mut components, first) = cut::cut(packages, PACKAGE_BYTES);
        let (files, second) = cut::cut(self.files.iter().map(of_file), FILE_BYTES);
        components.extend(files);
        let all = first.listed == first.total && second.listed == second.total;
        let reference = json!([{
            "type": "bom",
            "url": percent(name),
            "comment": "the whole, with the files of each package",
            "hashes": [hash(Digest::of(whole.as_bytes()))],
        }]);
        self.document(&components, all && self.is_complete(), Some(reference))
    }

    fn document(&self, components: &[Value], complete: bool, references: Option<Value>) -> Map<String, Value> {
        let facts = self.facts;
        let (name, version) = facts.header.tool.split_once(' ').unwrap_or((&facts.header.tool, ""));
        let number = |n: usize| n.to_string();
        let run = hex(&facts.header.nonce);
        let mut bom = object(json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "timestamp": timestamp::format(facts.finished_s()),
                "lifecycles": [{"phase": "build"}],
                "tools": {"components": [{"type": "application", "name": name, "version": version}]},
                "component": {"type": "application", "bom-ref": STEP, "name": facts.step()},
                "properties": [
                    property("sekisho:run", &run),
                    property("sekisho:recording:sha256", &facts.recording_sha256.to_hex()),
                    property("sekisho:recording:root", &facts.trailer.root.to_hex()),
                    property("sekisho:recording:complete", &facts.trailer.complete.to_string()),
                    property("sekisho:packages", &number(self.packages.len())),
                    property("sekisho:files", &number(self.files.len())),
                ],
            },
            "components": components,
            "compositions": [
                {"aggregate": if complete { "complete" } else { "incomplete" }, "assemblies": [STEP]},
            ],
        }));
        if let Some(references) = references {
            bom.insert("externalReferences".into(), references);
        }
        let serial = serial_number(&bom);
        bom.insert("serialNumber".into(), serial.into());
        bom
    }

    /// True if nothing that was read is known to be missing.
    fn is_complete(&self) -> bool {
        self.facts.trailer.complete && self.facts.header.level != Level::Exec
    }
}

/// A UUID of version 8 (RFC 9562) out of what it names: no two contents share one.
fn serial_number(bom: &Map<String, Value>) -> String {
    let digest = Digest::of(Value::Object(bom.clone()).to_string().as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// True if what was read is about the package, and nothing out of it.
fn only_metadata(files: &[Read]) -> bool {
    files.iter().all(|f| f.part == Part::Metadata)
}

fn only() -> Value {
    property("sekisho:only", "metadata")
}

fn property(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

fn hash(sha256: Digest) -> Value {
    json!({"alg": "SHA-256", "content": sha256.to_hex()})
}

/// A package; with a digest if the archive that it is published as was read.
fn of_package(package: &Package, files: &[Read]) -> Value {
    let mut component = json!({"type": "library", "name": package.name, "purl": package.purl()});
    if let Some(group) = &package.namespace {
        component["group"] = group.as_str().into();
    }
    if let Some(version) = &package.version {
        component["version"] = version.as_str().into();
    }
    let mut archives: Vec<Digest> =
        files.iter().filter(|f| f.part == Part::Archive).flat_map(|f| f.contents.iter().copied()).collect();
    archives.sort_unstable();
    archives.dedup();
    if let [archive] = archives[..] {
        component["hashes"] = json!([hash(archive)]);
    }
    component
}

fn properties(package: &Package, files: &[Read]) -> Value {
    let mut out = vec![property("sekisho:known-by", package.known_by.name())];
    if only_metadata(files) {
        out.push(only());
    }
    if files.iter().any(|f| f.made) {
        out.push(property("sekisho:made-by", "the step itself"));
    }
    out.into()
}

fn of_file(file: &Read) -> Value {
    let mut component = json!({"type": "file", "name": file.name});
    if let Some(first) = file.contents.first() {
        component["hashes"] = json!([hash(*first)]);
    }
    let later = file.contents.iter().skip(1).map(|later| property("sekisho:changed-to", &later.to_hex()));
    let later: Vec<Value> = later.collect();
    if !later.is_empty() {
        component["properties"] = later.into();
    }
    component
}
