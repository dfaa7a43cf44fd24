//! Calls aimed at other processes, and calls that would blind us.
//!
//! Invariant: nothing in the tree reaches a process outside it (EVASION R8), and what one process of the tree does to
//! another's memory, descriptors or limits is told.
use super::{Call, Pending, Verdict};
use crate::calls::{Decoder, Target, target};
use crate::decode::procfs;
use crate::memory;
use crate::names::ProcPath;
use crate::sys;
use crate::tracer::Tracer;
use sekisho_events::{Outcome, Tamper};

/// Whom an aimed call reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Aim {
    /// The caller, or nobody that exists.
    Itself,
    /// Another process of the tree.
    Inside(String),
    /// Somebody outside the tree, in words.
    Outside(String),
}

impl Tracer {
    /// A call aimed at a process, thread, group or user.
    pub(crate) fn enter_aimed(&mut self, tid: i32, call: &Call, decoder: Decoder) -> Verdict {
        let Some(aimed) = target(call.nr, &call.args) else { return Verdict::Run };
        let what = match decoder {
            Decoder::Signal | Decoder::Owner => "signal",
            Decoder::ProcessVm { .. } => "memory",
            Decoder::PidfdGetfd => "descriptor",
            Decoder::Limits => "limits",
            _ => "scheduling",
        };
        // Signal 0 only asks whether somebody is there (kill(2)).
        let asks_only = matches!(decoder, Decoder::Signal) && signal_of(call) == 0;
        if matches!(decoder, Decoder::ProcessVm { write: true })
            && let Target::Process(pid) = aimed
        {
            self.unsettle(tid, pid);
        }
        match self.aim(tid, aimed) {
            Aim::Itself => Verdict::Run,
            Aim::Outside(_) if asks_only => Verdict::Run,
            Aim::Outside(whom) => Verdict::tamper(what, call.name, &whom, libc::EPERM),
            Aim::Inside(_) if matches!(what, "signal" | "scheduling") => Verdict::Run,
            Aim::Inside(whom) => Verdict::Watch(Pending::Tamper(Box::new(Tamper {
                what: what.into(),
                call: call.name.into(),
                target: whom.as_str().into(),
                outcome: Outcome::Unknown,
            }))),
        }
    }

    /// The memory of a process is about to be written by another: its arguments are not its own any more, and what its
    /// threads have under way may be done to other names than were read.
    fn unsettle(&mut self, tid: i32, number: i32) {
        let inner = self.table.group_of(tid).is_some_and(|g| g.own_pids);
        let meant = if inner { self.inner_process(tid, number) } else { Some(number) };
        if let Some(group) = meant.and_then(|thread| self.table.group_of(thread)).map(|g| g.pid) {
            self.table.unsettle(group);
        }
    }

    /// The thread that this one knows by a number of a pid namespace of the step (proc(5), `NSpid`).
    fn inner_process(&self, tid: i32, number: i32) -> Option<i32> {
        let numbers =
            |pid: i32| procfs::namespace_pids(&std::fs::read(ProcPath::of(pid, "status").as_str()).unwrap_or_default());
        let namespace = |pid: i32| sys::namespace_inode(ProcPath::of(pid, "ns/pid").as_c()).ok();
        let level = numbers(tid).len().checked_sub(1)?;
        let is_meant = |pid: &i32| {
            let its = numbers(*pid);
            its.get(level) == Some(&number) && (its.len() > level + 1 || namespace(*pid) == namespace(tid))
        };
        self.table.tids().into_iter().find(is_meant)
    }

