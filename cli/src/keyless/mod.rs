//! Signing without a key: as whom an OpenID token names, of a CI job or a person.
//!
//! Invariant: the step never sees a token, nor what one could be asked for with. `run` hides it; a recording of a step that had
//! it is not signed.
#[cfg(not(feature = "sigstore"))]
mod absent;
#[cfg(feature = "sigstore")]
mod identity;
#[cfg(feature = "sigstore")]
mod person;
#[cfg(feature = "sigstore")]
mod services;
#[cfg(feature = "sigstore")]
mod signing;

#[cfg(feature = "sigstore")]
pub use services::is_private;

use crate::args::SigningArgs;
use crate::attesting::{digest_file, read_by_step};
use crate::exit::{CliError, shown};
use sekisho_attest::RunFacts;
use std::path::Path;

/// What `run --keyless` hides from the step: variables that hold tokens, or with which a service gives them: of our own, GitHub's, Buildkite's agent's, `CircleCI`'s.
pub const VARIABLES: [&str; 7] = [
    "SEKISHO_IDENTITY_TOKEN",
    "SIGSTORE_ID_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "BUILDKITE_AGENT_ACCESS_TOKEN",
    "CIRCLE_OIDC_TOKEN",
    "CIRCLE_OIDC_TOKEN_V2",
];

/// Refuses a signing configuration that names no services by which something can be signed.
#[cfg(feature = "sigstore")]
pub fn usable_config(text: &str) -> Result<(), String> {
    services::configured(text).map(drop)
}

/// How it is to be signed, as the command line says it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "sigstore"), expect(dead_code, reason = "who signs nothing asks no service"))]
pub struct Keyless<'a> {
    /// Where a token is.
    pub identity_token: Option<&'a Path>,
    /// Which services.
    pub signing_config: Option<&'a Path>,
    /// What their work is checked by.
    pub trusted_root: Option<&'a Path>,
}

/// What was signed.
#[derive(Debug)]
pub struct Signed {
    /// One bundle a line.
    pub lines: String,
    /// Whom the certificates name.
    pub signer: String,
}

impl<'a> Keyless<'a> {
    /// By the command line.
    pub fn of(args: &'a SigningArgs) -> Self {
        Self {
            identity_token: args.identity_token.as_deref(),
            signing_config: args.signing_config.as_deref(),
            trusted_root: args.trusted_root.as_deref(),
        }
    }

    /// Refuses to sign what a step did that could have signed for itself.
    pub fn refuse_if_seen(&self, facts: &RunFacts) -> Result<(), CliError> {
        let given = |name: &&str| facts.environment.iter().any(|had| had.as_bytes() == name.as_bytes());
        if let Some(name) = VARIABLES.iter().find(|name| given(name)) {
            return Err(CliError::new(format!("the step had {name} in its environment, and could have signed for itself"))
                .with_hint(format!(
                    "nothing is signed: `sekisho run --keyless` hides it from the step, and so does `env -u {name} sekisho record`"
                )));
        }
        match self.identity_token {
            Some(path) if read_by_step(facts, path, digest_file(path).ok().flatten().map(|f| f.sha256)) => {
                Err(CliError::new(format!("the step read the identity token {}", shown(path)))
                    .with_hint("nothing is signed with it: fetch a token after the step has ended"))
            }
            _ => Ok(()),
        }
    }
}
