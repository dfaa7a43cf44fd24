//! Calls that make, remove, rename and link names.
use super::{Call, Pending, Verdict, file_kinds, outcome};
use crate::names;
use crate::tracer::Tracer;
use sekisho_events::{Access, Delegated, FileAct, FileType, Gap, GapWhy, Kind, Outcome, PathBytes};

impl Tracer {
    /// One entry of a directory is made or removed.
    pub(crate) fn enter_entry(&mut self, tid: i32, call: &Call, access: Access, (dirfd, arg): (i32, usize)) -> Verdict {
        let asked = match self.path_argument(tid, call, arg) {
            Ok(asked) => asked,
            Err(fault) => return Verdict::unreadable(call, fault),
        };
        self.watch_files(tid, call, &[arg], |who, racy| vec![entry_act(who, racy, access, dirfd, &asked)])
    }

    /// rename(2), link(2) and their kin: two names.
    pub(crate) fn enter_two_names(
        &mut self,
        tid: i32,
        call: &Call,
        access: Access,
        old: (i32, usize),
        new: (i32, usize),
    ) -> Verdict {
        let (old_asked, new_asked) = match (self.path_argument(tid, call, old.1), self.path_argument(tid, call, new.1))
        {
            (Ok(old), Ok(new)) => (old, new),
            (Err(fault), _) | (_, Err(fault)) => return Verdict::unreadable(call, fault),
        };
        let exchange =
            access == Access::Rename && call.args[4] as u32 & libc::RENAME_EXCHANGE != 0 && call.name == "renameat2";
        let follow = access == Access::Link && call.name == "linkat" && call.int(4) & libc::AT_SYMLINK_FOLLOW != 0;
        let by_descriptor = access == Access::Link && old_asked.is_empty();
        let pinned: &[usize] = if by_descriptor { &[] } else { &[old.1, new.1] };
        self.watch_files(tid, call, pinned, |who, racy| {
            let from = match () {
                () if by_descriptor => {
                    names::of_descriptor(who, old.0).unwrap_or_else(|_| names::Found::nothing(old_asked.clone()))
                }
                () if follow => names::whole(who, old.0, &old_asked, true),
                () => names::entry(who, old.0, &old_asked),
            };
            let to = names::entry(who, new.0, &new_asked);
            let act = |from: &names::Found, to: &names::Found, asked: &PathBytes| {
                let mut act = FileAct::new(access, from.path.as_bytes());
                act.asked = (from.path != *asked).then(|| asked.clone());
                act.to = Some(to.path.clone());
                act.identity = from.stat.map(|s| s.identity);
                act.file_type = from.stat.map(|s| s.file_type);
                act.namespace = from.namespace().or(to.namespace());
                act.racy = racy.then_some(true);
                act
            };
            let mut acts = vec![act(&from, &to, &old_asked)];
            if exchange {
                acts.push(act(&to, &from, &new_asked));
            }
            acts
        })
    }

    /// symlink(2): `target` is text, never looked up.
    pub(crate) fn enter_symlink(
        &mut self,
        tid: i32,
        call: &Call,
        target: usize,
        (dirfd, link): (i32, usize),
    ) -> Verdict {
        let (text, asked) = match (self.path_argument(tid, call, target), self.path_argument(tid, call, link)) {
            (Ok(text), Ok(asked)) => (text, asked),
            (Err(fault), _) | (_, Err(fault)) => return Verdict::unreadable(call, fault),
        };
        self.watch_files(tid, call, &[link], |who, racy| {
            let mut act = entry_act(who, racy, Access::Symlink, dirfd, &asked);
            act.to = Some(text);
            vec![act]
        })
    }

    /// Asks the judge about acts on files, and watches the call. `names`: the arguments that name the first act's path
    /// and its second name, for a call that is pinned.
    pub(crate) fn watch_files(
        &mut self,
        tid: i32,
        call: &Call,
        names: &[usize],
        acts: impl FnOnce(names::Looker, bool) -> Vec<FileAct>,
    ) -> Verdict {
        let Some((who, racy)) = self.looker(tid) else { return Verdict::Run };
        let acts = acts(who, racy);
        if self.enforces() {
            if let Some(verdict) = self.forbid(tid, call, &file_kinds(&acts)) {
                let Some(act) = acts.into_iter().next() else { return verdict };
                let errno = super::futile::of_act(who, call, &act);
                return self.unless_futile(tid, verdict, errno, Kind::File(act));
            }
            self.pin_names(who, &acts, names);
        }
        Verdict::Watch(Pending::Files(acts))
    }

