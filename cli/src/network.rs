//! The network, as far as this program uses it: one thread that waits, services that are asked again a little later.
use crate::exit::CliError;
use crate::ui::Ui;
use sekisho_events::escape;
use sigstore_sign::reqwest::Client;
use sigstore_sign::reqwest::redirect::Policy;
use std::cell::RefCell;
use std::fmt::Display;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How long one answer is waited for.
pub const LIMIT: Duration = Duration::from_secs(30);
/// How long is waited before another try.
const PAUSES_S: [u64; 4] = [1, 2, 4, 8];

/// What waits for answers, on this thread.
pub fn runtime() -> Result<Runtime, CliError> {
    Builder::new_current_thread().enable_all().build().map_err(|e| CliError::file("begin to use", "the network", e))
}

/// A client that goes where this policy lets it be sent.
pub fn client(redirects: Policy) -> Result<Client, CliError> {
    let client = Client::builder().timeout(LIMIT).redirect(redirects);
    client
        .user_agent(concat!("sekisho/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| CliError::new(format!("cannot use the network: {}", said(&e))))
}

/// Tries what may pass by itself again, a little later each time, and says why, once for several that fail alike.
pub struct Patience {
    ui: Ui,
    what: &'static str,
    told: RefCell<String>,
}

impl Patience {
    /// `what` begins each line that is said.
    pub fn new(ui: Ui, what: &'static str) -> Self {
        Self { ui, what, told: RefCell::default() }
    }

    /// Makes the attempt, and again while it fails by what may pass.
    pub async fn again<T, E: Display>(
        &self,
        may_pass: impl Fn(&E) -> bool,
        mut attempt: impl AsyncFnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        for pause_s in PAUSES_S {
            match attempt().await {
                Err(error) if may_pass(&error) => {
                    self.tell(format!("{}: {}; again in {pause_s} s", self.what, said(&error)));
                    tokio::time::sleep(Duration::from_secs(pause_s)).await;
                }
                done => return done,
            }
        }
        attempt().await
    }

    fn tell(&self, text: String) {
        if *self.told.borrow() != text {
            self.ui.note(&text);
            self.told.replace(text);
        }
    }
}

/// The words of a library or a service: escaped, and not longer than three lines.
pub fn said(words: &dyn Display) -> String {
    const MAX: usize = 300;
    let escaped = escape(words.to_string().trim().as_bytes());
    match escaped.char_indices().nth(MAX) {
        Some((at, _)) => format!("{}…", &escaped[..at]),
        None => escaped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_service_are_escaped_and_short() {
        assert_eq!(said(&"a\x1b[31m\n"), "a\\x1b[31m");
        assert_eq!(said(&"x".repeat(1000)).chars().count(), 301);
    }
}
