//! Names of images and other artifacts in registries.
use crate::exit::CliError;
use sekisho_events::{Digest, escape};

/// Longest name of a repository (distribution-spec: 255 with the host's).
const MAX_NAME_BYTES: usize = 255;
/// Longest tag (distribution-spec: 128).
const MAX_TAG_BYTES: usize = 128;

/// `HOST[:PORT]/NAME:TAG` or `HOST[:PORT]/NAME@sha256:HEX`; a host is always named, and so is a tag or a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// With its port.
    pub host: String,
    /// Of the repository.
    pub name: String,
    /// Which manifest.
    pub which: Which,
}

/// Which manifest of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Whatever is called so now.
    Tag(String),
    /// This very one.
    Digest(Digest),
}

impl Reference {
    /// Reads a reference, with or without `oci://` before it.
    pub fn parse(text: &str) -> Result<Self, CliError> {
        Self::read(text.strip_prefix("oci://").unwrap_or(text)).ok_or_else(|| {
            CliError::new(format!("{} names no image", escape(text.as_bytes())))
                .with_hint("HOST/NAME:TAG or HOST/NAME@sha256:HEX, such as registry.example/team/app:v1")
        })
    }

    fn read(text: &str) -> Option<Self> {
        let (host, rest) = text.split_once('/')?;
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(Digest::from_hex(digest.strip_prefix("sha256:")?)?)),
            None => (rest, None),
        };
        let (name, tag) = rest.split_once(':').map_or((rest, None), |(name, tag)| (name, Some(tag)));
        if !is_host(host) || !is_name(name) || !tag.is_none_or(is_tag) {
            return None;
        }
        // The digest holds, as everywhere.
        let which = digest.map(Which::Digest).or_else(|| Some(Which::Tag(tag?.to_owned())))?;
        Some(Self { host: host.to_owned(), name: name.to_owned(), which })
    }

    /// True if the registry is on this machine: only there it is spoken to without TLS.
    #[cfg(feature = "sigstore")]
    pub fn is_local(&self) -> bool {
        let host = self.host.rsplit_once(':').map_or(&*self.host, |(host, _)| host);
        is_local(host)
    }

    /// Where the repository's calls begin.
    #[cfg(feature = "sigstore")]
    pub fn base(&self) -> String {
        // Docker Hub's images are called by one name and kept at another.
        let host = if self.host == "docker.io" { "registry-1.docker.io" } else { &self.host };
        format!("{}://{host}/v2/{}/", if self.is_local() { "http" } else { "https" }, self.name)
    }

    /// For a person: nothing in it needs to be escaped.
    pub fn shown(&self) -> String {
        match &self.which {
            Which::Tag(tag) => format!("{}/{}:{tag}", self.host, self.name),
            Which::Digest(digest) => format!("{}/{}@sha256:{digest}", self.host, self.name),
        }
    }
}

/// True for names of this machine.
#[cfg(feature = "sigstore")]
pub fn is_local(host: &str) -> bool {
    ["localhost", "127.0.0.1"].contains(&host)
}

/// A name with a dot or a port, or `localhost`: as others tell a host from the first part of a name.
fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !part.starts_with('-')
    };
    let told = name.contains('.') || port.is_some() || name == "localhost";
    told && name.split('.').all(part) && port.is_none_or(|p| p.parse::<u16>().is_ok_and(|p| p > 0))
}

/// Lower-case words, with `.`, `_`, `__` or dashes between them, in parts between slashes.
fn is_name(name: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let part = |part: &str| {
        let part = part.replace("__", ".");
        let edges = !part.starts_with('-') && !part.ends_with('-');
        edges
            && part
                .split(['.', '_'])
                .all(|of| of.split('-').any(|w| !w.is_empty()) && of.split('-').all(|w| w.is_empty() || word(w)))
    };
    name.len() <= MAX_NAME_BYTES && name.split('/').all(part)
}

fn is_tag(tag: &str) -> bool {
    let in_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= MAX_TAG_BYTES
        && tag.bytes().next().is_some_and(in_word)
        && tag.bytes().all(|b| in_word(b) || b == b'.' || b == b'-')
}

#[cfg(all(test, feature = "sigstore"))]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_named_with_its_host_and_a_tag_or_a_digest() {
        let hex = Digest::of(b"x").to_hex();
        let read = |text: &str| Reference::parse(text).unwrap();
        let tagged = read("oci://registry.example/team/my-app__x:v1.0_rc");
        assert_eq!((&*tagged.host, &*tagged.name), ("registry.example", "team/my-app__x"));
        assert_eq!(tagged.which, Which::Tag("v1.0_rc".into()));
        assert_eq!(tagged.base(), "https://registry.example/v2/team/my-app__x/");
        let by_digest = read(&format!("localhost:5000/app:v1@sha256:{hex}"));
        assert_eq!(by_digest.which, Which::Digest(Digest::of(b"x")));
        assert_eq!(by_digest.base(), "http://localhost:5000/v2/app/");
        assert_eq!(by_digest.shown(), format!("localhost:5000/app@sha256:{hex}"));
        assert_eq!(read("docker.io/library/alpine:3").base(), "https://registry-1.docker.io/v2/library/alpine/");
    }

    #[test]
    fn what_could_lead_elsewhere_is_no_name() {
        let hex = Digest::of(b"x").to_hex();
        let bad = [
            "app:v1",
            "alpine",
            "library/alpine:3",
            "h.example/app",
            "h.example/App:v1",
            "h.example/:v1",
            "h.example/a//b:v1",
            "h.example/../b:v1",
            "h.example/a%2f:v1",
            "user@h.example/a:v1",
            "h.example/a:v 1",
            "h.example/a:",
            "h.example/a:-x",
            "h.example:0/a:v1",
            "h.example:70000/a:v1",
            "[::1]:5000/a:v1",
            "h.example/a?x:v1",
            "h.example/a@sha512:00",
            "",
            "h.example/a@sha256:00",
            "http://h.example/a:v1",
            "-h.example/a:v1",
            "h.example/-a:v1",
            "h.example/a-:v1",
            "h.example/a:x\n",
        ];
        for text in bad {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
        assert!(Reference::parse(&format!("h.example/a@sha256:{}", hex.to_uppercase())).is_err());
        assert!(Reference::parse(&format!("h.example/a:{}", "x".repeat(129))).is_err());
    }
}
