//! `sekisho report`: a recording as one HTML page.
use crate::args::ReportArgs;
use crate::commands::show::failure;
use crate::exit::{CliError, Exit, shown};
use crate::files::{self, Output};
use crate::judging;
use crate::profiled::Loaded;
use crate::ui::Ui;
use sekisho_events::LogReader;
use sekisho_profiles::DiffReport;
use sekisho_review::Summary;
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// Runs the command.
pub fn run(args: &ReportArgs, ui: &Ui) -> Result<Exit, CliError> {
    let profile = args.profile.as_deref().map(Loaded::read).transpose()?;
    let verdict = profile.map(|p| judging::judge(&args.recording, &p)).transpose()?;
    write(&args.recording, verdict.as_ref(), &args.output)?;
    ui.note(&format!("wrote {}", shown(&args.output)));
    Ok(Exit::OK)
}

/// Writes the page of a recording; with a profile, what deviates from it.
pub fn write(recording: &Path, verdict: Option<&DiffReport>, output: &Path) -> Result<(), CliError> {
    let failed = |error| failure(recording, error);
    let mut reader = LogReader::new(files::open(recording)?).map_err(|e| failed(e.into()))?;
    let summary = Summary::read(&mut reader, |_| ()).map_err(failed)?;
    let unwritable = |e| CliError::file("write", output, e);
    let mut out = BufWriter::new(Output::create(output)?);
    sekisho_review::page(&summary, verdict, &mut out).map_err(unwritable)?;
    out.flush().map_err(unwritable)?;
    out.into_inner().map_err(|e| unwritable(e.into_error()))?.commit()
}
