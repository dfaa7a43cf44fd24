//! A case: one way to act unseen, and what must come of it. Read from `tests/cases/*.toml`.
use crate::cage::User;
use crate::places;
use serde::Deserialize;
use serde_json::Value;

/// One file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

/// One case. Words may hold `{dir}`, `{home}`, `{tmp}`, `{tcp}`, `{udp}`, `{unix}`, `{dgram}`, `{abstract}`, `{tracees}`, `{uid}`;
/// patterns also `{out.NAME}` (a line `NAME VALUE` that the tracee printed) and `{sha:FILE}` (what is in a file at the end).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Number in the catalogue, with a suffix where an item has several forms.
    pub id: String,
    /// One line.
    pub title: String,
    /// The step. A first word without `/` that is a tracee is that; others are found in the search path.
    pub run: Vec<String>,
    /// The step without us, where it has to be started otherwise to prove itself.
    pub alone: Option<Vec<String>>,
    /// A program before the recorder: what an earlier step, or the runner, left behind.
    #[serde(default)]
    pub launcher: Vec<String>,
    /// Processes that the launcher leaves for good: they are not the step's.
    #[serde(default)]
    pub left: u32,
    /// Without us, a stand-in is the parent in the recorder's place.
    #[serde(default)]
    pub standin: bool,
    /// Who runs it: `root`, `user`; both if empty.
    #[serde(default)]
    pub users: Vec<String>,
    /// Further options of the cage.
    #[serde(default)]
    pub cage: Vec<String>,
    /// Further options of `sekisho record`.
    #[serde(default)]
    pub record: Vec<String>,
    /// Shell text run in the work directory beforehand, outside everything.
    pub prepare: Option<String>,
    /// How it shows that the act was done.
    #[serde(default)]
    pub effect: Effect,
    /// With the effect, each of these must match an event.
    #[serde(default)]
    pub recorded: Vec<Value>,
    /// Without the effect, one of these must match an event.
    #[serde(default)]
    pub refused: Vec<Value>,
    /// None of these may match an event.
    #[serde(default)]
    pub absent: Vec<Value>,
    /// Numbers of events that must be what the step itself counted.
    #[serde(default)]
    pub count: Vec<Count>,
    /// Verdicts that do; all but unseen if empty.
    #[serde(default)]
    pub must: Vec<String>,
    /// The effect may be absent without an event: what it aims at is not to be reached at all.
    #[serde(default)]
    pub unreachable: bool,
    /// The recorder may say that it cannot work here, and not start the step at all (status 125).
    #[serde(default)]
    pub fail_closed: bool,
}

/// How it shows, without asking the recorder, that an act was done. All that are given must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// The step ended with this status. 0 if nothing else is given.
    pub exit: Option<i32>,
    /// The parent of the step ended by this signal.
    pub signal: Option<i32>,
    /// This file is in the work directory.
    pub file: Option<String>,
    /// A file there, and a text that it holds.
    pub content: Option<(String, String)>,
    /// Standard output holds this.
    pub output: Option<String>,
    /// A server outside received this.
    pub server: Option<String>,
}

/// How many events there must be of one kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Which.
    pub events: Value,
    /// A number, or the name of a variable that the step printed.
    pub is: String,
    /// True if there may be more: acts whose result nobody saw are recorded as done.
    #[serde(default)]
    pub at_least: bool,
}

impl Case {
    /// Whether this user is to run it.
    pub fn is_for(&self, user: User) -> bool {
        self.users.is_empty() || self.users.iter().any(|u| u == user.name())
    }
}

/// The cases of one section, by file name without ending.
///
/// # Panics
/// If the file is not as described here.
pub fn section(name: &str) -> Vec<Case> {
    let path = places::root().join("tests/cases").join(format!("{name}.toml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file: File = toml_edit::de::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    file.case
}
