//! The ptrace engine: one thread that hears of every stop and answers it.
//!
//! Invariant: a stopped tracee is answered exactly once; every decision is made anew from registers, never from what a
//! filter of the step's own could have said (EVASION R2).
mod calls;
mod closing;
mod diverting;
mod file_pages;
mod life;
mod pinning;
mod turns;

use crate::digests::{Digests, Inputs, Source};
use crate::emit::Emitter;
use crate::images::Images;
use crate::listeners::Listeners;
use crate::notifier::{Common, ListenerTo, Shared, lock};
use crate::outputs::Outputs;
use crate::stall::Progress;
use crate::sys::{self, Forwarding, Stop, SysError, Terminal, Waited};
use crate::tracee::{Table, Tracee, View};
pub(crate) use closing::Closing;
pub(crate) use diverting::Marks;
use pinning::Pins;
pub(crate) use pinning::{Making, Restore};
use sekisho_events::{ContentWhen, ExitHow, Gap, GapWhy, Identity, Kind, Level, Mode, PathBytes, ProcessId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Where we live ourselves: what "outside" and "another namespace" mean.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home {
    pub mount_namespace: u64,
    pub pid_namespace: u64,
    pub root: Identity,
    /// Device number of our `/proc`.
    pub proc_device: (u32, u32),
}

/// The tracing thread's state.
pub(crate) struct Tracer {
    pub(crate) table: Table,
    pub(crate) out: Emitter,
    pub(crate) digests: Digests,
    pub(crate) inputs: Inputs,
    pub(crate) images: Images,
    pub(crate) outputs: Outputs,
    pub(crate) listeners: Listeners,
    /// Which devices are file systems of the kernel's own, and of what type.
    pub(crate) kernel_trees: BTreeMap<(u32, u32), Option<&'static [u8]>>,
    pub(crate) ipc: crate::acts::Ipc,
    pub(crate) mode: Mode,
    pub(crate) level: Level,
    pub(crate) own_pid: i32,
    pub(crate) own_group: i32,
    pub(crate) home: Home,
    /// Threads that have stopped for the first time before their creator told of them, and who has died since.
    newborn: BTreeMap<i32, Vec<ProcessId>>,
    /// We had children before the step: they are not waited for.
    strangers: bool,
    /// The command's process.
    first: i32,
    /// How the command ended.
    ended: Option<ExitHow>,
    closing: Closing,
    terminal: Option<Terminal>,
    /// What of the call at hand is to be pinned.
    pub(crate) pins: Pins,
    /// This kernel has what argument pages need.
    pub(crate) pages_work: bool,
    turns: turns::Turns,
    /// What is being answered, for whoever watches that it moves.
    pub(crate) progress: Arc<Progress>,
    /// What the step serves itself.
    pub(crate) served: crate::served::Served,
    /// Names of addresses.
    pub(crate) resolved: crate::acts::Names,
    /// That a name could not be told was told.
    pub(crate) untold: bool,
    /// Programs that did not run because their acts could not have been told, and why.
    pub(crate) blinded: Vec<(PathBytes, String)>,
    /// There is a listener beside us.
    pub(crate) listens: bool,
    /// It is still to be taken from the step's first process.
    pub(crate) awaits_listener: bool,
    /// Where it goes.
    pub(crate) listener_to: Option<ListenerTo>,
    /// What is being handed over by those who answer it.
    pub(crate) handing: Option<Common>,
}

/// What a tracer is made of.
pub(crate) struct Parts {
    pub out: Emitter,
    pub digests: Digests,
    pub mode: Mode,
    pub level: Level,
    pub home: Home,
    pub first: i32,
    pub strangers: bool,
    pub grace: Duration,
    pub time_limit: Option<Duration>,
    pub terminal: Option<Terminal>,
    /// Where the step's listener goes, if its filter has one.
    pub listener_to: Option<ListenerTo>,
}

impl Tracer {
    /// A tracer of one process, which is seized but has not gone on yet.
    pub(crate) fn new(parts: Parts) -> Result<Self, SysError> {
        let mut tracer = Self {
            table: Table::default(),
            out: parts.out,
            digests: parts.digests,
            inputs: Inputs::default(),
            images: Images::default(),
            outputs: Outputs::default(),
            listeners: Listeners::default(),
            kernel_trees: BTreeMap::new(),
            ipc: crate::acts::Ipc::default(),
            mode: parts.mode,
            level: parts.level,
            own_pid: std::process::id() as i32,
            own_group: sys::getpgid(0)?,
            home: parts.home,
            newborn: BTreeMap::new(),
            strangers: parts.strangers,
            first: parts.first,
            ended: None,
            closing: Closing::new(parts.grace, parts.time_limit),
            terminal: parts.terminal,
            pins: Pins::default(),
            pages_work: true,
            turns: turns::Turns::default(),
            progress: Arc::default(),
            served: crate::served::Served::default(),
            resolved: crate::acts::Names::new(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default()),
            untold: false,
            blinded: Vec::new(),
            listens: parts.listener_to.is_some(),
            awaits_listener: parts.listener_to.is_some(),
            listener_to: parts.listener_to,
            handing: None,
        };
        tracer.announce_first();
        Ok(tracer)
    }

    /// Traces until nobody is left. Returns how the command ended. The state is free while nobody has stopped.
    pub(crate) fn run(shared: &Shared, forwarding: &Forwarding) -> Result<Option<ExitHow>, SysError> {
        let progress = lock(shared).progress.clone();
        loop {
            match sys::wait_any() {
                Ok(None) => return Ok(lock(shared).ended),
                Ok(Some(waited)) => {
                    let _busy = progress.begin();
                    let mut tracer = lock(shared);
                    tracer.answer(waited)?;
                    if tracer.is_alone() {
                        return Ok(tracer.ended);
                    }
                }
                Err(error) if error.errno == libc::EINTR => lock(shared).look_up(forwarding),
                Err(error) => return Err(error),
            }
        }
    }

    fn answer(&mut self, waited: Waited) -> Result<(), SysError> {
        for done in [self.handle(waited.tid, waited.stop), self.pass_turns()] {
            if let Err(error) = done
                && !error.is_gone()
            {
                return Err(error);
            }
        }
        if self.out.has_failed() {
            self.kill_all();
        }
        if self.progress.has_ended_step() && !self.closing.has_killed() {
            let detail = "the step serves files itself, and stood still: it waited for the recorder, which waited for it; it was ended";
            self.out.emit(Self::NOBODY, Kind::Gap(Gap { why: GapWhy::Interrupted, detail: detail.into() }));
            self.kill_all();
        }
        Ok(())
    }

    /// True if only children that we had before the step are left.
    fn is_alone(&self) -> bool {
        self.strangers && self.ended.is_some() && self.table.is_empty() && self.newborn.is_empty()
    }

    fn handle(&mut self, tid: i32, stop: Stop) -> Result<(), SysError> {
        match stop {
            Stop::Filter => self.at_filter(tid),
            Stop::CallExit => self.at_call_exit(tid),
            Stop::Newborn(event) => self.at_newborn(tid, event),
            Stop::Fresh => self.at_fresh(tid),
            Stop::Exec => self.at_exec(tid),
            Stop::Exited(status) => self.at_end(tid, ExitHow::Status(status), false),
            Stop::Killed { signal, core } => self.at_end(tid, ExitHow::Signal(signal), core),
            Stop::Signal(signal) => self.at_signal(tid, signal),
            Stop::Group => self.at_group_stop(tid),
            Stop::Other(_) => self.resume(tid, 0),
        }
    }

    /// Lets a thread run on: to the end of its call if that is watched.
    pub(crate) fn resume(&mut self, tid: i32, signal: i32) -> Result<(), SysError> {
        let watched = |t: &Tracee| t.pending.is_some() || t.making.is_some() || t.marks.held().is_some();
        if self.table.get(tid).is_some_and(watched) { sys::to_exit(tid, signal) } else { sys::cont(tid, signal) }
    }

    /// True for a thread whose creator has not told of it yet: it is ours all the same.
    pub(crate) fn is_newborn(&self, pid: i32) -> bool {
        self.newborn.contains_key(&pid)
    }

    /// Hashes what a descriptor of a stopped tracee leads to.
    pub(crate) fn hash_descriptor(&mut self, tid: i32, fd: i32, path: &PathBytes, when: ContentWhen, stat: &sys::Stat) {
        let id = self.table.get(tid).map(|t| t.id).unwrap_or_default();
        let link = crate::names::ProcPath::fd(tid, fd);
        let open = || {
            let flags = libc::O_RDONLY | libc::O_NONBLOCK;
            let open = |flags| sys::open(link.as_c(), flags).ok().map(Source::File);
            open(flags | libc::O_NOATIME).or_else(|| open(flags))
        };
        let (slot, _due) = self.digests.tell(id, path, when, stat, open);
        if when == ContentWhen::Read && self.table.group_of(tid).is_some_and(|g| g.view == View::Ours) {
            self.inputs.read(path, stat, &slot);
        }
    }

    /// How a number of ours is known to the queue: nobody.
    pub(crate) const NOBODY: ProcessId = ProcessId(0);
}
