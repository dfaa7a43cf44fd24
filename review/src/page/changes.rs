//! What differs from the recording before: what is new, what is gone, which files have another content, what ended otherwise.
use super::escape::Text;
use crate::numbers::{count, grouped};
use crate::phrase::short;
use crate::summary::Summary;
use sekisho_events::Digest;
use sekisho_profiles::{ActLine, CompareReport};
use serde_json::{Value, json};
use std::io::{Result, Write};

/// Lines of each kind that the script has.
const MAX_ROWS: usize = 5_000;
/// Lines of each kind that the plain page has.
const MAX_LISTED: usize = 200;

/// For the script; `null` if there is nothing to compare with.
pub(super) fn data(summary: &Summary) -> Value {
    let Some(report) = &summary.changes else { return Value::Null };
    let acts = |list: &[ActLine]| -> Value {
        list.iter().take(MAX_ROWS).map(|l| json!({"program": l.process, "what": l.what})).collect()
    };
    let hex = |digest: &Option<Digest>| digest.map(Digest::to_hex);
    let changed = report.changed.iter().take(MAX_ROWS);
    let endings = report.endings.iter().take(MAX_ROWS);
    let kept = |n: usize| n.min(MAX_ROWS);
    let lists = [report.appeared.len(), report.vanished.len(), report.changed.len(), report.endings.len()];
    json!({
        "complete": report.complete,
        "new": acts(&report.appeared),
        "gone": acts(&report.vanished),
        "content": changed.map(|(path, a, b)| json!({"path": path, "before": hex(a), "after": hex(b)})).collect::<Value>(),
        "endings": endings.map(|(program, how, a, b)| json!({"program": program, "how": how, "before": a, "after": b})).collect::<Value>(),
        "status": [report.status.0, report.status.1],
        "omitted": lists.iter().map(|n| n - kept(*n)).sum::<usize>(),
    })
}

/// The plain page's part.
pub(super) fn write(summary: &Summary, out: &mut dyn Write) -> Result<()> {
    let Some(report) = &summary.changes else { return Ok(()) };
    writeln!(out, "<section id=\"changes\"><h2>Since the recording before<small>{}</small></h2>", sum(report))?;
    if !report.complete {
        writeln!(out, "<p class=\"warn\">One of the two is not complete: what is missing there may differ too.</p>")?;
    }
    let acts = |list: &[ActLine]| list.iter().map(act).collect::<Vec<_>>();
    list("New", &acts(&report.appeared), out)?;
    list("Gone", &acts(&report.vanished), out)?;
    let digest = |d: &Option<Digest>| d.map_or_else(|| "unknown".to_owned(), |d| short(&d));
    let changed = report.changed.iter().map(|(path, a, b)| format!("{path}: {} → {}", digest(a), digest(b)));
    list("Other content", &changed.collect::<Vec<_>>(), out)?;
    let endings = report.endings.iter().map(|(program, how, a, b)| format!("{program}, {how}: {a} → {b} times"));
    list("Other endings", &endings.collect::<Vec<_>>(), out)?;
    writeln!(out, "</section>")
}

fn sum(report: &CompareReport) -> String {
    if report.is_clean() {
        return "it does the same".to_owned();
    }
    let [new, gone, content] =
        [&report.appeared.len(), &report.vanished.len(), &report.changed.len()].map(|n| grouped(*n as u64));
    format!("{new} new, {gone} gone, {content} with other content")
}

fn act(line: &ActLine) -> String {
    if line.process.is_empty() { line.what.clone() } else { format!("{}, by {}", line.what, line.process) }
}

fn list(title: &str, lines: &[String], out: &mut dyn Write) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h3>{title}<small>{}</small></h3><ul class=\"plain\">", grouped(lines.len() as u64))?;
    for line in lines.iter().take(MAX_LISTED) {
        writeln!(out, "<li class=\"path\">{}</li>", Text(line))?;
    }
    writeln!(out, "</ul>")?;
    match lines.len().saturating_sub(MAX_LISTED) as u64 {
        0 => Ok(()),
        more => writeln!(out, "<p class=\"warn\">{} too many for this list.</p>", count(more, "more is", "more are")),
    }
}
