//! A report for a person: what matters most first, grouped by process, and what to do next.
use crate::deviation::{Actor, Deviation, Severity};
use crate::origin::Origin;
use crate::report::DiffReport;
use std::fmt::Write as _;

/// Lines of deviations that are shown.
const MAX_LINES: usize = 60;
/// Lines that are shown of one process.
const MAX_PER_PROCESS: usize = 12;
/// Characters of a command line that are shown.
const MAX_COMMAND: usize = 100;

/// Whom lines are about: a process, the recording as a whole, or the profile itself.
type Whom<'d> = (Option<&'d Actor>, bool);

/// What the text may refer to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// The recording as a word of a command line that is shown; empty: no commands are shown.
    pub recording: String,
    /// The profile as such a word; empty: its path.
    pub profile: String,
    /// True if colours may be used.
    pub colour: bool,
    /// True if the smallest rule for each deviation is shown.
    pub suggest: bool,
}

impl DiffReport {
    /// One line that says it all: `2 deviations from sekisho.toml (9f3c…, reviewed 2026-11-02)`.
    pub fn headline(&self) -> String {
        let digest = self.profile_sha256.map(|d| format!("{}…", &d.to_hex()[..4]));
        let origin = self.profile_origin.as_ref().and_then(Origin::remark);
        let facts: Vec<String> = digest.into_iter().chain(self.reviewed()).chain(origin).collect();
        let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
        let path = sekisho_events::escape(self.profile_path.as_bytes());
        match self.deviations.len() {
            0 => format!("clean: nothing deviates from {path}{facts}"),
            1 => format!("1 deviation from {path}{facts}"),
            n => format!("{n} deviations from {path}{facts}"),
        }
    }

    /// How far the profile was reviewed: `reviewed 2026-11-02`, `2 rules not reviewed`; nothing if it has no rules.
    pub fn reviewed(&self) -> Option<String> {
        match self.profile_unreviewed {
            0 => self.profile_reviewed_on.map(|d| format!("reviewed {d}")),
            1 => Some("1 rule not reviewed".to_owned()),
            n => Some(format!("{n} rules not reviewed")),
        }
    }

    /// The report as lines for a person. All that the step chose is escaped.
    pub fn to_text(&self, options: &TextOptions) -> String {
        let mut out = format!("{}\n", self.headline());
        out.extend(self.remark().map(|remark| format!("  {remark}\n")));
        let mut groups: Vec<(Whom<'_>, Vec<Line<'_>>)> = Vec::new();
        for deviation in &self.deviations {
            let key = (deviation.process.as_ref(), deviation.is_of_profile());
            match groups.iter_mut().find(|(whom, _)| same(*whom, key)) {
                Some((_, lines)) => merge(lines, deviation),
                None => groups.push((key, vec![Line::new(deviation)])),
            }
        }
        let lines = groups.iter().map(|(_, lines)| lines.len()).sum::<usize>();
        if lines < self.deviations.len() {
            let _ = writeln!(out, "  on {lines} lines: what a process did to one thing stands on one");
        }
        let (mut number, mut left_out) = (0, 0);
        for (whom, lines) in &groups {
            let room = MAX_PER_PROCESS.min(MAX_LINES - number);
            left_out += lines.len().saturating_sub(room);
            if room > 0 {
                group(&mut out, *whom, &lines[..room.min(lines.len())], &mut number, options);
            }
        }
        self.footer(&mut out, left_out, options);
        out
    }

    fn footer(&self, out: &mut String, left_out: usize, options: &TextOptions) {
        let recording = &options.recording;
        let path = sekisho_events::escape(self.profile_path.as_bytes());
        let profile = if options.profile.is_empty() { &path } else { &options.profile };
        if left_out > 0 || self.omitted > 0 {
            let more = left_out as u64 + self.omitted;
            let _ = writeln!(out, "\n  … and {more} more: sekisho diff --profile {profile} {recording} --format json");
        }
        for gap in self.gaps.iter().take(5) {
            let detail = sekisho_events::escape(gap.detail.as_bytes());
            let _ = writeln!(out, "  gap     {} × {}: {detail}", gap.times, gap.why);
        }
        if !self.unused_rules.is_empty() {
            let some: Vec<&str> = self.unused_rules.iter().take(8).map(String::as_str).collect();
            let dots = if self.unused_rules.len() > 8 { ", …" } else { "" };
            let _ = writeln!(out, "  unused  {} of the rules: {}{dots}", self.unused_rules.len(), some.join(", "));
        }
        if let Some(command) = self.profile_origin.as_ref().and_then(|origin| origin.command(profile)) {
            let _ = writeln!(out, "\n  look    {command}");
        }
        if self.deviations.iter().any(|d| !d.is_of_profile()) && !recording.is_empty() {
            let _ = writeln!(out, "\n  decide  sekisho review {profile} {recording}");
            let _ = writeln!(out, "  patch   sekisho profile suggest {profile} {recording}");
        }
    }
}

