//! Births, executions, ends.
use super::Tracer;
use crate::abi;
use crate::acts::Pending;
use crate::sys::{self, SysError, Terminal};
use crate::tracee::Memory;
use sekisho_events::{Descriptor, DescriptorHow, Exit, ExitHow, Gap, GapWhy, Kind, SpawnHow};

impl Tracer {
    /// Tells of the command's process, and of what it was given.
    pub(super) fn announce_first(&mut self) {
        let first = self.first;
        let id = self.table.add_first(first);
        if let Some(tracee) = self.table.get_mut(first) {
            tracee.begun = true;
        }
        self.out.emit(id, Kind::Spawn { parent: Self::NOBODY, how: SpawnHow::Fork, thread: false });
        for fd in 0..=2 {
            if sys::statx(None, crate::names::ProcPath::fd(first, fd).as_c(), 0).is_ok() {
                let target = self.descriptor_target(first, fd);
                self.touch_received(&target);
                self.tell(first, Kind::Descriptor(Box::new(Descriptor { how: DescriptorHow::Inherited, fd, target })));
            }
        }
    }

    /// A thread has made another thread or process.
    pub(super) fn at_newborn(&mut self, tid: i32, event: i32) -> Result<(), SysError> {
        let child = sys::event_message(tid)? as i32;
        let regs = sys::get_regs(tid)?;
        let flags = abi::clone_flags(&regs);
        let how = match event {
            libc::PTRACE_EVENT_FORK => SpawnHow::Fork,
            libc::PTRACE_EVENT_VFORK => SpawnHow::Vfork,
            _ => SpawnHow::Clone,
        };
        self.welcome(tid, child, how, flags)?;
        self.resume(tid, 0)
    }

    /// Enters a child into the table; lets it run if it waits already.
    fn welcome(&mut self, parent: i32, child: i32, how: SpawnHow, flags: u64) -> Result<(), SysError> {
        let thread = flags & libc::CLONE_THREAD as u64 != 0;
        let shares = flags & libc::CLONE_VM as u64 != 0 || how == SpawnHow::Vfork;
        let parent_id = self.table.get(parent).map(|t| t.id).unwrap_or_default();
        let parent_quiet = self.table.group_of(parent).is_none_or(super::super::tracee::Group::is_quiet);
        let group = self.table.get(parent).map_or(child, |t| t.group);
        let id = if thread { self.table.add(child, group) } else { self.table.add_child(child, parent) };
        if thread || shares {
            // A vfork child has its parent's memory to itself only if that parent is one thread.
            self.has_memory_of(parent, child, thread, how == SpawnHow::Vfork && parent_quiet);
        }
        if !thread && let Some(new) = self.table.group_of_mut(child) {
            new.apart |= flags & crate::acts::NEW_NAMESPACES != 0;
        }
        let places = (libc::CLONE_FS | libc::CLONE_FILES) as u64;
        if !thread && flags & places != 0 {
            for either in [child, parent] {
                if flags & libc::CLONE_FS as u64 != 0 {
                    // Either may change the other's root.
                    self.set_apart(either);
                }
                if let Some(group) = self.table.group_of_mut(either) {
                    group.shared_place = true;
                }
            }
        }
        let page = self.table.group_of(parent).and_then(|g| g.page.clone());
        if !thread && let (Some(page), Some(new)) = (page, self.table.group_of_mut(child)) {
            new.page = if shares { Some(page) } else { page.of_child(child) };
        }
        self.out.emit(id, Kind::Spawn { parent: parent_id, how, thread });
        if self.newborn.remove(&child).is_some() {
            self.begin(child)?;
        }
        Ok(())
    }

    /// A thread, or a process, has its creator's memory. `alone`: until it ends or executes, nobody else runs there.
    fn has_memory_of(&mut self, parent: i32, child: i32, thread: bool, alone: bool) {
        let Some(creator) = self.table.group_of(parent) else { return };
        // A vfork child's own end lets its creator go on, while whom it has made stays.
        let joint = creator.memory.is_joint();
        let memory = creator.memory.clone();
        if joint || !thread && !alone {
            memory.unsettle();
        }
        if !thread && let Some(new) = self.table.group_of_mut(child) {
            new.memory = memory;
        }
    }

    fn begin(&mut self, tid: i32) -> Result<(), SysError> {
        if let Some(tracee) = self.table.get_mut(tid) {
            tracee.begun = true;
        }
        // Born into other namespaces, perhaps: look before it runs.
        let group = self.table.group_of(tid);
        if group.is_some_and(|g| g.namespaced) {
            self.refresh_view(tid);
        }
        sys::cont(tid, 0)
    }

    /// The first stop of a thread, or the end of a group stop.
    pub(super) fn at_fresh(&mut self, tid: i32) -> Result<(), SysError> {
        match self.table.get(tid).map(|t| t.begun) {
            None => {
                self.newborn.insert(tid, Vec::new());
                Ok(())
            }
            Some(false) => self.begin(tid),
            Some(true) => self.resume(tid, 0),
        }
    }

