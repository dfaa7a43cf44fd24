//! `sekisho keygen`.
use crate::args::KeygenArgs;
use crate::exit::{CliError, Exit};
use crate::ui::Ui;

/// Runs the command.
pub fn run(_args: &KeygenArgs, _ui: &Ui) -> Result<Exit, CliError> {
    Err(CliError::new("`keygen` is not built yet"))
}
