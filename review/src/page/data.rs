//! What the script of the page shows: JSON in columns, compressed, in base64, so that no byte of it is markup.
//!
//! Every text in it is escaped for one line already; the script puts text into text nodes only.
use super::{changes, verdict};
use crate::claim::{Claim, Ending};
use crate::phrase::{command_line, cut, escape as escaped};
use crate::pulse::Beat;
use crate::summary::{FileRow, Row, Summary};
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sekisho_events::{Digest, ExitHow, Kind, PathBytes, ProcessId};
use sekisho_profiles::{DiffReport, secret};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::{Result, Write};

/// Characters of the step's command line.
const MAX_COMMAND: usize = 4000;
/// Stands for a number that is not known.
const NONE: i64 = -1;
/// Added to the number of a signal that ended a process.
const BY_SIGNAL: i64 = 1000;

/// Writes the data as base64 of gzip.
pub(super) fn write(summary: &Summary, report: Option<&DiffReport>, out: &mut dyn Write) -> Result<()> {
    let mut base64 = base64::write::EncoderWriter::new(out, &STANDARD);
    let mut gzip = GzEncoder::new(&mut base64, Compression::default());
    json(summary, report, &mut gzip)?;
    gzip.finish()?;
    base64.finish()?;
    Ok(())
}

fn json(summary: &Summary, report: Option<&DiffReport>, out: &mut dyn Write) -> Result<()> {
    let mut strings = Strings::default();
    let mut parts = Parts { out, any: false };
    parts.value("version", &1.into())?;
    parts.value("head", &head(summary))?;
    parts.value("ending", &ending(&summary.ending))?;
    let claim = Claim::new(&summary.header, &summary.counts, &summary.ending);
    let refused: Vec<String> = summary.header.coverage.refused.iter().map(|call| escaped(call)).collect();
    parts.value(
        "claim",
        &json!({"summary": claim.summary, "asserts": claim.asserts, "not": claim.not, "refused": refused}),
    )?;
    parts.value("counts", &Kind::NAMES.iter().zip(summary.counts.0).map(|(k, n)| (*k, n)).collect::<Value>())?;
    parts.value("verdict", &report.map_or(Value::Null, |report| verdict::data(summary, report)))?;
    parts.value("changes", &changes::data(summary))?;
    processes(summary, &mut strings, &mut parts)?;
    files(summary, &mut strings, &mut parts)?;
    rows(summary, &mut parts)?;
    let pulse = |beat| Value::from(summary.pulse.counts(beat));
    let pulse = json!({"span_us": summary.pulse.span_us(), "reads": pulse(Beat::Read), "changes": pulse(Beat::Change),
        "net": pulse(Beat::Net), "programs": pulse(Beat::Program)});
    parts.value("pulse", &pulse)?;
    let omitted = &summary.omitted;
    let omitted = json!({"processes": summary.forest.omitted, "files": omitted.files, "nets": omitted.nets,
        "marks": omitted.marks, "made": omitted.made});
    parts.value("omitted", &omitted)?;
    parts.texts("strings", strings.list.iter())?;
    parts.out.write_all(b"}")
}

fn head(summary: &Summary) -> Value {
    let header = &summary.header;
    json!({
        "tool": escaped(&header.tool),
        "format": header.version,
        "kernel": escaped(&header.kernel),
        "arch": escaped(&header.arch),
        "command": cut(command_line(&header.command), MAX_COMMAND),
        "cwd": header.cwd.escaped(),
        "workspace": header.workspace.escaped(),
        "step": header.step.as_ref().map(|step| escaped(step)),
        "uid": header.uid,
        "level": header.level.name(),
        "mode": escaped(&header.mode),
        "engine": escaped(&header.engine),
        "started_s": header.started_s,
        "profile_sha256": header.profile_sha256.map(Digest::to_hex),
    })
}

