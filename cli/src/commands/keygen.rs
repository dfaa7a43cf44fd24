//! `sekisho keygen`.
use crate::args::KeygenArgs;
use crate::exit::{CliError, Exit, shown};
use crate::passphrase;
use crate::ui::Ui;
use sekisho_attest::{Algorithm, KeyError, SecretKey};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Runs the command.
pub fn run(args: &KeygenArgs, ui: &Ui) -> Result<Exit, CliError> {
    let (private, public) = (with_suffix(&args.name, ".key"), with_suffix(&args.name, ".pub"));
    for path in [&private, &public] {
        if path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
    }
    let key = SecretKey::generate(args.algorithm.into()).map_err(|e| failed(&e))?;
    let key_pem = if args.encrypt {
        let passphrase = passphrase::choose(args.passphrase_file.as_deref(), &private)?;
        key.to_sealed_pem(passphrase.as_bytes())
    } else {
        key.to_pem()
    };
    let key_pem = key_pem.map_err(|e| failed(&e))?;
    let public_key = key.public().map_err(|e| failed(&e))?;
    let public_pem = public_key.to_pem().map_err(|e| failed(&e))?;
    create(&private, key_pem.as_bytes(), 0o600)?;
    if let Err(error) = create(&public, public_pem.as_bytes(), 0o644) {
        // Half a pair is of no use; this one we made ourselves a moment ago.
        let _ = std::fs::remove_file(&private);
        return Err(error);
    }
    ui.note(&format!("wrote {} (keep it secret) and {}", shown(&private), shown(&public)));
    ui.note(&format!("key id {}", public_key.id()));
    Ok(Exit::OK)
}

fn with_suffix(name: &Path, suffix: &str) -> PathBuf {
    let mut path = name.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Writes a new file; one that is there already stays as it is.
fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), CliError> {
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => exists(path),
            _ => CliError::file("write", path, e),
        })?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| {
        let _ = std::fs::remove_file(path);
        CliError::file("write", path, e)
    })
}

fn exists(path: &Path) -> CliError {
    CliError::new(format!("{} is there already, and keys are never overwritten", shown(path)))
        .with_hint("choose another name, or remove both files of the pair yourself")
}

fn failed(error: &KeyError) -> CliError {
    CliError::new(error.to_string())
}

impl From<crate::args::KeyAlgorithm> for Algorithm {
    fn from(algorithm: crate::args::KeyAlgorithm) -> Self {
        match algorithm {
            crate::args::KeyAlgorithm::Ed25519 => Self::Ed25519,
            crate::args::KeyAlgorithm::P256 => Self::P256,
            crate::args::KeyAlgorithm::P384 => Self::P384,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::KeyAlgorithm;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_pair_is_written_once_and_never_again() {
        let dir = tempfile::tempdir().unwrap();
        let name = dir.path().join("k");
        let args = KeygenArgs { name, algorithm: KeyAlgorithm::P256, encrypt: false, passphrase_file: None };
        let ui = Ui::new(true, 0);
        assert_eq!(run(&args, &ui).unwrap(), Exit::OK);
        let private = dir.path().join("k.key");
        assert_eq!(private.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let before = std::fs::read(&private).unwrap();
        assert_eq!(run(&args, &ui).unwrap_err().exit(), Exit::CANNOT_JUDGE);
        std::fs::remove_file(dir.path().join("k.pub")).unwrap();
        assert!(run(&args, &ui).is_err(), "half of a pair is a pair");
        assert_eq!(std::fs::read(&private).unwrap(), before);
    }
}
