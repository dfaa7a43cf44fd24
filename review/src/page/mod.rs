//! One self-contained page: readable as it stands, and made easier to look at by the script that it brings along.
//!
//! Nothing is fetched, and a policy lets nothing in but this script and this style, by their digests. Where scripts do not
//! run, and on paper, the plain page is what is seen.

mod changes;
mod data;
mod escape;
mod files;
mod processes;
mod tables;
mod verdict;

use crate::claim::{Claim, Ending};
use crate::numbers::{duration, grouped};
use crate::phrase::{command_line, cut, escape as escaped, short};
use crate::summary::Summary;
use base64::Engine as _;
use escape::Text;
use sekisho_events::{Digest, Kind};
use sekisho_profiles::DiffReport;
use std::io::{Result, Write};

/// Style of the plain page, then of what the script shows.
const STYLE: &str = concat!(include_str!("style.css"), include_str!("assets/page.css"));
/// Made of `web/` by `scripts/web`; a test compares.
const SCRIPT: &str = include_str!("assets/page.js");
const NAV: &str = "<nav><a href=\"#marks\">To look at</a> <a href=\"#processes\">Processes</a> <a href=\"#network\">Network</a> \
                   <a href=\"#written\">Written</a> <a href=\"#read\">Read</a> <a href=\"#coverage\">Coverage</a></nav>";
/// Characters of the command that are shown.
const MAX_COMMAND: usize = 600;
/// A gate: two posts, two beams.
const GATE: &str = "<svg width=\"20\" height=\"18\" viewBox=\"0 0 20 18\" aria-hidden=\"true\"><path fill=\"currentColor\" \
                    d=\"M0 1q10 3 20 0v3q-2 .6-3 .7V18h-3v-7H6v7H3V4.700Q2 4.600 0 4zm6 4v3h8V5q-4 .5-8 0z\"/></svg>";

/// Writes the page of a recording; a verdict stands first.
pub fn page(summary: &Summary, verdict: Option<&DiffReport>, out: &mut dyn Write) -> Result<()> {
    head(summary, out)?;
    // In front of the plain page, which the browser then need not lay out.
    script(summary, verdict, out)?;
    plain_head(summary, out)?;
    verdict::banner(summary, verdict, out)?;
    facts(summary, out)?;
    writeln!(out, "{NAV}")?;
    if let Some(report) = verdict {
        verdict::deviations(report, out)?;
    }
    changes::write(summary, out)?;
    tables::marks(summary, out)?;
    processes::write(summary, out)?;
    tables::nets(summary, out)?;
    files::write(summary, out)?;
    claim(summary, out)?;
    foot(summary, out)
}