fn ending(ending: &Ending) -> Value {
    match ending {
        Ending::Whole(trailer) => json!({
            "state": if trailer.complete { "complete" } else { "incomplete" },
            "duration_us": trailer.duration_us,
            "status": trailer.status,
            "root": trailer.root.to_hex(),
            "gaps": trailer.gaps,
            "lost": trailer.lost,
            "toctou": trailer.toctou.name(),
        }),
        Ending::Cut(cut) => json!({"state": "truncated", "events": cut.events}),
    }
}

/// Processes by rising number, a column for each fact.
fn processes(summary: &Summary, strings: &mut Strings, parts: &mut Parts<'_>) -> Result<()> {
    let all = || summary.forest.iter().map(|(_, node)| node);
    parts.begin("processes")?;
    parts.column("id", summary.forest.iter().map(|(id, _)| id.0))?;
    parts.column("parent", all().map(|n| n.parent.0))?;
    parts.column("began", all().map(|n| n.began_us))?;
    parts.column("ended", all().map(|n| n.ended_us.map_or(NONE, number)))?;
    parts.column("since", all().map(|n| n.program_us))?;
    parts.column("program", all().map(|n| strings.add(&n.program)))?;
    parts.column("command", all().map(|n| strings.add(&n.command)))?;
    parts.column("sha256", all().map(|n| strings.add(&n.sha256.map(Digest::to_hex).unwrap_or_default())))?;
    parts.column("programs", all().map(|n| n.programs))?;
    parts.column("threads", all().map(|n| n.threads))?;
    parts.column("files", all().map(|n| n.files))?;
    parts.column("net", all().map(|n| n.net))?;
    parts.column("marks", all().map(|n| n.marks))?;
    parts.column("exit", all().map(|n| exit(n.exit)))?;
    parts.end()?;
    let earlier = summary.forest.iter().filter(|(_, node)| !node.earlier.is_empty()).map(|(id, node)| {
        let runs = node.earlier.iter().map(|(at, program)| json!([at, strings.add(program)]));
        json!([id.0, runs.collect::<Vec<_>>()])
    });
    parts.value("earlier", &earlier.collect())
}

fn exit(how: Option<ExitHow>) -> i64 {
    match how {
        None => NONE,
        Some(ExitHow::Status(status)) => status.into(),
        Some(ExitHow::Signal(signal)) => BY_SIGNAL + i64::from(signal),
    }
}

fn files(summary: &Summary, strings: &mut Strings, parts: &mut Parts<'_>) -> Result<()> {
    let mut directories = Vec::with_capacity(summary.files.len());
    for path in summary.files.keys() {
        let bytes = path.as_bytes();
        directories.push(strings.add(&sekisho_events::escape(&bytes[..bytes.len() - path.file_name().len()])));
    }
    let rows = || summary.files.values();
    parts.begin("files")?;
    parts.column("dir", directories.into_iter())?;
    parts.texts("name", summary.files.keys().map(|path| sekisho_events::escape(path.file_name())))?;
    parts.column("read", rows().map(|r| r.read))?;
    parts.column("changed", rows().map(|r| r.changed))?;
    parts.column("deleted", rows().map(|r| r.deleted))?;
    parts.column("other", rows().map(|r| r.other))?;
    parts.column("failed", rows().map(|r| r.failed))?;
    parts.column("size", rows().map(|r| r.size.map_or(NONE, number)))?;
    parts.column("by", rows().map(|r| summary.forest.leader(r.by).0))?;
    parts.column("seq", rows().map(|r| r.first_seq))?;
    parts.column("at", rows().map(|r| r.first_us))?;
    parts.texts("sha256", rows().map(|r| r.sha256.map(Digest::to_hex).unwrap_or_default()))?;
    parts.end()?;
    let secrets = summary.files.iter().filter_map(|(path, row)| secret_row(summary, path, row));
    parts.value("secrets", &secrets.collect())
}

fn secret_row(summary: &Summary, path: &PathBytes, row: &FileRow) -> Option<Value> {
    let kept = secret(path.as_bytes())?;
    Some(json!({
        "path": path.escaped(), "what": kept.what, "read": row.read, "changed": row.changed + row.deleted,
        "looked": row.other, "failed": row.failed, "by": summary.forest.leader(row.by).0, "seq": row.first_seq,
        "at": row.first_us,
    }))
}

