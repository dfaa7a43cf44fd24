//! `sekisho profile`.
use crate::args::ProfileArgs;
use crate::exit::{CliError, Exit};
use crate::ui::Ui;

/// Runs the command.
pub fn run(_args: &ProfileArgs, _ui: &Ui) -> Result<Exit, CliError> {
    Err(CliError::new("`profile` is not built yet"))
}
