//! Who connects to somebody on this machine is recorded twice, by the act and as a delegation. Where both deviate a reader is
//! told once: it was one act, and one rule that names both allows it.
use crate::act::Act;
use crate::deviation::{Deviation, Severity};
use crate::need::Target;
use crate::rule::Rule;
use crate::suggest;
use sekisho_events::{Event, FileAct, Kind, NetAct, ProcessId};
use std::collections::HashMap;

/// What is said of it behind why the act deviates.
const OUTSIDE: &str = "who answers is outside of the step, and what they do for it is not seen here";

/// The last act of each process that deviated and that a delegation may be about.
#[derive(Debug, Default)]
pub(crate) struct Acted(HashMap<ProcessId, (Vec<u8>, usize)>);

impl Acted {
    /// An act deviates, as the deviation at this place says.
    pub(crate) fn took_place(&mut self, event: &Event, at: usize) {
        let to = match &event.kind {
            Kind::Net(act) => of_net(act),
            Kind::File(act) => Some(of_file(act)),
            _ => None,
        };
        if let Some(to) = to {
            self.0.insert(event.process, (to, at));
        }
    }

    /// The place of the deviation that this delegation of the process belongs to.
    pub(crate) fn before(&self, process: ProcessId, to: &[u8]) -> Option<usize> {
        self.0.get(&process).filter(|(acted, _)| acted == to).map(|(_, at)| *at)
    }

    /// A process has ended, or runs another program.
    pub(crate) fn forget(&mut self, process: ProcessId) {
        self.0.remove(&process);
    }
}

/// How a delegation by this act is called.
fn of_net(act: &NetAct) -> Option<Vec<u8>> {
    if act.protocol == "unix" {
        return act.path.as_ref().map(|path| [b"unix:", path.as_bytes()].concat());
    }
    let (address, port) = (act.address?, act.port?);
    Some(format!("{}:{}", act.protocol, std::net::SocketAddr::new(address, port)).into_bytes())
}

fn of_file(act: &FileAct) -> Vec<u8> {
    match act.path.as_bytes().strip_prefix(b"/dev/mqueue") {
        Some(name) => [b"mqueue:", name].concat(),
        None => [b"fifo:", act.path.as_bytes()].concat(),
    }
}

/// Makes one deviation of an act and the delegation that it is. Over IP it stays what it was, a connection; what has a name on
/// this machine is a delegation in the first place. `act` is the code of an act that no rule speaks of: one that is forbidden
/// keeps its code.
pub(crate) fn fold(deviation: &mut Deviation, to: &[u8], what: &str, suggested: Option<Rule>) {
    let escaped = sekisho_events::escape(to);
    if deviation.delegated.as_ref() == Some(&escaped) {
        return;
    }
    deviation.severity = Severity::High;
    deviation.why = format!("{}; {OUTSIDE}", deviation.why);
    let named = [&b"unix:"[..], b"fifo:", b"mqueue:"].iter().any(|scheme| to.starts_with(scheme));
    if named && deviation.code != "denied-rule" {
        deviation.code = Act::Delegate.code();
        what.clone_into(&mut deviation.what);
    }
    deviation.suggest = both(deviation.suggest.take(), suggested);
    deviation.delegated = Some(escaped);
}

/// The rule that allows the act, with what allows the delegation.
fn both(act: Option<String>, delegation: Option<Rule>) -> Option<String> {
    let mut rule = suggest::parsed(&act?)?;
    for item in delegation?.acts.remove(&Act::Delegate)? {
        rule.add(Act::Delegate, &item.text);
    }
    Some(suggest::fragment(&rule))
}

/// What a delegation is asked of.
pub(crate) fn target<'e>(target: &Target<'e>) -> Option<&'e [u8]> {
    if let Target::Delegate(to) = target { Some(to) } else { None }
}
