//! What is reviewed, and what was decided: all that the server knows, without any of HTTP.
use super::reading::Reading;
use crate::exit::{CliError, shown};
use crate::profiled::{Loaded, today};
use crate::{files, locked};
use sekisho_events::{Digest, PathBytes, escape};
use sekisho_profiles::{ChangedLine, Draft, Meaning, Profile, Question, Stamp, questions};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Characters of a command line.
const MAX_COMMAND: usize = 600;

/// Why something was not done.
#[derive(Debug, PartialEq, Eq)]
pub enum Problem {
    /// The request makes no sense here.
    Wrong(String),
    /// Something has changed since the one who asks looked; the second time it is seen.
    Changed(String),
    /// The system, or what stands in the file, does not let it.
    Failed(String),
}

impl From<CliError> for Problem {
    fn from(error: CliError) -> Self {
        Self::Failed(match error.hint() {
            Some(hint) => format!("{error}; hint: {hint}"),
            None => error.to_string(),
        })
    }
}

/// How a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// By the offer with this number, the narrowest being 0.
    Accept(usize),
    /// By forbidding it.
    Refuse,
}

/// A profile under review, with the recordings that it is judged by.
pub struct Desk {
    profile: Loaded,
    readings: Vec<Reading>,
    questions: Vec<Question>,
    draft: Draft,
    reviewer: String,
    revision: u64,
    /// What the decisions change, as the page shows it.
    change: Value,
}

impl Desk {
    /// Reads the profile and all recordings.
    pub fn open(profile: &Path, recordings: &[PathBuf], reviewer: String) -> Result<Self, CliError> {
        let profile = Loaded::read(profile)?;
        let readings = recordings.iter().map(|r| Reading::of(r, &profile, 1)).collect::<Result<Vec<_>, _>>()?;
        let draft = Draft::new(profile.profile.clone());
        let mut desk =
            Self { profile, readings, questions: Vec::new(), draft, reviewer, revision: 0, change: Value::Null };
        desk.renew();
        Ok(desk)
    }

    /// Rises with whatever the page shows.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Deviations that the profile in the file does not allow.
    pub fn left(&self) -> usize {
        self.questions.iter().map(Question::deviations).sum()
    }

    /// Rules that were decided and not saved, as TOML.
    pub fn unsaved(&self) -> Vec<String> {
        self.draft.decisions().iter().map(|d| d.rule.to_toml()).collect()
    }

    /// What the script of a recording's page shows.
    pub fn data(&self, recording: usize) -> Option<Vec<u8>> {
        self.readings.get(recording).map(|r| r.data.clone())
    }

