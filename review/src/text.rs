//! A recording as text, grouped by process.
//!
//! Processes stand in the order in which they began. Where that would take too much memory, those that have ended are
//! written earlier, and a process with very many acts in several parts: nothing is left out.
use crate::claim::{Claim, Ending};
use crate::phrase::{Phrase, command_line, escape, phrase, short};
use crate::{Filter, ShowError};
use sekisho_events::{Content, Event, Header, Kind, LogReader, Outcome, PathBytes, ProcessId};
use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};

/// Lines are written out when those in memory have this many bytes.
const BUDGET_BYTES: usize = 16 << 20;
/// Memory of a kept line beside its text.
const LINE_OVERHEAD_BYTES: usize = 120;

/// Writes a recording as text. The bytes that the step chose are escaped; `colour` adds escape sequences of ours.
pub fn text<R: Read>(
    reader: &mut LogReader<R>,
    filter: &mut Filter,
    colour: bool,
    out: &mut dyn Write,
) -> Result<Ending, ShowError> {
    let mut groups = Groups { colour, ..Groups::default() };
    head(reader.header(), out).map_err(ShowError::Out)?;
    while let Some(event) = reader.next_event()? {
        groups.push(event, filter.keeps(event));
        if groups.bytes > BUDGET_BYTES {
            groups.relieve(out).map_err(ShowError::Out)?;
        }
    }
    groups.write_all(out).map_err(ShowError::Out)?;
    let ending = Ending::of(reader);
    let claim = Claim::new(reader.header(), reader.counts(), &ending);
    tail(&claim, out).map_err(ShowError::Out)?;
    Ok(ending)
}

fn head(header: &Header, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(
        out,
        "{} recorded: {}\n  in {}, workspace {}, uid {}, level {}, mode {}, Linux {} {}",
        escape(&header.tool),
        command_line(&header.command),
        header.cwd.escaped(),
        header.workspace.escaped(),
        header.uid,
        header.level.name(),
        escape(&header.mode),
        escape(&header.kernel),
        escape(&header.arch),
    )
}

fn tail(claim: &Claim, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{}", claim.summary)?;
    writeln!(out, "asserted: {}", claim.asserts)?;
    writeln!(out, "not asserted: {}.", claim.not.join("; "))
}

#[derive(Default)]
struct Groups {
    colour: bool,
    /// By number, which is the order of creation.
    open: BTreeMap<ProcessId, Group>,
    /// Short name and parent of each process, for the line of descent.
    names: HashMap<ProcessId, (String, ProcessId)>,
    bytes: usize,
}

struct Line {
    phrase: Phrase,
    times: u64,
    digest: Option<String>,
}

#[derive(Default)]
struct Group {
    lines: Vec<Line>,
    seen: HashMap<Phrase, usize>,
    /// The line that a path stands in, for its digest.
    paths: HashMap<PathBytes, usize>,
    bytes: usize,
    ended: bool,
    continued: bool,
}

impl Groups {
    fn push(&mut self, event: &Event, keep: bool) {
        self.learn(event);
        if keep {
            let group = self.open.entry(event.process).or_default();
            let before = group.bytes;
            group.push(event);
            self.bytes += group.bytes - before;
        }
        if matches!(event.kind, Kind::Exit(_))
            && let Some(group) = self.open.get_mut(&event.process)
        {
            group.ended = true;
        }
    }

    /// Keeps what the line of descent needs.
    fn learn(&mut self, event: &Event) {
        match &event.kind {
            Kind::Spawn { parent, .. } => {
                let name = self.names.get(parent).map_or_else(String::new, |(name, _)| name.clone());
                self.names.insert(event.process, (name, *parent));
            }
            Kind::Exec(exec) if exec.outcome == Outcome::Ok => {
                let entry = self.names.entry(event.process).or_default();
                entry.0 = sekisho_events::escape(exec.path.file_name());
            }
            _ => {}
        }
    }

    /// Writes what has ended; if that frees too little, the biggest groups as they stand.
    fn relieve(&mut self, out: &mut dyn Write) -> std::io::Result<()> {
        let ended: Vec<ProcessId> = self.open.iter().filter(|(_, g)| g.ended).map(|(id, _)| *id).collect();
        for id in ended {
            self.write_one(id, out)?;
            self.open.remove(&id);
        }
        while self.bytes > BUDGET_BYTES / 2 {
            let Some(id) = self.open.iter().max_by_key(|(_, group)| group.bytes).map(|(id, _)| *id) else { break };
            self.write_one(id, out)?;
        }
        Ok(())
    }

