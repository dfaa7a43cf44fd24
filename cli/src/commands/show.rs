//! `sekisho show`: a recording as text or JSON.
use crate::args::{ShowArgs, ShowFormat};
use crate::exit::{CliError, Exit, shown};
use crate::files;
use crate::pager::Pager;
use crate::ui::Ui;
use sekisho_events::json::Line;
use sekisho_events::{LogError, LogReader};
use sekisho_review::{Ending, Filter, ShowError, Who};
use std::io::{BufWriter, Read, Write};
use std::path::Path;

/// Runs the command.
pub fn run(args: &ShowArgs, ui: &Ui) -> Result<Exit, CliError> {
    let failed = |error| failure(&args.recording, error);
    let input = files::open(&args.recording)?;
    let mut reader = LogReader::new(input).map_err(|e| failed(e.into()))?;
    let mut filter = Filter {
        process: args.process.as_ref().map(|who| who.parse().map_or_else(|_| Who::Program(who.clone()), Who::Number)),
        kinds: args.kind.clone(),
        acts: args.act.clone(),
        path: args.path.clone(),
        host: args.host.clone(),
        since_us: args.since.map(|since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX)),
        ..Filter::default()
    };
    let pager = match args.format {
        ShowFormat::Text | ShowFormat::Tree => Pager::start(),
        ShowFormat::Json | ShowFormat::Jsonl | ShowFormat::Trace => Pager::Plain(std::io::stdout()),
    };
    let mut out = BufWriter::with_capacity(1 << 16, pager);
    let ending = match args.format {
        ShowFormat::Trace => sekisho_review::trace(&mut reader, &mut filter, &mut out),
        ShowFormat::Text => sekisho_review::text(&mut reader, &mut filter, ui.stdout_colour(), &mut out),
        ShowFormat::Tree => sekisho_review::tree(&mut reader, &mut filter, &mut out),
        ShowFormat::Json => json(&mut reader, &mut filter, &mut out),
        ShowFormat::Jsonl => jsonl(&mut reader, &mut filter, &mut out),
    };
    // What was read before an error is shown.
    let flushed = out.flush().map_err(ShowError::Out);
    out.into_parts().0.finish();
    let ending = ending.and_then(|ending| flushed.map(|()| ending)).map_err(failed)?;
    if let Ending::Cut(cut) = ending {
        ui.warn(&format!(
            "truncated: {} ends behind event {}, without a trailer (block {} at byte {} is missing or cut)",
            shown(&args.recording),
            cut.events,
            cut.block,
            cut.offset
        ));
    }
    Ok(Exit::OK)
}

/// Says which file it was; a reader that went away is no error.
pub fn failure(recording: &Path, error: ShowError) -> CliError {
    match error {
        ShowError::Out(error) => CliError::file("write", "-", error),
        ShowError::Log(LogError::Io(error)) => CliError::file("read", recording, error),
        ShowError::Log(error @ LogError::Corrupt { .. }) => unreadable(recording, &error)
            .with_hint("it was altered or damaged behind that place: nothing of it can be relied on; record again"),
        ShowError::Log(error @ LogError::UnknownVersion(_)) => {
            unreadable(recording, &error).with_hint("it was written by another version of sekisho: use that one")
        }
        other => unreadable(recording, &other),
    }
}

fn unreadable(recording: &Path, error: &dyn std::error::Error) -> CliError {
    CliError::new(format!("cannot read {}: {error}", shown(recording)))
}

fn jsonl<R: Read>(reader: &mut LogReader<R>, filter: &mut Filter, out: &mut impl Write) -> Result<Ending, ShowError> {
    line(out, Line::Header(reader.header()))?;
    while let Some(event) = reader.next_event()? {
        if filter.keeps(event) {
            line(out, Line::Event(event))?;
        }
    }
    let ending = Ending::of(reader);
    line(out, last(&ending))?;
    Ok(ending)
}

fn line(out: &mut impl Write, line: Line<'_>) -> Result<(), ShowError> {
    value(out, line)?;
    out.write_all(b"\n").map_err(ShowError::Out)
}

fn value(out: &mut impl Write, line: Line<'_>) -> Result<(), ShowError> {
    sekisho_events::json::write(out, &line).map_err(ShowError::Out)
}

/// `{"header":…,"events":[…],"trailer":…}`; a cut recording has `truncated` in place of `trailer`.
fn json<R: Read>(reader: &mut LogReader<R>, filter: &mut Filter, out: &mut impl Write) -> Result<Ending, ShowError> {
    let text = |out: &mut _, text: &str| Write::write_all(out, text.as_bytes()).map_err(ShowError::Out);
    text(out, "{\"header\":")?;
    value(out, Line::Header(reader.header()))?;
    text(out, ",\n\"events\":[")?;
    let mut between = "\n";
    while let Some(event) = reader.next_event()? {
        if filter.keeps(event) {
            text(out, between)?;
            value(out, Line::Event(event))?;
            between = ",\n";
        }
    }
    let ending = Ending::of(reader);
    text(out, if matches!(ending, Ending::Whole(_)) { "],\n\"trailer\":" } else { "],\n\"truncated\":" })?;
    value(out, last(&ending))?;
    text(out, "}\n")?;
    Ok(ending)
}

fn last(ending: &Ending) -> Line<'_> {
    match ending {
        Ending::Whole(trailer) => Line::Trailer(trailer),
        Ending::Cut(cut) => Line::Truncated(cut),
    }
}
