//! `sekisho record`.
use crate::args::RecordArgs;
use crate::exit::{CliError, Exit};
use crate::files::Output;
use crate::profiled::Loaded;
use crate::recording::{self, Setting};
use crate::ui::Ui;

/// Records a step; returns its own status.
pub fn run(args: &RecordArgs, ui: &Ui) -> Result<Exit, CliError> {
    let output = Output::beside_a_step(&args.output)?;
    let setting = match &args.profile {
        Some(path) => Loaded::read(path)?.setting(args.mode, &args.recording)?,
        None => Setting::default(),
    };
    let recorded = recording::record(&args.recording, setting, output)?;
    recording::note_gaps(&recorded, ui);
    recording::note_engine(&recorded, ui);
    ui.detail(&recording::summary(&recorded));
    let status = recorded.status;
    recorded.writer.commit()?;
    Ok(Exit(u8::try_from(status).unwrap_or(u8::MAX)))
}
