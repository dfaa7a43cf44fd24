//! A person at a terminal, who signs in with a browser, on whichever machine, and types the code that it shows (OAuth 2.0, PKCE).
use crate::exit::CliError;
use crate::network::{self, said};
use sigstore_sign::oidc::{
    AuthCallback, AuthMode, AuthOptions, HtmlTemplates, IdentityToken, OAuthClient, OAuthConfig, SecretString,
};
use sigstore_sign::reqwest::redirect::Policy;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};

/// Longest code.
const MAX_CODE_BYTES: u64 = 4096;

/// True if there is a terminal to ask at.
pub(super) fn is_there() -> bool {
    terminal().is_ok()
}

fn terminal() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/tty")
}

/// The token of whoever signs in at this issuer.
pub(super) async fn token(issuer: &str) -> Result<IdentityToken, CliError> {
    let client = OAuthClient::with_http_client(OAuthConfig::dex(issuer), network::client(Policy::none())?);
    let signed_in = client.authenticate_with_options(AtTerminal, AuthOptions::new().with_force_oob(true)).await;
    signed_in.map_err(|e| CliError::new(format!("nobody has signed in at {}: {}", said(&issuer), said(&e))))
}

struct AtTerminal;

impl HtmlTemplates for AtTerminal {}

impl AuthCallback for AtTerminal {
    /// Who cannot be shown the address is asked for no code either.
    fn auth_url_ready(&self, url: &str, _: AuthMode) {
        let shown =
            terminal().and_then(|mut terminal| writeln!(terminal, "sign in with a browser: {}", said_whole(url)));
        drop(shown);
    }

    fn prompt_for_code(&self) -> io::Result<SecretString> {
        let mut terminal = terminal()?;
        terminal.write_all(b"the code that it shows: ")?;
        let mut code = String::new();
        BufReader::new(terminal.take(MAX_CODE_BYTES)).read_line(&mut code)?;
        if code.trim().is_empty() {
            Err(io::ErrorKind::UnexpectedEof.into())
        } else {
            Ok(SecretString::new(code.trim()))
        }
    }
}

/// An address cut short would be of no use.
fn said_whole(url: &str) -> String {
    sekisho_events::escape(url.as_bytes())
}