    /// Job control stops the step: it stays stopped, and we with it if it has our terminal.
    pub(super) fn at_group_stop(&mut self, tid: i32) -> Result<(), SysError> {
        sys::listen(tid)?;
        if tid == self.first
            && let Some(Terminal(fd)) = self.terminal
            && sys::foreground(fd) == Ok(self.first)
        {
            let _ = sys::give_terminal(fd, self.own_group);
            self.out.flush();
            sys::stop_self();
            let _ = sys::give_terminal(fd, self.first);
            let _ = sys::kill_group(self.first, libc::SIGCONT);
        }
        Ok(())
    }

    /// An execve has succeeded. The thread that did it now has its group's number (ptrace(2), "execve under ptrace").
    pub(super) fn at_exec(&mut self, tid: i32) -> Result<(), SysError> {
        // Another thread than the leader may have done it, if there was another.
        let alone = self.table.group_of(tid).is_some_and(|group| group.threads == 1);
        let former = if alone { tid } else { sys::event_message(tid)? as i32 };
        let pending = self.table.get_mut(former).and_then(|t| t.pending.take());
        let marks = self.table.get_mut(former).map(|t| std::mem::take(&mut t.marks));
        let group = self.table.get(tid).map_or(tid, |t| t.group);
        for sibling in self.table.siblings(group, tid) {
            self.forget(sibling, Exit { how: ExitHow::Status(0), core: false, killed_by_us: false });
        }
        for thread in [former, tid] {
            if let Some(tracee) = self.table.get_mut(thread) {
                tracee.pending = None;
                tracee.restore = None;
                tracee.making = None;
            }
        }
        if let Some(tracee) = self.table.get_mut(tid) {
            tracee.marks.after_exec(marks);
        }
        if let Some(group) = self.table.group_of_mut(tid) {
            group.threads = 1;
            group.memory = Memory::default();
            group.undumpable = false;
            group.page = None;
            group.started = true;
        }
        let call = match &pending {
            Some(Pending::Exec(call)) => Some(&**call),
            _ => None,
        };
        // The pending call is over: its exit stop need not be seen.
        self.executed(tid, call)
    }

    /// A thread has ended.
    pub(super) fn at_end(&mut self, tid: i32, how: ExitHow, core: bool) -> Result<(), SysError> {
        if tid == self.first {
            self.ended = Some(how);
            self.closing.command_ended(self.out.elapsed());
        }
        self.newborn.remove(&tid);
        self.end_turn(tid);
        if let Some(dead) = self.table.get(tid).map(|t| t.id) {
            self.newborn.values_mut().filter(|v| v.len() < 2).for_each(|creators| creators.push(dead));
        }
        self.forget(tid, Exit { how, core, killed_by_us: self.closing.has_killed() });
        if core {
            let detail = "the kernel wrote a core dump, which no call shows".to_owned();
            self.out.emit(Self::NOBODY, Kind::Gap(Gap { why: GapWhy::Unseen, detail }));
        }
        self.adopt(tid)
    }

    fn forget(&mut self, tid: i32, exit: Exit) {
        if let Some(pending) = self.table.get_mut(tid).and_then(|t| t.pending.take()) {
            self.conclude_unknown(tid, pending);
        }
        if let Some(gone) = self.table.remove(tid) {
            self.out.emit(gone.id, Kind::Exit(exit));
        }
    }

    /// Newborns whose creator died before it told of them: they have not run yet and are traced. If just one thread has
    /// died since, it was the creator; else the link is not known, and that is said.
    pub(super) fn adopt(&mut self, dead: i32) -> Result<(), SysError> {
        for (child, creators) in self.newborn.clone() {
            let status = std::fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
            let field = |name: &str| {
                status.lines().find_map(|l| l.strip_prefix(name)).and_then(|v| v.trim().parse::<i32>().ok())
            };
            let (group, parent) = (field("Tgid:").unwrap_or(child), field("PPid:").unwrap_or(0));
            let alive = if group == child { parent } else { group };
            if self.table.has_group(alive) && alive != dead {
                continue;
            }
            self.newborn.remove(&child);
            // Whose memory it has nobody knows.
            self.table.unsettle_all();
            let id = if group != child && self.table.has_group(group) {
                self.table.add(child, group)
            } else {
                self.table.add_child(child, child)
            };
            let parent = match creators[..] {
                [only] => Some(only),
                _ => None,
            };
            let how = if group == child { SpawnHow::Fork } else { SpawnHow::Clone };
            self.out.emit(id, Kind::Spawn { parent: parent.unwrap_or_default(), how, thread: group != child });
            if parent.is_none() {
                let detail = "the creator of a process died before the kernel named it".to_owned();
                self.out.emit(id, Kind::Gap(Gap { why: GapWhy::LostProcess, detail }));
            }
            self.begin(child)?;
        }
        Ok(())
    }
}
