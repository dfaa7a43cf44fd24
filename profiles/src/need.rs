//! What an event needs a rule for. One place decides which events are judged, so that the diff, the learner and the live
//! judge cannot disagree.
use crate::act::Act;
use crate::errno;
use sekisho_events::{
    Access, DescriptorHow, DescriptorTarget, Digest, Exec, FileAct, FileType, Kind, NetAct, NetOp, Outcome,
    RestrictWhat,
};
use std::borrow::Cow;

/// To what something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target<'e> {
    /// A path: `ns:` stands before one in a private mount namespace.
    Path(Cow<'e, [u8]>),
    /// An address.
    Net(&'e NetAct),
    /// A host name.
    Name(&'e str),
    /// Somebody outside.
    Delegate(&'e [u8]),
    /// A fixed word.
    Word(Cow<'e, str>),
}

/// One thing that must be allowed for an event to be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need<'e> {
    /// What is done.
    pub act: Act,
    /// A second act that would do as well.
    pub or: Option<Act>,
    /// To what.
    pub target: Target<'e>,
    /// Digest of the image (exec only).
    pub sha256: Option<Digest>,
    /// True if it came by a descriptor, not by a call that named it.
    pub by_descriptor: bool,
}

impl<'e> Need<'e> {
    fn new(act: Act, target: Target<'e>) -> Self {
        Self { act, or: None, target, sha256: None, by_descriptor: false }
    }
}

/// Calls `take` for everything that the event needs; nothing for what is not judged. Outcomes that are not known count
/// as success.
pub fn needs<'e>(kind: &'e Kind, take: &mut dyn FnMut(Need<'e>)) {
    match kind {
        Kind::Exec(exec) => exec_needs(exec, take),
        Kind::File(act) => file_needs(act, take),
        Kind::Net(act) => net_needs(act, take),
        Kind::Descriptor(descriptor) if descriptor.how != DescriptorHow::Inherited => {
            let mut mark = |need: Need<'e>| take(Need { by_descriptor: true, ..need });
            match &descriptor.target {
                DescriptorTarget::File(act) => file_needs(act, &mut mark),
                DescriptorTarget::Net(act) => descriptor_net_needs(act, &mut mark),
            }
        }
        Kind::Restrict(restrict) if restrict.outcome.is_effect() => match restrict.what {
            // Filters only take rights away.
            RestrictWhat::Seccomp | RestrictWhat::Landlock => {}
            RestrictWhat::Namespace => take(Need::new(Act::Restrict, Target::Word("namespace".into()))),
            RestrictWhat::Chroot => take(Need::new(Act::Restrict, Target::Word("chroot".into()))),
        },
        Kind::Refused(refused) => take(Need::new(Act::Refused, Target::Word(refused.call.as_str().into()))),
        Kind::Delegated(delegated) => take(Need::new(Act::Delegate, Target::Delegate(delegated.to.as_bytes()))),
        Kind::Tamper(tamper) => {
            take(Need::new(Act::Tamper, Target::Word(format!("{}/{}", tamper.what, tamper.call).into())));
        }
        _ => {}
    }
}

fn exec_needs<'e>(exec: &'e Exec, take: &mut dyn FnMut(Need<'e>)) {
    if is_idle(exec.outcome, errno::is_idle_for_files) {
        return;
    }
    let path = in_view(exec.path.as_bytes(), exec.namespace);
    take(Need { sha256: exec.sha256, ..Need::new(Act::Exec, Target::Path(path)) });
    for interpreter in &exec.interpreters {
        if interpreter.path == exec.path {
            continue;
        }
        let path = in_view(interpreter.path.as_bytes(), exec.namespace);
        take(Need { or: Some(Act::Read), sha256: interpreter.sha256, ..Need::new(Act::Exec, Target::Path(path)) });
    }
}

/// True for what is in no directory: a pipe, a socket, an anonymous inode, a namespace (`pipe:[7]`, proc(5)). A name that the
/// recorder could not learn is no such thing, and no rule lists it.
fn has_no_name(path: &[u8]) -> bool {
    let word = path.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_' || **b == b'-').count();
    path.first() != Some(&b'/') && path.get(word) == Some(&b':')
}

fn file_needs<'e>(act: &'e FileAct, take: &mut dyn FnMut(Need<'e>)) {
    if is_idle(act.outcome, errno::is_idle_for_files) || has_no_name(act.path.as_bytes()) {
        return;
    }
    let path = || Target::Path(judged_path(act));
    let to = || act.to.as_ref().map(|to| Target::Path(in_view(to.as_bytes(), act.namespace)));
    let mut one = |act| take(Need::new(act, path()));
    match act.access {
        // Opening a directory shows its names, nothing of its files.
        Access::Read if act.file_type == Some(FileType::Directory) => one(Act::List),
        Access::Read => one(Act::Read),
        Access::Write | Access::Truncate => one(Act::Write),
        Access::Create | Access::Symlink | Access::Mkdir | Access::Mknod => one(Act::Create),
        Access::Delete | Access::Rmdir => one(Act::Delete),
        Access::Attributes => one(Act::Attributes),
        Access::Mount => one(Act::Mount),
        Access::List => one(Act::List),
        Access::Stat => one(Act::Stat),
        Access::Rename | Access::Link => {
            let kind = if act.access == Access::Rename { Act::Rename } else { Act::Link };
            one(kind);
            if let Some(to) = to() {
                take(Need::new(kind, to));
            }
        }
    }
}

fn net_needs<'e>(act: &'e NetAct, take: &mut dyn FnMut(Need<'e>)) {
    if is_idle(act.outcome, errno::is_idle_for_net) {
        return;
    }
    match act.op {
        NetOp::Connect => take(Need::new(Act::Connect, Target::Net(act))),
        NetOp::Bind | NetOp::Listen => take(Need::new(Act::Listen, Target::Net(act))),
        NetOp::Send => take(Need::new(Act::Send, Target::Net(act))),
        NetOp::Resolve => {
            if let Some(host) = &act.host {
                take(Need::new(Act::Resolve, Target::Name(host)));
            }
        }
        // What comes in comes to a socket that was judged when it was bound.
        NetOp::Accept | NetOp::Receive | NetOp::Pair => {}
    }
}

/// A socket from somebody else is as good as a connection made by oneself.
fn descriptor_net_needs<'e>(act: &'e NetAct, take: &mut dyn FnMut(Need<'e>)) {
    if act.op != NetOp::Pair && (act.address.is_some() || act.path.is_some()) {
        take(Need::new(Act::Connect, Target::Net(act)));
    }
}

fn is_idle(outcome: Outcome, idle: fn(i32) -> bool) -> bool {
    matches!(outcome, Outcome::Errno(number) if idle(number))
}

fn in_view(path: &[u8], namespace: Option<u64>) -> Cow<'_, [u8]> {
    match namespace {
        None => Cow::Borrowed(path),
        Some(_) => Cow::Owned([b"ns:", path].concat()),
    }
}

/// The path by which an act is judged. What a process sees of itself is `/proc/self/…`, whatever its number.
fn judged_path(act: &FileAct) -> Cow<'_, [u8]> {
    let path = act.path.as_bytes();
    if act.namespace.is_none()
        && act.racy != Some(true)
        && let Some(asked) = &act.asked
        && let Some(own) = own_proc(path, asked.as_bytes())
    {
        return Cow::Owned(own);
    }
    in_view(path, act.namespace)
}

/// `/proc/self/REST` if that (or `/proc/thread-self/REST`) is what was asked, and `/proc/N/…REST` what was found.
fn own_proc(path: &[u8], asked: &[u8]) -> Option<Vec<u8>> {
    let found = path.strip_prefix(b"/proc/")?;
    let digits = found.iter().take_while(|b| b.is_ascii_digit()).count();
    let found = found[digits..].strip_prefix(b"/").filter(|_| digits > 0)?;
    if let Some(rest) = asked.strip_prefix(b"/proc/self/") {
        return (rest == found).then(|| [b"/proc/self/", rest].concat());
    }
    let rest = asked.strip_prefix(b"/proc/thread-self/")?;
    let task = found.strip_prefix(b"task/")?;
    let digits = task.iter().take_while(|b| b.is_ascii_digit()).count();
    let task = task[digits..].strip_prefix(b"/").filter(|_| digits > 0)?;
    (task == rest).then(|| [b"/proc/thread-self/", rest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acts(kind: &Kind) -> Vec<(Act, String)> {
        let mut out = Vec::new();
        needs(kind, &mut |need| {
            let target = match need.target {
                Target::Path(path) => String::from_utf8_lossy(&path).into_owned(),
                other => format!("{other:?}"),
            };
            out.push((need.act, target));
        });
        out
    }

    fn file(access: Access, path: &str, change: impl Fn(&mut FileAct)) -> Kind {
        let mut act = FileAct::new(access, path);
        change(&mut act);
        Kind::File(act)
    }

    #[test]
    fn a_name_that_was_not_there_needs_no_rule_and_a_forbidden_one_does() {
        assert!(acts(&file(Access::Read, "/a", |a| a.outcome = Outcome::Errno(2))).is_empty());
        assert_eq!(acts(&file(Access::Read, "/a", |a| a.outcome = Outcome::Errno(13))).len(), 1);
        assert_eq!(acts(&file(Access::Read, "/a", |a| a.outcome = Outcome::Unknown)).len(), 1);
    }

    #[test]
    fn what_is_in_no_directory_is_not_judged_and_a_name_that_could_not_be_learned_is() {
        for nowhere in ["pipe:[7]", "socket:[7]", "anon_inode:[eventfd]", "mnt:[4026531841]"] {
            assert!(acts(&file(Access::Read, nowhere, |_| ())).is_empty(), "{nowhere}");
        }
        for unknown in ["(a directory beyond PATH_MAX)/f", "relative", "(unreachable)/etc/x"] {
            assert_eq!(acts(&file(Access::Write, unknown, |_| ()))[0].1, unknown);
        }
    }

    #[test]
    fn a_rename_needs_both_names() {
        let kind = file(Access::Rename, "/a", |a| a.to = Some("/b".into()));
        assert_eq!(acts(&kind), [(Act::Rename, "/a".to_owned()), (Act::Rename, "/b".to_owned())]);
    }

    #[test]
    fn a_process_number_of_its_own_is_self_and_of_others_is_not() {
        let own = file(Access::Read, "/proc/77/maps", |a| a.asked = Some("/proc/self/maps".into()));
        assert_eq!(acts(&own)[0].1, "/proc/self/maps");
        let thread = file(Access::Read, "/proc/7/task/8/x", |a| a.asked = Some("/proc/thread-self/x".into()));
        assert_eq!(acts(&thread)[0].1, "/proc/thread-self/x");
        let other = file(Access::Read, "/proc/77/environ", |a| a.asked = Some("/proc/self/maps".into()));
        assert_eq!(acts(&other)[0].1, "/proc/77/environ");
    }

    #[test]
    fn a_path_in_another_namespace_is_no_path_of_ours() {
        assert_eq!(acts(&file(Access::Read, "/etc/x", |a| a.namespace = Some(1)))[0].1, "ns:/etc/x");
    }
}
