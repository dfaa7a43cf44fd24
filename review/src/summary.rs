//! One model of a whole recording in bounded memory: what a page shows.
use crate::claim::Ending;
use crate::evidence::Evidence;
use crate::forest::Forest;
use crate::phrase::{endpoint, note, phrase};
use crate::pulse::{Beat, Pulse};
use crate::{Filter, ShowError};
use sekisho_events::{
    Access, Content, Counts, Digest, Event, Exec, FileAct, Header, Kind, LogReader, NetAct, Outcome, PathBytes,
    ProcessId,
};
use sekisho_profiles::CompareReport;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// Distinct paths that are kept.
const MAX_FILES: usize = 50_000;
/// Bytes of these paths, of which one can have 4,096.
const MAX_FILE_BYTES: usize = 8 << 20;
/// Distinct endpoints, distinct acts to look at, and programs made in the step, that are kept of each.
const MAX_ROWS: usize = 2_000;

/// What a recording holds, gathered.
pub struct Summary {
    pub(crate) header: Header,
    pub(crate) counts: Counts,
    pub(crate) ending: Ending,
    pub(crate) forest: Forest,
    pub(crate) files: BTreeMap<PathBytes, FileRow>,
    /// Of all paths in `files`.
    file_bytes: usize,
    pub(crate) nets: BTreeMap<(&'static str, String), Row>,
    pub(crate) marks: BTreeMap<(Mark, String), Row>,
    /// By program and endpoint.
    pub(crate) flows: BTreeMap<(String, String), Flow>,
    /// What was written in this step and then run in it.
    pub(crate) made: BTreeMap<PathBytes, Made>,
    pub(crate) pulse: Pulse,
    pub(crate) evidence: Evidence,
    pub(crate) omitted: Omitted,
    pub(crate) changes: Option<CompareReport>,
}

/// What was counted and not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Omitted {
    pub(crate) files: u64,
    pub(crate) nets: u64,
    pub(crate) marks: u64,
    pub(crate) made: u64,
}

/// What one program did with one endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flow {
    pub(crate) ops: BTreeSet<&'static str>,
    pub(crate) bytes_out: u64,
    pub(crate) bytes_in: u64,
    pub(crate) row: Row,
}

/// A file that was written and then run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    /// Who wrote it, or touched it first.
    pub(crate) writer: ProcessId,
    pub(crate) row: Row,
}

/// One path.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileRow {
    pub(crate) read: u64,
    pub(crate) changed: u64,
    pub(crate) deleted: u64,
    pub(crate) other: u64,
    pub(crate) failed: u64,
    pub(crate) sha256: Option<Digest>,
    pub(crate) size: Option<u64>,
    /// Who came first.
    pub(crate) by: ProcessId,
    /// Who changed it first.
    pub(crate) writer: Option<ProcessId>,
    pub(crate) first_seq: u64,
    pub(crate) first_us: u64,
}

/// Equal acts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) times: u64,
    pub(crate) note: String,
    /// Who came first.
    pub(crate) by: ProcessId,
    pub(crate) first_seq: u64,
    pub(crate) first_us: u64,
    pub(crate) last_us: u64,
}

/// Why an act is worth a look; what matters most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    Gap,
    Tamper,
    Denied,
    Delegated,
    Refused,
    Restrict,
    Descriptor,
}

impl Mark {
    /// Its stable name, which is that of the event's kind.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Tamper => "tamper",
            Self::Denied => "denied",
            Self::Delegated => "delegated",
            Self::Refused => "refused",
            Self::Restrict => "restrict",
            Self::Descriptor => "descriptor",
        }
    }
}

impl Summary {
    /// Reads a recording to its end. `each` sees every event on the way, and says whether what happened just before it
    /// is to be kept as evidence.
    pub fn read<R: Read>(reader: &mut LogReader<R>, mut each: impl FnMut(&Event) -> bool) -> Result<Self, ShowError> {
        let mut summary = Self {
            header: reader.header().clone(),
            counts: Counts::default(),
            ending: Ending::of(reader),
            forest: Forest::default(),
            files: BTreeMap::new(),
            file_bytes: 0,
            nets: BTreeMap::new(),
            marks: BTreeMap::new(),
            flows: BTreeMap::new(),
            made: BTreeMap::new(),
            pulse: Pulse::default(),
            evidence: Evidence::default(),
            omitted: Omitted::default(),
            changes: None,
        };
        while let Some(event) = reader.next_event()? {
            let wanted = each(event);
            summary.push(event);
            summary.evidence.push(event, wanted, &summary.forest);
        }
        summary.counts = reader.counts().clone();
        summary.ending = Ending::of(reader);
        Ok(summary)
    }

    /// Has the page say what differs from the recording before.
    pub fn compare(&mut self, changes: CompareReport) {
        self.changes = Some(changes);
    }

    /// How the recording ended.
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    fn push(&mut self, event: &Event) {
        self.forest.push(event, &mut Filter::default());
        let times = event.times.unwrap_or(1);
        let mark = match &event.kind {
            Kind::File(act) => return self.file(act, event, times),
            Kind::Content(content) => return self.content(content, event),
            Kind::Net(act) => return self.net(act, event, times),
            Kind::Gap(_) => Mark::Gap,
            Kind::Tamper(_) => Mark::Tamper,
            Kind::Denied(_) => Mark::Denied,
            Kind::Delegated(_) => Mark::Delegated,
            Kind::Refused(_) => Mark::Refused,
            Kind::Restrict(_) => Mark::Restrict,
            Kind::Descriptor(_) => Mark::Descriptor,
            Kind::Exec(exec) => return self.exec(exec, event, times),
            Kind::Spawn { .. } | Kind::Exit(_) => return,
        };
        let phrase = phrase(event);
        let verb = if mark == Mark::Descriptor { format!("{} ", phrase.verb) } else { String::new() };
        let key = (mark, format!("{verb}{}", phrase.object));
        if !add(&mut self.marks, key, event, times, &phrase.note) {
            self.omitted.marks = self.omitted.marks.saturating_add(times);
        }
    }

