//! With which name and password a registry is met: as docker, podman and their helpers keep them.
//!
//! Invariant: what is kept for one host is given to that host alone, or to the service that it names for tokens.
use crate::exit::{CliError, shown};
use crate::files;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Longest file of credentials.
const MAX_CONFIG_BYTES: u64 = 4 << 20;
/// What Docker Hub's credentials are kept under.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// A name and a password or token.
#[derive(Clone)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The password.
    pub secret: String,
}

/// How a registry wants to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// With name and password (RFC 7617).
    Basic,
    /// With a token of this service (distribution: token authentication).
    Bearer {
        /// Where it is.
        realm: String,
        /// For whom the token is.
        service: Option<String>,
    },
}

impl Challenge {
    /// Reads a `WWW-Authenticate` header.
    pub fn parse(header: &str) -> Option<Self> {
        let (scheme, mut rest) = header.split_once(' ').unwrap_or((header, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let (mut realm, mut service) = (None, None);
        while let Some((name, value)) = rest.split_once("=\"") {
            let (value, after) = value.split_once('"')?;
            match name.trim_matches([' ', ',']).to_ascii_lowercase().as_str() {
                "realm" => realm = Some(value.to_owned()),
                "service" => service = Some(value.to_owned()),
                _ => {}
            }
            rest = after;
        }
        Some(Self::Bearer { realm: realm?, service })
    }
}

/// What is kept for this host, if anything.
pub fn of(host: &str) -> Result<Option<Credentials>, CliError> {
    let Some(path) = config().filter(|path| path.exists()) else { return Ok(None) };
    let config: Value = serde_json::from_slice(&files::read(&path, MAX_CONFIG_BYTES)?)
        .map_err(|_| CliError::new(format!("{} is not JSON", shown(&path))).with_hint("`docker login` writes it"))?;
    let key = if host == "docker.io" { DOCKER_HUB } else { host };
    let helper = config["credHelpers"][key].as_str().or(config["credsStore"].as_str()).filter(|name| !name.is_empty());
    if let Some(found) = kept(&config["auths"], key) {
        return Ok(Some(found));
    }
    helper.map_or(Ok(None), |name| from_helper(name, key))
}

/// The file that docker and podman write.
fn config() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let docker = || Some(set("DOCKER_CONFIG").or_else(|| Some(set("HOME")?.join(".docker")))?.join("config.json"));
    set("REGISTRY_AUTH_FILE").or_else(docker)
}

/// Of the file itself: `auth` is the base64 of `NAME:PASSWORD`.
fn kept(auths: &Value, key: &str) -> Option<Credentials> {
    let entry = [key.to_owned(), format!("https://{key}")].into_iter().find_map(|key| auths.get(key))?;
    let text = String::from_utf8(STANDARD.decode(entry["auth"].as_str()?).ok()?).ok()?;
    let (user, secret) = text.split_once(':')?;
    (!secret.is_empty()).then(|| Credentials { user: user.to_owned(), secret: secret.to_owned() })
}

/// Of a program `docker-credential-NAME` (docker-credential-helpers): it has nothing for most hosts, and then says so with its status.
fn from_helper(name: &str, key: &str) -> Result<Option<Credentials>, CliError> {
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        return Err(CliError::new("the credential helper that docker's configuration names is no name of a program"));
    }
    let program = format!("docker-credential-{name}");
    let failed = |e| CliError::file("ask", &program, e);
    let mut helper = Command::new(&program);
    helper.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = match helper.spawn() {
        // Whoever carries the configuration elsewhere has not always the helper there; public images need none.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        spawned => spawned.map_err(failed)?,
    };
    if let Some(mut input) = child.stdin.take() {
        // One that ends without reading has said what it has to say.
        let _ = input.write_all(key.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let (Some(user), Some(secret)) = (answer["Username"].as_str(), answer["Secret"].as_str()) else { return Ok(None) };
    Ok(output.status.success().then(|| Credentials { user: user.to_owned(), secret: secret.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// RFC 6750, section 3, with what registries put there.
    #[test]
    fn a_challenge_says_where_tokens_are() {
        let text =
            r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a:pull,push""#;
        let service = Some("registry.example".to_owned());
        assert_eq!(
            Challenge::parse(text),
            Some(Challenge::Bearer { realm: "https://auth.example/token".into(), service })
        );
        assert_eq!(Challenge::parse("Basic realm=\"x\""), Some(Challenge::Basic));
        for bad in ["", "Negotiate", "Bearer", "Bearer service=\"x\"", "Bearer realm=\"x"] {
            assert_eq!(Challenge::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_kept_for_a_host_is_for_that_host() {
        let auths = json!({
            "registry.example": {"auth": STANDARD.encode("me:a:b")},
            "https://other.example": {"auth": STANDARD.encode("you:c")},
            "empty.example": {},
        });
        let of = |key| kept(&auths, key).map(|c| (c.user, c.secret));
        assert_eq!(of("registry.example"), Some(("me".into(), "a:b".into())));
        assert_eq!(of("other.example"), Some(("you".into(), "c".into())));
        for none in ["empty.example", "example", "registry.example:5000"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
