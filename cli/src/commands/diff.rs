//! `sekisho diff`.
use crate::args::DiffArgs;
use crate::exit::{CliError, Exit};
use crate::ui::Ui;

/// Runs the command.
pub fn run(_args: &DiffArgs, _ui: &Ui) -> Result<Exit, CliError> {
    Err(CliError::new("`diff` is not built yet"))
}
