//! The verdict, and what deviates: the first thing on a page that was given a profile.
use super::escape::Text;
use crate::claim::Ending;
use crate::numbers::{count, grouped};
use crate::phrase::{command_line, escape as escaped};
use crate::summary::Summary;
use sekisho_profiles::{Actor, Deviation, DiffReport};
use std::io::{Result, Write};

/// More deviations than this are counted, not shown.
const MAX_CARDS: usize = 500;
/// Those behind this many are folded away.
const OPEN_CARDS: usize = 30;
/// Characters of a command line.
const MAX_COMMAND: usize = 240;
/// Event numbers that are shown of one deviation.
const MAX_SEQ: usize = 6;

/// The first thing on the page.
pub(super) fn banner(summary: &Summary, verdict: Option<&DiffReport>, out: &mut dyn Write) -> Result<()> {
    match verdict {
        None => not_judged(summary, out),
        Some(report) => judged(report, out),
    }
}

fn judged(report: &DiffReport, out: &mut dyn Write) -> Result<()> {
    let class = if report.clean { "ok" } else { "bad" };
    let title = match report.deviations.len() as u64 {
        0 if report.clean => "Clean".to_owned(),
        0 => "Not clean".to_owned(),
        number => count(number, "deviation", "deviations"),
    };
    let digest =
        report.profile_sha256.map_or_else(String::new, |d| format!(" <code>{}</code>", crate::phrase::short(&d)));
    let reviewed = report.profile_reviewed_on.map_or_else(String::new, |day| format!(", reviewed {day}"));
    writeln!(
        out,
        "<section class=\"verdict {class}\"><strong>{title}</strong><p>{} events against <code>{}</code>{digest}{reviewed}; \
         mode {}; the recording is {}.</p></section>",
        grouped(report.events),
        Text(&escaped(&report.profile_path)),
        report.mode.name(),
        if report.complete { "complete" } else { "<b>not complete</b>, and so never clean" },
    )
}

/// Without a profile there is no verdict, but a recording that is not whole is said to be so at once.
fn not_judged(summary: &Summary, out: &mut dyn Write) -> Result<()> {
    let (class, title, words) = match &summary.ending {
        Ending::Whole(trailer) if trailer.complete => (
            "ok",
            "Complete",
            "No profile was given: nothing was judged. <code>sekisho profile new</code> makes one to review."
                .to_owned(),
        ),
        Ending::Whole(trailer) => (
            "warn",
            "Not complete",
            format!("{}: something was or may have been missed.", count(trailer.gaps, "gap", "gaps")),
        ),
        Ending::Cut(cut) => {
            ("bad", "Truncated", format!("The recording ends behind event {}, without a trailer.", grouped(cut.events)))
        }
    };
    writeln!(out, "<section class=\"verdict {class}\"><strong>{title}</strong><p>{words}</p></section>")
}

/// What deviates, and which rules nothing needed.
pub(super) fn deviations(report: &DiffReport, out: &mut dyn Write) -> Result<()> {
    if !report.deviations.is_empty() {
        writeln!(out, "<section id=\"deviations\"><h2>Deviations<small>what matters most first</small></h2>")?;
        for (at, deviation) in report.deviations.iter().take(MAX_CARDS).enumerate() {
            if at == OPEN_CARDS {
                let more = report.deviations.len().min(MAX_CARDS) - OPEN_CARDS;
                writeln!(out, "<details><summary>{more} more</summary>")?;
            }
            card(deviation, out)?;
        }
        if report.deviations.len() > OPEN_CARDS {
            writeln!(out, "</details>")?;
        }
        let left = report.deviations.len().saturating_sub(MAX_CARDS) as u64 + report.omitted;
        if left > 0 {
            writeln!(out, "<p class=\"warn\">{} more are too many for this page.</p>", grouped(left))?;
        }
        writeln!(out, "</section>")?;
    }
    if report.unused_rules.is_empty() {
        return Ok(());
    }
    let number = count(report.unused_rules.len() as u64, "rule that", "rules that");
    writeln!(out, "<details><summary>{number} nothing needed in this run</summary><p class=\"path\">")?;
    for rule in &report.unused_rules {
        writeln!(out, "{}<br>", Text(&escaped(rule)))?;
    }
    writeln!(out, "</p></details>")
}

fn card(deviation: &Deviation, out: &mut dyn Write) -> Result<()> {
    let severity = deviation.severity.name();
    let tint = match severity {
        "high" => "bad",
        "medium" => "warn",
        _ => "dim",
    };
    let times =
        if deviation.times > 1 { format!(" <small>×{}</small>", grouped(deviation.times)) } else { String::new() };
    writeln!(
        out,
        "<article class=\"{severity}\"><h3><span class=\"tag {tint}\">{severity}</span><code>{}</code>{times}</h3>",
        Text(&deviation.what)
    )?;
    if let Some(actor) = &deviation.process {
        by(actor, out)?;
    }
    if !deviation.argv.is_empty() {
        writeln!(
            out,
            "<p class=\"dim\">as <code>{}</code></p>",
            Text(&crate::phrase::cut(command_line(&deviation.argv), MAX_COMMAND))
        )?;
    }
    let seq: Vec<String> = deviation.seq.iter().take(MAX_SEQ).map(u64::to_string).collect();
    let seq = if seq.is_empty() { String::new() } else { format!(" · event {}", seq.join(", ")) };
    writeln!(out, "<p>{} <span class=\"dim\">· {}{seq}</span></p>", Text(&deviation.why), deviation.code)?;
    if let Some(suggest) = &deviation.suggest {
        writeln!(
            out,
            "<details><summary>the smallest rule that would allow it</summary><pre>{}</pre></details>",
            Text(suggest.trim_end())
        )?;
    }
    writeln!(out, "</article>")
}

/// `by curl ← sh ← make`, and what it was started with.
fn by(actor: &Actor, out: &mut dyn Write) -> Result<()> {
    let chain: Vec<String> = actor.ancestry.iter().rev().map(sekisho_events::PathBytes::escaped).collect();
    if chain.is_empty() {
        return writeln!(out, "<p class=\"dim\">at the step's start</p>");
    }
    writeln!(
        out,
        "<p>by <code title=\"{}\">{}</code> <span class=\"dim path\">{}</span></p>",
        Text(&actor.path.escaped()),
        Text(&chain.join(" ← ")),
        Text(&crate::phrase::cut(command_line(&actor.argv), MAX_COMMAND))
    )
}
