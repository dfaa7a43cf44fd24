//! What deviates, as facts and as words.
use crate::act::Act;
use crate::need::{Need, Target};
use crate::net::describe;
use crate::sensitive::{Secret, secret};
use crate::vars::{Var, Vars};
use sekisho_events::{NetAct, PathBytes};

/// How much a deviation matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth a look.
    Low,
    /// Worth a question.
    Medium,
    /// Worth stopping for.
    High,
}

impl Severity {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// The process that deviates.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor {
    /// Path of its program; empty before the first program.
    pub path: PathBytes,
    /// Its arguments.
    pub argv: Vec<PathBytes>,
    /// Names of the programs from the outermost to its own.
    pub ancestry: Vec<PathBytes>,
}

/// One deviation; equal ones are merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Stable code (docs/interface.md).
    pub code: &'static str,
    /// Who; `None` if it concerns the recording as a whole.
    pub process: Option<Actor>,
    /// What, in one escaped line: `connect tcp 203.0.113.7:443`.
    pub what: String,
    /// Arguments of the program that was run or asked for (`exec`).
    pub argv: Vec<PathBytes>,
    /// The first events that it stands for.
    pub seq: Vec<u64>,
    /// How often it happened.
    pub times: u64,
    /// How much it matters.
    pub severity: Severity,
    /// Why it deviates, in words.
    pub why: String,
    /// The smallest rule that would allow it, as TOML.
    pub suggest: Option<String>,
    /// The rule that forbids it, that has expired, or that was not met.
    pub rule: Option<String>,
    /// Whom outside of the step it asked to act, where that needs a rule too: `tcp:127.0.0.1:8080`, escaped.
    pub delegated: Option<String>,
}

impl Deviation {
    /// One of no process's: it is about the recording as a whole, or about the profile.
    pub(crate) fn of_whole(code: &'static str, what: String, severity: Severity, why: String) -> Self {
        Self {
            code,
            process: None,
            what,
            argv: Vec::new(),
            seq: Vec::new(),
            times: 1,
            severity,
            why,
            suggest: None,
            rule: None,
            delegated: None,
        }
    }

    /// True if it is about the profile, and not about what the step did.
    pub(crate) fn is_of_profile(&self) -> bool {
        self.code.starts_with("profile-")
    }
}

/// How many event numbers are kept of one deviation.
pub const MAX_SEQ: usize = 20;

/// The directory of some process, as profiles name it: numbers of processes mean nothing in another run.
pub(crate) const ANY_PROCESS: &str = "/proc/[0-9]*";

/// What follows `/proc/PID` in a path, for any process but the one that asks.
fn in_process(path: &[u8]) -> Option<&[u8]> {
    let rest = path.strip_prefix(b"/proc/")?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    (digits > 0 && rest.get(digits) == Some(&b'/')).then(|| &rest[digits..])
}

/// A path as profiles write it: by its variable, and escaped as a pattern that matches it only, in the directory of any
/// process if it is of one.
pub(crate) fn pattern_of(path: &[u8], vars: &Vars) -> String {
    let (scheme, path) = match path.strip_prefix(b"ns:") {
        Some(rest) => ("ns:", rest),
        None => ("", path),
    };
    if let (true, Some(rest)) = (scheme.is_empty(), in_process(path)) {
        return format!("{ANY_PROCESS}{}", crate::glob::Glob::escape(rest));
    }
    let (var, rest) = vars.shorten(path);
    let var = var.map_or_else(String::new, |v| format!("${}", v.name()));
    format!("{scheme}{var}{}", crate::glob::Glob::escape(rest))
}

/// A path for a person.
pub(crate) fn show_path(path: &[u8], vars: &Vars) -> String {
    if let Some(rest) = in_process(path) {
        return format!("{ANY_PROCESS}{}", sekisho_events::escape(rest));
    }
    let (var, rest) = vars.shorten(path);
    let rest = sekisho_events::escape(rest);
    var.map_or_else(|| rest.clone(), |v| format!("${}{rest}", v.name()))
}

/// A need in one escaped line.
pub(crate) fn what(need: &Need<'_>, vars: &Vars) -> String {
    let target = match &need.target {
        Target::Path(path) => show_path(path, vars),
        Target::Net(act) => describe(act),
        Target::Name(name) => sekisho_events::escape(name.as_bytes()),
        Target::Delegate(to) => sekisho_events::escape(to),
        Target::Word(word) => sekisho_events::escape(word.as_bytes()),
    };
    let by = if need.by_descriptor { "receive descriptor: " } else { "" };
    format!("{by}{} {target}", need.act.key())
}

