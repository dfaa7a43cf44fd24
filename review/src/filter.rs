//! Which events are shown.
use sekisho_events::{DescriptorTarget, Event, Kind, PathBytes};

/// Keeps the events that match every part that is set.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this process.
    pub process: Option<u64>,
    /// Only of these kinds.
    pub kinds: Vec<String>,
    /// Only with a path or name that matches: `*` stands for any bytes, `/` included, `?` for one.
    pub path: Option<String>,
}

impl Filter {
    /// True if nothing is left out.
    pub fn is_open(&self) -> bool {
        self.process.is_none() && self.kinds.is_empty() && self.path.is_none()
    }

    /// True if the event is to be shown.
    pub fn keeps(&self, event: &Event) -> bool {
        self.process.is_none_or(|process| process == event.process.0)
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == event.kind.name()))
            && self.path.as_ref().is_none_or(|glob| any_path(&event.kind, &|path| matches(glob.as_bytes(), path)))
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
