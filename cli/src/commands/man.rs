//! `sekisho man`: one manual page a command.
use crate::args::{Args, ManArgs};
use crate::exit::{CliError, Exit};
use crate::files;
use crate::ui::Ui;
use clap::CommandFactory as _;

/// Writes `sekisho.1`, `sekisho-run.1`, … into the directory.
pub fn run(args: &ManArgs, ui: &Ui) -> Result<Exit, CliError> {
    std::fs::create_dir_all(&args.dir).map_err(|e| CliError::file("create", &args.dir, e))?;
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    let written = pages(&command, "sekisho", args)?;
    ui.note(&format!("wrote {written} manual pages to {}", crate::exit::shown(&args.dir)));
    Ok(Exit::OK)
}

/// Writes the page of one command, then those below it; returns how many.
fn pages(command: &clap::Command, name: &str, args: &ManArgs) -> Result<usize, CliError> {
    let mut page = Vec::new();
    let path = args.dir.join(format!("{name}.1"));
    clap_mangen::Man::new(command.clone().display_name(name.to_owned()))
        .date("")
        .render(&mut page)
        .map_err(|e| CliError::file("write", &path, e))?;
    files::write(&path, &page)?;
    let mut written = 1;
    for below in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        written += pages(below, &format!("{name}-{}", below.get_name()), args)?;
    }
    Ok(written)
}
