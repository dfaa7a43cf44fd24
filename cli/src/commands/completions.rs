//! `sekisho completions`: a completion script for a shell.
use crate::args::{Args, CompletionsArgs};
use crate::exit::{CliError, Exit};
use crate::files;
use crate::ui::Ui;
use clap::CommandFactory as _;
use std::path::Path;

/// Writes the script to standard output.
pub fn run(args: &CompletionsArgs, _ui: &Ui) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "sekisho", &mut script);
    files::write(Path::new("-"), &script)?;
    Ok(Exit::OK)
}
