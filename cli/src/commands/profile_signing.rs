//! `sekisho profile sign` and `verify`: whoever reviewed a profile signs it, and so many of them make it a reviewed one.
use crate::attesting::load_key;
use crate::exit::{CliError, Exit, shown, word};
use crate::profiled::Loaded;
use crate::ui::Ui;
use crate::{files, locked};
use sekisho_attest::dsse::{Envelope, MAX_ENVELOPE_BYTES};
use sekisho_attest::{PublicKey, ReviewError, add_review, reviewers, sign_review};
use sekisho_profiles::{Grade, lint};
use std::path::{Path, PathBuf};

/// Longest file of a public key.
const MAX_KEY_BYTES: u64 = 64 << 10;

/// Where the signatures of a profile are, if it is not said.
fn beside(profile: &Path) -> PathBuf {
    let mut name = profile.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// Adds a signature to those of a profile.
pub fn sign(
    profile: &Path,
    key: &Path,
    passphrase: Option<&Path>,
    signatures: Option<&Path>,
    ui: &Ui,
) -> Result<Exit, CliError> {
    let loaded = Loaded::read(profile)?;
    let findings = lint(&loaded.profile, crate::profiled::today());
    if let Some(error) = findings.iter().find(|f| f.grade == Grade::Error) {
        return Err(CliError::new(format!("{} has errors, and is not signed: {error}", shown(profile)))
            .with_hint(format!("`sekisho profile lint {}` names all of them", word(profile))));
    }
    let (key, _) = load_key(key, passphrase, ui)?;
    let place = signatures.map_or_else(|| beside(profile), Path::to_path_buf);
    let failed = |e: ReviewError| CliError::new(format!("{}: {e}", shown(&place)));
    let (envelope, words) = locked::alone_with(&place, || {
        let (envelope, words) = match read(&place)? {
            None => (sign_review(loaded.sha256, &key).map_err(failed)?, "signed"),
            Some(mut envelope) => match add_review(&mut envelope, loaded.sha256, &key) {
                Ok(true) => (envelope, "signed"),
                Ok(false) => (envelope, "was signed by this key already"),
                Err(ReviewError::OtherProfile(_)) => (
                    sign_review(loaded.sha256, &key).map_err(failed)?,
                    "signed; earlier signatures were of another content, and are dropped",
                ),
                Err(other) => return Err(failed(other)),
            },
        };
        files::write(&place, format!("{}\n", envelope.to_json()).as_bytes())?;
        Ok((envelope, words))
    })?;
    ui.note(&format!(
        "{} {words}: {} signature{} in {}",
        shown(profile),
        envelope.signatures.len(),
        if envelope.signatures.len() == 1 { "" } else { "s" },
        shown(&place)
    ));
    Ok(Exit::OK)
}

/// Says whether enough of these keys have signed the profile.
pub fn verify(
    profile: &Path,
    keys: &[PathBuf],
    threshold: Option<usize>,
    signatures: Option<&Path>,
    ui: &Ui,
) -> Result<Exit, CliError> {
    let loaded = Loaded::read(profile)?;
    let mut known: Vec<(&Path, PublicKey)> = Vec::new();
    for path in keys {
        let public = PublicKey::from_pem(&files::read_text(path, MAX_KEY_BYTES)?)
            .map_err(|e| CliError::new(format!("{}: {e}", shown(path))))?;
        // One key under two names is one reviewer.
        if known.iter().all(|(_, other)| *other != public) {
            known.push((path, public));
        }
    }
    let needed = threshold.unwrap_or(known.len());
    if needed == 0 || needed > known.len() {
        return Err(CliError::new(format!("{needed} signatures are demanded, of {} different keys", known.len()))
            .with_hint("--threshold is from 1 to the number of keys"));
    }
    let place = signatures.map_or_else(|| beside(profile), Path::to_path_buf);
    let missing = || {
        CliError::file("read", &place, std::io::ErrorKind::NotFound.into())
            .with_hint(format!("`sekisho profile sign {} --key K` makes it", word(profile)))
    };
    let refuse = |why: String| {
        ui.warn(&format!("refused: {why}"));
        ui.plain(&format!("  hint: let them review and sign it: sekisho profile sign {} --key K", word(profile)));
        Ok(Exit::NOT_CLEAN)
    };
    let envelope = match files::read(&place, MAX_ENVELOPE_BYTES as u64) {
        Ok(bytes) => Envelope::parse(&bytes),
        Err(CliError::File { ref source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Err(missing());
        }
        Err(other) => return Err(other),
    };
    let public: Vec<&PublicKey> = known.iter().map(|(_, key)| key).collect();
    let by = match envelope {
        Ok(envelope) => reviewers(&envelope, loaded.sha256, &public).map_err(|e| e.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let by = match by {
        Ok(by) => by,
        Err(why) => return refuse(format!("{}: {why}", shown(&place))),
    };
    let names: Vec<String> = by.iter().map(|at| shown(known[*at].0)).collect();
    if by.len() < needed {
        let names = if names.is_empty() { "nobody named here".to_owned() } else { names.join(", ") };
        return refuse(format!("{} of {needed} have signed {}: {names}", by.len(), shown(profile)));
    }
    ui.note(&format!("accepted: {} is signed by {}", shown(profile), names.join(", ")));
    Ok(Exit::OK)
}

/// The signatures that are there.
fn read(place: &Path) -> Result<Option<Envelope>, CliError> {
    let bytes = match files::read(place, MAX_ENVELOPE_BYTES as u64) {
        Ok(bytes) => bytes,
        Err(CliError::File { ref source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(other) => return Err(other),
    };
    let envelope = Envelope::parse(&bytes).map_err(|e| {
        CliError::new(format!("{}: {e}", shown(place))).with_hint("name another file with --signatures, or remove it")
    })?;
    Ok(Some(envelope))
}