fn rows(summary: &Summary, parts: &mut Parts<'_>) -> Result<()> {
    let nets = summary.nets.iter().map(|((op, endpoint), row)| {
        let mut map = facts(summary, row);
        map.insert("op".into(), (*op).into());
        map.insert("endpoint".into(), endpoint.as_str().into());
        map
    });
    parts.value("nets", &nets.collect())?;
    let marks = summary.marks.iter().map(|((mark, what), row)| {
        let mut map = facts(summary, row);
        map.insert("mark".into(), mark.name().into());
        map.insert("what".into(), what.as_str().into());
        map
    });
    parts.value("marks", &marks.collect())?;
    let flows = summary.flows.iter().map(|((program, endpoint), flow)| {
        let mut map = facts(summary, &flow.row);
        map.insert("program".into(), program.as_str().into());
        map.insert("endpoint".into(), endpoint.as_str().into());
        map.insert("ops".into(), flow.ops.iter().copied().collect());
        map.insert("out".into(), flow.bytes_out.into());
        map.insert("in".into(), flow.bytes_in.into());
        map
    });
    parts.value("flows", &flows.collect())?;
    let made = summary.made.iter().map(|(path, made)| {
        let mut map = facts(summary, &made.row);
        map.insert("path".into(), path.escaped().into());
        map.insert("writer".into(), summary.forest.leader(made.writer).0.into());
        map
    });
    parts.value("made", &made.collect())
}

fn facts(summary: &Summary, row: &Row) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("times".into(), row.times.into());
    map.insert("note".into(), row.note.as_str().into());
    map.insert("by".into(), leader(summary, row.by));
    map.insert("seq".into(), row.first_seq.into());
    map.insert("at".into(), row.first_us.into());
    map.insert("until".into(), row.last_us.into());
    map
}

/// The number of the process that an act belongs to.
pub(super) fn leader(summary: &Summary, id: ProcessId) -> Value {
    summary.forest.leader(id).0.into()
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Each text once.
#[derive(Default)]
struct Strings {
    list: Vec<String>,
    known: HashMap<String, u64>,
}

impl Strings {
    fn add(&mut self, text: &str) -> u64 {
        if let Some(at) = self.known.get(text) {
            return *at;
        }
        let at = self.list.len() as u64;
        self.list.push(text.to_owned());
        self.known.insert(text.to_owned(), at);
        at
    }
}

/// An object that is written member by member, so that the whole is never in memory.
struct Parts<'a> {
    out: &'a mut dyn Write,
    any: bool,
}

impl Parts<'_> {
    fn key(&mut self, name: &str) -> Result<()> {
        let before = if self.any { "," } else { "{" };
        self.any = true;
        write!(self.out, "{before}\"{name}\":")
    }

    fn value(&mut self, name: &str, value: &Value) -> Result<()> {
        self.key(name)?;
        serde_json::to_writer(&mut *self.out, value).map_err(Into::into)
    }

    fn column<T: std::fmt::Display>(&mut self, name: &str, numbers: impl Iterator<Item = T>) -> Result<()> {
        self.key(name)?;
        self.out.write_all(b"[")?;
        for (at, number) in numbers.enumerate() {
            write!(self.out, "{}{number}", if at == 0 { "" } else { "," })?;
        }
        self.out.write_all(b"]")
    }

    fn texts(&mut self, name: &str, texts: impl Iterator<Item = impl AsRef<str>>) -> Result<()> {
        self.key(name)?;
        self.out.write_all(b"[")?;
        for (at, text) in texts.enumerate() {
            self.out.write_all(if at == 0 { &b""[..] } else { b"," })?;
            serde_json::to_writer(&mut *self.out, text.as_ref())?;
        }
        self.out.write_all(b"]")
    }

    fn begin(&mut self, name: &str) -> Result<()> {
        self.key(name)?;
        self.any = false;
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.any = true;
        self.out.write_all(b"}")
    }
}
