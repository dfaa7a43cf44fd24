//! Acts that a rule does not allow, before they happen.
use super::{Call, Verdict};
use crate::judge::Ruling;
use crate::memory::{self, Fault};
use crate::names::{self, Looker};
use crate::tracee::View;
use crate::tracer::Tracer;
use sekisho_events::{Access, Denied, FileAct, Gap, GapWhy, Kind, Mode, PathBytes};

impl Tracer {
    /// True if acts are judged before they happen.
    pub(crate) fn enforces(&mut self) -> bool {
        self.mode != Mode::Observe && self.out.judge().is_some()
    }

    /// The verdict on a call that would do `acts`, if one of them is not allowed.
    pub(crate) fn forbid(&mut self, tid: i32, call: &Call, acts: &[Kind]) -> Option<Verdict> {
        if self.mode == Mode::Observe {
            return None;
        }
        let id = self.table.get(tid)?.id;
        let judge = self.out.judge()?;
        let (would, ruling) =
            acts.iter().map(|a| (a, judge.judge(id, a))).find(|(_, ruling)| *ruling != Ruling::Allow)?;
        let denied = |rule: String, errno: i32| {
            Box::new(Kind::Denied(Denied { rule, call: call.name.into(), errno, would: Box::new(would.clone()) }))
        };
        Some(match ruling {
            Ruling::Allow => return None,
            Ruling::Deny { rule, errno } => {
                Verdict::Answer { result: -i64::from(errno), kind: Some(denied(rule, errno)) }
            }
            Ruling::Kill { rule } => Verdict::KillStep(denied(rule, 0)),
        })
    }

    /// Who looks a name up, and whether memory can change under the call.
    pub(crate) fn looker(&self, tid: i32) -> Option<(Looker, bool)> {
        let group = self.table.group_of(tid)?;
        let pinned = self.pages_work && group.page.is_some();
        let racy = !group.is_quiet() && !pinned;
        Some((Looker { tid, pid: group.pid, view: group.view, serves: self.served.has_begun() }, racy))
    }

    /// True if what is pinned for this thread will hold.
    pub(crate) fn will_pin(&mut self, tid: i32) -> bool {
        self.wants_pins(tid) && self.table.group_of(tid).is_some_and(|g| g.page.is_some())
    }

    /// Reads the path at argument `arg`, and pins it.
    pub(crate) fn path_argument(&mut self, tid: i32, call: &Call, arg: usize) -> Result<PathBytes, Fault> {
        let path = memory::read_path(tid, call.args[arg])?;
        self.pins.path(arg, path.as_bytes());
        Ok(path)
    }

    /// True if a call of this process may be made by another, resolved, name.
    pub(crate) fn may_rewrite(&self, who: Looker, path: &PathBytes) -> bool {
        let filtered = self.table.group_of(who.tid).is_none_or(|g| g.filtered);
        !filtered && who.view == View::Ours && path.as_bytes().len() + 2 < PathBytes::MAX
    }

    /// Makes the call by the names that were judged: neither directory descriptors nor the working directory count.
    pub(crate) fn pin_names(&mut self, who: Looker, acts: &[FileAct], args: &[usize]) {
        // By the name of what is in another view, it would be done to something else, in this one.
        let Some(act) = acts.first().filter(|act| act.namespace.is_none()) else { return };
        let names = [Some(&act.path), act.to.as_ref().filter(|_| act.access != Access::Symlink)];
        for (arg, name) in args.iter().zip(names) {
            let Some(name) = name.filter(|n| n.as_bytes().starts_with(b"/") && self.may_rewrite(who, n)) else {
                continue;
            };
            if name.as_bytes().starts_with(b"/proc/") {
                continue;
            }
            let slash = self.pins.ends_with_slash(*arg);
            self.pins.path(*arg, &[name.as_bytes(), if slash { b"/" } else { b"" }].concat());
        }
    }

    /// Tells an event of a thread.
    pub(crate) fn tell(&mut self, tid: i32, kind: Kind) {
        let id = self.table.get(tid).map(|t| t.id).unwrap_or_default();
        let untold = matches!(&kind, Kind::File(f) if f.path.as_bytes().starts_with(names::UNTOLD.as_bytes()));
        self.out.emit(id, kind);
        if untold && !self.untold {
            self.untold = true;
            let detail = "the step works in a directory whose name is longer than the kernel tells".into();
            self.out.emit(id, Kind::Gap(Gap { why: GapWhy::Unreadable, detail }));
        }
    }
}
