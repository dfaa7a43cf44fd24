//! What was executed, and who was talked to by which program.
use sekisho_events::{Digest, Exec, NetAct, NetOp, PathBytes, ProcessId};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// A program and how often it was executed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// The image that ran.
    pub path: PathBytes,
    /// Its digest, where known.
    pub sha256: Option<Digest>,
    /// Scripts and interpreters that the kernel read for it.
    pub interpreters: Vec<PathBytes>,
    /// How often.
    pub times: u64,
}

/// Somebody who was talked to, or tried, by one program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    /// `connect`, `bind`, `listen`, `accept`, `send`, `receive`, `resolve`.
    pub operation: &'static str,
    /// `tcp`, `udp`, `unix`…
    pub protocol: String,
    /// The other end; for bind and listen our own.
    pub address: Option<IpAddr>,
    /// Its port.
    pub port: Option<u16>,
    /// The name it was resolved from.
    pub host: Option<String>,
    /// UNIX socket path.
    pub path: Option<PathBytes>,
    /// Which program.
    pub program: PathBytes,
    /// True if the kernel said yes, or may have.
    pub effect: bool,
    /// How often.
    pub times: u64,
}

type ProgramKey = (PathBytes, Option<Digest>, Vec<PathBytes>);

#[derive(Default)]
pub(super) struct Programs {
    executed: BTreeMap<ProgramKey, u64>,
    running: HashMap<ProcessId, PathBytes>,
    /// `times` is the value, 0 in the key.
    network: BTreeMap<Network, u64>,
}

impl Programs {
    pub(super) fn spawned(&mut self, process: ProcessId, parent: ProcessId) {
        if let Some(program) = self.running.get(&parent).cloned() {
            self.running.insert(process, program);
        }
    }

    pub(super) fn executed(&mut self, process: ProcessId, exec: &Exec, times: u64) {
        let interpreters = exec.interpreters.iter().map(|i| i.path.clone()).collect();
        *self.executed.entry((exec.path.clone(), exec.sha256, interpreters)).or_default() += times;
        self.running.insert(process, exec.path.clone());
    }

    pub(super) fn ended(&mut self, process: ProcessId) {
        self.running.remove(&process);
    }

    pub(super) fn network(&mut self, process: ProcessId, act: &NetAct, times: u64) {
        let operation = match act.op {
            NetOp::Connect => "connect",
            NetOp::Bind => "bind",
            NetOp::Listen => "listen",
            NetOp::Accept => "accept",
            NetOp::Send => "send",
            NetOp::Receive => "receive",
            NetOp::Resolve => "resolve",
            // Both ends are in the step.
            NetOp::Pair => return,
        };
        let key = Network {
            operation,
            protocol: act.protocol.clone(),
            address: act.address,
            port: act.port,
            host: act.host.clone(),
            path: act.path.clone(),
            program: self.running.get(&process).cloned().unwrap_or_default(),
            effect: act.outcome.is_effect(),
            times: 0,
        };
        *self.network.entry(key).or_default() += times;
    }

    pub(super) fn finish(self) -> (Vec<Program>, Vec<Network>) {
        let programs = self
            .executed
            .into_iter()
            .map(|((path, sha256, interpreters), times)| Program { path, sha256, interpreters, times })
            .collect();
        let network = self.network.into_iter().map(|(key, times)| Network { times, ..key }).collect();
        (programs, network)
    }
}
