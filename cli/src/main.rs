//! The `sekisho` command: reads the command line, runs one subcommand, ends with its exit status.
//!
//! Invariant: nothing but the asked-for output goes to standard output; everything said to a person goes to
//! standard error. Only this crate prints, exits, and reads the clock and the environment.
#![forbid(unsafe_code)]
#![allow(unreachable_pub, reason = "in a binary, pub says: for the other modules")]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod args;
mod artifacts;
mod attesting;
mod bill;
mod commands;
mod exit;
mod files;
mod gate;
mod judging;
mod keyless;
mod live;
mod locked;
#[cfg(feature = "sigstore")]
mod network;
mod oci;
mod origin;
mod pager;
mod passphrase;
mod profiled;
mod recording;
mod serve;
mod signer;
mod trust;
mod ui;

use args::{Args, Command};
use clap::Parser as _;
use exit::{CliError, Exit};
use std::process::ExitCode;
use ui::Ui;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    let ui = Ui::new(args.quiet, args.verbose);
    match dispatch(&args.command, &ui) {
        Ok(exit) => exit.into(),
        Err(CliError::BrokenPipe) => Exit::OK.into(),
        Err(error) => {
            ui.error(&error);
            error.exit().for_command(matches!(args.command, Command::Record(_))).into()
        }
    }
}

fn dispatch(command: &Command, ui: &Ui) -> Result<Exit, CliError> {
    match command {
        Command::Run(args) => commands::run::run(args, ui),
        Command::Record(args) => commands::record::run(args, ui),
        Command::Show(args) => commands::show::run(args, ui),
        Command::Report(args) => commands::report::run(args, ui),
        Command::Profile(args) => commands::profile::run(args, ui),
        Command::Diff(args) => commands::diff::run(args, ui),
        Command::Review(args) => commands::review::run(args, ui),
        Command::Attest(args) => commands::attest::run(args, ui),
        Command::Attach(args) => commands::attach::run(args, ui),
        Command::Signer(args) => signer::serve(args, ui),
        Command::Sbom(args) => commands::sbom::run(args, ui),
        Command::Verify(args) => commands::verify::run(args, ui),
        Command::Layout(args) => commands::layout::run(args, ui),
        Command::Policy(args) => commands::policy::run(args, ui),
        Command::Trust(args) => commands::trust::run(args, ui),
        Command::Keygen(args) => commands::keygen::run(args, ui),
        Command::Doctor(args) => commands::doctor::run(args, ui),
        Command::Completions(args) => commands::completions::run(args, ui),
        Command::Man(args) => commands::man::run(args, ui),
    }
}

/// Prints help or the usage error. A wrong command line is 2, and 125 for `record`, whose other statuses are the
/// step's.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::OK.into();
    }
    let record = std::env::args_os().skip(1).find(|a| !a.to_string_lossy().starts_with('-'));
    Exit::CANNOT_JUDGE.for_command(record.is_some_and(|a| a == "record")).into()
}
