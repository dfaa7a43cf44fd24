//! What goes over the socket: one line that says what is wanted, then the recording to its end; one line back.
use sekisho_attest::strict_json;
use serde_json::{Map, Value, json};

/// Version of the protocol.
const VERSION: u64 = 1;
/// Longest line that a client sends; a profile is in it.
pub const MAX_REQUEST_BYTES: usize = 8 << 20;
/// Longest line that goes back.
pub const MAX_ANSWER_BYTES: usize = 8 << 20;
/// Longest recording.
pub const MAX_RECORDING_BYTES: u64 = 4 << 30;
/// Longest path of a profile, and longest glob.
const MAX_TEXT_BYTES: usize = 4096;
/// No more globs than this.
const MAX_GLOBS: usize = 1000;

/// What is wanted of a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Globs of products; none means what the step left in the workspace.
    pub products: Vec<String>,
    /// Name and text of the profile that it is judged by.
    pub profile: Option<(String, String)>,
    /// Bundles in place of envelopes.
    pub bundle: bool,
    /// An attribute report too.
    pub scai: bool,
}

impl Request {
    /// One line, without its end.
    pub fn to_line(&self) -> String {
        let profile = self.profile.as_ref().map(|(path, text)| json!({"path": path, "text": text}));
        json!({"version": VERSION, "products": self.products, "profile": profile, "bundle": self.bundle, "scai": self.scai})
            .to_string()
    }

    /// Reads a line; what is not understood whole is refused.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let mut object = object(line)?;
        let flag = |value: Option<Value>| value?.as_bool();
        let text = |value: &Value| value.as_str().filter(|t| t.len() <= MAX_TEXT_BYTES).map(str::to_owned);
        let globs = object.remove("products")?;
        let products = globs.as_array().filter(|g| g.len() <= MAX_GLOBS)?.iter().map(text).collect::<Option<_>>()?;
        let profile = match object.remove("profile")? {
            Value::Null => None,
            Value::Object(mut profile) => {
                let (path, of) = (text(&profile.remove("path")?)?, profile.remove("text")?.as_str()?.to_owned());
                profile.is_empty().then_some(())?;
                Some((path, of))
            }
            _ => return None,
        };
        let (bundle, scai) = (flag(object.remove("bundle"))?, flag(object.remove("scai"))?);
        object.is_empty().then_some(Self { products, profile, bundle, scai })
    }
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Signed.
    Signed {
        /// One envelope or bundle a line.
        lines: String,
        /// The key's id.
        key: String,
    },
    /// Refused, and why.
    Refused(String),
}

impl Answer {
    /// One line, without its end.
    pub fn to_line(&self) -> String {
        match self {
            Self::Signed { lines, key } => json!({"version": VERSION, "attestations": lines, "key": key}),
            Self::Refused(why) => json!({"version": VERSION, "refused": why}),
        }
        .to_string()
    }

    /// Reads a line.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let object = object(line)?;
        let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
        match text("refused") {
            Some(why) => Some(Self::Refused(why)),
            None => Some(Self::Signed { lines: text("attestations")?, key: text("key")? }),
        }
    }
}

/// The object of a line of this version, without its version.
fn object(line: &[u8]) -> Option<Map<String, Value>> {
    let Value::Object(mut object) = strict_json::parse(line).ok()? else { return None };
    (object.remove("version")?.as_u64() == Some(VERSION)).then_some(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_survives_its_line_and_what_is_not_one_is_refused() {
        let whole = Request {
            products: vec!["dist/*".into()],
            profile: Some(("sekisho.toml".into(), "version = 1\n".into())),
            bundle: true,
            scai: true,
        };
        for request in [Request::default(), whole.clone()] {
            assert_eq!(Request::parse(request.to_line().as_bytes()), Some(request));
        }
        let line = whole.to_line();
        let bad = [
            String::new(),
            "{}".into(),
            line.replace("\"version\":1", "\"version\":2"),
            line.replace("\"scai\":true", "\"scai\":1"),
            line.replace("\"scai\":true", "\"scai\":true,\"payload\":\"x\""),
            line.replace("\"scai\":true", "\"scai\":true,\"scai\":false"),
            line.replace("\"bundle\":true,", ""),
            line.replace("\"dist/*\"", &format!("\"{}\"", "x".repeat(MAX_TEXT_BYTES + 1))),
            line.replace("\"dist/*\"", "1"),
            line.replace("\"path\":", "\"sha256\":\"0\",\"path\":"),
            format!("{line}x"),
        ];
        for line in bad {
            assert_eq!(Request::parse(line.as_bytes()), None, "{line:.100}");
        }
    }

    #[test]
    fn an_answer_survives_its_line() {
        let signed = Answer::Signed { lines: "{}\n{}\n".into(), key: "0".into() };
        for answer in [signed, Answer::Refused("why\n".into())] {
            assert!(!answer.to_line().contains('\n'));
            assert_eq!(Answer::parse(answer.to_line().as_bytes()), Some(answer));
        }
        assert_eq!(Answer::parse(b"{\"version\":1}"), None);
    }
}
