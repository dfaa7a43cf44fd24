//! The passphrase of a key: from a file, a variable, or the person at the terminal.
//!
//! Invariant: it is never an argument, which every process of the machine could read, and what is typed is not shown.
use crate::exit::{CliError, shown};
use crate::files;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

/// Variables that hold a passphrase, the first that is set: ours, and cosign's. A step does not see them.
pub const VARIABLES: [&str; 2] = ["SEKISHO_PASSPHRASE", "COSIGN_PASSWORD"];
/// Longest passphrase.
const MAX_BYTES: u64 = 4096;

/// The passphrase that opens a key.
pub fn get(file: Option<&Path>, key: &Path) -> Result<String, CliError> {
    match given(file)? {
        Some(passphrase) => Ok(passphrase),
        None => ask(&format!("passphrase of {}: ", shown(key)), key),
    }
}

/// A passphrase for a new key; a person types it twice.
pub fn choose(file: Option<&Path>, key: &Path) -> Result<String, CliError> {
    let passphrase = if let Some(passphrase) = given(file)? {
        passphrase
    } else {
        let first = ask(&format!("new passphrase of {}: ", shown(key)), key)?;
        if first != ask("the same again: ", key)? {
            return Err(CliError::new("the two passphrases differ"));
        }
        first
    };
    if passphrase.is_empty() { Err(CliError::new("the passphrase is empty")) } else { Ok(passphrase) }
}

fn given(file: Option<&Path>) -> Result<Option<String>, CliError> {
    if let Some(path) = file {
        // Editors and `echo` end the line; that is not part of it.
        let text = files::read_text(path, MAX_BYTES)?;
        return Ok(Some(text.strip_suffix('\n').map_or(&*text, |line| line.trim_end_matches('\r')).to_owned()));
    }
    let Some(name) = VARIABLES.into_iter().find(|name| std::env::var_os(name).is_some()) else { return Ok(None) };
    std::env::var(name).map(Some).map_err(|_| CliError::new(format!("{name} is not UTF-8 text")))
}

fn ask(prompt: &str, key: &Path) -> Result<String, CliError> {
    let nobody = |_| {
        CliError::new(format!("{} needs a passphrase, and there is no terminal to ask at", shown(key)))
            .with_hint(format!("--passphrase-file FILE, or {} in the environment", VARIABLES[0]))
    };
    let terminal = File::options().read(true).write(true).open("/dev/tty").map_err(nobody)?;
    let failed = |e: std::io::Error| CliError::file("ask at", "/dev/tty", e);
    let before = tcgetattr(&terminal).map_err(|e| failed(e.into()))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.local_modes.insert(LocalModes::ECHONL);
    (&terminal).write_all(prompt.as_bytes()).map_err(failed)?;
    tcsetattr(&terminal, OptionalActions::Flush, &silent).map_err(|e| failed(e.into()))?;
    let mut line = String::new();
    let read = BufReader::new(&terminal).read_line(&mut line);
    let restored = tcsetattr(&terminal, OptionalActions::Flush, &before);
    read.map_err(failed)?;
    restored.map_err(|e| failed(e.into()))?;
    line.truncate(line.trim_end_matches(['\n', '\r']).len());
    Ok(line)
}
