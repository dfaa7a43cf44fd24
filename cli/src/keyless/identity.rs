//! Whose identity signs: where a token comes from, and what of it a step must not see.
//!
//! Invariant: a token is asked for when the step has ended, and nothing by which the step could have asked for one of its own
//! is in its environment.
use super::person;
use crate::exit::{CliError, shown};
use crate::files;
use crate::network::{LIMIT, Patience, said};
use crate::ui::Ui;
use sigstore_sign::oidc::IdentityToken;
use std::path::Path;

/// Longest token that is read.
const MAX_TOKEN_BYTES: u64 = 64 << 10;
/// Variables that hold a token, the first that is set: ours, and the one that other signers read.
const TOKENS: [&str; 2] = ["SEKISHO_IDENTITY_TOKEN", "SIGSTORE_ID_TOKEN"];

/// Where a token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source<'a> {
    /// A file that somebody wrote it to.
    File(&'a Path),
    /// A variable.
    Variable(&'static str),
    /// GitHub's service, for jobs that may ask it.
    GitHub,
    /// Buildkite's agent.
    Buildkite,
    /// `CircleCI`'s agent.
    CircleCi,
    /// Whoever sits at the terminal, and signs in.
    Person,
}

impl<'a> Source<'a> {
    /// Where there is one, told before anything is done that takes long. `set` says what a variable holds.
    pub(super) fn find(
        file: Option<&'a Path>,
        set: impl Fn(&str) -> Option<String>,
        person: impl FnOnce() -> bool,
    ) -> Result<Self, CliError> {
        if let Some(path) = file {
            return match path.metadata() {
                Err(e) if path.as_os_str() != "-" => Err(CliError::file("read", path, e)),
                _ => Ok(Self::File(path)),
            };
        }
        let is = |name: &str| set(name).is_some_and(|value| value == "true");
        if let Some(name) = TOKENS.into_iter().find(|name| set(name).is_some_and(|value| !value.is_empty())) {
            return Ok(Self::Variable(name));
        }
        if is("GITHUB_ACTIONS") {
            return match set("ACTIONS_ID_TOKEN_REQUEST_URL").and(set("ACTIONS_ID_TOKEN_REQUEST_TOKEN")) {
                Some(_) => Ok(Self::GitHub),
                None => Err(CliError::new("this job may not ask GitHub for an identity token")
                    .with_hint("give the job `permissions: id-token: write`")),
            };
        }
        if is("GITLAB_CI") {
            return Err(CliError::new("this job has no identity token in SIGSTORE_ID_TOKEN")
                .with_hint("give the job `id_tokens: SIGSTORE_ID_TOKEN: aud: sigstore`"));
        }
        if is("BUILDKITE") {
            return Ok(Self::Buildkite);
        }
        if is("CIRCLECI") {
            return Ok(Self::CircleCi);
        }
        // Of a job that has no identity nobody reads the terminal.
        if set("CI").is_none_or(|value| value.is_empty()) && person() {
            return Ok(Self::Person);
        }
        Err(CliError::new("there is no identity to sign with: this is no CI job that has one, and there is no terminal to sign in at").with_hint(
            "--identity-token FILE or SEKISHO_IDENTITY_TOKEN gives an OpenID token for the audience `sigstore`; --key signs without one",
        ))
    }

    /// Gets the token; a service is asked again if it does not answer.
    pub(super) async fn token(self, issuer: Option<&str>, ui: Ui) -> Result<IdentityToken, CliError> {
        let text = match self {
            Self::File(path) => files::read_text(path, MAX_TOKEN_BYTES)?,
            Self::Variable(name) => std::env::var(name).map_err(|_| CliError::new(format!("{name} is not text")))?,
            Self::GitHub | Self::Buildkite | Self::CircleCi => return self.ask(ui).await,
            Self::Person => {
                let nowhere = || CliError::new("the signing configuration names no place to sign in at");
                return person::token(issuer.ok_or_else(nowhere)?).await;
            }
        };
        let token = IdentityToken::from_jwt(text.trim())
            .map_err(|e| CliError::new(format!("{} holds no identity token: {}", self.name(), said(&e))))?;
        if token.is_expired() {
            let message = format!("the identity token of {} has expired", self.name());
            return Err(CliError::new(message).with_hint("tokens live for minutes: fetch one after the step has ended"));
        }
        Ok(token)
    }

    async fn ask(self, ui: Ui) -> Result<IdentityToken, CliError> {
        let patience = Patience::new(ui, "no identity token yet");
        let asked = patience.again(
            |_| true,
            async || {
                let limited = tokio::time::timeout(LIMIT, IdentityToken::detect_ambient()).await;
                limited.map_err(|_| "no answer in time".to_owned())?.map_err(|e| e.to_string())
            },
        );
        let failed = |why: &str| CliError::new(format!("{} gave no identity token: {}", self.name(), said(&why)));
        asked.await.map_err(|e| failed(&e))?.ok_or_else(|| failed("it knows of none"))
    }

    /// Says where it looked.
    pub(super) fn name(self) -> String {
        match self {
            Self::File(path) => shown(path),
            Self::Variable(name) => name.to_owned(),
            Self::GitHub => "GitHub's identity service".to_owned(),
            Self::Buildkite => "`buildkite-agent oidc request-token`".to_owned(),
            Self::CircleCi => "`circleci run oidc get`".to_owned(),
            Self::Person => "whoever signed in".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find<'a>(set: &[(&str, &str)]) -> Result<Source<'a>, String> {
        let of = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Source::find(None, of, || false).map_err(|e| e.hint().unwrap_or_default().to_owned())
    }

    #[test]
    fn a_person_is_asked_only_where_nothing_else_says_who_signs_and_never_in_a_job() {
        let find = |set: &[(&str, &str)]| {
            let of = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            Source::find(None, of, || true).ok()
        };
        assert_eq!(find(&[]), Some(Source::Person));
        assert_eq!(find(&[("CI", "")]), Some(Source::Person));
        assert_eq!(find(&[("CI", "true")]), None);
        assert_eq!(find(&[("GITLAB_CI", "true")]), None);
        assert_eq!(find(&[("SIGSTORE_ID_TOKEN", "x")]), Some(Source::Variable("SIGSTORE_ID_TOKEN")));
    }

    #[test]
    fn every_ci_has_its_source_and_a_job_without_a_token_is_told_how_to_get_one() {
        assert_eq!(
            find(&[("SIGSTORE_ID_TOKEN", "x"), ("GITLAB_CI", "true")]),
            Ok(Source::Variable("SIGSTORE_ID_TOKEN"))
        );
        assert_eq!(find(&[("SEKISHO_IDENTITY_TOKEN", "x"), ("BUILDKITE", "true")]), Ok(Source::Variable(TOKENS[0])));
        let github = [
            ("GITHUB_ACTIONS", "true"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "u"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t"),
        ];
        assert_eq!(find(&github), Ok(Source::GitHub));
        assert_eq!(find(&[("BUILDKITE", "true")]), Ok(Source::Buildkite));
        assert_eq!(find(&[("CIRCLECI", "true")]), Ok(Source::CircleCi));
        assert!(find(&github[..2]).unwrap_err().contains("id-token: write"));
        assert!(find(&[("GITLAB_CI", "true")]).unwrap_err().contains("id_tokens"));
        assert!(find(&[("SEKISHO_IDENTITY_TOKEN", "")]).unwrap_err().contains("--identity-token"));
    }

    #[test]
    fn a_token_of_the_past_and_what_is_none_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        let runtime = crate::network::runtime().unwrap();
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            runtime.block_on(Source::File(&file).token(None, Ui::new(true, 0))).unwrap_err().to_string()
        };
        // {"iss":"i","sub":"s","exp":1}
        assert!(read("e30.eyJpc3MiOiJpIiwic3ViIjoicyIsImV4cCI6MX0.e30\n").contains("has expired"));
        assert!(read("hello").contains("holds no identity token"));
    }
}
