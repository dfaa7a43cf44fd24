//! Who is traced: threads, their groups, and what each is waiting for.
//!
//! Invariant: an id is given once and never again (EVASION R7); a link to a parent comes from the creator's own event.
use crate::acts::Pending;
use crate::pages::Page;
use crate::tracer::{Making, Marks, Restore};
use sekisho_events::ProcessId;
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where a group looks names up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum View {
    /// In our root and mount namespace.
    #[default]
    Ours,
    /// In the mount namespace of this inode number, or below another root.
    Other(u64),
}

/// The memory of one group, or of several: who is made by vfork(2) has its parent's, and what it makes may have it still when
/// the parent goes on. What one of them learns about it holds for all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<AtomicBool>);

impl Memory {
    /// From now on somebody may change it under a stopped thread.
    pub(crate) fn unsettle(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_unsettled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// True if it is the memory of more than one group.
    pub(crate) fn is_joint(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// What a child gets that has memory of its own: what was mapped for several is so still.
    fn copied(&self) -> Self {
        Self(Arc::new(AtomicBool::new(self.is_unsettled())))
    }
}

/// A thread group: what its threads share.
#[derive(Debug)]
pub(crate) struct Group {
    /// Thread group id in our pid namespace.
    pub pid: i32,
    /// Threads that are alive.
    pub threads: u32,
    /// Its memory, which may change under a stopped thread: another process shares it, or shared pages are mapped.
    pub memory: Memory,
    /// True if a process that is no thread of it shares its working directory or its descriptors, and may change them, the
    /// directory even after an execve.
    pub shared_place: bool,
    /// Where names are looked up.
    pub view: View,
    /// Lives in a pid namespace made in the step: pids in its arguments are not ours.
    pub own_pids: bool,
    /// It, or who made it, has asked for a namespace: its children are looked at when they begin.
    pub namespaced: bool,
    /// A handle of the process, once needed.
    pub pidfd: Option<OwnedFd>,
    /// Where arguments are copied to, once needed.
    pub page: Option<Page>,
    /// Has a filter of the step's own: calls that we would make in it could be its death.
    pub filtered: bool,
    /// PR_SET_DUMPABLE(0) was answered in our way.
    pub undumpable: bool,
    /// Has run a program of the step: until then it is our own child code.
    pub started: bool,
    /// May or may not do other things than we: other credentials, capabilities, namespaces, Landlock. Nobody opens
    /// anything for it.
    pub apart: bool,
}

impl Group {
    fn child_of(&self, pid: i32) -> Self {
        Self {
            pid,
            threads: 0,
            memory: self.memory.copied(),
            shared_place: false,
            view: self.view,
            own_pids: self.own_pids,
            namespaced: self.namespaced,
            pidfd: None,
            page: None,
            filtered: self.filtered,
            undumpable: self.undumpable,
            started: self.started,
            apart: self.apart,
        }
    }

    /// The first group: the command.
    pub(crate) fn first(pid: i32) -> Self {
        Self {
            pid,
            threads: 0,
            memory: Memory::default(),
            shared_place: false,
            view: View::Ours,
            own_pids: false,
            namespaced: false,
            pidfd: None,
            page: None,
            filtered: false,
            undumpable: false,
            started: false,
            apart: false,
        }
    }

    /// True if nobody but the stopped thread can change its memory, descriptors or directory.
    pub(crate) fn is_quiet(&self) -> bool {
        self.threads <= 1 && !self.memory.is_unsettled() && !self.shared_place
    }
}

/// A traced thread.
#[derive(Debug)]
pub(crate) struct Tracee {
    /// Our number.
    pub id: ProcessId,
    /// Its group's pid.
    pub group: i32,
    /// What its running call will be when it returns.
    pub pending: Option<Pending>,
    /// Its first stop was seen (or it is our own child).
    pub begun: bool,
    /// What its running call is given back at its exit.
    pub restore: Option<Restore>,
    /// An argument page is being made in it.
    pub making: Option<Making>,
    /// Calls that were turned from the listener to the tracer.
    pub marks: Marks,
}

/// All tracees.
#[derive(Debug, Default)]
pub(crate) struct Table {
    tracees: HashMap<i32, Tracee>,
    groups: HashMap<i32, Group>,
    last_id: u64,
}

impl Table {
    /// Adds the command's process.
    pub(crate) fn add_first(&mut self, pid: i32) -> ProcessId {
        self.groups.insert(pid, Group::first(pid));
        self.add(pid, pid)
    }

    /// Adds a thread of group `group`.
    pub(crate) fn add(&mut self, tid: i32, group: i32) -> ProcessId {
        self.last_id += 1;
        let id = ProcessId(self.last_id);
        if let Some(g) = self.groups.get_mut(&group) {
            g.threads += 1;
        }
        let tracee =
            Tracee { id, group, pending: None, begun: false, restore: None, making: None, marks: Marks::default() };
        self.tracees.insert(tid, tracee);
        id
    }

    /// Adds a process that `parent` (a thread id) made.
    pub(crate) fn add_child(&mut self, tid: i32, parent: i32) -> ProcessId {
        let group = self.group_of(parent).map_or_else(|| Group::first(tid), |g| g.child_of(tid));
        self.groups.insert(tid, group);
        self.add(tid, tid)
    }

    /// The tracee of this thread id.
    pub(crate) fn get(&self, tid: i32) -> Option<&Tracee> {
        self.tracees.get(&tid)
    }

    /// The tracee of this thread id.
    pub(crate) fn get_mut(&mut self, tid: i32) -> Option<&mut Tracee> {
        self.tracees.get_mut(&tid)
    }

    /// The group of this thread.
    pub(crate) fn group_of(&self, tid: i32) -> Option<&Group> {
        self.groups.get(&self.tracees.get(&tid)?.group)
    }

    /// The group of this thread.
    pub(crate) fn group_of_mut(&mut self, tid: i32) -> Option<&mut Group> {
        self.groups.get_mut(&self.tracees.get(&tid)?.group)
    }

    /// Our number of the process with this pid, if it is in the tree.
    pub(crate) fn by_pid(&self, pid: i32) -> Option<ProcessId> {
        self.tracees.get(&pid).map(|t| t.id)
    }

    /// Forgets a thread that has ended; its group goes with its last one.
    pub(crate) fn remove(&mut self, tid: i32) -> Option<Tracee> {
        let gone = self.tracees.remove(&tid)?;
        if let Some(group) = self.groups.get_mut(&gone.group) {
            group.threads = group.threads.saturating_sub(1);
            if group.threads == 0 {
                self.groups.remove(&gone.group);
            }
        }
        Some(gone)
    }

    /// Somebody else may write the memory of this group from now on, while calls of it that are not pinned are under way.
    pub(crate) fn unsettle(&mut self, group: i32) {
        if let Some(group) = self.groups.get_mut(&group) {
            group.memory.unsettle();
        }
        let unpinned = self.tracees.values_mut().filter(|t| t.group == group && t.restore.is_none());
        unpinned.filter_map(|t| t.pending.as_mut()).for_each(Pending::unsettle);
    }

    /// Anybody's memory may be somebody else's, too.
    pub(crate) fn unsettle_all(&mut self) {
        self.groups.values().for_each(|group| group.memory.unsettle());
    }

    /// Threads of `group` other than `but`: those that an execve ends.
    pub(crate) fn siblings(&self, group: i32, but: i32) -> Vec<i32> {
        let mut all: Vec<i32> =
            self.tracees.iter().filter(|(tid, t)| t.group == group && **tid != but).map(|(tid, _)| *tid).collect();
        all.sort_unstable();
        all
    }

    /// Everybody alive.
    pub(crate) fn tids(&self) -> Vec<i32> {
        let mut all: Vec<i32> = self.tracees.keys().copied().collect();
        all.sort_unstable();
        all
    }

    /// Thread group ids of everybody alive.
    pub(crate) fn pids(&self) -> Vec<i32> {
        let mut all: Vec<i32> = self.groups.keys().copied().collect();
        all.sort_unstable();
        all
    }

    /// True if nobody is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.tracees.is_empty()
    }

    /// True if a group with this pid is alive.
    pub(crate) fn has_group(&self, pid: i32) -> bool {
        self.groups.contains_key(&pid)
    }
}
