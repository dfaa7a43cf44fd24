//! From calls to acts: what a call asks, read at its entry; what came of it, at its exit.
//!
//! Invariant: an act is fixed at entry and told at exit, or, if its process dies in between, told as
//! [`sekisho_events::Outcome::Unknown`] (EVASION R4). What cannot be read is not let happen (R1).
mod addressees;
mod afterwards;
mod attributes;
mod dispatch;
mod entries;
mod exec;
mod futile;
mod guarded_opens;
mod guards;
mod ipc;
mod judging;
mod messages;
mod mounts;
mod multicast;
mod namespaces;
mod open;
mod resolving;
mod sockets;
mod surroundings;

use crate::memory::Fault;
pub(crate) use addressees::Owner;
pub(crate) use exec::ExecCall;
pub(crate) use ipc::{Ipc, IpcGet};
pub(crate) use messages::{Received, Sending};
pub(crate) use namespaces::{Change, NEW_NAMESPACES};
pub(crate) use open::OpenCall;
pub(crate) use resolving::{Awaited, Names};
use sekisho_events::{FileAct, Kind, NetAct, Outcome, Tamper};
pub(crate) use sockets::{Connecting, SocketCall};

/// A call at its entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub nr: u32,
    pub name: &'static str,
    pub args: [u64; 6],
}

impl Call {
    /// Argument `n` as a C int: a descriptor, flags, a pid.
    pub(crate) fn int(&self, n: usize) -> i32 {
        self.args[n] as i32
    }
}

/// What is to be told when a call returns.
#[derive(Debug)]
pub(crate) enum Pending {
    /// An open.
    Open(Box<OpenCall>),
    /// Acts on names or attributes, whose outcome is the call's.
    Files(Vec<FileAct>),
    /// An execve.
    Exec(Box<ExecCall>),
    /// A connect.
    Connect(Box<Connecting>),
    /// bind, listen, accept, socketpair.
    Socket(Box<SocketCall>),
    /// Messages sent to addresses.
    Send(Box<Sending>),
    /// A datagram.
    Datagram(Box<Awaited>),
    /// Messages received, maybe with descriptors.
    Receive(Box<Received>),
    /// The step restricts itself or changes its view.
    Change(Box<Change>),
    /// A System V IPC object made or found.
    Ipc(Box<IpcGet>),
    /// An act on another process.
    Tamper(Box<Tamper>),
}

impl Pending {
    /// The memory that this was read from is no longer as it was, perhaps since before the kernel read it.
    pub(crate) fn unsettle(&mut self) {
        match self {
            Self::Files(acts) => acts.iter_mut().for_each(|act| act.racy = Some(true)),
            Self::Connect(connecting) => connecting.act.racy = Some(true),
            Self::Socket(call) => call.act.racy = Some(true),
            Self::Send(sending) => sending.acts.iter_mut().for_each(|act| act.racy = Some(true)),
            Self::Open(open) => (open.racy, open.contested) = (true, true),
            Self::Exec(_) | Self::Datagram(_) | Self::Receive(_) | Self::Change(_) | Self::Ipc(_) | Self::Tamper(_) => {
            }
        }
    }
}

/// What becomes of a call at its entry.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It runs; nothing more is to be told.
    Run,
    /// It runs, and its exit is watched.
    Watch(Pending),
    /// The kernel does not see it; the step gets `result` (a negative errno, or a value), and `kind` is told.
    Answer {
        /// Raw result.
        result: i64,
        /// What is told.
        kind: Option<Box<Kind>>,
    },
    /// The step dies; `kind` is told.
    KillStep(Box<Kind>),
}

impl Verdict {
    /// A refusal told as `refused`.
    pub(crate) fn refused(call: &str, why: &str, errno: i32) -> Self {
        let kind = Kind::Refused(sekisho_events::Refused { call: call.into(), why: why.into(), errno });
        Self::Answer { result: -i64::from(errno), kind: Some(Box::new(kind)) }
    }

    /// A refusal told as `tamper`.
    pub(crate) fn tamper(what: &str, call: &str, target: &str, errno: i32) -> Self {
        let kind = Kind::Tamper(Tamper {
            what: what.into(),
            call: call.into(),
            target: target.into(),
            outcome: Outcome::Refused(errno),
        });
        Self::Answer { result: -i64::from(errno), kind: Some(Box::new(kind)) }
    }

    /// What cannot be read is not let happen.
    pub(crate) fn unreadable(call: &Call, fault: Fault) -> Self {
        match fault {
            Fault::TooLong => Self::refused(call.name, "a path longer than the kernel takes", libc::ENAMETOOLONG),
            Fault::Unreadable(libc::EFAULT) => {
                Self::refused(call.name, "an argument that cannot be read", libc::EFAULT)
            }
            Fault::Unreadable(_) => Self::refused(call.name, "the process hides its memory", libc::EPERM),
            Fault::Gone => Self::Run,
        }
    }
}

/// The outcome of a raw result, or `None` if the call will be restarted and seen again (`ERESTART*`, linux/errno.h).
pub(crate) fn outcome(result: i64) -> Option<Outcome> {
    match result {
        -516..=-512 => None,
        0.. => Some(Outcome::Ok),
        -4095..0 => Some(Outcome::Errno(-result as i32)),
        _ => Some(Outcome::Ok),
    }
}

/// The acts that a judge is asked about.
pub(crate) fn file_kinds(acts: &[FileAct]) -> Vec<Kind> {
    acts.iter().cloned().map(Kind::File).collect()
}

/// The same for one act on the network.
pub(crate) fn net_kind(act: &NetAct) -> Vec<Kind> {
    vec![Kind::Net(act.clone())]
}
