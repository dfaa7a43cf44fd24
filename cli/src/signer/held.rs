//! The signer's key, wherever it is, and the file whose reader could use it.
use super::place::{Place, Token};
#[cfg(all(feature = "pkcs11", not(target_feature = "crt-static")))]
use super::token;
use crate::attesting::{digest_file, load_key};
use crate::exit::{CliError, shown};
use crate::passphrase;
use crate::ui::Ui;
use sekisho_attest::SecretKey;
use sekisho_events::Digest;
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A key, and what must stay hidden for it to stay the signer's alone.
pub struct Held {
    /// Signs.
    pub key: SecretKey,
    /// The key's file, or that of the PIN.
    pub hidden: Option<(PathBuf, Digest)>,
}

impl Held {
    /// Opens the key that is named, unless one of the clients could.
    pub fn open(key: &Path, passphrase: Option<&Path>, clients: &BTreeSet<u32>, ui: &Ui) -> Result<Self, CliError> {
        refuse_own(clients)?;
        match Place::of(key)? {
            Place::File(path) => {
                refuse_who_could_read(&path, clients)?;
                let (key, sha256) = load_key(&path, passphrase, ui)?;
                Ok(Self { key, hidden: Some((path, sha256)) })
            }
            Place::Token(token) => Self::in_token(&token, key, passphrase, clients, ui),
        }
    }

    fn in_token(
        token: &Token,
        key: &Path,
        passphrase: Option<&Path>,
        clients: &BTreeSet<u32>,
        ui: &Ui,
    ) -> Result<Self, CliError> {
        let meta = token.module.metadata().map_err(|e| CliError::file("read", &token.module, e))?;
        if meta.mode() & 0o022 != 0 || clients.contains(&meta.uid()) {
            return Err(CliError::new(format!(
                "{} could be exchanged by others, and would get the PIN",
                shown(&token.module)
            ))
            .with_hint("a module belongs to root, and nobody else writes to it"));
        }
        let file = token.pin.as_deref().or(passphrase);
        let mut hidden = None;
        if let Some(file) = file {
            refuse_who_could_read(file, clients)?;
            let found = digest_file(file).map_err(|e| CliError::file("read", file, e))?;
            hidden = found.map(|found| (file.to_path_buf(), found.sha256));
        }
        Ok(Self { key: open(token, &passphrase::get(file, key)?, ui)?, hidden })
    }
}

#[cfg(all(feature = "pkcs11", not(target_feature = "crt-static")))]
use token::open;

#[cfg(not(all(feature = "pkcs11", not(target_feature = "crt-static"))))]
fn open(_: &Token, _: &str, _: &Ui) -> Result<SecretKey, CliError> {
    Err(CliError::new("this sekisho cannot load the module of a token: it is static, or was built without pkcs11")
        .with_hint("`cargo install --path cli --locked` builds one that can"))
}

/// Who runs the signer, and root, could do all that it does.
fn refuse_own(clients: &BTreeSet<u32>) -> Result<(), CliError> {
    could_read(&[0, sekisho_recorder::effective_uid()], clients)
}

/// A secret that the clients can read anyway is not worth a process.
fn refuse_who_could_read(secret: &Path, clients: &BTreeSet<u32>) -> Result<(), CliError> {
    let meta = secret.metadata().map_err(|e| CliError::file("read", secret, e))?;
    if meta.mode() & 0o077 != 0 {
        return Err(CliError::new(format!("{} can be read or written by other users", shown(secret)))
            .with_hint(format!("chmod 600 {}", crate::exit::word(secret))));
    }
    could_read(&[meta.uid()], clients)
}

fn could_read(own: &[u32], clients: &BTreeSet<u32>) -> Result<(), CliError> {
    match clients.iter().find(|uid| own.contains(uid)) {
        Some(uid) => Err(CliError::new(format!("uid {uid} could read the key itself"))
            .with_hint("run the signer, and own the key, as a user of its own; record as another, which is not root")),
        None => Ok(()),
    }
}
