//! A root of trust by TUF (The Update Framework): chained from an embedded or named TUF root, fresh, never older than last time.
//!
//! Invariant: a file is written only when all of it was verified, and the gate can use it.
use super::showing::{MAX_ROOT_BYTES, usable};
use crate::args::{Instance, UpdateArgs};
use crate::exit::{CliError, Exit, shown, shown_output};
use crate::files;
use crate::keyless::{is_private, usable_config};
use crate::network::{self, Patience, said};
use crate::ui::Ui;
use sekisho_verifier::EMBEDDED_ROOT_DATE;
use sigstore_sign::reqwest::redirect::Policy;
use sigstore_sign::trust_root::{SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT};
use sigstore_tuf::{Error, FileStore, HttpRepository, MetadataStore, TrustedMetadataSet, Updater, UpdaterConfig};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// How often a request is sent elsewhere.
const MAX_REDIRECTS: usize = 3;
/// What a repository keeps the root of trust and the services as.
const TRUSTED_ROOT: &str = "trusted_root.json";
const SIGNING_CONFIG: &str = "signing_config.v0.2.json";

/// A repository, and by what it is believed.
struct Source {
    url: String,
    root: Vec<u8>,
    embedded: Option<&'static str>,
}

impl Source {
    fn of(args: &UpdateArgs) -> Result<Self, CliError> {
        if let (Some(url), Some(root)) = (&args.repository, &args.root) {
            if !is_private(url) {
                return Err(CliError::new(format!("{} is neither https nor on this machine", said(url))));
            }
            let bytes = files::read(root, MAX_ROOT_BYTES)?;
            TrustedMetadataSet::from_root(&bytes)
                .map_err(|e| CliError::new(format!("{} is no TUF root: {}", shown(root), said(&chain(&e)))))?;
            return Ok(Self { url: url.clone(), root: bytes, embedded: None });
        }
        let (url, root, embedded): (_, &[u8], _) = match args.instance {
            Instance::Sigstore => (
                "https://tuf-repo-cdn.sigstore.dev",
                include_bytes!("roots/sigstore.json"),
                SIGSTORE_PRODUCTION_TRUSTED_ROOT,
            ),
            Instance::Github => {
                ("https://tuf-repo.github.com", include_bytes!("roots/github.json"), SIGSTORE_GITHUB_TRUSTED_ROOT)
            }
        };
        Ok(Self { url: url.to_owned(), root: root.to_vec(), embedded: Some(embedded) })
    }
}

/// What was verified last time. The library goes on where a file cannot be read or kept, without a word: here that is an error.
struct State {
    files: FileStore,
    failed: Arc<Mutex<Option<String>>>,
}

impl State {
    fn noticed<T>(&self, done: Result<T, Error>) -> Result<T, Error> {
        if let (Err(error), Ok(mut failed)) = (&done, self.failed.lock()) {
            failed.get_or_insert_with(|| chain(error));
        }
        done
    }
}

impl MetadataStore for State {
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.noticed(self.files.load(name))
    }

    fn store(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.noticed(self.files.store(name, bytes))
    }
}

/// What was fetched and verified.
struct Fetched {
    root: Vec<u8>,
    config: Option<Vec<u8>>,
    /// The versions, and until when they are good.
    told: String,
}

/// Fetches, verifies and writes.
pub fn update(args: &UpdateArgs, ui: &Ui) -> Result<(), CliError> {
    let source = Source::of(args)?;
    let state = args.state.clone().or_else(|| beside(&args.output));
    let fetched = fetch(&source, state.as_deref(), args.signing_config.is_some(), *ui)?;
    let refused = |what: &str, why: &dyn std::fmt::Display| {
        CliError::new(format!("{what} of {} is not usable: {why}", said(&source.url))).with_exit(Exit::NOT_CLEAN)
    };
    let root = String::from_utf8(fetched.root).map_err(|e| refused(TRUSTED_ROOT, &e))?;
    usable(&root).map_err(|e| refused(TRUSTED_ROOT, &e))?;
    if let (Some(path), Some(config)) = (&args.signing_config, fetched.config) {
        let config = String::from_utf8(config).map_err(|e| refused(SIGNING_CONFIG, &e))?;
        usable_config(&config).map_err(|e| refused(SIGNING_CONFIG, &e))?;
        files::write(path, config.as_bytes())?;
    }
    files::write(&args.output, root.as_bytes())?;
    ui.note(&format!("{} is that of {}: {}", shown_output(&args.output), said(&source.url), fetched.told));
    if let Some(embedded) = source.embedded {
        let which = if embedded.trim() == root.trim() { "it is" } else { "it is another than" };
        ui.note(&format!("{which} the embedded one of {EMBEDDED_ROOT_DATE}"));
    }
    if state.is_none() {
        ui.warn(
            "nothing is kept of what was verified, and an older one would be accepted next time: --state DIR keeps it",
        );
    }
    Ok(())
}

