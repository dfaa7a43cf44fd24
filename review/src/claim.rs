//! What a recording asserts, in plain words, and what it does not.
use crate::numbers::{count, duration};
use crate::phrase::escape;
use sekisho_events::{Counts, Header, Kind, LogReader, Toctou, Trailer, Truncation};

/// How a recording ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a trailer.
    Whole(Trailer),
    /// Without one.
    Cut(Truncation),
}

impl Ending {
    /// How a recording that was read to its end has ended; one that was not is cut where the reader stands.
    pub fn of<R: std::io::Read>(reader: &LogReader<R>) -> Self {
        match (reader.trailer(), reader.truncated()) {
            (Some(trailer), _) => Self::Whole(trailer.clone()),
            (None, Some(cut)) => Self::Cut(*cut),
            (None, None) => Self::Cut(Truncation { events: reader.counts().0.iter().sum(), block: 0, offset: 0 }),
        }
    }

    /// True if nothing was missed.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Whole(trailer) if trailer.complete)
    }
}

/// The assertion of one recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// One line: complete or not, counts, time.
    pub summary: String,
    /// What is asserted.
    pub asserts: String,
    /// What is not.
    pub not: Vec<String>,
}

impl Claim {
    /// The claim of a recording that was read to its end.
    pub fn new(header: &Header, counts: &Counts, ending: &Ending) -> Self {
        Self { summary: summary(header, counts, ending), asserts: asserts(header, counts, ending), not: not(header) }
    }
}

fn summary(header: &Header, counts: &Counts, ending: &Ending) -> String {
    let of = |name: &str| Kind::NAMES.iter().position(|n| *n == name).map_or(0, |at| counts.0[at]);
    let mut parts = vec![
        count(of("spawn"), "process or thread", "processes and threads"),
        count(of("file"), "file act", "file acts"),
        count(of("net"), "network act", "network acts"),
    ];
    match ending {
        Ending::Whole(trailer) => {
            parts.push(if trailer.complete { "complete".to_owned() } else { "NOT complete".to_owned() });
            parts.push(format!("engine {}", escape(&header.engine)));
            parts.push(duration(trailer.duration_us));
            parts.push(format!("status {}", trailer.status));
        }
        Ending::Cut(cut) => {
            parts.push(format!("TRUNCATED behind event {} (block {}, byte {})", cut.events, cut.block, cut.offset));
            parts.push(format!("engine {}", escape(&header.engine)));
        }
    }
    parts.join(" · ")
}

fn asserts(header: &Header, counts: &Counts, ending: &Ending) -> String {
    let trailer = match ending {
        Ending::Whole(trailer) if trailer.complete => trailer,
        Ending::Whole(trailer) => {
            return format!(
                "Something was or may have been missed ({}, {}): of what is not listed, nothing is asserted.",
                count(trailer.gaps, "gap", "gaps"),
                count(trailer.lost, "lost event", "lost events"),
            );
        }
        Ending::Cut(_) => {
            return "The recording is cut: of what is not listed, nothing is asserted.".to_owned();
        }
    };
    let delegations = count(counts.0[10], "delegation", "delegations");
    let names = match trailer.toctou {
        Toctou::Verified => "names are as resolved by the kernel",
        Toctou::BestEffort => "names are as resolved by the kernel, but for those marked as raceable",
    };
    format!(
        "On Linux {} ({}), every process created from the step was traced from creation to exit; every call of the \
         classes {} was recorded before it took effect, or refused and recorded; {names}; {delegations} to processes \
         outside the step {} observed and listed; nothing was dropped.",
        escape(&header.kernel),
        escape(&header.arch),
        listed(&header.coverage.recorded),
        if counts.0[10] == 1 { "was" } else { "were" },
    )
}

fn not(header: &Header) -> Vec<String> {
    let mut not: Vec<String> = header.coverage.not_asserted.iter().map(|text| escape(text)).collect();
    for always in [
        "that no malicious code ran",
        "that no data left through an allowed endpoint",
        "which code ran inside an interpreter or a just-in-time compiler",
    ] {
        if !not.iter().any(|said| said == always) {
            not.push(always.to_owned());
        }
    }
    if header.uid == 0 {
        not.push("anything against a step that used its root rights to go around the kernel's own checks".to_owned());
    }
    not
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "(none)".to_owned();
    }
    names.iter().map(|name| escape(name)).collect::<Vec<_>>().join(", ")
}
