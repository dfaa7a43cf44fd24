//! Packages and their names: package URLs (ECMA-427, purl).
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// No part of a name is longer; what is, is no package that anybody published.
const MAX_PART_BYTES: usize = 256;

/// By what it is known that a file belongs to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KnownBy {
    /// The path in a package manager's cache.
    Path,
    /// The package's manifest, whose content is what the step read.
    Manifest,
    /// The list of an installed distribution's files and their digests.
    Record,
    /// dpkg's lists of installed files.
    Dpkg,
}

impl KnownBy {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Manifest => "manifest",
            Self::Record => "record",
            Self::Dpkg => "dpkg",
        }
    }
}

/// A package of one of the worlds that have package URLs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    /// `cargo`, `deb`, `golang`, `maven`, `npm`, `pypi`.
    pub(crate) kind: &'static str,
    /// What stands before the name, with `/` in between.
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) qualifiers: BTreeMap<&'static str, String>,
    pub(crate) known_by: KnownBy,
}

impl Package {
    /// A package without namespace; `None` if a part is empty, too long, or has control characters.
    pub(crate) fn new(kind: &'static str, name: &str, version: Option<&str>, known_by: KnownBy) -> Option<Self> {
        let parts = [Some(name), version];
        parts.into_iter().flatten().all(is_part).then(|| Self {
            kind,
            namespace: None,
            name: name.to_owned(),
            version: version.map(str::to_owned),
            qualifiers: BTreeMap::new(),
            known_by,
        })
    }

    /// The same in a namespace.
    pub(crate) fn within(self, namespace: &str) -> Option<Self> {
        let good = is_part(namespace) && namespace.split('/').all(|part| !part.is_empty());
        good.then(|| Self { namespace: Some(namespace.to_owned()), ..self })
    }

    /// The same with a qualifier.
    pub(crate) fn with(mut self, key: &'static str, value: &str) -> Self {
        self.qualifiers.insert(key, value.to_owned());
        self
    }

    /// The package URL, in its canonical form.
    pub(crate) fn purl(&self) -> String {
        let mut out = format!("pkg:{}/", self.kind);
        for part in self.namespace.iter().flat_map(|n| n.split('/')) {
            encode(part, &mut out);
            out.push('/');
        }
        encode(&self.name, &mut out);
        if let Some(version) = &self.version {
            out.push('@');
            encode(version, &mut out);
        }
        for (index, (key, value)) in self.qualifiers.iter().enumerate() {
            let _ = write!(out, "{}{key}=", if index == 0 { '?' } else { '&' });
            encode(value, &mut out);
        }
        out
    }
}

fn is_part(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_PART_BYTES && !text.chars().any(char::is_control)
}

/// Percent-encoding: letters, digits, `.-_~` and `:` stay.
fn encode(text: &str, out: &mut String) {
    for &b in text.as_bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => out.push(b as char),
            _ => {
                let _ = write!(out, "%{b:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's own examples.
    #[test]
    fn package_urls_are_canonical() {
        let npm = Package::new("npm", "animation", Some("12.3.1"), KnownBy::Manifest).unwrap();
        assert_eq!(npm.within("@angular").unwrap().purl(), "pkg:npm/%40angular/animation@12.3.1");
        let deb = Package::new("deb", "curl", Some("7.50.3-1"), KnownBy::Dpkg).unwrap();
        let deb = deb.within("debian").unwrap().with("distro", "jessie").with("arch", "i386");
        assert_eq!(deb.purl(), "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie");
        let epoch = Package::new("deb", "libstdc++6", Some("1:2+b1"), KnownBy::Dpkg).unwrap();
        assert_eq!(epoch.purl(), "pkg:deb/libstdc%2B%2B6@1:2%2Bb1");
    }

    #[test]
    fn what_nobody_published_is_no_package() {
        for bad in ["", "a\nb", "\u{7f}", &"x".repeat(MAX_PART_BYTES + 1)] {
            assert_eq!(Package::new("npm", bad, None, KnownBy::Path), None);
            assert_eq!(Package::new("npm", "a", Some(bad), KnownBy::Path), None);
        }
        let package = Package::new("npm", "a", None, KnownBy::Path).unwrap();
        assert_eq!(package.clone().within("a//b"), None);
        assert_eq!(package.within("a/"), None);
    }
}
