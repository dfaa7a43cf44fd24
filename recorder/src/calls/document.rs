//! The table as a document, `docs/calls.md`.
use super::{Class, Decoder, Is, Stop, Test, Then, all};
use crate::abi::{self, MAX_KNOWN};
use sekisho_events::Level;
use std::fmt::Write;

const HEAD: &str = "# System calls

Made from the table in `recorder/src/calls/` by `cargo run -p sekisho-recorder --example calls-doc > docs/calls.md`; a
test holds it to that. *Passes*: no stop, at any level (with engine hybrid, what changes who its caller is, and locks on
open files, stop to keep the listener right, and are not recorded). *Recorded*: the call stops from the level named on, if the
condition holds, and is recorded; otherwise it passes. *Refused*: the kernel never sees it, the step gets the error named, and
that is recorded. A number that is not here, the x32 ABI and any foreign ABI (`int $0x80`) are refused with ENOSYS.

Conditions are what a seccomp filter can see: numbers and flags in registers, never memory. The first line that holds decides.
";

/// `docs/calls.md`.
pub fn markdown() -> String {
    let mut out = String::from(HEAD);
    let count = |is: fn(&Class) -> bool| all().filter(|call| is(&call.class)).count();
    let _ = write!(
        out,
        "\nx86-64, numbers 0 to {MAX_KNOWN}: {} calls; {} pass, {} are recorded or refused by their arguments, {} are \
         refused.\n\n| call | number | what | from level | condition | how, or why |\n|---|---|---|---|---|---|\n",
        abi::NAMES.len(),
        count(|c| matches!(c, Class::Harmless { .. })),
        count(|c| matches!(c, Class::Traced(_))),
        count(|c| matches!(c, Class::Refused { .. })),
    );
    for call in all() {
        let mut row = |what: &str, level: &str, condition: &str, how: &str| {
            let _ = writeln!(out, "| `{}` | {} | {what} | {level} | {condition} | {how} |", call.name, call.nr);
        };
        match call.class {
            Class::Harmless { why } => row("passes", "", "", why),
            Class::Refused { errno, why } => row(&format!("refused, {}", errno_name(errno)), "", "", why),
            Class::Traced(stops) => {
                for stop in stops {
                    let (what, how) = describe(stop);
                    row(&what, level(stop), &condition(stop.when), &how);
                }
            }
        }
    }
    out
}

fn describe(stop: &Stop) -> (String, String) {
    match stop.then {
        Then::Decode(decoder) => ("recorded".to_owned(), format!("`{}`", decoder_name(decoder))),
        Then::Refuse { errno, why } => (format!("refused, {}", errno_name(errno)), why.to_owned()),
    }
}

fn level(stop: &Stop) -> &'static str {
    match (stop.then, stop.level) {
        (Then::Refuse { .. }, Level::Exec) => "",
        (_, level) => level.name(),
    }
}

/// The variant's name, without the positions of arguments.
fn decoder_name(decoder: Decoder) -> String {
    let text = format!("{decoder:?}");
    text.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

fn condition(tests: &[Test]) -> String {
    tests.iter().map(test).collect::<Vec<_>>().join(" and ")
}

fn test(test: &Test) -> String {
    let argument = match test.mask {
        super::INT | u64::MAX => format!("argument {}", test.arg),
        mask => format!("argument {} & {mask:#x}", test.arg),
    };
    match test.is {
        Is::NotIn([0]) => format!("{argument} is not 0"),
        Is::In([0]) => format!("{argument} is 0"),
        Is::In([one]) => format!("{argument} is {one:#x}"),
        Is::NotIn([one]) => format!("{argument} is not {one:#x}"),
        Is::In(values) if values.len() > MANY => format!("{argument} is one of {} values", values.len()),
        Is::In(values) => format!("{argument} is one of {}", list(values)),
        Is::NotIn(values) if values.len() > MANY => {
            format!("{argument} is none of {} values that are known to be harmless or have a line above", values.len())
        }
        Is::NotIn(values) => format!("{argument} is none of {}", list(values)),
    }
}

/// More values than this are not listed.
const MANY: usize = 12;

fn list(values: &[u64]) -> String {
    values.iter().map(|v| format!("{v:#x}")).collect::<Vec<_>>().join(", ")
}

/// The name of an errno that the table uses (errno.h).
pub(super) fn errno_name(errno: i32) -> &'static str {
    match errno {
        libc::ENOSYS => "ENOSYS",
        libc::EPERM => "EPERM",
        libc::EACCES => "EACCES",
        libc::EBUSY => "EBUSY",
        libc::EINVAL => "EINVAL",
        libc::ENOTTY => "ENOTTY",
        libc::EOPNOTSUPP => "EOPNOTSUPP",
        libc::EAFNOSUPPORT => "EAFNOSUPPORT",
        libc::EPROTONOSUPPORT => "EPROTONOSUPPORT",
        _ => "an error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/calls.md");
        let written = std::fs::read_to_string(path).unwrap();
        assert!(written == markdown(), "run: cargo run -p sekisho-recorder --example calls-doc > docs/calls.md");
    }

    #[test]
    fn every_errno_of_the_table_has_a_name() {
        assert!(!markdown().contains("an error"));
    }
}
