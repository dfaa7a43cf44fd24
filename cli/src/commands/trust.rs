//! `sekisho trust`.
use crate::args::{TrustArgs, TrustCommand};
use crate::exit::{CliError, Exit};
use crate::trust;
use crate::ui::Ui;
use std::io::{self, Write as _};
use std::path::Path;

/// Runs the command.
pub fn run(args: &TrustArgs, ui: &Ui) -> Result<Exit, CliError> {
    match &args.command {
        TrustCommand::Update(args) => trust::update(args, ui)?,
        TrustCommand::Show { root } => {
            let text = trust::show(root.as_deref())?;
            let mut out = io::stdout().lock();
            let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            written.map_err(|e| CliError::file("write", Path::new("-"), e))?;
        }
    }
    Ok(Exit::OK)
}
