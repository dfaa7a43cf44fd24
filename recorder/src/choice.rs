//! Which engine records a step, and why not the faster one.
use crate::error::RecordError;
use crate::options::{Engine, Options};
use crate::sys::SysError;
use sekisho_events::{Level, Mode};

/// The engine of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// There is a listener beside ptrace.
    pub listens: bool,
    /// Why there is none, where it was wanted.
    pub fallback: Option<NoListener>,
}

impl Choice {
    /// The name in the recording's header.
    pub(crate) fn name(&self) -> &'static str {
        if self.listens { "hybrid" } else { "ptrace" }
    }

    /// What `options` ask for, as far as this kernel allows it.
    pub(crate) fn of(options: &Options, judged: bool) -> Result<Self, RecordError> {
        Self::choose(options.engine, options.level, judged && options.mode != Mode::Observe, crate::probe::hybrid)
    }

    fn choose(
        engine: Engine,
        level: Level,
        enforced: bool,
        probe: impl FnOnce() -> Result<(), SysError>,
    ) -> Result<Self, RecordError> {
        let ptrace = Self { listens: false, fallback: None };
        // Level exec watches no open: a listener would have nothing to do.
        if engine == Engine::Ptrace || engine == Engine::Auto && level == Level::Exec {
            return Ok(ptrace);
        }
        let why = match probe() {
            _ if enforced => NoListener::Enforced,
            Ok(()) => return Ok(Self { listens: true, fallback: None }),
            Err(error) => error.into(),
        };
        if engine == Engine::Hybrid {
            return Err(RecordError::NoHybrid(why));
        }
        Ok(Self { fallback: Some(why), ..ptrace })
    }
}

/// Why a step has no listener beside ptrace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoListener {
    /// What a rule allows is made by the name that was judged, and only ptrace can fix that name.
    #[error("a profile is enforced, which only engine ptrace does")]
    Enforced,
    /// There is one around us, and the kernel lets a tree have one only.
    #[error("a seccomp listener around this process has the only place for one")]
    Busy,
    /// `SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP` is missing.
    #[error("this kernel cannot wake a listener on the caller's processor (that is Linux 6.6)")]
    OldKernel,
    /// It could be made, but not be taken out of the step.
    #[error("a listener cannot be taken out of the step: {0}")]
    OutOfReach(SysError),
    /// It could not be made.
    #[error("a seccomp listener does not work here: {0}")]
    Refused(SysError),
}

impl From<SysError> for NoListener {
    fn from(error: SysError) -> Self {
        match (error.call, error.errno) {
            ("seccomp", libc::EBUSY) => Self::Busy,
            ("SECCOMP_IOCTL_NOTIF_SET_FLAGS", libc::EINVAL) => Self::OldKernel,
            ("pidfd_open" | "pidfd_getfd", _) => Self::OutOfReach(error),
            _ => Self::Refused(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: SysError = SysError { call: "seccomp", errno: libc::EBUSY };

    #[test]
    fn what_falls_back_says_why() {
        let choose = |engine, enforced, probed| Choice::choose(engine, Level::Files, enforced, || probed);
        let auto = choose(Engine::Auto, false, Ok(())).unwrap();
        assert_eq!((auto.name(), auto.fallback), ("hybrid", None));
        let busy = choose(Engine::Auto, false, Err(BUSY)).unwrap();
        assert_eq!(busy.name(), "ptrace");
        assert!(busy.fallback == Some(NoListener::Busy));
        let enforced = choose(Engine::Auto, true, Ok(())).unwrap();
        assert_eq!((enforced.name(), enforced.fallback), ("ptrace", Some(NoListener::Enforced)));
    }

    #[test]
    fn an_engine_that_was_asked_for_by_name_is_that_one_or_none() {
        let choose = |engine, enforced, probed| Choice::choose(engine, Level::Files, enforced, || probed);
        assert!(matches!(choose(Engine::Hybrid, false, Err(BUSY)), Err(RecordError::NoHybrid(_))));
        assert!(matches!(choose(Engine::Hybrid, true, Ok(())), Err(RecordError::NoHybrid(_))));
        let plain = choose(Engine::Ptrace, true, Err(BUSY)).unwrap();
        assert_eq!((plain.name(), plain.fallback), ("ptrace", None));
    }
}
