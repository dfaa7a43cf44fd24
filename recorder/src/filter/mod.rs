//! From the table of calls to the seccomp program that the step runs under.
//!
//! Invariant: what the table does not call harmless stops. The program returns `SECCOMP_RET_TRACE` for a foreign ABI,
//! for every number without a row, and wherever a row's condition holds; it stops a call exactly when
//! [`crate::calls::decide`] says something other than [`crate::calls::Route::Allow`].
//!
//! The kernel remembers per number which calls are allowed without a look at their arguments (since Linux 5.11), so
//! for those the length of the program costs nothing.

mod assembler;

pub use assembler::{MAX_INSTRUCTIONS, SockFilter};

use crate::abi::{AUDIT_ARCH, nr};
use crate::calls::{self, Call, Class, Is, Stop, Test};
use assembler::{Assembler, IF_ANY_BIT, IF_AT_LEAST, IF_EQUAL, Label};
use sekisho_events::Level;

/// `SECCOMP_RET_ALLOW` (linux/seccomp.h).
pub const RET_ALLOW: u32 = 0x7fff_0000;
/// `SECCOMP_RET_TRACE`, data 0.
pub const RET_TRACE: u32 = 0x7ff0_0000;
/// `SECCOMP_RET_USER_NOTIF`.
pub const RET_USER_NOTIF: u32 = 0x7fc0_0000;

/// Offsets in `struct seccomp_data` (linux/seccomp.h).
const NR: u32 = 0;
const ARCH: u32 = 4;
const ARGS: u32 = 16;

/// Why no program could be made. Neither can happen with the table as it stands; the tests show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// The kernel takes no more than `BPF_MAXINSNS` (4096) instructions.
    #[error("seccomp program has {0} instructions, and the kernel takes 4096")]
    TooLong(usize),
    /// A jump leads nowhere.
    #[error("seccomp program jumps nowhere")]
    Unplaced,
}

/// What the program is for.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// How much is watched.
    pub level: Level,
    /// There is a listener: what [`calls::is_notified`] says goes there (`SECCOMP_RET_USER_NOTIF`), and what
    /// [`calls::concerns_listener`] says stops.
    pub listener: bool,
    /// Who the step is when it begins: a call that asks for just that passes. Whoever has become somebody else has
    /// stopped for it before.
    pub ids: Option<calls::Ids>,
}

impl Plan {
    /// All that stops goes to the tracer.
    pub fn new(level: Level) -> Self {
        Self { level, ..Self::default() }
    }

    /// Plain reading goes to a listener, which is as the step is when it begins.
    pub fn with_listener(level: Level, ids: Option<calls::Ids>) -> Self {
        Self { level, listener: true, ids }
    }
}

/// Makes the program.
pub fn build(plan: &Plan) -> Result<Vec<SockFilter>, FilterError> {
    let mut code = Assembler::default();
    let (native, foreign) = (code.label(), code.label());
    code.load(ARCH);
    code.branch(IF_EQUAL, AUDIT_ARCH, native, foreign);
    code.mark(foreign);
    code.end(RET_TRACE);
    code.mark(native);
    code.load(NR);
    search(&mut code, &ranges(plan), plan);
    code.finish()
}

/// Calls from this number on, up to the next range, are treated alike.
struct Range {
    start: u32,
    leaf: Leaf,
}

/// What is done with the calls of a range.
#[derive(PartialEq, Eq)]
enum Leaf {
    End(u32),
    Ask {
        nr: u32,
    },
    /// Some go to the listener, the others to the tracer.
    Share {
        nr: u32,
    },
    /// Those that change an identity go to the tracer.
    Identity {
        kept: calls::Kept,
    },
}

/// The whole of the numbers, 0 to `u32::MAX`, in ranges as long as can be.
fn ranges(plan: &Plan) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    let mut add = |start, leaf| {
        if ranges.last().is_none_or(|last| last.leaf != leaf) {
            ranges.push(Range { start, leaf });
        }
    };
    for nr in 0..=crate::abi::MAX_KNOWN {
        add(nr, calls::lookup(nr).map_or(Leaf::End(RET_TRACE), |call| leaf(call, plan)));
    }
    // The x32 bit is far above, so its calls are in here too.
    add(crate::abi::MAX_KNOWN + 1, Leaf::End(RET_TRACE));
    ranges
}

fn leaf(call: &Call, plan: &Plan) -> Leaf {
    match call.class {
        Class::Harmless { .. } if plan.listener && calls::always_changes_identity(call.nr) => {
            let kept = plan.ids.and_then(|ids| ids.kept_by(call.nr));
            kept.map_or(Leaf::End(RET_TRACE), |kept| Leaf::Identity { kept })
        }
        Class::Harmless { .. } if plan.listener && call.nr == nr::FLOCK => Leaf::End(RET_TRACE),
        Class::Harmless { .. } => Leaf::End(RET_ALLOW),
        Class::Refused { .. } => Leaf::End(RET_TRACE),
        Class::Traced(stops) => match stops.iter().find(|stop| stop.level <= plan.level) {
            None => Leaf::End(RET_ALLOW),
            Some(first) if first.when.is_empty() && plan.listener && calls::notified(call.nr).is_some() => {
                Leaf::Share { nr: call.nr }
            }
            Some(first) if first.when.is_empty() => Leaf::End(RET_TRACE),
            Some(_) => Leaf::Ask { nr: call.nr },
        },
    }
}