    /// Notes what was made in this step and is now run: the program, a script, an interpreter.
    fn exec(&mut self, exec: &Exec, event: &Event, times: u64) {
        self.pulse.add(Beat::Program, event.at_us, times);
        if !exec.outcome.is_effect() {
            return;
        }
        let parts = std::iter::once(&exec.path).chain(exec.interpreters.iter().map(|i| &i.path));
        for path in parts {
            let Some(writer) = self.files.get(path).and_then(|row| row.writer) else { continue };
            if add(&mut self.made, path.clone(), event, times, "") {
                self.made.entry(path.clone()).and_modify(|made| made.writer = writer);
            } else {
                self.omitted.made = self.omitted.made.saturating_add(times);
            }
        }
    }

    fn file(&mut self, act: &FileAct, event: &Event, times: u64) {
        let failed = !act.outcome.is_effect();
        let changes = !matches!(act.access, Access::Read | Access::List | Access::Stat);
        self.pulse.add(if changes { Beat::Change } else { Beat::Read }, event.at_us, times);
        let Some(row) = self.row(&act.path, event) else { return };
        let count = match act.access {
            _ if failed => &mut row.failed,
            Access::Read | Access::List => &mut row.read,
            Access::Delete | Access::Rmdir | Access::Rename => &mut row.deleted,
            Access::Stat | Access::Link => &mut row.other,
            Access::Attributes
            | Access::Mount
            | Access::Write
            | Access::Create
            | Access::Symlink
            | Access::Mkdir
            | Access::Mknod
            | Access::Truncate => &mut row.changed,
        };
        *count = count.saturating_add(times);
        if !failed && matches!(act.access, Access::Write | Access::Create | Access::Truncate | Access::Symlink) {
            row.writer.get_or_insert(event.process);
        }
        if !failed && act.sha256.is_some() {
            (row.sha256, row.size) = (act.sha256, act.size);
        }
        if let (Access::Rename | Access::Link, Some(to), false) = (act.access, &act.to, failed) {
            self.renamed(&act.path, to, event, times);
        }
    }

    /// A new name of a file that was written in this step leads to what was written.
    fn renamed(&mut self, from: &PathBytes, to: &PathBytes, event: &Event, times: u64) {
        let writer = self.files.get(from).and_then(|row| row.writer);
        if let Some(row) = self.row(to, event) {
            row.changed = row.changed.saturating_add(times);
            row.writer = row.writer.or(writer);
        }
    }

    fn content(&mut self, content: &Content, event: &Event) {
        if let Some(row) = self.row(&content.path, event) {
            (row.sha256, row.size) = (content.sha256, content.size);
        }
    }

    fn row(&mut self, path: &PathBytes, event: &Event) -> Option<&mut FileRow> {
        if !self.files.contains_key(path) {
            self.file_bytes += path.as_bytes().len();
            if self.files.len() >= MAX_FILES || self.file_bytes > MAX_FILE_BYTES {
                self.omitted.files += 1;
                return None;
            }
            let row = FileRow { by: event.process, first_seq: event.seq, first_us: event.at_us, ..FileRow::default() };
            self.files.insert(path.clone(), row);
        }
        self.files.get_mut(path)
    }

    fn net(&mut self, act: &NetAct, event: &Event, times: u64) {
        self.pulse.add(Beat::Net, event.at_us, times);
        let words = if act.outcome == Outcome::Ok { String::new() } else { note(act.outcome) };
        let place = endpoint(act);
        if !add(&mut self.nets, (act.op.name(), place.clone()), event, times, &words) {
            self.omitted.nets = self.omitted.nets.saturating_add(times);
            return;
        }
        let program = self.forest.node(event.process).map_or("(step)", |node| node.short_name()).to_owned();
        let key = (program, place);
        if add(&mut self.flows, key.clone(), event, times, &words) {
            self.flows.entry(key).and_modify(|flow| {
                flow.ops.insert(act.op.name());
                flow.bytes_out = flow.bytes_out.saturating_add(act.bytes_out.unwrap_or(0));
                flow.bytes_in = flow.bytes_in.saturating_add(act.bytes_in.unwrap_or(0));
            });
        }
    }
}

impl AsMut<Row> for Row {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

impl AsMut<Row> for Flow {
    fn as_mut(&mut self) -> &mut Row {
        &mut self.row
    }
}

impl AsMut<Row> for Made {
    fn as_mut(&mut self) -> &mut Row {
        &mut self.row
    }
}

/// Counts an act; false if there is no room for another row.
fn add<K: Ord, V: Default + AsMut<Row>>(
    rows: &mut BTreeMap<K, V>,
    key: K,
    event: &Event,
    times: u64,
    note: &str,
) -> bool {
    if rows.len() >= MAX_ROWS && !rows.contains_key(&key) {
        return false;
    }
    let row = rows.entry(key).or_default().as_mut();
    if row.times == 0 {
        (row.by, row.first_seq, row.first_us) = (event.process, event.seq, event.at_us);
    }
    row.last_us = event.at_us;
    row.times = row.times.saturating_add(times);
    if !note.is_empty() && !row.note.split(", ").any(|known| known == note) && row.note.len() < 200 {
        if !row.note.is_empty() {
            row.note.push_str(", ");
        }
        row.note.push_str(note);
    }
    true
}
