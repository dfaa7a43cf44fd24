//! `sekisho review`: walks the deviations of a recording one at a time and writes the decisions into the profile.
//!
//! Invariant: nothing is decided without a person or an explicit flag, every decision carries a reason and a name, and the
//! profile is written whole or not at all.
use crate::args::ReviewArgs;
use crate::exit::{CliError, Exit, shown_output};
use crate::files;
use crate::judging::judge;
use crate::profiled::{Loaded, today};
use crate::ui::Ui;
use sekisho_events::PathBytes;
use sekisho_profiles::{Alternative, Date, Deviation, DiffReport, Profile, Rule, alternatives, forbid};
use std::io::{BufRead, IsTerminal as _, Write as _};

/// What a person decided about one deviation.
enum Decision {
    /// Allow it by this rule.
    Accept(Rule),
    /// Forbid it by this rule.
    Refuse(Rule),
    /// Nothing yet.
    Later,
    /// Nothing for this one, and for all behind it.
    Stop,
}

/// Runs the command.
pub fn run(args: &ReviewArgs, ui: &Ui) -> Result<Exit, CliError> {
    let loaded = Loaded::read(&args.profile)?;
    let report = judge(&args.recording, &loaded)?;
    if report.deviations.is_empty() {
        ui.note(&format!("{}: nothing to decide", report.headline()));
        return Ok(Exit::OK);
    }
    if !args.accept_all && !std::io::stdin().is_terminal() {
        return Err(CliError::new("standard input is not a terminal: there is nobody to decide").with_hint(
            "run it in a terminal; or accept all with --accept-all --reason TEXT; or `sekisho profile suggest` for the patch",
        ));
    }
    let stamp = Stamp { by: reviewer(args)?, on: today() };
    let mut profile = loaded.profile.clone();
    let left = if args.accept_all {
        accept_all(&mut profile, &report, args.reason.as_deref().unwrap_or_default(), &stamp)
    } else {
        walk(&mut profile, &report, &stamp, ui)?
    };
    if profile != loaded.profile {
        files::write(&args.profile, profile.to_toml().as_bytes())?;
        ui.note(&format!("wrote {}", shown_output(&args.profile)));
    }
    if left > 0 {
        ui.note(&format!("{left} not allowed by the profile, or undecided"));
    }
    Ok(if left == 0 { Exit::OK } else { Exit::NOT_CLEAN })
}

/// Who decides, and when.
struct Stamp {
    by: String,
    on: Option<Date>,
}

impl Stamp {
    fn put(&self, rule: &mut Rule, reason: &str) {
        rule.why = Some(reason.to_owned());
        rule.reviewed_by = Some(self.by.clone());
        rule.reviewed_on = self.on;
    }
}

fn reviewer(args: &ReviewArgs) -> Result<String, CliError> {
    let name = args.reviewer.clone().or_else(|| std::env::var("USER").ok()).or_else(|| std::env::var("LOGNAME").ok());
    name.filter(|n| !n.trim().is_empty()).ok_or_else(|| {
        CliError::new("it is not known who reviews: neither --reviewer nor USER is set").with_hint("--reviewer NAME")
    })
}

/// Accepts each deviation as narrowly as it can be said; returns how many cannot be accepted.
fn accept_all(profile: &mut Profile, report: &DiffReport, reason: &str, stamp: &Stamp) -> usize {
    let mut left = 0;
    for deviation in &report.deviations {
        match alternatives(deviation).into_iter().next() {
            Some(Alternative { mut rule, .. }) => {
                stamp.put(&mut rule, reason);
                add(profile, rule);
            }
            None => left += 1,
        }
    }
    left
}

/// Adds a rule, or its patterns to one of the same name, reason and reviewer.
fn add(profile: &mut Profile, rule: Rule) {
    let same = |r: &&mut Rule| {
        r.is_own()
            && r.process == rule.process
            && r.ancestor == rule.ancestor
            && r.deny == rule.deny
            && r.why == rule.why
            && (&r.reviewed_by, r.reviewed_on) == (&rule.reviewed_by, rule.reviewed_on)
            && (r.expires, r.required) == (rule.expires, rule.required)
            && (&r.sha256, r.errno) == (&rule.sha256, rule.errno)
    };
    match profile.rules.iter_mut().find(same) {
        Some(old) => {
            for (act, list) in &rule.acts {
                for item in list {
                    old.add(*act, &item.text);
                }
            }
            profile.normalise();
        }
        None => profile.insert(rule),
    }
}

/// Asks about each question; returns how many deviations the profile does not allow at the end.
fn walk(profile: &mut Profile, report: &DiffReport, stamp: &Stamp, ui: &Ui) -> Result<usize, CliError> {
    let mut ask = Terminal;
    ask.say(&format!("{}\n", report.headline()))?;
    let questions = questions(report);
    let mut left = report.deviations.len();
    for (number, question) in questions.iter().enumerate() {
        ask.say(&describe(question, number + 1, questions.len(), ui.colour()))?;
        match decide(&mut ask, question)? {
            Decision::Accept(mut rule) => {
                if let Some(reason) = ask.reason()? {
                    stamp.put(&mut rule, &reason);
                    add(profile, rule);
                    left -= question.len();
                }
            }
            Decision::Refuse(mut rule) => {
                if let Some(reason) = ask.reason()? {
                    stamp.put(&mut rule, &reason);
                    add(profile, rule);
                }
            }
            Decision::Later => {}
            Decision::Stop => break,
        }
    }
    Ok(left)
}

