//! One act in words: a verb, what it was done to, and what came of it. Everything is escaped for one line.
use crate::numbers;
use sekisho_events::{
    DescriptorHow, DescriptorTarget, Digest, Event, Exec, ExitHow, FileAct, Kind, NetAct, Outcome, PathBytes, errno,
};
use std::fmt::Write as _;

/// One act in words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phrase {
    /// `read`, `connect`, `exec`…
    pub verb: &'static str,
    /// What it was done to.
    pub object: String,
    /// What came of it, if not success: `ENOENT`, `refused EPERM`.
    pub note: String,
}

impl std::fmt::Display for Phrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:<10} {}", self.verb, self.object)?;
        if self.note.is_empty() { Ok(()) } else { write!(f, "  [{}]", self.note) }
    }
}

/// An event in words.
pub fn phrase(event: &Event) -> Phrase {
    kind(&event.kind)
}

/// Arguments as a shell would take them, escaped.
pub fn command_line(argv: &[PathBytes]) -> String {
    let words: Vec<String> = argv.iter().map(word).collect();
    words.join(" ")
}

fn word(arg: &PathBytes) -> String {
    let text = arg.escaped();
    let plain = |c: char| c.is_alphanumeric() || "-_=/.,:@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

fn kind(kind: &Kind) -> Phrase {
    match kind {
        Kind::Spawn { parent, how, thread } => {
            let what = if *thread { "thread" } else { "process" };
            plain("spawn", format!("{what} of {} by {}", parent.0, how.name()))
        }
        Kind::Exec(exec) => executed(exec),
        Kind::Exit(exit) => {
            let mut object = match exit.how {
                ExitHow::Status(status) => format!("status {status}"),
                ExitHow::Signal(signal) => format!("signal {signal}"),
            };
            if exit.core {
                object.push_str(", core dumped");
            }
            if exit.killed_by_us {
                object.push_str(", ended by the recorder");
            }
            plain("exit", object)
        }
        Kind::File(act) => file(act),
        Kind::Content(content) => {
            let what = match &content.sha256 {
                Some(digest) => digest.to_hex(),
                None => format!("no digest: {}", escape(content.why.as_deref().unwrap_or("not known"))),
            };
            plain("content", format!("{} ({}) {what}", content.path.escaped(), content.when.name()))
        }
        Kind::Net(act) => net(act),
        Kind::Descriptor(descriptor) => {
            let target = match &descriptor.target {
                DescriptorTarget::File(act) => act.path.escaped(),
                DescriptorTarget::Net(act) => endpoint(act),
            };
            let verb = match descriptor.how {
                DescriptorHow::Inherited => "inherit",
                DescriptorHow::Received => "receive-fd",
                DescriptorHow::Pidfd => "take-fd",
            };
            plain(verb, format!("{} {target}", descriptor.fd))
        }
        Kind::Restrict(restrict) => {
            let mut object = format!("{} flags {:#x}", restrict.what.name(), restrict.flags);
            if let Some(path) = &restrict.path {
                let _ = write!(object, " {}", path.escaped());
            }
            if let Some(digest) = &restrict.digest {
                let _ = write!(object, " sha256:{}", short(digest));
            }
            Phrase { verb: "restrict", object, note: note(restrict.outcome) }
        }
        Kind::Refused(refused) => Phrase {
            verb: "refused",
            object: format!("{}: {}", escape(&refused.call), escape(&refused.why)),
            note: errno_name(refused.errno),
        },
        Kind::Denied(denied) => {
            let would = self::kind(&denied.would);
            let object = format!("{} {} (rule {})", would.verb, would.object, escape(&denied.rule));
            let note = if denied.errno == 0 { "killed".to_owned() } else { errno_name(denied.errno) };
            Phrase { verb: "denied", object, note }
        }
        Kind::Delegated(delegated) => {
            let mut object = delegated.to.escaped();
            if let Some(peer) = &delegated.peer {
                let _ = write!(object, " ({})", peer.escaped());
            }
            plain("delegated", object)
        }
        Kind::Tamper(tamper) => Phrase {
            verb: "tamper",
            object: format!("{} by {} of {}", escape(&tamper.what), escape(&tamper.call), tamper.target.escaped()),
            note: note(tamper.outcome),
        },
        Kind::Gap(gap) => plain("gap", format!("{}: {}", gap.why.name(), escape(&gap.detail))),
    }
}

fn executed(exec: &Exec) -> Phrase {
    let mut object = exec.path.escaped();
    for interpreter in &exec.interpreters {
        let _ = write!(object, " via {}", interpreter.path.escaped());
    }
    if !exec.argv.is_empty() {
        let _ = write!(object, "  argv: {}", command_line(&exec.argv));
    }
    if exec.argv_truncated {
        object.push_str(" … (cut)");
    }
    if exec.anonymous == Some(true) {
        object.push_str("  (no name in a file system)");
    }
    Phrase { verb: "exec", object, note: note(exec.outcome) }
}

fn file(act: &FileAct) -> Phrase {
    let mut object = act.path.escaped();
    if let Some(to) = &act.to {
        let _ = write!(object, " → {}", to.escaped());
    }
    if let Some(asked) = &act.asked {
        let _ = write!(object, "  (asked: {})", asked.escaped());
    }
    let mut note = note(act.outcome);
    mark(&mut note, act.racy == Some(true), "name could be raced");
    mark(&mut note, act.namespace.is_some(), "in another mount namespace");
    Phrase { verb: act.access.name(), object, note }
}

fn net(act: &NetAct) -> Phrase {
    let mut object = endpoint(act);
    if let Some(answers) = act.answers.as_ref().filter(|answers| !answers.is_empty()) {
        let answers: Vec<String> = answers.iter().map(|answer| escape(answer)).collect();
        let _ = write!(object, " = {}", answers.join(" "));
    }
    let mut note = note(act.outcome);
    if let Some(sent) = act.bytes_out {
        mark(&mut note, true, &format!("sent {}", numbers::bytes(sent)));
    }
    if let Some(received) = act.bytes_in {
        mark(&mut note, true, &format!("received {}", numbers::bytes(received)));
    }
    mark(&mut note, act.racy == Some(true), "address could be raced");
    Phrase { verb: act.op.name(), object, note }
}

/// `tcp 203.0.113.7:443 (host example.org)`, `unix /run/docker.sock`.
pub(crate) fn endpoint(act: &NetAct) -> String {
    let mut out = escape(&act.protocol);
    match (act.address, act.port) {
        (Some(address), Some(port)) => {
            let _ = write!(out, " {}", std::net::SocketAddr::new(address.to_canonical(), port));
        }
        (Some(address), None) => {
            let _ = write!(out, " {}", address.to_canonical());
        }
        (None, Some(port)) => {
            let _ = write!(out, " port {port}");
        }
        (None, None) => {}
    }
    if let Some(path) = &act.path {
        let _ = write!(out, " {}", path.escaped());
    }
    if let Some(host) = &act.host {
        let _ = write!(out, " ({})", escape(host));
    }
    out
}

/// Text cut behind so many characters, with a mark where it was.
pub(crate) fn cut(text: String, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// The first twelve digits of a digest.
pub(crate) fn short(digest: &Digest) -> String {
    let mut text = digest.to_hex();
    text.truncate(12);
    text
}

pub(crate) fn escape(text: &str) -> String {
    sekisho_events::escape(text.as_bytes())
}

fn plain(verb: &'static str, object: String) -> Phrase {
    Phrase { verb, object, note: String::new() }
}

pub(crate) fn note(outcome: Outcome) -> String {
    match outcome {
        Outcome::Ok => String::new(),
        Outcome::Unknown => "outcome unknown".to_owned(),
        Outcome::Errno(errno) => errno_name(errno),
        Outcome::Refused(errno) => format!("refused {}", errno_name(errno)),
    }
}

fn errno_name(number: i32) -> String {
    errno::name(number).map_or_else(|| format!("errno {number}"), str::to_owned)
}

fn mark(note: &mut String, is: bool, words: &str) {
    if is {
        if !note.is_empty() {
            note.push_str(", ");
        }
        note.push_str(words);
    }
}
