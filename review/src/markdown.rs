//! A verdict as Markdown (CommonMark), for a comment on a change request.
//!
//! What the step chose stands in code spans and fences that it cannot close; words are backslash-escaped, so that
//! neither becomes a link, a mention or an image.
use crate::numbers::grouped;
use sekisho_events::PathBytes;
use sekisho_profiles::{Deviation, DiffReport};
use std::fmt::Write as _;

/// Deviations that are listed; comments are limited to 65,536 characters.
const MAX_ITEMS: usize = 30;
/// Characters of one code span.
const MAX_SPAN: usize = 300;
/// Characters of one suggested rule.
const MAX_RULE: usize = 1500;

/// The verdict as Markdown.
pub fn markdown(report: &DiffReport) -> String {
    let mut out = String::new();
    let mark = if report.clean { "✅" } else { "❌" };
    let _ = writeln!(out, "### {mark} sekisho: {}\n", words(&report.headline()));
    let complete = if report.complete { "complete" } else { "**not complete**" };
    let events = grouped(report.events);
    let _ = writeln!(out, "{events} events, mode {}, recording {complete}.", report.mode.name());
    if let Some(remark) = report.remark() {
        let _ = writeln!(out, "\n**Note:** {}.", words(&remark));
    }
    if !report.deviations.is_empty() {
        out.push('\n');
    }
    for deviation in report.deviations.iter().take(MAX_ITEMS) {
        item(&mut out, deviation);
    }
    let left = report.deviations.len().saturating_sub(MAX_ITEMS) as u64 + report.omitted;
    if left > 0 {
        let _ = writeln!(out, "\n… and {} more.", grouped(left));
    }
    if !report.gaps.is_empty() {
        out.push_str("\nGaps:\n");
        for gap in report.gaps.iter().take(MAX_ITEMS) {
            let detail = span(&sekisho_events::escape(gap.detail.as_bytes()));
            let _ = writeln!(out, "- {} ×{}: {detail}", gap.why, gap.times);
        }
    }
    out
}

fn item(out: &mut String, deviation: &Deviation) {
    let times = if deviation.times > 1 { format!(" ×{}", grouped(deviation.times)) } else { String::new() };
    let _ = writeln!(out, "- **{}** {}{times}", deviation.severity.name(), span(&deviation.what));
    if let Some(actor) = &deviation.process {
        let chain: Vec<String> = actor.ancestry.iter().rev().map(PathBytes::escaped).collect();
        if !chain.is_empty() {
            let _ = writeln!(out, "  by {}", span(&chain.join(" ← ")));
        }
    }
    let _ = writeln!(out, "  {}", words(&deviation.why));
    if let Some(rule) = deviation.suggest.as_ref().filter(|rule| rule.len() <= MAX_RULE) {
        let fence = fence(rule, 3);
        let _ = writeln!(out, "  <details><summary>the smallest rule that would allow it</summary>\n\n  {fence}toml");
        for line in rule.trim_end().lines() {
            let _ = writeln!(out, "  {line}");
        }
        let _ = writeln!(out, "  {fence}\n  </details>");
    }
}

/// A code span: longer runs of backticks around than within.
fn span(text: &str) -> String {
    let text = match text.char_indices().nth(MAX_SPAN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    };
    let fence = fence(&text, 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn fence(text: &str, least: usize) -> String {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat(least.max(longest + 1))
}

/// Words with every ASCII punctuation mark escaped (CommonMark section 2.4); an `@` could mention somebody.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '@' => out.push_str("(at)"),
            ',' | ';' | '\'' => out.push(c),
            c if c.is_ascii_punctuation() => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_is_not_closed_from_within() {
        assert_eq!(span("a"), "`a`");
        assert_eq!(span("a`b"), "``a`b``");
        assert_eq!(span("``"), "``` `` ```");
        assert_eq!(fence("```", 3), "````");
    }

    #[test]
    fn words_are_no_link_mention_or_image() {
        let shown = words("see ![x](http://e.example) @team <b>");
        assert!(!shown.contains('@') && !shown.contains("](") && shown.contains("\\<b\\>"), "{shown}");
        assert!(!shown.contains("http://"));
    }
}