/// Acts of one process on one thing: `create, write $WORKSPACE/x`.
struct Line<'d> {
    first: &'d Deviation,
    verbs: Vec<&'d str>,
    target: &'d str,
    times: u64,
}

impl<'d> Line<'d> {
    fn new(first: &'d Deviation) -> Self {
        let (verb, target) = first.what.split_once(' ').unwrap_or((&first.what, ""));
        Self { first, verbs: vec![verb], target, times: first.times }
    }
}

fn same(a: Whom<'_>, b: Whom<'_>) -> bool {
    a.1 == b.1 && a.0.map(|a| (&a.path, &a.ancestry)) == b.0.map(|b| (&b.path, &b.ancestry))
}

/// Adds a deviation to the line of the same thing, if only the verb differs.
fn merge<'d>(lines: &mut Vec<Line<'d>>, deviation: &'d Deviation) {
    let new = Line::new(deviation);
    let alike = |l: &&mut Line<'_>| {
        l.first.process.is_some()
            && l.target == new.target
            && l.first.severity == deviation.severity
            && (l.first.code == "denied-rule") == (deviation.code == "denied-rule")
    };
    match lines.iter_mut().find(alike) {
        Some(line) => line.verbs.extend(new.verbs),
        None => lines.push(new),
    }
}

fn group(out: &mut String, whom: Whom<'_>, lines: &[Line<'_>], number: &mut usize, options: &TextOptions) {
    let (bold, dim, red, plain) =
        if options.colour { ("\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m") } else { ("", "", "", "") };
    match whom.0 {
        None => {
            let whole = if whom.1 { "the profile" } else { "the recording" };
            let _ = writeln!(out, "\n  {bold}{whole}{plain}");
        }
        Some(actor) if actor.path.is_empty() => {
            let _ = writeln!(out, "\n  {bold}the step's start{plain}");
        }
        Some(actor) => {
            let chain: Vec<String> =
                actor.ancestry.iter().rev().take(6).map(sekisho_events::PathBytes::escaped).collect();
            let dots = if actor.ancestry.len() > 6 { " ← …" } else { "" };
            let _ = writeln!(out, "\n  {bold}{}{plain}{dots}  {dim}{}{plain}", chain.join(" ← "), command(&actor.argv));
        }
    }
    for line in lines {
        *number += 1;
        let mark = if line.first.severity == Severity::High { red } else { "" };
        let times = if line.times > 1 { format!("  × {}", line.times) } else { String::new() };
        let verbs = line.verbs.join(", ");
        let target = if line.target.is_empty() { String::new() } else { format!(" {}", line.target) };
        let severity = line.first.severity.name();
        let _ = writeln!(out, "  {:>3}  {mark}{severity:<6}{plain} {verbs}{target}{times}", *number);
        if !line.first.argv.is_empty() {
            let _ = writeln!(out, "              {dim}{}{plain}", command(&line.first.argv));
        }
        let _ = writeln!(out, "              {dim}{}{plain}", line.first.why);
        if let (true, Some(suggest)) = (options.suggest, &line.first.suggest) {
            for text in suggest.lines() {
                let _ = writeln!(out, "              {text}");
            }
        }
    }
}

/// A command line, escaped and cut.
fn command(argv: &[sekisho_events::PathBytes]) -> String {
    let mut out = String::new();
    for word in argv {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&word.escaped());
        if out.chars().count() > MAX_COMMAND {
            return out.chars().take(MAX_COMMAND - 1).chain(['…']).collect();
        }
    }
    out
}
