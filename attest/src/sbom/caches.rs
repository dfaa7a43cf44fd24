//! Packages that the path in a package manager's cache names whole: cargo, Go, Maven, Gradle.
//!
//! Only layouts that the package manager itself keeps are known; what looks otherwise stays a file.
use super::purl::{KnownBy, Package};

/// What a file is to its package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// One of its files.
    File,
    /// The package as it is published.
    Archive,
    /// About the package, and nothing out of it: read to choose among versions, say.
    Metadata,
}

/// The package in whose place in a cache the file lies.
pub(crate) fn package(path: &str) -> Option<(Package, Part)> {
    let parts: Vec<&str> = path.split('/').collect();
    cargo(&parts).or_else(|| go(&parts)).or_else(|| maven(&parts)).or_else(|| gradle(&parts))
}

/// What stands behind these directories, the last time that they stand there.
fn behind<'s, 'p>(parts: &'s [&'p str], of: &[&str]) -> Option<&'s [&'p str]> {
    let at = parts.windows(of.len()).rposition(|window| window == of)?;
    Some(&parts[at + of.len()..])
}

/// `registry/src/INDEX/NAME-VERSION/…`, `registry/cache/INDEX/NAME-VERSION.crate` (The Cargo Book, "Cargo Home").
fn cargo(parts: &[&str]) -> Option<(Package, Part)> {
    if let Some([index, crate_, _, ..]) = behind(parts, &["registry", "src"]) {
        return Some((of_crate(index, crate_)?, Part::File));
    }
    let [index, file] = behind(parts, &["registry", "cache"])? else { return None };
    Some((of_crate(index, file.strip_suffix(".crate")?)?, Part::Archive))
}

fn of_crate(index: &str, crate_: &str) -> Option<Package> {
    let (host, hash) = index.rsplit_once('-')?;
    if hash.len() != 16 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    // No dot stands in a name, and two in each version.
    let dot = crate_.find('.')?;
    let dash = crate_[..dot].rfind('-')?;
    let (name, version) = (&crate_[..dash], &crate_[dash + 1..]);
    let numbers: Vec<&str> = version.splitn(3, '.').collect();
    let third = numbers.get(2).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if !third || !numbers[..2].iter().all(|n| n.bytes().all(|b| b.is_ascii_digit()) && !n.is_empty()) {
        return None;
    }
    let package = Package::new("cargo", name, Some(version), KnownBy::Path)?;
    let public = ["index.crates.io", "github.com"].contains(&host);
    Some(if public { package } else { package.with("repository_url", host) })
}

/// `pkg/mod/MODULE@VERSION/…`, `pkg/mod/cache/download/MODULE/@v/VERSION.zip` (Go Modules Reference, "Module cache").
fn go(parts: &[&str]) -> Option<(Package, Part)> {
    let below = behind(parts, &["pkg", "mod"])?;
    if let ["cache", "download", module @ .., "@v", file] = below {
        let (version, end) = file.rsplit_once('.')?;
        let part = match end {
            "zip" => Part::Archive,
            "mod" | "info" | "ziphash" | "lock" => Part::Metadata,
            _ => return None,
        };
        return Some((of_module(&module.join("/"), version)?, part));
    }
    let at = below.iter().position(|part| part.contains('@'))?;
    let (last, version) = below[at].split_once('@')?;
    if below.len() == at + 1 || below[0] == "cache" {
        return None;
    }
    let module = [&below[..at], &[last]].concat().join("/");
    Some((of_module(&module, version)?, Part::File))
}

