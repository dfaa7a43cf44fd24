//! Which services sign: the public instance, or those of a signing configuration.
use crate::exit::{CliError, shown};
use crate::files;
use crate::network::said;
use sekisho_verifier::{BuiltIn, Demands, Trust};
use sigstore_sign::trust_root::SigningConfig;
use sigstore_sign::{SigningServices, SigstoreInstance};
use std::path::Path;

/// Longest configuration that is read.
const MAX_CONFIG_BYTES: u64 = 4 << 20;

/// The services of a `signing_config.json`, or of the public instance.
pub(super) fn services(config: Option<&Path>) -> Result<SigningServices, CliError> {
    let Some(path) = config else {
        return SigningServices::from_embedded(SigstoreInstance::PublicGood).map_err(|e| CliError::new(said(&e)));
    };
    let unusable = |why: &dyn std::fmt::Display| {
        CliError::new(format!("{} is no usable signing configuration: {}", shown(path), said(why)))
            .with_hint("`cosign signing-config create` makes one (version 0.2 of the format)")
    };
    configured(&files::read_text(path, MAX_CONFIG_BYTES)?).map_err(|why| unusable(&why))
}

/// The services of a configuration's text.
pub(super) fn configured(text: &str) -> Result<SigningServices, String> {
    let config = SigningConfig::from_json(text).map_err(|e| e.to_string())?;
    let services = SigningServices::from_signing_config(&config).map_err(|e| e.to_string())?;
    let urls = [Some(services.fulcio_url()), Some(services.rekor_url()), services.tsa_url(), services.oidc_url()];
    if let Some(url) = urls.into_iter().flatten().find(|url| !is_private(url)) {
        return Err(format!("{url} is neither https nor on this machine: others could read the token"));
    }
    Ok(services)
}

/// True if nobody on the way can read what is sent there.
pub fn is_private(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return url.starts_with("https://") };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.strip_prefix("[::1]").map_or_else(|| host.split(':').next(), |_| Some("[::1]"));
    host.is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host)) && !rest.contains('@')
}

/// By what the new bundles are checked before they are written: the root that is named, or that of the public instance if
/// it signed; `None` for other services without a root.
pub(super) fn trust(root: Option<&Path>, config: Option<&Path>) -> Result<Option<Trust>, CliError> {
    let Some(path) = root else {
        return match config {
            Some(_) => Ok(None),
            None => Trust::built_in(BuiltIn::PublicGood).map(Some).map_err(|e| CliError::new(e.to_string())),
        };
    };
    let text = files::read_text(path, MAX_CONFIG_BYTES)?;
    let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    // What an instance does not have, nobody can demand of it here; the policy says what the gate demands.
    let has = |list: &str| value[list].as_array().is_some_and(|list| !list.is_empty());
    let demands = Demands { sct: has("ctlogs"), log: has("tlogs") };
    Trust::new(&text, demands).map(Some).map_err(|e| CliError::new(format!("{}: {e}", shown(path))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_where_nobody_else_can_read_it() {
        for good in ["https://fulcio.sigstore.dev", "http://127.0.0.1:5555/x", "http://localhost", "http://[::1]:80"] {
            assert!(is_private(good), "{good}");
        }
        for bad in ["http://fulcio.example", "http://127.0.0.1.example", "http://127.0.0.1@evil", "ftp://127.0.0.1", ""]
        {
            assert!(!is_private(bad), "{bad}");
        }
    }

    #[test]
    fn the_public_instance_is_known() {
        let services = services(None).unwrap();
        assert_eq!(services.fulcio_url(), "https://fulcio.sigstore.dev");
        assert!(trust(None, None).unwrap().is_some());
    }

    #[test]
    fn a_configuration_that_cannot_be_used_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        std::fs::write(&file, "{}").unwrap();
        let error = services(Some(&file)).unwrap_err();
        assert!(error.to_string().contains("no usable signing configuration"), "{error}");
    }
}
