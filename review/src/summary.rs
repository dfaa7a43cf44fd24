//! One model of a whole recording in bounded memory: what a page shows.
use crate::claim::Ending;
use crate::forest::Forest;
use crate::phrase::{endpoint, note, phrase};
use crate::{Filter, ShowError};
use sekisho_events::{
    Access, Content, Counts, Digest, Event, FileAct, Header, Kind, LogReader, NetAct, Outcome, PathBytes, ProcessId,
};
use std::collections::BTreeMap;
use std::io::Read;

/// Distinct paths that are kept.
const MAX_FILES: usize = 20_000;
/// Distinct endpoints, and distinct acts to look at, that are kept.
const MAX_ROWS: usize = 2_000;

/// What a recording holds, gathered.
pub struct Summary {
    pub(crate) header: Header,
    pub(crate) counts: Counts,
    pub(crate) ending: Ending,
    pub(crate) forest: Forest,
    pub(crate) files: BTreeMap<PathBytes, FileRow>,
    pub(crate) nets: BTreeMap<(&'static str, String), Row>,
    pub(crate) marks: BTreeMap<(Mark, String), Row>,
    pub(crate) omitted: Omitted,
}

/// What was counted and not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Omitted {
    pub(crate) files: u64,
    pub(crate) nets: u64,
    pub(crate) marks: u64,
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
}

/// Equal acts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) times: u64,
    pub(crate) note: String,
    /// Who came first.
    pub(crate) by: ProcessId,
    pub(crate) first_seq: u64,
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

impl Summary {
    /// Reads a recording to its end. `each` sees every event on the way.
    pub fn read<R: Read>(reader: &mut LogReader<R>, mut each: impl FnMut(&Event)) -> Result<Self, ShowError> {
        let mut summary = Self {
            header: reader.header().clone(),
            counts: Counts::default(),
            ending: Ending::of(reader),
            forest: Forest::default(),
            files: BTreeMap::new(),
            nets: BTreeMap::new(),
            marks: BTreeMap::new(),
            omitted: Omitted::default(),
        };
        while let Some(event) = reader.next_event()? {
            each(&event);
            summary.push(&event);
        }
        summary.counts = reader.counts().clone();
        summary.ending = Ending::of(reader);
        Ok(summary)
    }

    /// How the recording ended.
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    fn push(&mut self, event: &Event) {
        self.forest.push(event, &Filter::default());
        let times = event.times.unwrap_or(1);
        let mark = match &event.kind {
            Kind::File(act) => return self.file(act, event.process, times),
            Kind::Content(content) => return self.content(content, event.process),
            Kind::Net(act) => return self.net(act, event, times),
            Kind::Gap(_) => Mark::Gap,
            Kind::Tamper(_) => Mark::Tamper,
            Kind::Denied(_) => Mark::Denied,
            Kind::Delegated(_) => Mark::Delegated,
            Kind::Refused(_) => Mark::Refused,
            Kind::Restrict(_) => Mark::Restrict,
            Kind::Descriptor(_) => Mark::Descriptor,
            Kind::Spawn { .. } | Kind::Exec(_) | Kind::Exit(_) => return,
        };
        let phrase = phrase(event);
        let verb = if mark == Mark::Descriptor { format!("{} ", phrase.verb) } else { String::new() };
        let key = (mark, format!("{verb}{}", phrase.object));
        if !add(&mut self.marks, key, event, times, &phrase.note) {
            self.omitted.marks = self.omitted.marks.saturating_add(times);
        }
    }

    fn file(&mut self, act: &FileAct, by: ProcessId, times: u64) {
        let failed = !act.outcome.is_effect();
        let Some(row) = self.row(&act.path, by) else { return };
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
        if !failed && act.sha256.is_some() {
            (row.sha256, row.size) = (act.sha256, act.size);
        }
        if let (Access::Rename | Access::Link, Some(to), false) = (act.access, &act.to, failed)
            && let Some(row) = self.row(to, by)
        {
            row.changed = row.changed.saturating_add(times);
        }
    }

    fn content(&mut self, content: &Content, by: ProcessId) {
        if let Some(row) = self.row(&content.path, by) {
            (row.sha256, row.size) = (content.sha256, content.size);
        }
    }

    fn row(&mut self, path: &PathBytes, by: ProcessId) -> Option<&mut FileRow> {
        if !self.files.contains_key(path) {
            if self.files.len() >= MAX_FILES {
                self.omitted.files += 1;
                return None;
            }
            self.files.insert(path.clone(), FileRow { by, ..FileRow::default() });
        }
        self.files.get_mut(path)
    }

    fn net(&mut self, act: &NetAct, event: &Event, times: u64) {
        let words = if act.outcome == Outcome::Ok { String::new() } else { note(act.outcome) };
        if !add(&mut self.nets, (act.op.name(), endpoint(act)), event, times, &words) {
            self.omitted.nets = self.omitted.nets.saturating_add(times);
        }
    }
}

/// Counts an act; false if there is no room for another row.
fn add<K: Ord>(rows: &mut BTreeMap<K, Row>, key: K, event: &Event, times: u64, note: &str) -> bool {
    if rows.len() >= MAX_ROWS && !rows.contains_key(&key) {
        return false;
    }
    let row = rows.entry(key).or_insert_with(|| Row { by: event.process, first_seq: event.seq, ..Row::default() });
    row.times = row.times.saturating_add(times);
    if !note.is_empty() && !row.note.split(", ").any(|known| known == note) && row.note.len() < 200 {
        if !row.note.is_empty() {
            row.note.push_str(", ");
        }
        row.note.push_str(note);
    }
    true
}
