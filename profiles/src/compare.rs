//! A recording against another: what is new, what is gone, what has other content, what ended otherwise. Process
//! numbers, times and temporary names do not count.
use crate::deviation::what;
use crate::learn::open_path;
use crate::need::{Need, Target, needs};
use crate::process::Processes;
use crate::vars::Vars;
use sekisho_events::{ContentWhen, Digest, Event, ExitHow, Header, Kind, ProcessId, Trailer};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

/// Distinct acts that are kept of one recording; more make it incomplete for a comparison.
const MAX_ACTS: usize = 1 << 20;
/// Lines of each kind that are shown to a person.
const MAX_LINES: usize = 40;

/// What one recording did, without what differs from run to run.
pub struct Outline {
    vars: Vars,
    processes: Processes,
    /// By program and code: what was done.
    acts: BTreeSet<(String, &'static str, String)>,
    contents: BTreeMap<String, Option<Digest>>,
    /// How often each program ended how.
    endings: BTreeMap<(String, String), u64>,
    threads: HashMap<ProcessId, bool>,
    complete: bool,
    overflow: bool,
    status: Option<i32>,
}

impl Outline {
    /// Begins an outline.
    pub fn new(header: &Header) -> Self {
        Self {
            vars: Vars::from_header(header),
            processes: Processes::default(),
            acts: BTreeSet::new(),
            contents: BTreeMap::new(),
            endings: BTreeMap::new(),
            threads: HashMap::new(),
            complete: false,
            overflow: false,
            status: None,
        }
    }

    /// Takes the next event.
    pub fn push(&mut self, event: &Event) {
        let kind = if let Kind::Denied(denied) = &event.kind { &*denied.would } else { &event.kind };
        let denied = matches!(event.kind, Kind::Denied(_));
        let program = self.program(event.process);
        needs(kind, &mut |need| {
            let code = if denied { "denied-rule" } else { need.act.code() };
            let act = (program.clone(), code, self.line(&need));
            if self.acts.len() < MAX_ACTS {
                self.acts.insert(act);
            } else {
                self.overflow |= !self.acts.contains(&act);
            }
        });
        match &event.kind {
            Kind::Spawn { thread: true, .. } => {
                self.threads.insert(event.process, true);
            }
            Kind::Content(content) if content.when == ContentWhen::Final && self.contents.len() < MAX_ACTS => {
                self.contents.insert(open_path(content.path.as_bytes(), &self.vars), content.sha256);
            }
            Kind::Exit(exit) if self.threads.remove(&event.process).is_none() => {
                let how = match exit.how {
                    ExitHow::Status(status) => format!("status {status}"),
                    ExitHow::Signal(signal) => format!("signal {signal}"),
                };
                *self.endings.entry((program, how)).or_default() += 1;
            }
            _ => {}
        }
        self.processes.observe(event);
    }

    fn program(&self, process: ProcessId) -> String {
        self.processes.image(process).map_or_else(String::new, |i| open_path(i.path.as_bytes(), &self.vars))
    }

    fn line(&self, need: &Need<'_>) -> String {
        match &need.target {
            Target::Path(path) => format!("{} {}", need.act.key(), open_path(path, &self.vars)),
            _ => what(need, &self.vars),
        }
    }

    /// Ends it. Without trailer the recording was cut.
    pub fn end(&mut self, trailer: Option<&Trailer>) {
        self.complete = trailer.is_some_and(|t| t.complete) && !self.overflow;
        self.status = trailer.map(|t| t.status);
    }
}

/// One act that only one of the recordings has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActLine {
    /// Program, with random parts of its name left open; empty before the first one.
    pub process: String,
    /// Stable code, as of a deviation.
    pub code: &'static str,
    /// What, in one escaped line.
    pub what: String,
}

/// What differs between two recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompareReport {
    /// True if nothing was missed in either.
    pub complete: bool,
    /// Acts of the second only.
    pub appeared: Vec<ActLine>,
    /// Acts of the first only.
    pub vanished: Vec<ActLine>,
    /// Files whose last content differs: path, digest before, digest after.
    pub changed: Vec<(String, Option<Digest>, Option<Digest>)>,
    /// Programs that end more or less often in one way: program, way, times before, times after.
    pub endings: Vec<(String, String, u64, u64)>,
    /// Status of the step before and after.
    pub status: (Option<i32>, Option<i32>),
}