fn of_module(escaped: &str, version: &str) -> Option<Package> {
    // In file names an upper-case letter is `!` and its lower-case one; package URLs of Go have none.
    let module = escaped.replace('!', "");
    let version = unescaped(version);
    if !version.strip_prefix('v')?.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match module.rsplit_once('/') {
        Some((namespace, name)) => Package::new("golang", name, Some(&version), KnownBy::Path)?.within(namespace),
        None => Package::new("golang", &module, Some(&version), KnownBy::Path),
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut upper = false;
    for c in text.chars() {
        if c == '!' {
            upper = true;
            continue;
        }
        out.push(if std::mem::take(&mut upper) { c.to_ascii_uppercase() } else { c });
    }
    out
}

/// `.m2/repository/GROUP/…/ARTIFACT/VERSION/FILE` (Maven, "Repository Layout").
fn maven(parts: &[&str]) -> Option<(Package, Part)> {
    let [group @ .., artifact, version, file] = behind(parts, &[".m2", "repository"])? else { return None };
    of_artifact(&group.join("."), artifact, version, file)
}

/// `modules-2/files-2.1/GROUP/ARTIFACT/VERSION/SHA1/FILE`.
fn gradle(parts: &[&str]) -> Option<(Package, Part)> {
    let [group, artifact, version, _, file] = behind(parts, &["modules-2", "files-2.1"])? else { return None };
    of_artifact(group, artifact, version, file)
}

fn of_artifact(group: &str, artifact: &str, version: &str, file: &str) -> Option<(Package, Part)> {
    let package = Package::new("maven", artifact, Some(version), KnownBy::Path)?.within(group)?;
    if file == "_remote.repositories" {
        return Some((package, Part::Metadata));
    }
    // A snapshot's file has its date in place of the word.
    let base = version.strip_suffix("SNAPSHOT").unwrap_or(version);
    let rest = file.strip_prefix(artifact)?.strip_prefix('-')?.strip_prefix(base)?;
    let (classifier, end) = rest.rsplit_once('.')?;
    if ["pom", "module", "md5", "sha1", "sha256", "sha512", "asc", "lastUpdated"].contains(&end) {
        return Some((package, Part::Metadata));
    }
    let package = match classifier.strip_prefix('-') {
        Some(classifier) if base == version => package.with("classifier", classifier),
        None if !classifier.is_empty() && base == version => return None,
        _ => package,
    };
    Some((if end == "jar" { package } else { package.with("type", end) }, Part::Archive))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: &str = "no package";

    fn of(path: &str) -> (String, Part) {
        package(path).map_or_else(|| file(NONE, Part::File), |(package, part)| (package.purl(), part))
    }

    fn file(purl: &str, part: Part) -> (String, Part) {
        (purl.to_owned(), part)
    }

    #[test]
    fn crates_are_known_by_their_place_in_cargos_home() {
        let src = "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f";
        assert_eq!(of(&format!("{src}/serde-1.0.219/src/lib.rs")), file("pkg:cargo/serde@1.0.219", Part::File));
        assert_eq!(of(&format!("{src}/a-b-2-1.0.0-rc.1+x/b")), file("pkg:cargo/a-b-2@1.0.0-rc.1%2Bx", Part::File));
        let cache = "/c/registry/cache/crates.example.com-1949cf8c6b5b557f/";
        assert_eq!(
            of(&format!("{cache}sha2-0.10.8.crate")),
            file("pkg:cargo/sha2@0.10.8?repository_url=crates.example.com", Part::Archive)
        );
        for none in ["serde-1.0.219", "serde/lib.rs", "serde-1.0/lib.rs", "-1.0.0/lib.rs", "serde-1.a.0/lib.rs"] {
            assert_eq!(of(&format!("{src}/{none}")), file(NONE, Part::File), "{none}");
        }
        assert_eq!(of("/w/registry/src/mine/serde-1.0.0/lib.rs"), file(NONE, Part::File), "not cargo's directory");
    }

    #[test]
    fn modules_are_known_by_their_place_in_gos_cache() {
        let at = |path: &str| of(&format!("/root/go/pkg/mod/{path}"));
        let toml = "pkg:golang/github.com/burntsushi/toml@v1.4.0";
        assert_eq!(at("github.com/!burnt!sushi/toml@v1.4.0/decode.go"), file(toml, Part::File));
        assert_eq!(at("cache/download/github.com/!burnt!sushi/toml/@v/v1.4.0.zip"), file(toml, Part::Archive));
        assert_eq!(at("cache/download/github.com/!burnt!sushi/toml/@v/v1.4.0.mod"), file(toml, Part::Metadata));
        assert_eq!(
            at("gopkg.in/x@v2.0.0+incompatible/a/b@c"),
            file("pkg:golang/gopkg.in/x@v2.0.0%2Bincompatible", Part::File)
        );
        for none in ["cache/download/a.b/c/@v/list", "cache/lock", "github.com/a/b/c.go", "a.b/c@main/d", "a@v1.0.0"] {
            assert_eq!(at(none), file(NONE, Part::File), "{none}");
        }
    }

    #[test]
    fn artifacts_are_known_by_their_place_in_mavens_repository_and_gradles_cache() {
        let at = |path: &str| of(&format!("/home/u/.m2/repository/{path}"));
        let guava = "pkg:maven/com.google.guava/guava@33.0-jre";
        let dir = "com/google/guava/guava/33.0-jre";
        assert_eq!(at(&format!("{dir}/guava-33.0-jre.jar")), file(guava, Part::Archive));
        assert_eq!(at(&format!("{dir}/guava-33.0-jre.pom")), file(guava, Part::Metadata));
        assert_eq!(at(&format!("{dir}/_remote.repositories")), file(guava, Part::Metadata));
        let sources = format!("{guava}?classifier=sources");
        assert_eq!(at(&format!("{dir}/guava-33.0-jre-sources.jar")), file(&sources, Part::Archive));
        assert_eq!(at("a/b/1-SNAPSHOT/b-1-20260101.1-2.war"), file("pkg:maven/a/b@1-SNAPSHOT?type=war", Part::Archive));
        let gradle = "/g/caches/modules-2/files-2.1/com.google.guava/guava/33.0-jre/0123abc/guava-33.0-jre.jar";
        assert_eq!(of(gradle), file(guava, Part::Archive));
        for none in ["guava-1.jar", "guava/1/guava-1.jar", "a/b/1/c-1.jar", "a/b/1/b-2.jar", "a/b/1/b-1x.jar"] {
            assert_eq!(at(none), file(NONE, Part::File), "{none}");
        }
    }
}