/// Writes the page without data: its script asks the server that it came from for them.
pub fn served_page(out: &mut dyn Write) -> Result<()> {
    write!(out, "<!DOCTYPE html>\n<html lang=\"en\" data-served=\"yes\">\n")?;
    top("sekisho: review", "; connect-src 'self'", out)?;
    write!(
        out,
        "<div id=\"page\"></div>\n<main id=\"plain\"><header class=\"top\"><h1>{GATE} sekisho</h1></header>\n\
         <p id=\"said\" role=\"status\">A review needs scripts; <code>sekisho review</code> asks in a terminal, and \
         <code>sekisho report</code> writes a page that is readable without any.</p></main>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

/// Writes the data that a served page asks for, as they stand in a page of their own.
pub fn page_data(summary: &Summary, verdict: Option<&DiffReport>, out: &mut dyn Write) -> Result<()> {
    data::write(summary, verdict, out)
}

/// The data, which is text to a browser, and the script that shows it.
fn script(summary: &Summary, verdict: Option<&DiffReport>, out: &mut dyn Write) -> Result<()> {
    write!(out, "<script type=\"text/plain\" id=\"data\">")?;
    data::write(summary, verdict, out)?;
    writeln!(out, "</script>\n<script>{SCRIPT}</script>")
}

/// A source of a Content-Security-Policy (CSP Level 3, 2.3.1): just this text.
fn source(text: &str) -> String {
    let digest = base64::engine::general_purpose::STANDARD.encode(Digest::of(text.as_bytes()).as_bytes());
    format!("'sha256-{digest}'")
}

/// The head of a document; `more` goes into its policy.
fn top(title: &str, more: &str, out: &mut dyn Write) -> Result<()> {
    let (style, script) = (source(STYLE), source(SCRIPT));
    write!(
        out,
        "<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {script}; \
         style-src {style}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'{more}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        Text(title)
    )
}

fn head(summary: &Summary, out: &mut dyn Write) -> Result<()> {
    let command = cut(command_line(&summary.header.command), MAX_COMMAND);
    write!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n")?;
    top(&format!("sekisho: {command}"), "", out)?;
    writeln!(out, "<div id=\"page\"></div>")
}

fn plain_head(summary: &Summary, out: &mut dyn Write) -> Result<()> {
    let header = &summary.header;
    let command = cut(command_line(&header.command), MAX_COMMAND);
    writeln!(out, "<main id=\"plain\">")?;
    write!(out, "<header class=\"top\"><h1>{GATE} sekisho</h1><code class=\"command\">{}</code>", Text(&command))?;
    writeln!(
        out,
        "<p class=\"dim\">in <code>{}</code>{}, Linux {} {}</p></header>",
        Text(&header.cwd.escaped()),
        header.step.as_ref().map_or_else(String::new, |s| format!(", step {}", Text(&escaped(s)))),
        Text(&escaped(&header.kernel)),
        Text(&escaped(&header.arch))
    )
}

fn facts(summary: &Summary, out: &mut dyn Write) -> Result<()> {
    let of = |name: &str| Kind::NAMES.iter().position(|n| *n == name).map_or(0, |at| summary.counts.0[at]);
    writeln!(out, "<dl class=\"facts\">")?;
    let mut fact = |name: &str, value: &str| writeln!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", Text(value));
    fact("Processes", &grouped(summary.forest.len() as u64 + summary.forest.omitted))?;
    fact("Programs run", &grouped(summary.forest.programs()))?;
    fact("File acts", &grouped(of("file")))?;
    fact("Network acts", &grouped(of("net")))?;
    if let Ending::Whole(trailer) = &summary.ending {
        fact("Time", &duration(trailer.duration_us))?;
        fact("Status", &trailer.status.to_string())?;
    }
    fact("Level", summary.header.level.name())?;
    fact("Mode", &escaped(&summary.header.mode))?;
    fact("Engine", &escaped(&summary.header.engine))?;
    writeln!(out, "</dl>")
}

fn claim(summary: &Summary, out: &mut dyn Write) -> Result<()> {
    let claim = Claim::new(&summary.header, &summary.counts, &summary.ending);
    writeln!(out, "<section id=\"coverage\"><h2>What this recording asserts</h2><p>{}</p>", Text(&claim.asserts))?;
    writeln!(out, "<h3>It does not assert</h3><ul class=\"plain\">")?;
    for item in &claim.not {
        writeln!(out, "<li>{}</li>", Text(item))?;
    }
    writeln!(out, "</ul><h3>Calls that it refuses outright</h3><ul class=\"plain columns\">")?;
    for call in &summary.header.coverage.refused {
        writeln!(out, "<li class=\"path\">{}</li>", Text(&escaped(call)))?;
    }
    writeln!(out, "</ul></section>")
}

fn foot(summary: &Summary, out: &mut dyn Write) -> Result<()> {
    let root = match &summary.ending {
        Ending::Whole(trailer) => format!("root <code>{}</code>", trailer.root),
        Ending::Cut(_) => "no root: truncated".to_owned(),
    };
    let profile = summary
        .header
        .profile_sha256
        .map_or_else(String::new, |d| format!(" · profile in force <code>{}</code>", short(&d)));
    writeln!(
        out,
        "<footer><p>{} · recording format {} · {root}{profile}</p><p>Every event: <code>sekisho show --format jsonl</code></p>\
         </footer>\n</main>\n</body>\n</html>",
        Text(&escaped(&summary.header.tool)),
        summary.header.version
    )
}