/// Where the state is kept if nothing else is said; nowhere beside a stream.
fn beside(output: &Path) -> Option<PathBuf> {
    (output.as_os_str() != "-").then(|| {
        let mut name = output.as_os_str().to_owned();
        name.push(".tuf");
        name.into()
    })
}

fn fetch(source: &Source, state: Option<&Path>, config: bool, ui: Ui) -> Result<Fetched, CliError> {
    let failed = Arc::new(Mutex::new(None));
    let client = network::client(Policy::limited(MAX_REDIRECTS))?;
    let patience = Patience::new(ui, "not fetched yet");
    let fetched = network::runtime()?.block_on(patience.again(may_pass, async || {
        let repository = HttpRepository::new(&source.url)?.with_http_client(client.clone());
        let mut limits = UpdaterConfig::default();
        limits.target_max_length = MAX_ROOT_BYTES;
        let mut updater = Updater::new(repository, &source.root)?.with_config(limits);
        if let Some(dir) = state {
            updater = updater.with_store(State { files: FileStore::new(dir), failed: failed.clone() });
        }
        session(updater, config).await
    }));
    if let (Some(dir), Some(why)) = (state, failed.lock().ok().and_then(|mut failed| failed.take())) {
        return Err(CliError::new(format!("{} cannot be used: {}", shown(dir), said(&why)))
            .with_hint("--state DIR names another directory; a new one knows of no last time"));
    }
    fetched.map_err(|error| blame(&error, &source.url))
}

/// One time is that of all checks.
async fn session(mut updater: Updater, config: bool) -> Result<Fetched, Error> {
    let now = jiff::Timestamp::now();
    updater.refresh(now).await?;
    let root = updater.get_target(TRUSTED_ROOT, now).await?;
    let config = if config { Some(updater.get_target(SIGNING_CONFIG, now).await?) } else { None };
    let trusted = updater.trusted();
    let until = trusted.timestamp().map(|t| t.expires.to_string()).unwrap_or_default();
    let targets = trusted.targets_role("targets").map_or(0, |t| t.version);
    let told = format!("TUF root {}, targets {targets}, good until {}", trusted.root().version, said(&until));
    Ok(Fetched { root, config, told })
}

/// True for no answer, and for a service that is busy or broken inside.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Transport { source: Some(_), .. } => true,
        Error::Transport { message, .. } => {
            ["status 408", "status 429", "status 5"].iter().any(|s| message.contains(s))
        }
        _ => false,
    }
}

/// Whose fault it is: of the network (2), or of the repository (1).
fn blame(error: &Error, url: &str) -> CliError {
    let (url, why) = (said(&url), said(&chain(error)));
    match error {
        Error::Transport { .. } | Error::Io { .. } => CliError::new(format!("no root of trust from {url}: {why}"))
            .with_hint("nothing is written; try again later"),
        Error::Expired { .. } => CliError::new(format!("{url} is refused: {why}"))
            .with_hint("nothing is written: the clock of this machine is wrong, or somebody holds back what is newer")
            .with_exit(Exit::NOT_CLEAN),
        Error::Rollback { .. } => CliError::new(format!("{url} is refused: {why}"))
            .with_hint("nothing is written: it is older than what was verified last time")
            .with_exit(Exit::NOT_CLEAN),
        _ => {
            CliError::new(format!("{url} is refused: {why}")).with_hint("nothing is written").with_exit(Exit::NOT_CLEAN)
        }
    }
}

/// An error with what led to it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_tuf_roots_are_signed_as_they_say() {
        for root in [&include_bytes!("roots/sigstore.json")[..], include_bytes!("roots/github.json")] {
            let repository = HttpRepository::new("https://tuf.example").unwrap();
            assert!(Updater::new(repository, root).is_ok());
            let repository = HttpRepository::new("https://tuf.example").unwrap();
            let changed = String::from_utf8(root.to_vec()).unwrap().replacen("\"version\"", "\"version \"", 1);
            assert!(Updater::new(repository, changed.as_bytes()).is_err());
        }
    }

    #[test]
    fn the_state_lies_beside_the_output_but_for_a_stream() {
        assert_eq!(beside(Path::new("a/root.json")), Some(PathBuf::from("a/root.json.tuf")));
        assert_eq!(beside(Path::new("-")), None);
    }
}
