//! What a comparison found: the value, its JSON form, and its text.
use crate::date::Date;
use crate::deviation::{Actor, Deviation};
use crate::origin::Origin;
use base64::Engine as _;
use sekisho_events::{Digest, Mode, PathBytes, json::put_bytes};
use serde_json::{Map, Value, json};

/// Equal gaps of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapLine {
    /// Stable name of the reason.
    pub why: &'static str,
    /// What is known about it.
    pub detail: String,
    /// How many there are.
    pub times: u64,
}

/// What a comparison found. Nothing in it depends on clock, process numbers or hash order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffReport {
    /// True if nothing deviates and nothing was missed.
    pub clean: bool,
    /// True if nothing was missed.
    pub complete: bool,
    /// How the profile is called.
    pub profile_path: String,
    /// Digest of its text.
    pub profile_sha256: Option<Digest>,
    /// Where that text stands in version control, if it stands in a repository.
    pub profile_origin: Option<Origin>,
    /// Day of the latest review of a rule of its own.
    pub profile_reviewed_on: Option<Date>,
    /// How many rules of its own allow something and are not required: what [`DiffReport::unused_rules`] is counted of.
    pub profile_rules: usize,
    /// How many of its own rules were never reviewed.
    pub profile_unreviewed: usize,
    /// The mode that was in force.
    pub mode: Mode,
    /// Number of events, repeated ones as often as they happened.
    pub events: u64,
    /// How many of them do not deviate.
    pub allowed: u64,
    /// What deviates, what matters most first.
    pub deviations: Vec<Deviation>,
    /// Events whose deviations are not listed, because there are too many distinct ones.
    pub omitted: u64,
    /// Ids of rules that nothing needed.
    pub unused_rules: Vec<String>,
    /// Names of shipped abstractions that it includes and of whose own rules nothing needed any.
    pub unused_includes: Vec<String>,
    /// What was missed.
    pub gaps: Vec<GapLine>,
}

impl DiffReport {
    /// True if the recording is probably not of what the profile was made for: of many deviations, and a quarter of all
    /// that was done at the least, while of its own rules hardly one was needed. Nothing is decided by it.
    pub fn is_probably_foreign(&self) -> bool {
        let used = self.profile_rules.saturating_sub(self.unused_rules.len());
        let deviating = self.events.saturating_sub(self.allowed);
        self.profile_rules >= 3
            && used * 4 <= self.profile_rules
            && self.deviations.len() >= 10
            && deviating >= self.events / 4
    }

    /// That in one line.
    pub fn remark(&self) -> Option<String> {
        let used = self.profile_rules.saturating_sub(self.unused_rules.len());
        let percent = (self.events - self.allowed.min(self.events)) * 100 / self.events.max(1);
        self.is_probably_foreign().then(|| {
            format!(
                "this is probably a recording of another project, or of another step: {used} of the profile's own {} rules \
                 came to use, and {percent} % of all events deviate",
                self.profile_rules
            )
        })
    }

    /// The JSON form (docs/interface.md).
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        map.insert("version".into(), 1.into());
        map.insert("clean".into(), self.clean.into());
        map.insert("complete".into(), self.complete.into());
        let digest = self.profile_sha256.map(Digest::to_hex);
        let mut profile = json!({"path": self.profile_path, "sha256": digest});
        if let Some(origin) = &self.profile_origin {
            profile["origin"] = origin.to_json();
        }
        map.insert("profile".into(), profile);
        map.insert("mode".into(), self.mode.name().into());
        if self.is_probably_foreign() {
            map.insert("probably_foreign".into(), true.into());
        }
        let counts = json!({"events": self.events, "allowed": self.allowed, "deviations": self.deviations.len()});
        map.insert("counts".into(), counts);
        map.insert("deviations".into(), self.deviations.iter().map(deviation).collect());
        if self.omitted > 0 {
            map.insert("omitted".into(), self.omitted.into());
        }
        map.insert("unused_rules".into(), self.unused_rules.clone().into());
        let gaps = self.gaps.iter().map(|g| json!({"why": g.why, "detail": g.detail, "times": g.times}));
        map.insert("gaps".into(), gaps.collect());
        Value::Object(map)
    }
}

fn deviation(deviation: &Deviation) -> Value {
    let mut map = Map::new();
    map.insert("code".into(), deviation.code.into());
    if let Some(actor) = &deviation.process {
        map.insert("process".into(), process(actor));
    }
    map.insert("what".into(), deviation.what.clone().into());
    if !deviation.argv.is_empty() {
        put_list(&mut map, "argv", &deviation.argv);
    }
    map.insert("seq".into(), deviation.seq.clone().into());
    map.insert("times".into(), deviation.times.into());
    map.insert("severity".into(), deviation.severity.name().into());
    map.insert("why".into(), deviation.why.clone().into());
    if let Some(suggest) = &deviation.suggest {
        map.insert("suggest".into(), suggest.clone().into());
    }
    if let Some(rule) = &deviation.rule {
        map.insert("rule".into(), rule.clone().into());
    }
    if let Some(delegated) = &deviation.delegated {
        map.insert("delegated".into(), delegated.clone().into());
    }
    Value::Object(map)
}

fn process(actor: &Actor) -> Value {
    let mut map = Map::new();
    put_bytes(&mut map, "path", actor.path.as_bytes());
    put_list(&mut map, "argv", &actor.argv);
    put_list(&mut map, "ancestry", &actor.ancestry);
    Value::Object(map)
}

/// A list of byte strings as text, or as a whole under `NAME_b64` if one is not UTF-8.
fn put_list(map: &mut Map<String, Value>, name: &str, list: &[PathBytes]) {
    if let Some(texts) = list.iter().map(PathBytes::as_str).collect::<Option<Vec<_>>>() {
        map.insert(name.into(), texts.into());
        return;
    }
    let encoded = list.iter().map(|item| base64::engine::general_purpose::STANDARD.encode(item.as_bytes()));
    map.insert(format!("{name}_b64"), encoded.collect());
}
