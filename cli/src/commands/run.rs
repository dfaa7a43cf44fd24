//! `sekisho run`.
use crate::args::RunArgs;
use crate::exit::{CliError, Exit};
use crate::ui::Ui;

/// Runs the command.
pub fn run(_args: &RunArgs, _ui: &Ui) -> Result<Exit, CliError> {
    Err(CliError::new("`run` is not built yet"))
}