    /// Answers a question.
    pub fn decide(&mut self, key: &str, choice: Choice, reason: &str) -> Result<(), Problem> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Problem::Wrong("a reason is needed: the next reviewer will ask".to_owned()));
        }
        let gone = || Problem::Changed("this question is not open any more".to_owned());
        let question = self.questions.iter().find(|q| q.key() == key).ok_or_else(gone)?;
        let rule = match choice {
            Choice::Accept(number) => question.offers().into_iter().nth(number).map(|o| o.rule),
            Choice::Refuse => question.refusal(),
        };
        let rule = rule.ok_or_else(|| Problem::Wrong("no rule can say that".to_owned()))?;
        let stamp = Stamp { by: self.reviewer.clone(), on: today(), why: reason.to_owned() };
        self.draft.decide(key, question.what(), rule, &stamp);
        self.renew_change();
        Ok(())
    }

    /// Takes a decision back.
    pub fn undo(&mut self, id: u64) -> Result<(), Problem> {
        if !self.draft.undo(id) {
            return Err(Problem::Changed("this decision was taken back, or saved, already".to_owned()));
        }
        self.renew_change();
        Ok(())
    }

    /// Writes what was decided, if the one who asks has seen all of it, and if nobody else has written meanwhile: then the
    /// decisions are put on what they wrote, to be looked at and saved again.
    pub fn save(&mut self, seen: u64) -> Result<(), Problem> {
        if seen != self.revision {
            return Err(Problem::Changed("something was decided in another window: look at it, then save".to_owned()));
        }
        if self.draft.decisions().is_empty() {
            return Err(Problem::Wrong("nothing is decided: there is nothing to save".to_owned()));
        }
        let text = self.draft.profile().to_toml();
        Profile::parse(&text).map_err(|e| Problem::Failed(format!("the profile would not be readable: {e}")))?;
        let (path, read) = (&self.profile.path, self.profile.sha256);
        let other = locked::alone_with(path, || {
            let now = Loaded::read(path)?;
            if now.sha256 != read {
                return Ok(Some(now));
            }
            files::write(path, text.as_bytes())?;
            Ok(None)
        })?;
        if let Some(now) = other {
            self.draft.rebase(now.profile.clone());
            self.profile = now;
            self.judge_again()?;
            return Err(Problem::Changed(format!(
                "{} was changed by somebody else: nothing is lost, the decisions now stand on what they wrote; look at the change, then save again",
                shown(&self.profile.path)
            )));
        }
        self.draft.written();
        self.profile.profile = self.draft.base().clone();
        self.profile.sha256 = Digest::of(text.as_bytes());
        self.judge_again()?;
        Ok(())
    }

    /// The recordings that have grown: what to read, and under which profile, without holding the desk.
    pub fn grown(&self) -> Vec<(usize, PathBuf, u64)> {
        let all = self.readings.iter().enumerate().filter(|(_, r)| r.has_grown());
        all.map(|(at, r)| (at, r.path.clone(), r.version + 1)).collect()
    }

    /// The profile in the file.
    pub fn profile(&self) -> Loaded {
        self.profile.clone()
    }

    /// Takes a new reading of a recording, unless the profile that it was judged by is not that of the file any more.
    pub fn take(&mut self, at: usize, reading: Reading) {
        let same = reading.report.profile_sha256 == Some(self.profile.sha256);
        if let (true, Some(place)) = (same, self.readings.get_mut(at)) {
            *place = reading;
            self.renew();
        }
    }

    fn judge_again(&mut self) -> Result<(), CliError> {
        for reading in &mut self.readings {
            *reading = Reading::of(&reading.path, &self.profile, reading.version + 1)?;
        }
        self.renew();
        Ok(())
    }

    fn renew(&mut self) {
        self.questions = questions(self.readings.iter().map(|r| &r.report));
        self.renew_change();
    }

    fn renew_change(&mut self) {
        self.revision += 1;
        let after = self.draft.profile();
        let meaning = match Meaning::compare(self.draft.base(), &after, today()) {
            _ if self.draft.decisions().is_empty() => String::new(),
            Ok(meaning) => meaning.to_text(),
            Err(error) => error.to_string(),
        };
        let lines = self.draft.changes();
        let line = |l: &ChangedLine| json!([l.sign.to_string(), escape(l.text.as_bytes())]);
        self.change = json!({"meaning": meaning, "lines": lines.iter().map(line).collect::<Value>()});
    }

    /// All that the page shows beside the recordings' own data. Every text is escaped for one line, but for rules.
    pub fn state(&self) -> Value {
        let recordings = self.readings.iter().map(|r| {
            json!({"name": r.name(), "clean": r.report.clean, "headline": r.report.headline(), "deviations": r.report.deviations.len(),
                "open": r.is_open, "version": r.version})
        });
        let decisions = self.draft.decisions().iter().map(|d| {
            json!({"id": d.id, "question": d.question, "what": d.what, "refused": d.rule.deny, "says": sekisho_profiles::says(&d.rule),
                "why": escape(d.rule.why.as_deref().unwrap_or_default().as_bytes())})
        });
        json!({
            "version": 1,
            "revision": self.revision,
            "profile": {"path": shown(&self.profile.path), "sha256": self.profile.sha256.to_hex(), "rules": self.profile.profile.own_rules().count()},
            "reviewer": escape(self.reviewer.as_bytes()),
            "recordings": recordings.collect::<Value>(),
            "questions": self.questions.iter().map(question).collect::<Value>(),
            "decisions": decisions.collect::<Value>(),
            "change": self.change,
        })
    }
}

fn question(question: &Question) -> Value {
    let deviation = question.deviation();
    let process = deviation.process.as_ref();
    let command = |argv: &[PathBytes]| {
        let words: Vec<String> = argv.iter().map(PathBytes::escaped).collect();
        words.join(" ").chars().take(MAX_COMMAND).collect::<String>()
    };
    let offers = question.offers();
    let seen = question.asked().map(|a| json!({"recording": a.recording, "item": a.item, "times": a.deviation.times}));
    json!({
        "key": question.key(),
        "what": question.what(),
        "severity": question.severity().name(),
        "code": deviation.code,
        "why": deviation.why,
        "program": process.map(|p| p.path.escaped()),
        "below": question.below(),
        "command": process.map(|p| command(&p.argv)),
        "runs": command(&deviation.argv),
        "seen": seen.collect::<Value>(),
        "offers": offers.iter().map(|o| json!({"says": o.says, "toml": o.rule.to_toml()})).collect::<Value>(),
        "refusal": question.refusal().map(|r| r.to_toml()),
    })
}
