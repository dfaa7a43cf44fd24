//! `sekisho attest`.
use crate::args::AttestArgs;
use crate::exit::{CliError, Exit};
use crate::ui::Ui;

/// Runs the command.
pub fn run(_args: &AttestArgs, _ui: &Ui) -> Result<Exit, CliError> {
    Err(CliError::new("`attest` is not built yet"))
}
