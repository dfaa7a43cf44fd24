//! `sekisho sbom`.
use crate::args::SbomArgs;
use crate::attesting;
use crate::bill::RealDisk;
use crate::exit::{CliError, Exit, shown_output};
use crate::files;
use crate::ui::Ui;
use sekisho_attest::sbom::Bom;
use std::path::Path;

/// Runs the command.
pub fn run(args: &SbomArgs, ui: &Ui) -> Result<Exit, CliError> {
    write(&args.recording, &args.output, ui)?;
    Ok(Exit::OK)
}

/// Writes what the recorded step read.
pub fn write(recording: &Path, output: &Path, ui: &Ui) -> Result<(), CliError> {
    let facts = attesting::facts(files::open(recording)?, recording)?;
    let bom = Bom::new(&facts, &RealDisk);
    files::write(output, bom.to_json().as_bytes())?;
    let packages = if bom.packages() == 1 { "package" } else { "packages" };
    ui.note(&format!(
        "wrote {} {packages} and {} further files that the step read into {}",
        bom.packages(),
        bom.files(),
        shown_output(output),
    ));
    Ok(())
}