    /// At the exit of a call on names or attributes.
    pub(crate) fn exit_files(&mut self, tid: i32, acts: Vec<FileAct>, result: i64) {
        let Some(outcome) = outcome(result) else { return };
        for mut act in acts {
            act.outcome = outcome;
            if outcome == Outcome::Ok {
                self.identify_new(tid, &mut act);
                self.confirm(tid, &mut act);
            }
            let mounts = act.access == Access::Mount && act.outcome.is_effect();
            let delegated = self.queue_delegation(tid, &act);
            self.tell_file(tid, act);
            if let Some(delegated) = delegated {
                self.tell(tid, Kind::Delegated(delegated));
            }
            if mounts {
                self.mounts_changed(tid);
            }
        }
    }

    /// A message queue that the step did not make: whoever reads it may act on what it is told.
    pub(super) fn queue_delegation(&mut self, tid: i32, act: &FileAct) -> Option<Delegated> {
        let name = act.path.as_bytes().strip_prefix(b"/dev/mqueue")?;
        let namespace = self.ipc_namespace(tid);
        match act.access {
            _ if !act.outcome.is_effect() => None,
            Access::Create => {
                self.listeners.add_queue(namespace, &act.path);
                None
            }
            Access::Delete => {
                self.listeners.remove_queue(namespace, &act.path);
                None
            }
            Access::Read | Access::Write if !self.listeners.has_queue(namespace, &act.path) => {
                Some(Delegated { to: PathBytes::new([b"mqueue:", name].concat()), peer: None })
            }
            _ => None,
        }
    }

    /// What was not there at the entry has an identity now.
    fn identify_new(&self, tid: i32, act: &mut FileAct) {
        let made = match act.access {
            Access::Mkdir => |t| t == FileType::Directory,
            Access::Symlink => |t| t == FileType::Symlink,
            Access::Mknod => |t| !matches!(t, FileType::Directory | FileType::Symlink),
            _ => return,
        };
        let Some((who, _)) = self.looker(tid) else { return };
        if let Some(stat) = names::told(who, &act.path).stat.filter(|s| made(s.file_type)) {
            act.identity = Some(stat.identity);
            act.file_type = Some(stat.file_type);
        }
    }

    /// Tells an act on a file, and remembers what it leaves behind.
    pub(crate) fn tell_file(&mut self, tid: i32, mut act: FileAct) {
        if let Some((who, _)) = self.looker(tid)
            && let crate::tracee::View::Other(namespace) = who.view
        {
            act.namespace = Some(namespace);
        }
        if act.outcome.is_effect() {
            // First: from then on nothing on it is asked for.
            if act.access == Access::Mount {
                self.look_for_served(tid);
            }
            self.outputs.follow(&act);
            self.inputs.follow(&act);
            match act.identity {
                Some(fifo) if act.access == Access::Mknod => self.listeners.add_fifo(fifo),
                Some(gone) if act.access == Access::Delete => self.listeners.remove_fifo(gone),
                _ => {}
            }
        }
        if act.outcome == Outcome::Ok {
            // Its own text is news only where it differs.
            act.asked = act.asked.filter(|a| *a != act.path);
        }
        self.tell(tid, Kind::File(act));
    }

    /// After a mount: is it of files that the step serves itself?
    fn look_for_served(&mut self, tid: i32) {
        let devices = self.served.look(tid);
        if !devices.is_empty() {
            for device in devices {
                self.digests.avoid(device);
            }
            let detail = "the step serves a file system itself: what is read from it has no digest".to_owned();
            self.tell(tid, Kind::Gap(Gap { why: GapWhy::Unseen, detail }));
        }
    }
}

fn entry_act(who: names::Looker, racy: bool, access: Access, dirfd: i32, asked: &PathBytes) -> FileAct {
    let found = names::entry(who, dirfd, asked);
    let mut act = FileAct::new(access, found.path.as_bytes());
    act.asked = (found.path != *asked).then(|| asked.clone());
    act.identity = found.stat.map(|s| s.identity);
    act.file_type = found.stat.map(|s| s.file_type);
    act.namespace = found.namespace();
    act.racy = racy.then_some(true);
    act
}
