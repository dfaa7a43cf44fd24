//! The one table of system calls: what is harmless, what is recorded and how it is read, what is refused and why.
//!
//! Invariant: the filter, the decoders, the coverage and `docs/calls.md` are all made from this table, and a number
//! that is not in it is refused. Nothing passes unseen that a row does not say is harmless.

mod coverage;
mod decoder;
mod document;
mod notified;
mod rows_files;
mod rows_harmless;
mod rows_network;
mod rows_process;
mod rows_refused;
mod table;
mod target;
mod test;

pub use coverage::{not_asserted, recorded_classes, refused_calls};
pub use decoder::{Decoder, Follow, IpcKind, MountAct, Place};
pub use document::markdown;
pub use notified::{
    CAPABILITIES, DESCRIPTION_LOCKS, Ids, Kept, MARK, MARK_ARG, always_changes_identity, changes_identity,
    concerns_listener, is_notified, locks_description, notified,
};
pub(crate) use rows_network::OPTION;
pub use table::{all, lookup};
pub use target::{Target, target};
pub use test::{INT, Is, Test};

use crate::abi;
use sekisho_events::Level;

/// One system call.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Its number.
    pub nr: u32,
    /// Its name, as in the kernel's table.
    pub name: &'static str,
    /// What is done about it.
    pub class: Class,
}

/// What is done about a call.
#[derive(Clone, Copy, Debug)]
pub enum Class {
    /// It passes: no act that a recording speaks of can come of it.
    Harmless {
        /// Why.
        why: &'static str,
    },
    /// It stops if one of these holds; the first that does decides. Otherwise it passes.
    Traced(&'static [Stop]),
    /// The kernel never sees it.
    Refused {
        /// What the step gets instead.
        errno: i32,
        /// Why.
        why: &'static str,
    },
}

/// One case in which a call stops.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    /// From which level on.
    pub level: Level,
    /// All of these hold; none means always.
    pub when: &'static [Test],
    /// What is done then.
    pub then: Then,
}

/// What is done at a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The arguments are read and the act is recorded.
    Decode(Decoder),
    /// The kernel never sees it.
    Refuse {
        /// What the step gets instead.
        errno: i32,
        /// Why.
        why: &'static str,
    },
}

/// What to do with a call that has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Nothing: the kernel may do it.
    Allow,
    /// Read its arguments and record it.
    Decode(Decoder),
    /// Do not let the kernel see it, and record that.
    Refuse {
        /// What the step gets instead.
        errno: i32,
        /// Why.
        why: &'static str,
    },
}

/// Decides on a call from what cannot change while it is stopped: ABI, number and argument registers.
///
/// Ask this at every stop. What a filter returned with the stop (`PTRACE_GETEVENTMSG`) is no guide: a filter that
/// the step installs itself can put its own number there. `nr` is as ptrace(2) gives it; only its low half counts.
/// The BPF program of [`crate::filter`] stops exactly when this is not [`Route::Allow`].
pub fn decide(level: Level, arch: u32, nr: u64, args: &[u64; 6]) -> Route {
    let nr = nr as u32;
    if arch != abi::AUDIT_ARCH {
        return Route::Refuse { errno: libc::ENOSYS, why: "call of a foreign ABI" };
    }
    let Some(call) = lookup(nr) else {
        let why = if nr & abi::X32_BIT == 0 { "call that this recorder does not know" } else { "call of the x32 ABI" };
        return Route::Refuse { errno: libc::ENOSYS, why };
    };
    match call.class {
        Class::Harmless { .. } => Route::Allow,
        Class::Refused { errno, why } => Route::Refuse { errno, why },
        Class::Traced(stops) => stops.iter().find(|stop| stop.applies(level, args)).map_or(Route::Allow, Stop::route),
    }
}

impl Stop {
    fn applies(&self, level: Level, args: &[u64; 6]) -> bool {
        self.level <= level && self.when.iter().all(|test| test.holds(args))
    }

    fn route(&self) -> Route {
        match self.then {
            Then::Decode(decoder) => Route::Decode(decoder),
            Then::Refuse { errno, why } => Route::Refuse { errno, why },
        }
    }
}

/// A row of the table before it has its name.
#[derive(Clone, Copy)]
struct Row {
    nr: u32,
    class: Class,
}

/// Rows of calls that pass for one reason.
struct Passing {
    why: &'static str,
    calls: &'static [u32],
}

const fn traced(nr: u32, stops: &'static [Stop]) -> Row {
    Row { nr, class: Class::Traced(stops) }
}

const fn refused(nr: u32, errno: i32, why: &'static str) -> Row {
    Row { nr, class: Class::Refused { errno, why } }
}

/// Stops always from `level` on.
const fn at(level: Level, decoder: Decoder) -> Stop {
    Stop { level, when: &[], then: Then::Decode(decoder) }
}

/// Stops from `level` on if `when` holds.
const fn at_if(level: Level, when: &'static [Test], decoder: Decoder) -> Stop {
    Stop { level, when, then: Then::Decode(decoder) }
}

/// Refuses at every level if `when` holds.
const fn guard(when: &'static [Test], errno: i32, why: &'static str) -> Stop {
    Stop { level: Level::Exec, when, then: Then::Refuse { errno, why } }
}

#[cfg(test)]
mod tests;
