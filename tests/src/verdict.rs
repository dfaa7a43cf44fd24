//! What came of a case with us, judged by the invariant.
use crate::cage::{Ended, Ran};
use crate::case::{Case, Count};
use crate::pattern;
use crate::recording::Recording;
use crate::words::Words;

/// The four columns of the table; the last must stay empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The effect is there, and so is the right event.
    Recorded,
    /// The effect is not there, and an event says why (or the recorder did not start the step at all).
    Refused,
    /// The effect is there and the recording says of itself that it is not complete, or best effort.
    Incomplete,
    /// Neither: with the reason.
    Unseen(String),
}

impl Verdict {
    /// Its name in `must` and in the table.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Refused => "refused",
            Self::Incomplete => "incomplete",
            Self::Unseen(_) => "UNSEEN",
        }
    }
}

/// Judges one run.
pub fn judge(case: &Case, effect: bool, ran: &Ran, recording: Option<&Recording>, words: &Words) -> Verdict {
    let verdict = by_invariant(case, effect, ran, recording, words);
    if matches!(verdict, Verdict::Unseen(_)) || case.must.is_empty() || case.must.iter().any(|m| m == verdict.name()) {
        return verdict;
    }
    let more = recording.map(Recording::summary).unwrap_or_default();
    Verdict::Unseen(format!(
        "{}, but must be {} ({}; {more})",
        verdict.name(),
        case.must.join(" or "),
        ran.last_words()
    ))
}

fn by_invariant(case: &Case, effect: bool, ran: &Ran, recording: Option<&Recording>, words: &Words) -> Verdict {
    if ran.ended == Ended::Timeout {
        return Verdict::Unseen("time limit".to_owned());
    }
    if ran.survivors > case.left {
        return Verdict::Unseen(format!("{} processes of the step outlived the recorder", ran.survivors));
    }
    let Some(rec) = recording else {
        return match (effect, ran.ended) {
            (false, Ended::Exit(125)) if case.fail_closed => Verdict::Refused,
            // Nothing can be attested without a recording.
            (true, Ended::Exit(125)) if case.fail_closed => Verdict::Incomplete,
            _ => Verdict::Unseen(format!("no recording; recorder {:?}: {}", ran.ended, ran.said())),
        };
    };
    if rec.trailer.is_none() {
        return Verdict::Unseen(format!("cut recording; recorder {:?}: {}", ran.ended, ran.last_words()));
    }
    if let Some(fault) = rec.faults.first() {
        return Verdict::Unseen(format!("recording contradicts itself: {fault}"));
    }
    if let Some(claim) = case.absent.iter().map(|p| words.fill_value(p)).find(|p| rec.has(p)) {
        return Verdict::Unseen(format!("false claim: {claim}"));
    }
    if effect { with_effect(case, rec, words) } else { without_effect(case, ran, rec, words) }
}

fn with_effect(case: &Case, rec: &Recording, words: &Words) -> Verdict {
    let missing = case.recorded.iter().map(|p| words.fill_value(p)).find(|p| !rec.has(p)).map(|p| p.to_string());
    let wrong = missing.or_else(|| case.count.iter().find_map(|c| miscount(c, rec, words)));
    let nothing_to_match = case.recorded.is_empty() && case.count.is_empty();
    match wrong {
        None if !nothing_to_match && rec.is_complete() => Verdict::Recorded,
        None if !nothing_to_match => Verdict::Incomplete,
        _ if !rec.is_complete() => Verdict::Incomplete,
        Some(_) if !case.count.is_empty() && rec.is_best_effort() => Verdict::Incomplete,
        Some(what) => Verdict::Unseen(format!("done, not recorded: {what} ({})", rec.summary())),
        None => Verdict::Unseen(format!("done, and must not have been ({})", rec.summary())),
    }
}

fn miscount(count: &Count, rec: &Recording, words: &Words) -> Option<String> {
    let want: u64 = count.is.parse().ok().or_else(|| words.get(&format!("out.{}", count.is))?.parse().ok())?;
    let events = words.fill_value(&count.events);
    let have = rec.count(&events);
    (have != want && !(count.at_least && have > want)).then(|| format!("{have} of {want} {events}"))
}

fn without_effect(case: &Case, ran: &Ran, rec: &Recording, words: &Words) -> Verdict {
    let said = |p: &serde_json::Value| rec.events.iter().any(|e| pattern::matches(&words.fill_value(p), e));
    if case.refused.iter().any(said) {
        return Verdict::Refused;
    }
    if case.unreachable || ran.ended == Ended::Exit(76) {
        return Verdict::Refused;
    }
    Verdict::Unseen(format!("not done, and nothing says why: {:?} {} ({})", ran.ended, ran.last_words(), rec.summary()))
}
