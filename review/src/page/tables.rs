//! Acts to look at, and the network.
use super::escape::Text;
use crate::numbers::{count, grouped};
use crate::summary::{Mark, Summary};
use sekisho_events::ProcessId;
use std::io::{Result, Write};

pub(super) fn marks(summary: &Summary, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "<section id=\"marks\"><h2>To look at</h2>")?;
    if summary.marks.keys().all(|(mark, _)| *mark == Mark::Descriptor) {
        writeln!(out, "<p>No gap, nothing denied, refused, delegated or aimed at another process.</p>")?;
    }
    let mut last = None;
    for ((mark, what), row) in &summary.marks {
        if last != Some(*mark) {
            if last.is_some() {
                writeln!(out, "</table>")?;
            }
            let (title, words) = words(*mark);
            writeln!(out, "<h3>{title}<small>{words}</small></h3><table class=\"marks\">")?;
            last = Some(*mark);
        }
        writeln!(
            out,
            "<tr><td class=\"path\">{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td>\
             <td class=\"n dim\">event {}</td></tr>",
            Text(what),
            Text(&row.note),
            Text(&who(summary, row.by)),
            times(row.times),
            row.first_seq
        )?;
    }
    if last.is_some() {
        writeln!(out, "</table>")?;
    }
    if summary.omitted.marks > 0 {
        let omitted = count(summary.omitted.marks, "act", "acts");
        writeln!(out, "<p class=\"warn\">{omitted} more are too many for this page.</p>")?;
    }
    writeln!(out, "</section>")
}

fn words(mark: Mark) -> (&'static str, &'static str) {
    match mark {
        Mark::Gap => ("Gaps", "something was or may have been missed; such a recording is never clean"),
        Mark::Tamper => ("Tampering", "aimed at the recorder, or at memory, descriptors or limits of another process"),
        Mark::Denied => ("Denied", "a rule kept it from happening"),
        Mark::Delegated => ("Delegated", "somebody outside the step was asked to act; what they did is not seen here"),
        Mark::Refused => ("Refused", "the kernel was not asked, because it would have acted where nobody sees it"),
        Mark::Restrict => ("Restrictions", "the step limited itself, or changed its view of the system"),
        Mark::Descriptor => ("Descriptors", "files and sockets that came without an open of the step's own"),
    }
}

pub(super) fn nets(summary: &Summary, out: &mut dyn Write) -> Result<()> {
    let number = grouped(summary.nets.len() as u64);
    writeln!(out, "<section id=\"network\"><h2>Network<small>{number} distinct</small></h2>")?;
    if summary.nets.is_empty() {
        return writeln!(out, "<p>None.</p></section>");
    }
    writeln!(
        out,
        "<table><tr><th>act</th><th>endpoint</th><th>outcome</th><th>first by</th><th class=\"n\">times</th>\
         <th class=\"n\">first event</th></tr>"
    )?;
    for ((op, endpoint), row) in &summary.nets {
        writeln!(
            out,
            "<tr><td>{op}</td><td class=\"path\">{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td>\
             <td class=\"n dim\">{}</td></tr>",
            Text(endpoint),
            Text(&row.note),
            Text(&who(summary, row.by)),
            grouped(row.times),
            row.first_seq
        )?;
    }
    writeln!(out, "</table>")?;
    if summary.omitted.nets > 0 {
        let omitted = count(summary.omitted.nets, "act", "acts");
        writeln!(out, "<p class=\"warn\">{omitted} more are too many for this page.</p>")?;
    }
    writeln!(out, "</section>")
}

/// `7 curl`.
pub(super) fn who(summary: &Summary, id: ProcessId) -> String {
    match summary.forest.node(id) {
        Some(node) => format!("{} {}", summary.forest.leader(id).0, node.short_name()),
        None if id.0 == 0 => String::new(),
        None => id.0.to_string(),
    }
}

fn times(number: u64) -> String {
    if number == 1 { String::new() } else { format!("×{}", grouped(number)) }
}
