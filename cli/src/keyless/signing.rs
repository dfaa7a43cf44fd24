//! Certificates for an identity, valid for minutes, entries in logs, and time stamps.
//!
//! Invariant: nothing is fetched before the step has ended; a bundle is written only if all of them were made, and were
//! verified where there is a root of trust for it.
use super::identity::Source;
use super::{Keyless, Signed, person, services};
use crate::exit::CliError;
use crate::network::{self, Patience, said};
use crate::ui::Ui;
use sekisho_events::escape;
use sigstore_sign::reqwest::redirect::Policy;
use sigstore_sign::{Error, Signer, SigningContext};
use sigstore_sign::{fulcio, oidc, rekor, tsa};
use std::rc::Rc;
use tokio::task::LocalSet;

impl Keyless<'_> {
    /// Says before a long step what would fail behind it.
    pub fn look(&self) -> Result<(), CliError> {
        self.source()?;
        services::services(self.signing_config)?;
        services::trust(self.trusted_root, self.signing_config).map(drop)
    }

    fn source(&self) -> Result<Source<'_>, CliError> {
        Source::find(self.identity_token, |name| std::env::var(name).ok(), person::is_there)
    }

    /// Signs each payload.
    pub fn sign(&self, payloads: &[Vec<u8>], ui: Ui) -> Result<Signed, CliError> {
        let source = self.source()?;
        let services = services::services(self.signing_config)?;
        let trust = services::trust(self.trusted_root, self.signing_config)?;
        let runtime = network::runtime()?;
        let token = runtime.block_on(source.token(services.oidc_url(), ui))?;
        let identity = format!("{} of {}", said(&token.identity()), said(&token.issuer()));
        ui.detail(&format!("identity {identity}, from {}", source.name()));
        let where_to = services.clone();
        // Who is sent elsewhere would take the token there.
        let signer = SigningContext::new(services).with_http_client(network::client(Policy::none())?).signer(token);
        let bundles = LocalSet::new().block_on(&runtime, sign_all(&signer, payloads, ui)).map_err(|error| {
            CliError::new(format!("nothing is signed: {}", said(&error))).with_hint(hint(&error, where_to.fulcio_url()))
        })?;
        let mut name = identity;
        for bundle in &bundles {
            let Some(trust) = &trust else { break };
            let certificate = trust.certificate(bundle).map_err(|e| {
                CliError::new(format!("what the services signed cannot be verified, and is not written: {e}"))
                    .with_hint("--trusted-root FILE names the root of trust of these very services")
            })?;
            name = format!("{} of {}", escape(certificate.san.as_bytes()), escape(certificate.issuer.as_bytes()));
        }
        Ok(Signed { lines: bundles.join("\n") + "\n", signer: name })
    }
}

/// Signs all at once; the bundles in the order of the payloads.
async fn sign_all(signer: &Signer, payloads: &[Vec<u8>], ui: Ui) -> Result<Vec<String>, Error> {
    let patience = Rc::new(Patience::new(ui, "not signed yet"));
    let one = |payload: &Vec<u8>| {
        let (signer, payload, patience) = (signer.clone(), payload.clone(), patience.clone());
        tokio::task::spawn_local(async move {
            patience.again(may_pass, async || signer.sign_raw_statement(&payload).await).await
        })
    };
    let tasks: Vec<_> = payloads.iter().map(one).collect();
    let mut out = Vec::new();
    for task in tasks {
        // A task that panicked is a defect of the library's, and no signature.
        let bundle = task.await.map_err(|e| Error::UnsupportedArtifact(e.to_string()))??;
        out.push(bundle.to_json()?);
    }
    Ok(out)
}

/// True for what a service may do better a moment later: no answer, too much to do, broken inside.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Fulcio(fulcio::Error::Http(_))
        | Error::Rekor(rekor::Error::Http(_))
        | Error::Tsa(tsa::Error::Http(_))
        | Error::Oidc(oidc::Error::Http(_)) => true,
        Error::Fulcio(fulcio::Error::Status { status, .. }) | Error::Rekor(rekor::Error::Status { status, .. }) => {
            matches!(status, 408 | 429 | 500..)
        }
        _ => false,
    }
}

fn hint(error: &Error, fulcio: &str) -> String {
    let later = "the recording is kept: `sekisho attest REC --keyless` signs it later";
    match error {
        Error::Fulcio(fulcio::Error::Status { status: 400..=403, .. }) => {
            format!("{} does not accept this identity token; {later}", said(&fulcio))
        }
        _ => later.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_not() {
        let status = |status| Error::Fulcio(fulcio::Error::Status { status, message: String::new() });
        for passing in [Error::Rekor(rekor::Error::Http("reset".into())), status(503), status(429), status(408)] {
            assert!(may_pass(&passing), "{passing}");
        }
        for lasting in [status(400), status(403), Error::Oidc(oidc::Error::Token(String::new()))] {
            assert!(!may_pass(&lasting), "{lasting}");
        }
        let runtime = network::runtime().unwrap();
        let patience = Patience::new(Ui::new(true, 0), "");
        let mut tried = 0;
        let done = runtime.block_on(patience.again(
            |_: &String| true,
            async || {
                tried += 1;
                if tried < 2 { Err("busy".to_owned()) } else { Ok(tried) }
            },
        ));
        assert_eq!(done, Ok(2));
    }
}