impl CompareReport {
    /// Compares two outlines that have ended.
    pub fn new(before: &Outline, after: &Outline) -> Self {
        let lines = |a: &Outline, b: &Outline| {
            let only = a.acts.difference(&b.acts).cloned();
            only.map(|(process, code, what)| ActLine { process, code, what }).collect()
        };
        let both = before.contents.iter().filter_map(|(path, a)| Some((path, a, after.contents.get(path)?)));
        let ways: BTreeSet<_> = before.endings.keys().chain(after.endings.keys()).collect();
        let times = |outline: &Outline, way| outline.endings.get(way).copied().unwrap_or(0);
        Self {
            complete: before.complete && after.complete,
            appeared: lines(after, before),
            vanished: lines(before, after),
            changed: both.filter(|(_, a, b)| a != b).map(|(p, a, b)| (p.clone(), *a, *b)).collect(),
            endings: ways
                .into_iter()
                .map(|way| (way.0.clone(), way.1.clone(), times(before, way), times(after, way)))
                .filter(|(_, _, a, b)| (*a == 0) != (*b == 0))
                .collect(),
            status: (before.status, after.status),
        }
    }

    /// True if nothing differs and nothing was missed.
    pub fn is_clean(&self) -> bool {
        self.complete
            && self.appeared.is_empty()
            && self.vanished.is_empty()
            && self.changed.is_empty()
            && self.endings.is_empty()
            && self.status.0 == self.status.1
    }

    /// The JSON form (docs/interface.md).
    pub fn to_json(&self) -> Value {
        let acts = |list: &[ActLine]| -> Value {
            list.iter().map(|l| json!({"code": l.code, "process": l.process, "what": l.what})).collect()
        };
        let hex = |d: &Option<Digest>| d.map(Digest::to_hex);
        let changed = self.changed.iter().map(|(p, a, b)| json!({"path": p, "before": hex(a), "after": hex(b)}));
        let endings = self
            .endings
            .iter()
            .map(|(program, how, a, b)| json!({"process": program, "how": how, "before": a, "after": b}));
        json!({
            "version": 1,
            "clean": self.is_clean(),
            "complete": self.complete,
            "counts": {"appeared": self.appeared.len(), "vanished": self.vanished.len(),
                       "changed": self.changed.len(), "endings": self.endings.len()},
            "appeared": acts(&self.appeared),
            "vanished": acts(&self.vanished),
            "changed": changed.collect::<Value>(),
            "endings": endings.collect::<Value>(),
            "status": {"before": self.status.0, "after": self.status.1},
        })
    }

    /// The report as lines for a person.
    pub fn to_text(&self, colour: bool) -> String {
        if self.is_clean() {
            return "the recordings do the same\n".to_owned();
        }
        let mut out = String::new();
        if !self.complete {
            out.push_str("one of the recordings is not complete: what is missing there may differ too\n");
        }
        if self.status.0 != self.status.1 {
            let show = |s: Option<i32>| s.map_or_else(|| "none".to_owned(), |s| s.to_string());
            let _ = writeln!(out, "status of the step: {} before, {} after", show(self.status.0), show(self.status.1));
        }
        acts_text(&mut out, "new", '+', &self.appeared, colour);
        acts_text(&mut out, "gone", '-', &self.vanished, colour);
        let changed = self.changed.iter().map(|(path, a, b)| {
            let short = |d: &Option<Digest>| d.map_or_else(|| "unknown".to_owned(), |d| d.to_hex()[..12].to_owned());
            format!("~ {path}  {} → {}", short(a), short(b))
        });
        section(&mut out, "other content", changed.collect());
        let endings = self.endings.iter().map(|(program, how, a, b)| format!("~ {program}  {how}: {a} → {b} times"));
        section(&mut out, "other endings", endings.collect());
        out
    }
}

fn acts_text(out: &mut String, title: &str, mark: char, lines: &[ActLine], colour: bool) {
    let (on, off) = match (colour, mark) {
        (true, '+') => ("\x1b[32m", "\x1b[0m"),
        (true, _) => ("\x1b[31m", "\x1b[0m"),
        _ => ("", ""),
    };
    let one = |l: &ActLine| {
        let by = if l.process.is_empty() { String::new() } else { format!("  by {}", l.process) };
        format!("{on}{mark}{off} {}{by}", l.what)
    };
    section(out, title, lines.iter().map(one).collect());
}

fn section(out: &mut String, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "{title}: {}", lines.len());
    let more = lines.len().saturating_sub(MAX_LINES);
    for line in lines.into_iter().take(MAX_LINES) {
        let _ = writeln!(out, "  {line}");
    }
    if more > 0 {
        let _ = writeln!(out, "  … and {more} more (--format json has all)");
    }
}
