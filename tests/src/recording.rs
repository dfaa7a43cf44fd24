//! A recording, as `sekisho show --format jsonl` tells it.
use crate::pattern;
use crate::places;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::Command;

/// A recording that could be read.
#[derive(Debug, Default)]
pub struct Recording {
    /// The `header` line.
    pub header: Value,
    /// All events; each also has `by`, the program of its process, and `parent_by`, that of its creator.
    pub events: Vec<Value>,
    /// The `trailer` line; absent if the recording was cut.
    pub trailer: Option<Value>,
    /// What is wrong with it in itself; empty if nothing is.
    pub faults: Vec<String>,
}

impl Recording {
    /// Reads one. `None` if there is none, or nothing of it can be read.
    pub fn load(path: &Path) -> Option<Self> {
        let out = Command::new(places::sekisho()).arg("show").arg(path).args(["--format", "jsonl"]).output().ok()?;
        Self::parse(&out.stdout)
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut rec = Self::default();
        for line in text.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
            let value: Value = match serde_json::from_slice(line) {
                Ok(value) => value,
                Err(e) => {
                    rec.faults.push(format!("a line is not JSON: {e}"));
                    continue;
                }
            };
            match value["kind"].as_str() {
                Some("header") => rec.header = value,
                Some("trailer") => rec.trailer = Some(value),
                Some(_) => rec.events.push(value),
                None => rec.faults.push("a line has no kind".to_owned()),
            }
        }
        if rec.header.is_null() {
            return None;
        }
        rec.check_order();
        rec.name_programs();
        Some(rec)
    }

    /// Sequence numbers rise; process numbers are never given twice; nobody acts before it was spawned or after its end.
    fn check_order(&mut self) {
        let (mut last, mut born, mut dead) = (None, HashSet::new(), HashSet::new());
        for e in &self.events {
            let (seq, process) = (e["seq"].as_u64(), e["process"].as_u64());
            if seq.is_none() || seq <= last {
                self.faults.push(format!("seq {seq:?} after {last:?}"));
            }
            last = seq;
            if e["kind"] == "spawn" && !born.insert(process) {
                self.faults.push(format!("process {process:?} was spawned twice"));
            }
            if e["kind"] == "exit" {
                dead.insert(process);
            } else if dead.contains(&process) && !matches!(e["kind"].as_str(), Some("content" | "gap" | "descriptor")) {
                self.faults.push(format!("process {process:?} acts after its end (seq {seq:?})"));
            }
            if !born.contains(&process) && !matches!(e["kind"].as_str(), Some("gap" | "content" | "descriptor")) {
                self.faults.push(format!("process {process:?} was never spawned (seq {seq:?})"));
            }
        }
        self.faults.truncate(5);
    }

    fn name_programs(&mut self) {
        let mut program: HashMap<u64, String> = HashMap::new();
        let mut parent: HashMap<u64, u64> = HashMap::new();
        for e in &mut self.events {
            let process = e["process"].as_u64().unwrap_or(0);
            if e["kind"] == "spawn" {
                let creator = e["parent"].as_u64().unwrap_or(0);
                parent.insert(process, creator);
                let inherited = program.get(&creator).cloned().unwrap_or_default();
                program.insert(process, inherited);
            } else if e["kind"] == "exec" && pattern::done(e) {
                program.insert(process, e["path"].as_str().unwrap_or("").to_owned());
            }
            let by = program.get(&process).cloned().unwrap_or_default();
            let parent_by = parent.get(&process).and_then(|p| program.get(p)).cloned().unwrap_or_default();
            e["by"] = Value::String(by);
            e["parent_by"] = Value::String(parent_by);
        }
    }

    /// Whether some event contains the pattern.
    pub fn has(&self, pattern: &Value) -> bool {
        self.events.iter().any(|e| pattern::matches(pattern, e))
    }

    /// How many acts contain the pattern; an event with `times` stands for so many.
    pub fn count(&self, pattern: &Value) -> u64 {
        let times = |e: &Value| e["times"].as_u64().unwrap_or(1);
        self.events.iter().filter(|e| pattern::matches(pattern, e)).map(times).sum()
    }

    /// Whether it says of itself that nothing was missed.
    pub fn is_complete(&self) -> bool {
        self.trailer.as_ref().is_some_and(|t| t["complete"] == true)
    }

    /// Whether it says that names were best effort: the trailer, or the act itself.
    pub fn is_best_effort(&self) -> bool {
        self.trailer.as_ref().is_some_and(|t| t["toctou"] == "best-effort")
            || self.events.iter().any(|e| e["racy"] == true)
    }

    /// Kinds, and what of them may say why something was not recorded, for messages.
    pub fn summary(&self) -> String {
        let telling = |e: &&Value| matches!(e["kind"].as_str(), Some("refused" | "tamper" | "gap" | "denied"));
        let said: Vec<String> = self.events.iter().filter(telling).take(4).map(Value::to_string).collect();
        format!("{} events; {}", self.events.len(), said.join(" "))
    }
}