/// Deviations that one answer decides: what one program did to one file, such as making it and writing to it.
fn questions(report: &DiffReport) -> Vec<Vec<&Deviation>> {
    let mut all: Vec<Vec<&Deviation>> = Vec::new();
    for deviation in &report.deviations {
        let alike = |q: &&mut Vec<&Deviation>| {
            let first = q[0];
            let files = [first, deviation].iter().all(|d| d.code.starts_with("file-") && d.code != "file-read");
            let path = |d: &Deviation| d.process.as_ref().map(|p| p.path.clone());
            files && path(first) == path(deviation) && target(first) == target(deviation)
        };
        match all.iter_mut().find(alike) {
            Some(question) => question.push(deviation),
            None => all.push(vec![deviation]),
        }
    }
    all
}

/// What stands behind the verb of a deviation.
fn target(deviation: &Deviation) -> &str {
    deviation.what.split_once(' ').map_or("", |(_, target)| target)
}

fn describe(question: &[&Deviation], number: usize, total: usize, colour: bool) -> String {
    let (bold, plain) = if colour { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let deviation = question[0];
    let verbs: Vec<&str> = question.iter().map(|d| d.what.split(' ').next().unwrap_or("")).collect();
    let what = match question {
        [one] => one.what.clone(),
        _ => format!("{} {}", verbs.join(", "), target(deviation)),
    };
    let mut out = format!("\n{bold}{number}/{total}  {what}{plain}  ({})\n", deviation.severity.name());
    let line = |name: &str, text: String| if text.is_empty() { String::new() } else { format!("  {name:<8} {text}\n") };
    if let Some(process) = &deviation.process {
        let chain: Vec<String> = process.ancestry.iter().rev().map(PathBytes::escaped).collect();
        out.push_str(&line("by", process.path.escaped()));
        out.push_str(&line("below", chain.iter().skip(1).cloned().collect::<Vec<_>>().join(" ← ")));
        out.push_str(&line("command", words(&process.argv)));
    }
    out.push_str(&line("runs", words(&deviation.argv)));
    out.push_str(&line("why", deviation.why.clone()));
    if deviation.times > 1 {
        out.push_str(&line("times", deviation.times.to_string()));
    }
    let events: Vec<String> = question.iter().flat_map(|d| &d.seq).take(5).map(ToString::to_string).collect();
    out.push_str(&line("events", events.join(", ")));
    out
}

/// Ways to allow all of a question, narrow first: those of its first deviation that the others have too.
fn offers(question: &[&Deviation]) -> Vec<Alternative> {
    let patterns = |rule: &Rule| rule.acts.values().flatten().map(|i| i.text.clone()).collect::<Vec<_>>();
    let mut found = alternatives(question[0]);
    for deviation in &question[1..] {
        let theirs = alternatives(deviation);
        found.retain_mut(|offer| {
            let same = |a: &&Alternative| {
                a.rule.process == offer.rule.process
                    && patterns(&a.rule).iter().all(|p| patterns(&offer.rule).contains(p))
            };
            let Some(other) = theirs.iter().find(same) else { return false };
            for (act, list) in &other.rule.acts {
                for item in list {
                    offer.rule.add(*act, &item.text);
                }
            }
            offer.says = sekisho_profiles::says(&offer.rule);
            true
        });
    }
    found
}

/// The rule that forbids all of a question.
fn refusal(question: &[&Deviation]) -> Option<Rule> {
    let mut rules = question.iter().filter_map(|d| forbid(d));
    let mut first = rules.next()?;
    for rule in rules {
        for (act, list) in &rule.acts {
            for item in list {
                first.add(*act, &item.text);
            }
        }
    }
    Some(first)
}

fn words(argv: &[PathBytes]) -> String {
    let text: Vec<String> = argv.iter().map(PathBytes::escaped).collect();
    text.join(" ").chars().take(300).collect()
}

fn decide(ask: &mut Terminal, question: &[&Deviation]) -> Result<Decision, CliError> {
    let offers = offers(question);
    let refusal = refusal(question);
    for (number, offer) in offers.iter().enumerate() {
        ask.say(&format!("  [{}] accept: {}\n", number + 1, offer.says))?;
    }
    if offers.is_empty() {
        ask.say("  no rule can allow this\n")?;
    }
    if refusal.is_some() {
        ask.say("  [r] refuse: forbid it from now on\n")?;
    }
    ask.say("  [l] later    [q] stop here\n")?;
    loop {
        let Some(answer) = ask.line("> ")? else { return Ok(Decision::Stop) };
        match answer.trim() {
            "r" => {
                if let Some(rule) = refusal {
                    return Ok(Decision::Refuse(rule));
                }
            }
            "l" | "" => return Ok(Decision::Later),
            "q" => return Ok(Decision::Stop),
            number => {
                let chosen = number.parse::<usize>().ok().and_then(|n| offers.get(n.checked_sub(1)?));
                if let Some(offer) = chosen {
                    return Ok(Decision::Accept(offer.rule.clone()));
                }
            }
        }
        ask.say("  a number, r, l or q\n")?;
    }
}

/// The person at the terminal: asked on standard error, so that standard output stays free.
struct Terminal;

impl Terminal {
    fn say(&mut self, text: &str) -> Result<(), CliError> {
        let mut out = std::io::stderr().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| CliError::file("write", "-", e))
    }

    /// One line; `None` at the end of input.
    fn line(&mut self, prompt: &str) -> Result<Option<String>, CliError> {
        self.say(prompt)?;
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line).map_err(|e| CliError::file("read", "-", e))?;
        Ok((read > 0).then_some(line))
    }

    /// A reason, which must be given; `None` at the end of input.
    fn reason(&mut self) -> Result<Option<String>, CliError> {
        loop {
            let Some(text) = self.line("  reason: ")? else { return Ok(None) };
            let text = text.trim();
            if !text.is_empty() {
                return Ok(Some(text.to_owned()));
            }
            self.say("  a reason is needed: the next reviewer will ask\n")?;
        }
    }
}
