//! `package-lock.json`, versions 1 to 3.
use super::{Endpoint, ImportError, ImportErrorKind, Imported, Places};
use serde_json::{Map, Value};

/// Programs that npm is, as the shipped abstraction has them.
const NODE: [&str; 3] = ["/opt/nodejs/bin/node", "/usr/bin/node", "/usr/local/bin/node"];
/// Programs by which git, which npm starts, reaches a host.
const GIT: [&str; 3] = ["/usr/bin/ssh", "/usr/lib/git-core/git-remote-http", "/usr/libexec/git-core/git-remote-http"];

/// Where npm looks if it is told nothing.
const REGISTRY: &str = "registry.npmjs.org";

/// Where the packages come from.
pub(super) fn read(text: &str, name: &str) -> Result<Imported, ImportError> {
    let lock: Value = serde_json::from_str(text)
        .map_err(|e| ImportError { line: Some(e.line()), kind: ImportErrorKind::Syntax("JSON") })?;
    match lock["lockfileVersion"].as_i64() {
        Some(1..=3) => {}
        Some(other) => return Err(ImportErrorKind::Version(other, "package-lock.json").into()),
        None => return Err(ImportErrorKind::Missing("lockfileVersion").into()),
    }
    let (mut registry, mut git, mut unnamed) = (Places::default(), Places::default(), 0);
    let mut each = |package: &str, facts: &Value| -> Result<(), ImportErrorKind> {
        let is = |key: &str| facts[key].as_bool() == Some(true);
        // A link leads to a directory of the project; what is in a bundle came with another package.
        if is("link") || is("inBundle") || is("bundled") {
            return Ok(());
        }
        // Before version 2 the address of a git package is its version.
        let version = facts["version"].as_str();
        let Some(url) = facts["resolved"].as_str().or(version.filter(|version| version.contains(':'))) else {
            unnamed += u32::from(version.is_some());
            return Ok(());
        };
        let is_git = ["git+", "git:", "ssh:"].iter().any(|scheme| url.starts_with(scheme));
        if let Some(place) = Endpoint::of_url(url)? {
            let places = if is_git { &mut git } else { &mut registry };
            places.add(place, package.rsplit("node_modules/").next().unwrap_or(package));
        }
        Ok(())
    };
    if let Some(packages) = lock["packages"].as_object() {
        // What is not in `node_modules` is of the project.
        let mut installed = packages.iter().filter(|(path, _)| path.contains("node_modules/"));
        installed.try_for_each(|(path, facts)| each(path, facts))?;
    } else {
        nested(lock["dependencies"].as_object(), &mut each)?;
    }
    if unnamed > 0 {
        registry.0.entry(Endpoint::new(REGISTRY, 443, REGISTRY)?).or_default();
    }
    let rules = [
        registry.rule("npm-packages", &NODE, format!("where packages of {name} come from")),
        git.rule("npm-git", &GIT, format!("where git packages of {name} come from")),
    ];
    let rules: Vec<_> = rules.into_iter().flatten().collect();
    if rules.is_empty() {
        return Err(ImportErrorKind::Nothing.into());
    }
    let mut notes = Vec::new();
    if rules.iter().any(|rule| rule.id == "npm-git") {
        notes.push(
            "some packages come from git: npm may fetch archives of them from other hosts, which a recording shows"
                .to_owned(),
        );
    }
    if unnamed > 0 {
        notes.push(format!("{unnamed} packages name no host: {REGISTRY} stands for the registry that npm is told"));
    }
    Ok(Imported { rules, notes })
}

/// The tree of version 1. Its depth is that of the JSON, which the reader limits.
fn nested(
    packages: Option<&Map<String, Value>>,
    each: &mut impl FnMut(&str, &Value) -> Result<(), ImportErrorKind>,
) -> Result<(), ImportErrorKind> {
    for (name, facts) in packages.into_iter().flatten() {
        each(name, facts)?;
        nested(facts["dependencies"].as_object(), each)?;
    }
    Ok(())
}
