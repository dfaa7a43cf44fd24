//! `sekisho record`.
use crate::args::RecordArgs;
use crate::exit::{CliError, Exit};
use crate::ui::Ui;

/// Runs the command.
pub fn run(_args: &RecordArgs, _ui: &Ui) -> Result<Exit, CliError> {
    Err(CliError::new("`record` is not built yet"))
}
