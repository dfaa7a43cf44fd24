//! `sekisho report`.
use crate::args::ReportArgs;
use crate::exit::{CliError, Exit};
use crate::ui::Ui;

/// Runs the command.
pub fn run(_args: &ReportArgs, _ui: &Ui) -> Result<Exit, CliError> {
    Err(CliError::new("`report` is not built yet"))
}