/// How much an unlisted need matters.
pub(crate) fn severity(need: &Need<'_>, vars: &Vars) -> Severity {
    match &need.target {
        Target::Path(path) => path_severity(need.act, path, vars),
        Target::Net(act) if act.protocol == "netlink" => Severity::Low,
        Target::Net(act) if is_local(act) => Severity::Medium,
        Target::Net(_) | Target::Name(_) | Target::Delegate(_) => Severity::High,
        Target::Word(_) if need.act == Act::Tamper => Severity::High,
        Target::Word(word) if need.act == Act::Refused && is_probe(word) => Severity::Low,
        Target::Word(_) => Severity::Medium,
    }
}

/// Calls that run times and shells try in order to learn what the kernel can do.
fn is_probe(call: &str) -> bool {
    call.starts_with("io_uring") || matches!(call, "clone3" | "rseq" | "openat2" | "memfd_secret" | "userfaultfd")
}

fn is_local(act: &NetAct) -> bool {
    act.protocol == "unix" || act.address.is_some_and(|a| a.is_loopback())
}

fn path_severity(act: Act, path: &[u8], vars: &Vars) -> Severity {
    if secret(path).is_some() || matches!(act, Act::Exec | Act::Mount) || is_trigger(path) && act != Act::Read {
        return Severity::High;
    }
    let (var, _) = vars.shorten(path);
    match (act, var) {
        (Act::Read, Some(Var::Home)) => Severity::Medium,
        (Act::Read, None) if !is_system(path) => Severity::Medium,
        (Act::Read | Act::List | Act::Stat, _) | (_, Some(Var::Tmp)) => Severity::Low,
        (_, Some(Var::Workspace)) => Severity::Medium,
        (_, _) if path.starts_with(b"/dev/") => Severity::Medium,
        _ => Severity::High,
    }
}

/// Directories of the system that anybody may read.
pub(crate) fn is_system(path: &[u8]) -> bool {
    const ROOTS: [&[u8]; 12] = [
        b"/usr/",
        b"/lib/",
        b"/lib32/",
        b"/lib64/",
        b"/bin/",
        b"/sbin/",
        b"/opt/",
        b"/etc/",
        b"/sys/",
        b"/dev/",
        b"/proc/self/",
        b"/proc/sys/",
    ];
    ROOTS.iter().any(|r| path.starts_with(r))
}

/// Files that make later steps, shells or services run what is written in them.
fn is_trigger(path: &[u8]) -> bool {
    const NAMES: [&[u8]; 12] = [
        b".bashrc",
        b".bash_profile",
        b".profile",
        b".zshrc",
        b".gitconfig",
        b".gitmodules",
        b"ld.so.preload",
        b"crontab",
        b"authorized_keys",
        b".npmrc",
        b".pypirc",
        b"sitecustomize.py",
    ];
    const DIRECTORIES: [&[u8]; 8] = [
        b"/.git/hooks/",
        b"/.github/",
        b"/etc/cron",
        b"/etc/profile.d/",
        b"/systemd/",
        b"/autostart/",
        b"/etc/ld.so",
        b"/.husky/",
    ];
    let name = path.rsplit(|b| *b == b'/').next().unwrap_or(b"");
    NAMES.contains(&name) || DIRECTORIES.iter().any(|d| path.windows(d.len()).any(|w| w == *d))
}

/// What a secret is, for the reason of a deviation.
pub(crate) fn secret_in(need: &Need<'_>) -> Option<Secret> {
    if let Target::Path(path) = &need.target { secret(path) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process has another number in each run: nothing that is compared may hold one.
    #[test]
    fn the_number_of_a_process_is_not_told() {
        let vars = Vars::default();
        assert_eq!(show_path(b"/proc/4711/cmdline", &vars), "/proc/[0-9]*/cmdline");
        assert_eq!(pattern_of(b"/proc/4711/cmdline", &vars), "/proc/[0-9]*/cmdline");
        for other in ["/proc/self/status", "/proc/4711", "/proc/12x/stat"] {
            assert_eq!(show_path(other.as_bytes(), &vars), other);
        }
    }
}
