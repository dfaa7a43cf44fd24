//! `sekisho review`: walks the deviations of a recording one at a time and writes the decisions into the profile.
//!
//! Invariant: nothing is decided without a person or an explicit flag, every decision carries a reason and a name, and the
//! profile is written whole or not at all.
use crate::args::ReviewArgs;
use crate::exit::{CliError, Exit, shown_output};
use crate::judging::judge;
use crate::profiled::{Loaded, today};
use crate::ui::Ui;
use crate::{files, locked, serve};
use sekisho_events::PathBytes;
use sekisho_profiles::{Alternative, DiffReport, Draft, Question, Rule, Stamp, questions};
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
    if args.serve {
        return serve::run(args, reviewer(args)?, ui);
    }
    let loaded = Loaded::read(&args.profile)?;
    let reports = args.recordings.iter().map(|r| judge(r, &loaded)).collect::<Result<Vec<DiffReport>, _>>()?;
    let questions = questions(&reports);
    let headlines: Vec<String> = reports.iter().map(DiffReport::headline).collect();
    let headline = headlines.join("\n");
    if questions.is_empty() {
        ui.note(&format!("{headline}: nothing to decide"));
        return Ok(Exit::OK);
    }
    if !args.accept_all && !std::io::stdin().is_terminal() {
        return Err(CliError::new("standard input is not a terminal: there is nobody to decide").with_hint(
            "run it in a terminal, or in a browser with --serve; or accept all with --accept-all --reason TEXT; or `sekisho profile suggest` for the patch",
        ));
    }
    let reason = args.reason.clone().unwrap_or_default();
    let stamp = Stamp { by: reviewer(args)?, on: today(), why: reason };
    let mut draft = Draft::new(loaded.profile.clone());
    let left = if args.accept_all {
        accept_all(&mut draft, &questions, &stamp)
    } else {
        walk(&mut draft, &headline, &questions, stamp, ui)?
    };
    write(&mut draft, &loaded, ui)?;
    if left > 0 {
        ui.note(&format!("{left} not allowed by the profile, or undecided"));
    }
    Ok(if left == 0 { Exit::OK } else { Exit::NOT_CLEAN })
}

/// Writes the decisions into what stands in the file by now: somebody else may have reviewed at the same time.
fn write(draft: &mut Draft, loaded: &Loaded, ui: &Ui) -> Result<(), CliError> {
    if draft.profile() == loaded.profile {
        return Ok(());
    }
    locked::alone_with(&loaded.path, || {
        let now = Loaded::read(&loaded.path)?;
        if now.sha256 != loaded.sha256 {
            ui.note(&format!("{} was changed meanwhile: the decisions are added to that", shown_output(&loaded.path)));
            draft.rebase(now.profile);
        }
        files::write(&loaded.path, draft.profile().to_toml().as_bytes())
    })?;
    ui.note(&format!("wrote {}", shown_output(&loaded.path)));
    Ok(())
}

fn reviewer(args: &ReviewArgs) -> Result<String, CliError> {
    let name = args.reviewer.clone().or_else(|| std::env::var("USER").ok()).or_else(|| std::env::var("LOGNAME").ok());
    name.filter(|n| !n.trim().is_empty()).ok_or_else(|| {
        CliError::new("it is not known who reviews: neither --reviewer nor USER is set").with_hint("--reviewer NAME")
    })
}

/// Accepts each deviation as narrowly as it can be said; returns how many cannot be accepted.
fn accept_all(draft: &mut Draft, questions: &[Question], stamp: &Stamp) -> usize {
    let mut left = 0;
    for question in questions {
        match question.offers().into_iter().next() {
            Some(Alternative { rule, .. }) => {
                draft.decide(question.key(), question.what(), rule, stamp);
            }
            None => left += question.deviations(),
        }
    }
    left
}

/// Asks about each question; returns how many deviations the profile does not allow at the end.
fn walk(
    draft: &mut Draft,
    headline: &str,
    questions: &[Question],
    mut stamp: Stamp,
    ui: &Ui,
) -> Result<usize, CliError> {
    let mut ask = Terminal;
    ask.say(&format!("{headline}\n"))?;
    let mut left = questions.iter().map(Question::deviations).sum();
    for (number, question) in questions.iter().enumerate() {
        ask.say(&describe(question, number + 1, questions.len(), ui.colour()))?;
        let (rule, allows) = match decide(&mut ask, question)? {
            Decision::Accept(rule) => (rule, true),
            Decision::Refuse(rule) => (rule, false),
            Decision::Later => continue,
            Decision::Stop => break,
        };
        if let Some(reason) = ask.reason()? {
            stamp.why = reason;
            draft.decide(question.key(), question.what(), rule, &stamp);
            left -= if allows { question.deviations() } else { 0 };
        }
    }
    Ok(left)
}

fn describe(question: &Question, number: usize, total: usize, colour: bool) -> String {
    let (bold, plain) = if colour { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let deviation = question.deviation();
    let mut out = format!("\n{bold}{number}/{total}  {}{plain}  ({})\n", question.what(), question.severity().name());
    let line = |name: &str, text: String| if text.is_empty() { String::new() } else { format!("  {name:<8} {text}\n") };
    if let Some(process) = &deviation.process {
        out.push_str(&line("by", process.path.escaped()));
        out.push_str(&line("below", question.below().join(" ← ")));
        out.push_str(&line("command", words(&process.argv)));
    }
    out.push_str(&line("runs", words(&deviation.argv)));
    out.push_str(&line("why", deviation.why.clone()));
    if deviation.times > 1 {
        out.push_str(&line("times", deviation.times.to_string()));
    }
    let events: Vec<String> =
        question.asked().flat_map(|a| &a.deviation.seq).take(5).map(ToString::to_string).collect();
    out.push_str(&line("events", events.join(", ")));
    out
}

fn words(argv: &[PathBytes]) -> String {
    let text: Vec<String> = argv.iter().map(PathBytes::escaped).collect();
    text.join(" ").chars().take(300).collect()
}

fn decide(ask: &mut Terminal, question: &Question) -> Result<Decision, CliError> {
    let offers = question.offers();
    let refusal = question.refusal();
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
