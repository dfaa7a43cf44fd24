//! `sekisho show`.
use crate::args::ShowArgs;
use crate::exit::{CliError, Exit};
use crate::ui::Ui;

/// Runs the command.
pub fn run(_args: &ShowArgs, _ui: &Ui) -> Result<Exit, CliError> {
    Err(CliError::new("`show` is not built yet"))
}
