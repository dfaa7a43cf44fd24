//! `sekisho review`.
use crate::args::ReviewArgs;
use crate::exit::{CliError, Exit};
use crate::ui::Ui;

/// Runs the command.
pub fn run(_args: &ReviewArgs, _ui: &Ui) -> Result<Exit, CliError> {
    Err(CliError::new("`review` is not built yet"))
}
