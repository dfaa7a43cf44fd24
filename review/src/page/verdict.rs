//! The verdict, and what deviates: the first thing on a page that was given a profile.
use super::escape::Text;
use crate::claim::Ending;
use crate::numbers::{count, grouped};
use crate::phrase::{command_line, escape as escaped};
use crate::summary::Summary;
use sekisho_events::{Digest, PathBytes};
use sekisho_profiles::{Actor, Deviation, DiffReport, Origin};
use serde_json::{Value, json};
use std::io::{Result, Write};

/// More deviations than this are counted, not shown.
const MAX_CARDS: usize = 500;
/// Those behind this many are folded away.
const OPEN_CARDS: usize = 30;
/// Characters of a command line.
const MAX_COMMAND: usize = 240;
/// The same where the script shows it.
const MAX_WORDS: usize = 4000;
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
    let reviewed = report.reviewed().map_or_else(String::new, |how_far| format!(", {how_far}"));
    let origin = report.profile_origin.as_ref().and_then(Origin::words);
    let origin = origin.map_or_else(String::new, |words| format!(", {}", Text(&words)));
    writeln!(
        out,
        "<section class=\"verdict {class}\"><strong>{title}</strong><p>{} events against <code>{}</code>{digest}{reviewed}{origin}; \
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

/// The verdict for the script of the page, each deviation with what happened just before it.
pub(super) fn data(summary: &Summary, report: &DiffReport) -> Value {
    let gaps =
        report.gaps.iter().map(|gap| json!({"why": gap.why, "detail": escaped(&gap.detail), "times": gap.times}));
    let unused = report.unused_rules.iter().map(|rule| escaped(rule));
    json!({
        "clean": report.clean,
        "complete": report.complete,
        "profile": escaped(&report.profile_path),
        "sha256": report.profile_sha256.map(Digest::to_hex),
        "reviewed": report.profile_reviewed_on.map(|day| day.to_string()),
        "origin": report.profile_origin.as_ref().and_then(Origin::words),
        "mode": report.mode.name(),
        "events": report.events,
        "allowed": report.allowed,
        "omitted": report.omitted,
        "deviations": report.deviations.iter().map(|d| deviation(summary, d)).collect::<Vec<_>>(),
        "unused": unused.collect::<Vec<_>>(),
        "gaps": gaps.collect::<Vec<_>>(),
    })
}

fn deviation(summary: &Summary, deviation: &Deviation) -> Value {
    let moments = deviation.seq.first().map_or(&[][..], |seq| summary.evidence.of(*seq));
    let evidence = moments.iter().map(|m| {
        json!({"seq": m.seq, "at": m.at_us, "by": super::data::leader(summary, m.process), "verb": m.phrase.verb,
            "object": m.phrase.object, "note": m.phrase.note, "times": m.times})
    });
    let words = |argv: &[PathBytes]| crate::phrase::cut(command_line(argv), MAX_WORDS);
    let actor = deviation.process.as_ref();
    json!({
        "code": deviation.code,
        "what": deviation.what,
        "severity": deviation.severity.name(),
        "why": deviation.why,
        "suggest": deviation.suggest,
        "rule": deviation.rule.as_deref().map(escaped),
        "times": deviation.times,
        "seq": deviation.seq,
        "argv": words(&deviation.argv),
        "by": moments.last().map(|m| super::data::leader(summary, m.process)),
        "program": actor.map(|a| a.path.escaped()),
        "command": actor.map(|a| words(&a.argv)),
        "ancestry": actor.map(|a| a.ancestry.iter().map(PathBytes::escaped).collect::<Vec<_>>()),
        "evidence": evidence.collect::<Vec<_>>(),
    })
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
    let chain: Vec<String> = actor.ancestry.iter().rev().map(PathBytes::escaped).collect();
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
