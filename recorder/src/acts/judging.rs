//! Acts that a rule does not allow, before they happen.
use super::{Call, Verdict};
use crate::judge::Ruling;
use crate::names::Looker;
use crate::options::Mode;
use crate::tracer::Tracer;
use sekisho_events::{Denied, Kind};

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
        Some((Looker { tid, pid: group.pid, view: group.view }, !group.is_quiet()))
    }

    /// Tells an event of a thread.
    pub(crate) fn tell(&mut self, tid: i32, kind: Kind) {
        let id = self.table.get(tid).map(|t| t.id).unwrap_or_default();
        self.out.emit(id, kind);
    }
}
