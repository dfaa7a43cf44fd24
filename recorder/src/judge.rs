//! Who decides, while the step runs, what it may do. The rules live elsewhere; this is only the question.
use sekisho_events::{Event, Kind, ProcessId};

/// What is to become of an act that has not happened yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It may happen.
    Allow,
    /// It fails with `errno` (positive) before it has any effect.
    Deny {
        /// Id of the rule, or `default`.
        rule: String,
        /// What the step gets.
        errno: i32,
    },
    /// The whole step dies before it has any effect.
    Kill {
        /// Id of the rule, or `default`.
        rule: String,
    },
}

/// Decides about acts before they happen. Called on the tracing thread: it must not block.
pub trait Judge: Send {
    /// Hears of every event, in order, so that it knows who runs what.
    fn observe(&mut self, event: &Event);
    /// Decides about `act` of `process`; its outcome is not known yet.
    fn judge(&mut self, process: ProcessId, act: &Kind) -> Ruling;
}