/// A balanced search for the range of the number that is loaded.
fn search(code: &mut Assembler, ranges: &[Range], plan: &Plan) {
    match ranges {
        [] => code.end(RET_TRACE),
        [one] => match one.leaf {
            Leaf::End(action) => code.end(action),
            Leaf::Ask { nr } => ask(code, nr, plan),
            Leaf::Share { nr } => share(code, nr),
            Leaf::Identity { kept } => ask_identity(code, &kept),
        },
        _ => {
            let (low, high) = ranges.split_at(ranges.len() / 2);
            let (below, above) = (code.label(), code.label());
            code.branch(IF_AT_LEAST, high[0].start, above, below);
            code.mark(below);
            search(code, low, plan);
            code.mark(above);
            search(code, high, plan);
        }
    }
}

/// A call that always stops, for one or the other.
fn share(code: &mut Assembler, nr: u32) {
    let traced = code.label();
    for test in calls::notified(nr).unwrap_or_default() {
        ask_test(code, test, traced);
    }
    code.end(RET_USER_NOTIF);
    code.mark(traced);
    code.end(RET_TRACE);
}

/// Passes if it asks for what is so already.
fn ask_identity(code: &mut Assembler, kept: &calls::Kept) {
    let changes = code.label();
    for arg in 0..kept.arguments {
        let next = code.label();
        code.load(ARGS + 8 * u32::from(arg));
        ask_values(code, &kept.values, next, changes);
        code.mark(next);
    }
    code.end(RET_ALLOW);
    code.mark(changes);
    code.end(RET_TRACE);
}

/// The stops of one call, in their order.
fn ask(code: &mut Assembler, number: u32, plan: &Plan) {
    let stops: &[Stop] = match calls::lookup(number).map(|call| call.class) {
        Some(Class::Traced(stops)) => stops,
        _ => return code.end(RET_TRACE),
    };
    let stops: Vec<&Stop> = stops.iter().filter(|stop| stop.level <= plan.level).collect();
    let passes = code.label();
    let for_listener = match number {
        nr::PRCTL => Some(&calls::CAPABILITIES),
        nr::FCNTL => Some(&calls::DESCRIPTION_LOCKS),
        _ => None,
    };
    if let Some(test) = for_listener.filter(|_| plan.listener) {
        let other = code.label();
        ask_test(code, test, other);
        code.end(RET_TRACE);
        code.mark(other);
    }
    if let Some((arg, values)) = command(&stops) {
        let known = code.label();
        code.load(ARGS + 8 * u32::from(arg));
        ask_values(code, &values, known, passes);
        code.mark(known);
    }
    for stop in stops {
        let next = code.label();
        for test in stop.when {
            ask_test(code, test, next);
        }
        code.end(RET_TRACE);
        code.mark(next);
    }
    code.mark(passes);
    code.end(RET_ALLOW);
}

/// If every stop begins by asking whether the same `int` is in a list (a command, as of ioctl): which argument, and all
/// the lists as one, so that a command in none of them passes after one search.
fn command(stops: &[&Stop]) -> Option<(u8, Vec<u32>)> {
    let mut all = Vec::new();
    let mut command = None;
    for stop in stops {
        match stop.when.first()? {
            Test { arg, mask: calls::INT, is: Is::In(values) } if *command.get_or_insert(*arg) == *arg => {
                all.extend(values.iter().filter_map(|v| u32::try_from(*v).ok()));
            }
            _ => return None,
        }
    }
    all.sort_unstable();
    all.dedup();
    Some((command.filter(|_| stops.len() > 1)?, all))
}

/// Falls through if the test holds, else goes to `fails`. An argument is 64 bits, low half first (little endian).
fn ask_test(code: &mut Assembler, test: &Test, fails: Label) {
    let holds = code.label();
    let low = ARGS + 8 * u32::from(test.arg);
    let (low_mask, high_mask) = (test.mask as u32, (test.mask >> 32) as u32);
    let (values, hit, miss) = match test.is {
        Is::In(values) => (values, holds, fails),
        Is::NotIn(values) => (values, fails, holds),
    };
    if values == [0] {
        for (offset, mask) in [(low, low_mask), (low + 4, high_mask)] {
            if mask != 0 {
                let zero = code.label();
                code.load(offset);
                code.branch(IF_ANY_BIT, mask, miss, zero);
                code.mark(zero);
            }
        }
        code.goto(hit);
    } else if high_mask == 0 {
        let mut values: Vec<u32> = values.iter().filter_map(|v| u32::try_from(*v).ok()).collect();
        values.sort_unstable();
        code.load(low);
        code.and(low_mask);
        ask_values(code, &values, hit, miss);
    } else {
        for value in values {
            let (same, next) = (code.label(), code.label());
            code.load(low + 4);
            code.and(high_mask);
            code.branch(IF_EQUAL, (value >> 32) as u32, same, next);
            code.mark(same);
            code.load(low);
            code.and(low_mask);
            code.branch(IF_EQUAL, *value as u32, hit, next);
            code.mark(next);
        }
        code.goto(miss);
    }
    code.mark(holds);
}

/// A search for the loaded word among sorted values.
fn ask_values(code: &mut Assembler, values: &[u32], hit: Label, miss: Label) {
    if values.len() > 4 {
        let (low, high) = values.split_at(values.len() / 2);
        let (below, above) = (code.label(), code.label());
        code.branch(IF_AT_LEAST, high[0], above, below);
        code.mark(below);
        ask_values(code, low, hit, miss);
        code.mark(above);
        return ask_values(code, high, hit, miss);
    }
    for value in values {
        let next = code.label();
        code.branch(IF_EQUAL, *value, hit, next);
        code.mark(next);
    }
    code.goto(miss);
}

#[cfg(test)]
mod tests;
