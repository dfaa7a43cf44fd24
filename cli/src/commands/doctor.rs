//! `sekisho doctor`.
use crate::args::DoctorArgs;
use crate::exit::{CliError, Exit};
use crate::ui::Ui;

/// Runs the command.
pub fn run(_args: &DoctorArgs, _ui: &Ui) -> Result<Exit, CliError> {
    Err(CliError::new("`doctor` is not built yet"))
}
