//! `sekisho report`: a recording as one HTML page.
use crate::args::ReportArgs;
use crate::commands::diff;
use crate::commands::show::failure;
use crate::exit::{CliError, Exit, shown_output};
use crate::files::{self, Output};
use crate::judging;
use crate::profiled::Loaded;
use crate::ui::Ui;
use sekisho_events::{Event, LogReader};
use sekisho_profiles::{CompareReport, Deviation, DiffReport, Outline};
use sekisho_review::Summary;
use std::collections::HashSet;
use std::io::BufWriter;
use std::path::Path;

/// Runs the command: the recording is read once, so that it may come from a pipe.
pub fn run(args: &ReportArgs, ui: &Ui) -> Result<Exit, CliError> {
    let profile = args.profile.as_deref().map(|path| Loaded::to_judge(path, &args.origin)).transpose()?;
    let before = args.before.as_deref().map(diff::outline).transpose()?;
    let (summary, verdict) = read_since(&args.recording, profile.as_ref(), before.as_ref())?;
    put(&summary, verdict.as_ref(), &args.output)?;
    ui.note(&format!("wrote {}", shown_output(&args.output)));
    Ok(Exit::OK)
}

/// Reads a recording once, and judges it on the way if there is a profile.
pub fn read(recording: &Path, profile: Option<&Loaded>) -> Result<(Summary, Option<DiffReport>), CliError> {
    read_since(recording, profile, None)
}

/// The same, and compares it with what another recording did.
fn read_since(
    recording: &Path,
    profile: Option<&Loaded>,
    before: Option<&Outline>,
) -> Result<(Summary, Option<DiffReport>), CliError> {
    let failed = |error| failure(recording, error);
    let mut reader = LogReader::new(files::open(recording)?).map_err(|e| failed(e.into()))?;
    let mut differ = profile.map(|p| judging::begin(reader.header(), p)).transpose()?;
    // What happened just before a deviation is kept for the first event of each.
    let mut outline = before.map(|_| Outline::new(reader.header()));
    let each = |event: &Event| {
        if let Some(outline) = &mut outline {
            outline.push(event);
        }
        let Some(differ) = &mut differ else { return false };
        let known = differ.found();
        differ.push(event);
        differ.found() > known
    };
    let mut summary = Summary::read(&mut reader, each).map_err(failed)?;
    if let (Some(before), Some(mut after)) = (before, outline) {
        after.end(reader.trailer());
        summary.compare(CompareReport::new(before, &after));
    }
    let verdict = differ.map(|differ| differ.finish(reader.trailer()));
    Ok((summary, verdict))
}

/// Writes the page of a recording that was judged already.
pub fn write(recording: &Path, verdict: Option<&DiffReport>, output: &Path) -> Result<(), CliError> {
    let failed = |error| failure(recording, error);
    let mut reader = LogReader::new(files::open(recording)?).map_err(|e| failed(e.into()))?;
    let first = |d: &Deviation| d.seq.first().copied();
    let wanted: HashSet<u64> = verdict.iter().flat_map(|v| v.deviations.iter().filter_map(first)).collect();
    let summary = Summary::read(&mut reader, |event| wanted.contains(&event.seq)).map_err(failed)?;
    put(&summary, verdict, output)
}

fn put(summary: &Summary, verdict: Option<&DiffReport>, output: &Path) -> Result<(), CliError> {
    let unwritable = |e| CliError::file("write", output, e);
    let mut out = BufWriter::new(Output::create(output)?);
    sekisho_review::page(summary, verdict, &mut out).map_err(unwritable)?;
    out.into_inner().map_err(|e| unwritable(e.into_error()))?.commit()
}