    fn write_all(&mut self, out: &mut dyn Write) -> std::io::Result<()> {
        // Number 0 is nobody: what was found at the close, behind all acts.
        let nobody = self.open.contains_key(&ProcessId(0)).then_some(ProcessId(0));
        let ids: Vec<ProcessId> = self.open.keys().copied().filter(|id| id.0 != 0).chain(nobody).collect();
        ids.into_iter().try_for_each(|id| self.write_one(id, out))
    }

    fn write_one(&mut self, id: ProcessId, out: &mut dyn Write) -> std::io::Result<()> {
        let Some(group) = self.open.get_mut(&id) else { return Ok(()) };
        let lines = std::mem::take(&mut group.lines);
        self.bytes -= std::mem::take(&mut group.bytes);
        group.seen.clear();
        group.paths.clear();
        let continued = std::mem::replace(&mut group.continued, true);
        if lines.is_empty() {
            return Ok(());
        }
        let (bold, plain) = if self.colour { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        let more = if continued { "  (continued)" } else { "" };
        writeln!(out, "\n{bold}{} {}{plain}{more}", id.0, self.descent(id))?;
        for Line { phrase, times, digest } in lines {
            let (on, off) = if self.colour { tint(&phrase) } else { ("", "") };
            write!(out, "  {on}{phrase}{off}")?;
            if let Some(digest) = digest {
                write!(out, "  sha256:{digest}")?;
            }
            writeln!(out, "{}", if times > 1 { format!("  ×{times}") } else { String::new() })?;
        }
        Ok(())
    }

    /// `cc1 ← gcc ← make`, each program once.
    fn descent(&self, id: ProcessId) -> String {
        if id.0 == 0 {
            return "(no process: what was found when nobody could change it any more)".to_owned();
        }
        let mut names: Vec<&str> = Vec::new();
        let mut at = id;
        while let Some((name, parent)) = self.names.get(&at) {
            let name = if name.is_empty() { "(step)" } else { name };
            if names.last() != Some(&name) {
                names.push(name);
            }
            // Numbers of parents are smaller, so that no altered recording makes this a circle.
            if *parent >= at || names.len() == 12 {
                break;
            }
            at = *parent;
        }
        names.join(" ← ")
    }
}

impl Group {
    /// Adds a line, or to the count of the one that says the same, or a digest to the line of its file.
    fn push(&mut self, event: &Event) {
        if let Kind::Content(Content { path, sha256: Some(digest), .. }) = &event.kind
            && let Some(at) = self.paths.get(path)
        {
            self.lines[*at].digest = Some(short(digest));
            return;
        }
        let (phrase, times) = (phrase(event), event.times.unwrap_or(1));
        if let Some(at) = self.seen.get(&phrase) {
            self.lines[*at].times = self.lines[*at].times.saturating_add(times);
            return;
        }
        let at = self.lines.len();
        self.bytes += 2 * (phrase.object.len() + phrase.note.len() + LINE_OVERHEAD_BYTES);
        if let Kind::File(act) = &event.kind
            && act.outcome == Outcome::Ok
        {
            self.bytes += act.path.as_bytes().len() + LINE_OVERHEAD_BYTES;
            self.paths.insert(act.path.clone(), at);
        }
        self.seen.insert(phrase.clone(), at);
        self.lines.push(Line { phrase, times, digest: None });
    }
}

/// Red for what a reader must not miss, yellow for change, dim for what failed.
fn tint(phrase: &Phrase) -> (&'static str, &'static str) {
    let on = match phrase.verb {
        "tamper" | "gap" | "denied" | "delegated" | "refused" => "\x1b[31m",
        _ if !phrase.note.is_empty() => "\x1b[2m",
        "read" | "stat" | "list" | "spawn" | "exit" | "content" | "inherit" => return ("", ""),
        "exec" => "\x1b[36m",
        "connect" | "bind" | "listen" | "accept" | "send" | "receive" | "resolve" => "\x1b[35m",
        _ => "\x1b[33m",
    };
    (on, "\x1b[0m")
}
