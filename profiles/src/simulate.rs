//! A profile over many old recordings: what would have been denied, how often, and what nothing ever needed.
use crate::report::DiffReport;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Lines of deviations that are shown to a person.
const MAX_LINES: usize = 60;

/// One recording's part.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    name: String,
    clean: bool,
    complete: bool,
    deviations: usize,
    times: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Total {
    recordings: u64,
    times: u64,
    rule: Option<String>,
}

/// What the profile says to several recordings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulation {
    runs: Vec<Run>,
    /// By program, code and act.
    totals: BTreeMap<(String, &'static str, String), Total>,
    unused: Option<BTreeSet<String>>,
    unused_includes: Option<BTreeSet<String>>,
}

impl Simulation {
    /// Adds one recording's comparison.
    pub fn add(&mut self, name: String, report: &DiffReport) {
        for deviation in &report.deviations {
            let program = deviation.process.as_ref().map_or_else(String::new, |p| p.path.escaped());
            let total = self.totals.entry((program, deviation.code, deviation.what.clone())).or_default();
            total.recordings += 1;
            total.times += deviation.times;
            total.rule.clone_from(&deviation.rule);
        }
        narrow(&mut self.unused, &report.unused_rules);
        narrow(&mut self.unused_includes, &report.unused_includes);
        self.runs.push(Run {
            name,
            clean: report.clean,
            complete: report.complete,
            deviations: report.deviations.len(),
            times: report.deviations.iter().map(|d| d.times).sum(),
        });
    }

    /// True if every recording is clean.
    pub fn is_clean(&self) -> bool {
        self.runs.iter().all(|r| r.clean)
    }

    /// Ids of rules that no recording needed.
    pub fn unused_rules(&self) -> impl Iterator<Item = &str> {
        self.unused.iter().flatten().map(String::as_str)
    }

    /// Names of included abstractions that no recording needed.
    pub fn unused_includes(&self) -> impl Iterator<Item = &str> {
        self.unused_includes.iter().flatten().map(String::as_str)
    }

    /// The JSON form (docs/interface.md).
    pub fn to_json(&self) -> Value {
        let runs = self.runs.iter().map(|r| {
            json!({"recording": r.name, "clean": r.clean, "complete": r.complete, "deviations": r.deviations, "times": r.times})
        });
        let totals = self.totals.iter().map(|((program, code, what), t)| {
            json!({"process": program, "code": code, "what": what, "recordings": t.recordings, "times": t.times, "rule": t.rule})
        });
        json!({
            "version": 1,
            "clean": self.is_clean(),
            "recordings": runs.collect::<Value>(),
            "denied": totals.collect::<Value>(),
            "unused_rules": self.unused_rules().collect::<Vec<_>>(),
            "unused_includes": self.unused_includes().collect::<Vec<_>>(),
        })
    }

    /// The result as lines for a person.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for run in &self.runs {
            let state = match (run.clean, run.complete) {
                (true, _) => "clean".to_owned(),
                (false, false) => format!("not complete, {} deviations, {} times", run.deviations, run.times),
                (false, true) => format!("{} deviations, {} times", run.deviations, run.times),
            };
            let _ = writeln!(out, "{}: {state}", run.name);
        }
        if !self.totals.is_empty() {
            let _ = writeln!(
                out,
                "in deny mode these would have failed, in kill mode the first of them would have ended the step:"
            );
        }
        let mut totals: Vec<_> = self.totals.iter().collect();
        totals.sort_by_key(|(_, t)| std::cmp::Reverse((t.recordings, t.times)));
        for ((program, code, what), total) in totals.iter().take(MAX_LINES) {
            let by = if program.is_empty() { String::new() } else { format!("  by {program}") };
            let rule = total.rule.as_ref().map_or_else(|| "unlisted".to_owned(), |r| format!("rule {r}"));
            let (n, of) = (total.recordings, self.runs.len());
            let _ = writeln!(out, "  {n} of {of}  × {:<5} {what}{by}  [{code}, {rule}]", total.times);
        }
        if totals.len() > MAX_LINES {
            let _ = writeln!(out, "  … and {} more (--json has all)", totals.len() - MAX_LINES);
        }
        for (what, unused) in [
            ("rules", self.unused_rules().collect::<Vec<_>>()),
            ("includes", self.unused_includes().collect::<Vec<_>>()),
        ] {
            if !unused.is_empty() {
                let _ = writeln!(out, "{what} that no recording needed: {}", unused.join(", "));
            }
        }
        out
    }
}

/// Keeps what was unused until now and is so again.
fn narrow(all: &mut Option<BTreeSet<String>>, unused: &[String]) {
    let unused: BTreeSet<String> = unused.iter().cloned().collect();
    *all = Some(match all.take() {
        Some(before) => before.intersection(&unused).cloned().collect(),
        None => unused,
    });
}
