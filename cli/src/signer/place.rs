//! Where a signer's key is: in a file, or in a token, by its PKCS #11 URI (RFC 7512).
use crate::exit::{CliError, shown};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Where a key is.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// In this file.
    File(PathBuf),
    /// In a token.
    Token(Token),
}

/// A key in a token, as far as its URI says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// The vendor's module: a shared library.
    pub module: PathBuf,
    /// The token's label; may be left out where there is only one.
    pub label: Option<String>,
    /// Label of the key.
    pub object: Option<String>,
    /// Its `CKA_ID`.
    pub id: Option<Vec<u8>>,
    /// The file with the PIN.
    pub pin: Option<PathBuf>,
}

/// Why a URI names no key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Not `name=value`, or not percent-encoded as it should be.
    #[error("it is not what RFC 7512 says")]
    Malformed,
    /// Not understood: the key that is meant could be another one.
    #[error("{0} is not understood here, or stands there twice")]
    Attribute(String),
    /// Every process of the machine can read arguments.
    #[error("a PIN does not belong into an argument: pin-source names a file")]
    Pin,
    /// What is needed is not there.
    #[error("it lacks {0}")]
    Lacks(&'static str),
}

impl Place {
    /// Of a command line.
    pub fn of(key: &Path) -> Result<Self, CliError> {
        match key.as_os_str().as_bytes().strip_prefix(b"pkcs11:") {
            None => Ok(Self::File(key.to_path_buf())),
            Some(rest) => Token::parse(rest).map(Self::Token).map_err(|why| {
                CliError::new(format!("{} names no key in a token: {why}", shown(key))).with_hint(
                    "pkcs11:token=LABEL;object=LABEL?module-path=/usr/lib/MODULE.so&pin-source=/PATH (docs/signer.md)",
                )
            }),
        }
    }
}

impl Token {
    fn parse(uri: &[u8]) -> Result<Self, UriError> {
        let text = std::str::from_utf8(uri).map_err(|_| UriError::Malformed)?;
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let mut out = Self::default();
        let mut seen = Vec::new();
        let named = path.split(';').map(|a| ("path", a)).chain(query.split('&').map(|a| ("query", a)));
        for (part, attribute) in named.filter(|(_, attribute)| !attribute.is_empty()) {
            let (name, value) = attribute.split_once('=').ok_or(UriError::Malformed)?;
            let bytes = decoded(value)?;
            let words = || String::from_utf8(bytes.clone()).map_err(|_| UriError::Malformed);
            if seen.contains(&name) {
                return Err(UriError::Attribute(shown(Path::new(name))));
            }
            seen.push(name);
            match (part, name) {
                ("path", "token") => out.label = Some(words()?),
                ("path", "object") => out.object = Some(words()?),
                ("path", "id") => out.id = Some(bytes),
                ("path", "type") if value == "private" => {}
                ("query", "module-path") => out.module = words()?.into(),
                ("query", "pin-source") => out.pin = Some(words()?.strip_prefix("file:").unwrap_or(&words()?).into()),
                ("query", "pin-value") => return Err(UriError::Pin),
                _ => return Err(UriError::Attribute(shown(Path::new(name)))),
            }
        }
        match out {
            Self { object: None, id: None, .. } => Err(UriError::Lacks("object or id")),
            Self { ref module, .. } if !module.is_absolute() => {
                Err(UriError::Lacks("module-path, which begins with /"))
            }
            token => Ok(token),
        }
    }
}

/// Without percent-encoding.
fn decoded(value: &str) -> Result<Vec<u8>, UriError> {
    let mut out = Vec::new();
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16));
        let (high, low) = (digit().ok_or(UriError::Malformed)?, digit().ok_or(UriError::Malformed)?);
        out.push(u8::try_from(high * 16 + low).map_err(|_| UriError::Malformed)?);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_a_key_in_a_token() {
        let uri =
            "token=My%20token;object=release;id=%01%ff;type=private?module-path=/usr/lib/m.so&pin-source=file:/etc/pin";
        let expected = Token {
            module: "/usr/lib/m.so".into(),
            label: Some("My token".into()),
            object: Some("release".into()),
            id: Some(vec![1, 255]),
            pin: Some("/etc/pin".into()),
        };
        assert_eq!(Token::parse(uri.as_bytes()), Ok(expected));
        let least = Token { module: "/m".into(), id: Some(vec![1]), ..Token::default() };
        assert_eq!(Token::parse(b"id=%01?module-path=/m"), Ok(least));
        assert_eq!(Place::of(Path::new("pkcs12:x")).unwrap(), Place::File("pkcs12:x".into()));
    }

    /// RFC 7512, 2.3: attributes that are not understood would make it another set of objects.
    #[test]
    fn a_uri_of_which_something_is_not_understood_names_nothing() {
        let attribute = |name: &str| UriError::Attribute(name.to_owned());
        for (uri, error) in [
            (&b"object=a;object=b?module-path=/m"[..], attribute("object")),
            (b"object=a;slot-id=1?module-path=/m", attribute("slot-id")),
            (b"object=a;module-path=/m", attribute("module-path")),
            (b"object=a;type=public?module-path=/m", attribute("type")),
            (b"object=a;x\x1b=?module-path=/m", attribute("x\\x1b")),
            (b"object=a?module-path=/m&pin-value=1234", UriError::Pin),
            (b"object?module-path=/m", UriError::Malformed),
            (b"object=%2?module-path=/m", UriError::Malformed),
            (b"object=%zz?module-path=/m", UriError::Malformed),
            (b"object=%ff?module-path=/m", UriError::Malformed),
            (b"object=\xff?module-path=/m", UriError::Malformed),
            (b"token=a?module-path=/m", UriError::Lacks("object or id")),
            (b"object=a?module-path=m.so", UriError::Lacks("module-path, which begins with /")),
            (b"object=a", UriError::Lacks("module-path, which begins with /")),
        ] {
            assert_eq!(Token::parse(uri), Err(error), "{}", String::from_utf8_lossy(uri));
        }
    }
}
