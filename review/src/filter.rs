//! Which events are shown.
use sekisho_events::{DescriptorTarget, Event, Kind, NetAct, PathBytes};
use sekisho_profiles::Processes;

/// Whose events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Those of the process with this number.
    Number(u64),
    /// Those of processes that run a program whose path, or last part of it, matches.
    Program(String),
}

/// Keeps the events that match every part that is set. In patterns `*` stands for any bytes, `/` included, `?` for one.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only of these processes.
    pub process: Option<Who>,
    /// Only of these kinds.
    pub kinds: Vec<String>,
    /// Only these acts on files or on the network, by name: `write`, `connect`.
    pub acts: Vec<String>,
    /// Only with a path or name that matches; with `!` before the pattern, that does not.
    pub path: Option<String>,
    /// Only to or about a host whose name or address matches.
    pub host: Option<String>,
    /// Only from this time on, in microseconds since the recording began.
    pub since_us: Option<u64>,
    /// Who runs what, as far as [`Filter::keeps`] has heard.
    pub processes: Processes,
}

impl Filter {
    /// True if nothing is left out.
    pub fn is_open(&self) -> bool {
        self.process.is_none()
            && self.kinds.is_empty()
            && self.acts.is_empty()
            && self.path.is_none()
            && self.host.is_none()
            && self.since_us.is_none()
    }

    /// True if the event is to be shown. It must be asked of every event, in order.
    pub fn keeps(&mut self, event: &Event) -> bool {
        self.keeps_process(event)
            && self.since_us.is_none_or(|since| event.at_us >= since)
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == event.kind.name()))
            && (self.acts.is_empty() || act(&event.kind).is_some_and(|name| self.acts.iter().any(|a| a == name)))
            && self.path.as_ref().is_none_or(|glob| match glob.strip_prefix('!') {
                Some(glob) => {
                    any_path(&event.kind, &|_| true) && !any_path(&event.kind, &|p| matches(glob.as_bytes(), p))
                }
                None => any_path(&event.kind, &|path| matches(glob.as_bytes(), path)),
            })
            && self.host.as_ref().is_none_or(|glob| any_host(&event.kind, glob))
    }

    fn keeps_process(&mut self, event: &Event) -> bool {
        match &self.process {
            None => true,
            Some(Who::Number(number)) => *number == event.process.0,
            Some(Who::Program(glob)) => {
                // What ends belongs to the program that ends, what is run to the program that begins.
                let ends = matches!(event.kind, Kind::Exit(_));
                if !ends {
                    self.processes.observe(event);
                }
                let runs = |image: &PathBytes| {
                    [image.as_bytes(), image.file_name()].into_iter().any(|name| matches(glob.as_bytes(), name))
                };
                let keeps = self.processes.image(event.process).is_some_and(|image| runs(&image.path));
                if ends {
                    self.processes.observe(event);
                }
                keeps
            }
        }
    }
}

/// The name of an act on a file or on the network.
fn act(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::File(act) => Some(act.access.name()),
        Kind::Net(act) => Some(act.op.name()),
        Kind::Denied(denied) => act(&denied.would),
        _ => None,
    }
}

/// True if the host of an act matches: its name, its address, an address that a name was resolved to.
fn any_host(kind: &Kind, glob: &str) -> bool {
    let of = |act: &NetAct| {
        let texts = act.host.iter().cloned().chain(act.address.map(|a| a.to_string()));
        let mut texts = texts.chain(act.answers.iter().flatten().cloned());
        texts.any(|text| matches(glob.as_bytes(), text.as_bytes()))
    };
    match kind {
        Kind::Net(act) => of(act),
        Kind::Descriptor(descriptor) => matches!(&descriptor.target, DescriptorTarget::Net(act) if of(act)),
        Kind::Denied(denied) => any_host(&denied.would, glob),
        _ => false,
    }
}

/// True if one of the paths of an act is accepted.
fn any_path(kind: &Kind, accepts: &dyn Fn(&[u8]) -> bool) -> bool {
    let some = |path: &Option<PathBytes>| path.as_ref().is_some_and(|path| accepts(path.as_bytes()));
    match kind {
        Kind::Exec(exec) => {
            accepts(exec.path.as_bytes())
                || some(&exec.asked)
                || exec.interpreters.iter().any(|i| accepts(i.path.as_bytes()))
        }
        Kind::File(act) => accepts(act.path.as_bytes()) || some(&act.asked) || some(&act.to),
        Kind::Content(content) => accepts(content.path.as_bytes()),
        Kind::Net(act) => some(&act.path),
        Kind::Descriptor(descriptor) => match &descriptor.target {
            DescriptorTarget::File(act) => accepts(act.path.as_bytes()),
            DescriptorTarget::Net(act) => some(&act.path),
        },
        Kind::Restrict(restrict) => some(&restrict.path),
        Kind::Denied(denied) => any_path(&denied.would, accepts),
        Kind::Delegated(delegated) => accepts(delegated.to.as_bytes()),
        Kind::Tamper(tamper) => accepts(tamper.target.as_bytes()),
        Kind::Spawn { .. } | Kind::Exit(_) | Kind::Refused(_) | Kind::Gap(_) => false,
    }
}

/// Matches with one point of return, so that time is at most the product of both lengths.
fn matches(glob: &[u8], text: &[u8]) -> bool {
    let (mut g, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match glob.get(g) {
            Some(b'*') => {
                star = Some((g, t));
                g += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => {
                g += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    g = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_crosses_directories_and_a_question_mark_is_one_byte() {
        for (glob, text, is) in [
            ("*.ssh*", "/home/b/.ssh/id", true),
            ("/w/?.c", "/w/a.c", true),
            ("/w/?.c", "/w/ab.c", false),
            ("/w", "/w/a", false),
            ("*", "", true),
            ("", "", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
        ] {
            assert_eq!(matches(glob.as_bytes(), text.as_bytes()), is, "{glob} {text}");
        }
    }
}
