//! The processes of a recording in the trace event format, which Perfetto and Chrome's tracing open as a timeline.
use crate::claim::Ending;
use crate::forest::Forest;
use crate::{Filter, ShowError};
use sekisho_events::LogReader;
use serde_json::{Value, json};
use std::io::{Read, Write};

/// Writes one slice for each program that a process ran, with what the process did in counts.
pub fn trace<R: Read>(
    reader: &mut LogReader<R>,
    filter: &mut Filter,
    out: &mut dyn Write,
) -> Result<Ending, ShowError> {
    let mut forest = Forest::default();
    let mut last_us = 0;
    while let Some(event) = reader.next_event()? {
        last_us = last_us.max(event.at_us);
        forest.push(event, filter);
    }
    write(&forest, last_us, out).map_err(ShowError::Out)?;
    Ok(Ending::of(reader))
}

fn write(forest: &Forest, last_us: u64, out: &mut dyn Write) -> std::io::Result<()> {
    let mut between = "\n";
    let mut put = |out: &mut dyn Write, value: Value| {
        write!(out, "{between}{value}")?;
        between = ",\n";
        Ok::<(), std::io::Error>(())
    };
    out.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")?;
    for (id, node) in forest.iter() {
        let number = id.0;
        let name = json!({"name": format!("{} {number}", node.short_name())});
        put(out, json!({"ph": "M", "name": "process_name", "pid": number, "tid": number, "args": name}))?;
        let order = json!({"sort_index": number});
        put(out, json!({"ph": "M", "name": "process_sort_index", "pid": number, "tid": number, "args": order}))?;
        let end = node.ended_us.unwrap_or(last_us);
        let slice = |name: &str, from: u64, to: u64, args: Value| {
            json!({"ph": "X", "name": name, "cat": "process", "pid": number, "tid": number,
                "ts": from, "dur": to.saturating_sub(from), "args": args})
        };
        for (at, (from, program)) in node.earlier.iter().enumerate() {
            let to = node.earlier.get(at + 1).map_or(node.program_us, |(next, _)| *next);
            let short = program.rsplit('/').next().unwrap_or(program);
            put(out, slice(short, *from, to, json!({"program": program})))?;
        }
        let args = json!({
            "command": node.title(),
            "program": node.program,
            "parent": node.parent.0,
            "acts": node.facts().join(", "),
        });
        put(out, slice(node.short_name(), node.program_us, end, args))?;
    }
    out.write_all(b"\n]}\n")
}
