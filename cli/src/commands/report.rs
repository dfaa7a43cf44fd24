//! `sekisho report`: a recording as one HTML page.
use crate::args::ReportArgs;
use crate::commands::show::failure;
use crate::exit::{CliError, Exit, shown};
use crate::files::{self, Output};
use crate::ui::Ui;
use sekisho_events::LogReader;
use sekisho_review::Summary;
use std::io::{BufWriter, Write as _};

/// Runs the command.
pub fn run(args: &ReportArgs, ui: &Ui) -> Result<Exit, CliError> {
    let failed = |error| failure(&args.recording, error);
    let mut reader = LogReader::new(files::open(&args.recording)?).map_err(|e| failed(e.into()))?;
    let summary = Summary::read(&mut reader, |_| ()).map_err(failed)?;
    let unwritable = |e| CliError::file("write", &args.output, e);
    let mut out = BufWriter::new(Output::create(&args.output)?);
    sekisho_review::page(&summary, &mut out).map_err(unwritable)?;
    out.flush().map_err(unwritable)?;
    out.into_inner().map_err(|e| unwritable(e.into_error()))?.commit()?;
    ui.note(&format!("wrote {}", shown(&args.output)));
    Ok(Exit::OK)
}
