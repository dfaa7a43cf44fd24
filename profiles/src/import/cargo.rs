//! `Cargo.lock`, versions 1 to 4.
use super::{Endpoint, ImportError, ImportErrorKind, Imported, Places};
use crate::error::Shown;

/// Programs that cargo is, as the shipped abstraction has them.
const CARGO: [&str; 5] = [
    "/home/*/.rustup/toolchains/*/bin/cargo",
    "/root/.rustup/toolchains/*/bin/cargo",
    "/usr/bin/cargo",
    "/usr/lib/rust-*/bin/cargo",
    "/usr/local/rustup/toolchains/*/bin/cargo",
];
/// How a lock file calls crates.io, whose index and archives are elsewhere.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// Index and archives of crates.io.
const CRATES_IO_HOSTS: [&str; 2] = ["index.crates.io", "static.crates.io"];

/// Where the packages come from.
pub(super) fn read(text: &str, name: &str) -> Result<Imported, ImportError> {
    let lock: toml_edit::DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| ImportError {
        line: e.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count()),
        kind: ImportErrorKind::Syntax("TOML"),
    })?;
    match lock.get("version").map(toml_edit::Item::as_integer) {
        None | Some(Some(1..=4)) => {}
        Some(Some(other)) => return Err(ImportErrorKind::Version(other, "Cargo.lock").into()),
        Some(None) => return Err(ImportErrorKind::Missing("version").into()),
    }
    let packages = lock.get("package").and_then(toml_edit::Item::as_array_of_tables);
    let packages = packages.ok_or(ImportErrorKind::Missing("package"))?;
    let (mut places, mut others) = (Places::default(), false);
    for package in packages {
        let text = |key| package.get(key).and_then(toml_edit::Item::as_str);
        let package_name = text("name").ok_or(ImportErrorKind::Missing("name"))?;
        // One without a source is of the project.
        let Some(source) = text("source") else { continue };
        if source == CRATES_IO {
            for host in CRATES_IO_HOSTS {
                places.add(Endpoint::new(host, 443, host)?, package_name);
            }
            continue;
        }
        if !["registry+", "sparse+", "git+", "path+"].iter().any(|kind| source.starts_with(kind)) {
            return Err(ImportErrorKind::Url(Shown::new(source)).into());
        }
        others |= !source.starts_with("git+") && !source.starts_with("path+");
        if !source.starts_with("path+")
            && let Some(place) = Endpoint::of_url(source)?
        {
            places.add(place, package_name);
        }
    }
    let rule = places.rule("cargo-packages", &CARGO, format!("where packages of {name} come from"));
    let mut notes = Vec::new();
    if others {
        notes.push("the index of a registry names the host of its archives: a recording shows it".to_owned());
    }
    Ok(Imported { rules: vec![rule.ok_or(ImportErrorKind::Nothing)?], notes })
}