    fn aim(&self, tid: i32, aimed: Target) -> Aim {
        let own = self.table.group_of(tid).map_or(0, |g| g.pid);
        // In a pid namespace of the step, its numbers mean only processes of the step.
        let by_handle = matches!(aimed, Target::PidFd(_) | Target::PidFdsGroup(_));
        if self.table.group_of(tid).is_some_and(|g| g.own_pids) && !by_handle {
            return match aimed {
                Target::Process(number) => {
                    self.inner_process(tid, number).map_or(Aim::Itself, |pid| self.aim_at_process(own, pid))
                }
                _ => Aim::Itself,
            };
        }
        match aimed {
            Target::Caller => Aim::Itself,
            Target::Process(pid) | Target::Thread { group: pid, .. } => self.aim_at_process(own, pid),
            Target::CallersGroup => sys::getpgid(tid).map_or(Aim::Itself, |group| self.aim_at_group(group)),
            Target::PidFdsGroup(fd) => match pid_behind(tid, fd) {
                ..=0 => Aim::Itself,
                pid => sys::getpgid(pid).map_or(Aim::Itself, |group| self.aim_at_group(group)),
            },
            Target::Group(group) => self.aim_at_group(group),
            Target::User(_) => Aim::Outside("all processes of a user".into()),
            Target::Everyone => Aim::Outside("everyone".into()),
            Target::PidFd(fd) => self.aim_at_process(own, pid_behind(tid, fd)),
            Target::NumberAt(address) => match memory::read_array::<4>(tid, address).map(i32::from_ne_bytes) {
                Ok(n) if n < 0 => self.aim_at_group(n.wrapping_neg()),
                Ok(n) => self.aim_at_process(own, n),
                Err(_) => Aim::Itself,
            },
            Target::OwnerAt(address) => match memory::read_array::<8>(tid, address) {
                Ok(bytes) => {
                    let word = |at: usize| i32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
                    // F_OWNER_PGRP (fcntl.h)
                    if word(0) == 2 { self.aim_at_group(word(4)) } else { self.aim_at_process(own, word(4)) }
                }
                Err(_) => Aim::Itself,
            },
        }
    }

    fn aim_at_process(&self, own: i32, pid: i32) -> Aim {
        if pid <= 0 || pid == own {
            return Aim::Itself;
        }
        if let Some(tracee) = self.table.get(pid) {
            if tracee.group == own {
                return Aim::Itself;
            }
            return Aim::Inside(format!("process {}", tracee.id.0));
        }
        match () {
            () if pid == self.own_pid => Aim::Outside("recorder".into()),
            () if !std::path::Path::new(&format!("/proc/{pid}")).exists() => Aim::Itself,
            () if self.is_newborn(pid) => Aim::Inside("a process being born".into()),
            () => Aim::Outside(format!("outside pid {pid}")),
        }
    }

    fn aim_at_group(&self, group: i32) -> Aim {
        if group == self.own_group {
            return Aim::Outside("the recorder's process group".into());
        }
        let is_member = |pid: i32| sys::getpgid(pid) == Ok(group);
        // A group that a process of the tree leads is of the tree; one that it joined (setpgid(2)) may be somebody's.
        let ours = self.table.has_group(group) && is_member(group);
        let joined = || self.table.pids().into_iter().any(is_member) && !self.has_outsiders(group);
        if ours || joined() { Aim::Itself } else { Aim::Outside(format!("outside process group {group}")) }
    }

