//! `sekisho verify`.
use crate::args::VerifyArgs;
use crate::exit::{CliError, Exit};
use crate::ui::Ui;

/// Runs the command.
pub fn run(_args: &VerifyArgs, _ui: &Ui) -> Result<Exit, CliError> {
    Err(CliError::new("`verify` is not built yet"))
}
