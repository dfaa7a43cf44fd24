//! The profile as a judge while the step runs: deny and kill.
use crate::exit::CliError;
use sekisho_events::{Event, Kind, Mode, ProcessId};
use sekisho_profiles::{Date, Matcher, Profile, Vars, Verdict, errno::EACCES};
use sekisho_recorder::{Judge, Ruling};

/// The id that stands where no rule allowed an act.
pub const DEFAULT_RULE: &str = "default";

/// A profile that rules over a running step.
pub struct LiveJudge {
    matcher: Matcher,
    mode: Mode,
}

impl LiveJudge {
    /// Compiles the profile as it stands on a day.
    pub fn new(profile: &Profile, vars: &Vars, mode: Mode, today: Option<Date>) -> Result<Self, CliError> {
        let matcher = Matcher::on(profile, vars, today).map_err(|e| CliError::new(e.to_string()))?;
        Ok(Self { matcher, mode })
    }

    fn forbid(&self, rule: String, errno: i32) -> Ruling {
        match self.mode {
            Mode::Observe => Ruling::Allow,
            Mode::Deny => Ruling::Deny { rule, errno },
            Mode::Kill => Ruling::Kill { rule },
        }
    }
}

impl Judge for LiveJudge {
    fn observe(&mut self, event: &Event) {
        self.matcher.observe(event);
    }

    fn judge(&mut self, process: ProcessId, act: &Kind) -> Ruling {
        match self.matcher.judge(process, act) {
            Verdict::Allowed { .. } | Verdict::NotJudged => Ruling::Allow,
            Verdict::Denied { rule, errno } => self.forbid(rule.to_string(), errno),
            Verdict::Unlisted => self.forbid(DEFAULT_RULE.to_owned(), EACCES),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_events::{Access, FileAct, Outcome};

    fn judge(mode: Mode) -> LiveJudge {
        let text = "[profile]\nversion = 1\nname = \"t\"\n\n[[rule]]\nid = \"no\"\nread = [\"/etc/x\"]\ndeny = true\nerrno = \"ENOENT\"\n\n\
                    [[rule]]\nid = \"yes\"\nread = [\"/usr/**\"]\n";
        LiveJudge::new(&Profile::parse(text).unwrap(), &Vars::default(), mode, None).unwrap()
    }

    fn read(path: &str) -> Kind {
        Kind::File(FileAct::new(Access::Read, path))
    }

    #[test]
    fn denying_denies_what_is_forbidden_and_what_is_not_listed() {
        let mut judge = judge(Mode::Deny);
        let mut rule = |path| judge.judge(ProcessId(1), &read(path));
        assert_eq!(rule("/usr/a"), Ruling::Allow);
        assert_eq!(rule("/etc/x"), Ruling::Deny { rule: "no".into(), errno: 2 });
        assert_eq!(rule("/srv/a"), Ruling::Deny { rule: "default".into(), errno: EACCES });
    }

    #[test]
    fn killing_kills_and_observing_does_neither() {
        assert_eq!(judge(Mode::Kill).judge(ProcessId(1), &read("/srv/a")), Ruling::Kill { rule: "default".into() });
        assert_eq!(judge(Mode::Observe).judge(ProcessId(1), &read("/srv/a")), Ruling::Allow);
    }

    #[test]
    fn a_name_that_is_not_there_is_left_to_the_kernel() {
        let mut act = FileAct::new(Access::Read, "/srv/a");
        act.outcome = Outcome::Errno(2);
        assert_eq!(judge(Mode::Deny).judge(ProcessId(1), &Kind::File(act)), Ruling::Allow);
    }
}