    /// True if somebody outside the tree is in this process group.
    fn has_outsiders(&self, group: i32) -> bool {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let mut pids = entries.filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok());
        let outside = |pid: i32| !self.table.has_group(pid) && !self.is_newborn(pid) && !has_ended(pid);
        pids.any(|pid| sys::getpgid(pid) == Ok(group) && outside(pid))
    }

    /// At the exit of an act on another process of the tree.
    pub(crate) fn exit_tamper(&mut self, tid: i32, mut tamper: Tamper, result: i64) {
        let Some(outcome) = super::outcome(result) else { return };
        let taken = (tamper.what == "descriptor" && result >= 0).then_some(result as i32);
        tamper.outcome = outcome;
        self.tell(tid, sekisho_events::Kind::Tamper(tamper));
        if let Some(fd) = taken {
            let target = self.descriptor_target(tid, fd);
            let how = sekisho_events::DescriptorHow::Pidfd;
            self.tell(tid, sekisho_events::Kind::Descriptor(Box::new(sekisho_events::Descriptor { how, fd, target })));
        }
    }

    /// ptrace(2): one tracer a process, and that is us.
    pub(crate) fn enter_ptrace(call: &Call) -> Verdict {
        if call.args[0] == 0 {
            // PTRACE_TRACEME
            return Verdict::refused(call.name, "the process is traced already", libc::EPERM);
        }
        Verdict::tamper("ptrace", call.name, &format!("pid {}", call.int(1)), libc::EPERM)
    }

    /// prctl(`PR_SET_DUMPABLE`): answered by us, for an undumpable process would hide its arguments (EVASION B11).
    pub(crate) fn enter_set_dumpable(&mut self, tid: i32, call: &Call) -> Verdict {
        let Some(group) = self.table.group_of_mut(tid) else { return Verdict::Run };
        if call.args[1] > 1 {
            return Verdict::Run;
        }
        group.undumpable = call.args[1] == 0;
        let kind = group.undumpable.then(|| {
            Box::new(sekisho_events::Kind::Refused(sekisho_events::Refused {
                call: call.name.into(),
                why: "PR_SET_DUMPABLE is answered without effect".into(),
                errno: 0,
            }))
        });
        Verdict::Answer { result: 0, kind }
    }

    /// prctl(`PR_GET_DUMPABLE`): what the step believes.
    pub(crate) fn enter_get_dumpable(&mut self, tid: i32) -> Verdict {
        let undumpable = self.table.group_of(tid).is_some_and(|g| g.undumpable);
        if undumpable { Verdict::Answer { result: 0, kind: None } } else { Verdict::Run }
    }

    /// Memory that others can write: from now on arguments of this process may change under us.
    pub(crate) fn share_memory(&mut self, tid: i32, call: &Call) {
        let view = call.nr == crate::abi::nr::MMAP && is_read_only_view(tid, call);
        if !view && let Some(group) = self.table.group_of_mut(tid) {
            group.memory.unsettle();
        }
    }
}

/// True for a process that nobody has waited for yet, or that is gone (proc(5), stat: the state is behind the last `)`).
fn has_ended(pid: i32) -> bool {
    let stat = std::fs::read(ProcPath::of(pid, "stat").as_str()).unwrap_or_default();
    let state = stat.iter().rposition(|b| *b == b')').and_then(|at| stat.get(at + 2));
    matches!(state, None | Some(b'Z' | b'X'))
}

/// The signal number of kill(2) and its kin.
fn signal_of(call: &Call) -> i32 {
    match call.name {
        "tgkill" | "rt_tgsigqueueinfo" => call.int(2),
        _ => call.int(1),
    }
}

/// The process behind a pidfd of a tracee (proc(5), fdinfo `Pid:`), or 0.
fn pid_behind(tid: i32, fd: i32) -> i32 {
    let info = std::fs::read_to_string(ProcPath::fdinfo(tid, fd).as_str()).unwrap_or_default();
    info.lines().find_map(|l| l.strip_prefix("Pid:")).and_then(|n| n.trim().parse().ok()).unwrap_or(0)
}

/// True for a shared mapping that this process can neither write nor make writable: of a file that it has opened for
/// reading only (mmap(2), `EACCES`; mprotect(2)).
fn is_read_only_view(tid: i32, call: &Call) -> bool {
    let anonymous = call.int(3) & libc::MAP_ANONYMOUS != 0;
    !anonymous && call.int(2) & libc::PROT_WRITE == 0 && opened_read_only(tid, call.int(4))
}

/// True if a descriptor of the tracee was opened for reading only (proc(5), fdinfo `flags:`).
pub(super) fn opened_read_only(tid: i32, fd: i32) -> bool {
    let info = std::fs::read_to_string(ProcPath::fdinfo(tid, fd).as_str()).unwrap_or_default();
    let flags = info.lines().find_map(|l| l.strip_prefix("flags:")).map_or("", str::trim);
    i32::from_str_radix(flags, 8).is_ok_and(|f| f & libc::O_ACCMODE == libc::O_RDONLY)
}
