//! The checks, in the order in which they matter, each with words for a person.
use super::surroundings::Surroundings;
use sekisho_recorder::{Probes, SysError};

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Check {
    /// Stable name.
    pub id: &'static str,
    /// How it is.
    pub state: State,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    pub hint: Option<&'static str>,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Works,
    /// Worth knowing; a step can be recorded all the same.
    Note,
    /// No step can be recorded.
    Fails,
}

impl State {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Works => "ok",
            Self::Note => "note",
            Self::Fails => "fails",
        }
    }
}

fn works(id: &'static str, detail: impl Into<String>) -> Check {
    Check { id, state: State::Works, detail: detail.into(), hint: None }
}

fn note(id: &'static str, detail: impl Into<String>, hint: &'static str) -> Check {
    Check { id, state: State::Note, detail: detail.into(), hint: Some(hint) }
}

fn fails(id: &'static str, detail: impl Into<String>, hint: &'static str) -> Check {
    Check { id, state: State::Fails, detail: detail.into(), hint: Some(hint) }
}

/// All checks.
pub fn checks(probes: &Probes, around: &Surroundings) -> Vec<Check> {
    vec![
        proc(probes),
        nested(around),
        tracing(probes, around),
        memory(probes),
        descriptors(probes),
        filter(probes, around),
        yama(around),
        privileges(around),
        listener(probes),
        engine(probes),
        sealing(probes),
        landlock(probes),
        namespaces(probes),
        io_uring(probes),
        cgroup(around),
        terminal(around),
    ]
}

fn proc(probes: &Probes) -> Check {
    match &probes.proc {
        Ok(()) => works("proc", "/proc is the kernel's own"),
        Err(error) => fails(
            "proc",
            format!("/proc is not the kernel's own ({error})"),
            "mount it: mount -t proc proc /proc; names and programs are read from it",
        ),
    }
}

fn nested(around: &Surroundings) -> Check {
    match around.tracer {
        None => works("nesting", "nobody traces this process"),
        Some(pid) => fails(
            "nesting",
            format!("process {pid} traces this one (a recorder, strace or a debugger)"),
            "record the outer step only: a process has one tracer, and what runs inside is recorded with it",
        ),
    }
}

fn tracing(probes: &Probes, around: &Surroundings) -> Check {
    match &probes.trace {
        Ok(()) => works("tracing", "this user may trace the processes that it starts (ptrace)"),
        Err(error) => {
            let hint = if around.yama == Some(3) {
                "kernel.yama.ptrace_scope is 3, which holds until a reboot: set it to 2 or less, and reboot"
            } else if around.yama == Some(2) {
                "kernel.yama.ptrace_scope is 2: run as root, or set it to 1"
            } else if around.filtered || around.container {
                "the container forbids ptrace: give it --cap-add=SYS_PTRACE, or a seccomp profile that allows ptrace"
            } else {
                "a security module forbids ptrace: look into the system's log, or run outside of it"
            };
            fails("tracing", format!("a child cannot be traced ({error})"), hint)
        }
    }
}

fn memory(probes: &Probes) -> Check {
    match &probes.read_memory {
        Ok(()) => works("memory", "arguments of calls can be read (process_vm_readv)"),
        Err(error) => fails(
            "memory",
            format!("the memory of a child cannot be read ({error})"),
            "a container's seccomp profile of before Docker 19.03 does this: give it --cap-add=SYS_PTRACE",
        ),
    }
}

fn descriptors(probes: &Probes) -> Check {
    match &probes.descriptors {
        Ok(()) => works("descriptors", "peers of sockets can be asked for (pidfd_getfd)"),
        Err(SysError { errno: 38, .. }) => note(
            "descriptors",
            "this kernel has no pidfd_getfd (Linux 5.6): protocols and peers of sockets stay unknown",
            "use a newer kernel to see who answers on a UNIX socket",
        ),
        Err(error) => note(
            "descriptors",
            format!("pidfd_getfd is forbidden ({error}): protocols and peers of sockets stay unknown"),
            "give the container --cap-add=SYS_PTRACE, or a seccomp profile that allows pidfd_getfd",
        ),
    }
}

fn filter(probes: &Probes, around: &Surroundings) -> Check {
    match &probes.filter {
        Ok(length) => works(
            "filter",
            format!("the kernel takes the seccomp filter ({length} instructions); harmless calls run at full speed"),
        ),
        Err(error) => fails(
            "filter",
            format!("the kernel does not take the seccomp filter ({error})"),
            if around.filtered {
                "the container forbids seccomp: allow it in the container's profile"
            } else {
                "use a kernel with CONFIG_SECCOMP_FILTER"
            },
        ),
    }
}

fn yama(around: &Surroundings) -> Check {
    match around.yama {
        None => works("yama", "no Yama: any process of this user may trace its others"),
        Some(level @ 0..=1) => works("yama", format!("ptrace_scope {level}: a recorder may trace what it starts")),
        Some(level) => note(
            "yama",
            format!("ptrace_scope {level}: only root may trace"),
            "run as root, or set kernel.yama.ptrace_scope to 1",
        ),
    }
}

/// `CAP_SYS_PTRACE`, `CAP_SYS_ADMIN` (linux/capability.h).
const CAP_SYS_PTRACE: u32 = 19;
const CAP_SYS_ADMIN: u32 = 21;

fn privileges(around: &Surroundings) -> Check {
    if around.uid == 0 && around.has(CAP_SYS_ADMIN) {
        return note(
            "privileges",
            "root with CAP_SYS_ADMIN: the step has it too, and could act on the machine beyond what is recorded",
            "run the step as a user of its own; say so in the attestation's policy if it has to be root",
        );
    }
    if around.uid == 0 {
        let traces = if around.has(CAP_SYS_PTRACE) { "with" } else { "without" };
        return works("privileges", format!("root of a container, {traces} CAP_SYS_PTRACE"));
    }
    note(
        "privileges",
        format!(
            "an ordinary user: the step runs with no_new_privs{}",
            if around.no_new_privs { ", which is set already" } else { "" }
        ),
        "sudo, su, ping and setuid programs get no privileges in the step; do such things before it",
    )
}

fn listener(probes: &Probes) -> Check {
    match &probes.listener {
        Ok(()) => works("listener", "seccomp listeners work (USER_NOTIF); the step's own are refused"),
        Err(SysError { errno: 16, .. }) => note(
            "listener",
            "a seccomp listener is around us already (USER_NOTIF)",
            "nothing to do for engine ptrace; a supervisor outside can answer the step's calls, so trust it",
        ),
        Err(error) => note(
            "listener",
            format!("no seccomp listeners ({error})"),
            "nothing to do for engine ptrace; engine hybrid needs Linux 6.6 or newer",
        ),
    }
}

fn engine(probes: &Probes) -> Check {
    match &probes.hybrid {
        Ok(()) => {
            works("engine", "hybrid: what a step only reads is opened for it by a listener; ptrace does the rest")
        }
        Err(why) => note(
            "engine",
            format!("ptrace alone: {why}"),
            "nothing to do: engine ptrace records the same; steps that open many files take longer",
        ),
    }
}

fn sealing(probes: &Probes) -> Check {
    match &probes.seal {
        Ok(()) => works("sealing", "memory can be sealed (mseal); engine ptrace does without"),
        Err(error) => note(
            "sealing",
            format!("no mseal ({error})"),
            "nothing to do: engine ptrace confirms racing names by their result, and says where it could not (toctou)",
        ),
    }
}

fn landlock(probes: &Probes) -> Check {
    match &probes.landlock {
        Ok(abi @ 6..) => works("landlock", format!("ABI {abi}: the kernel keeps the step's signals inside the step")),
        Ok(abi) => note(
            "landlock",
            format!("ABI {abi}: signals to others are looked at one by one"),
            "nothing to do; Linux 6.12 or newer does it by itself",
        ),
        Err(error) => note(
            "landlock",
            format!("no Landlock ({error}): signals to others are looked at one by one"),
            "nothing to do; boot with landlock in lsm= for a second lock",
        ),
    }
}

fn namespaces(probes: &Probes) -> Check {
    match &probes.user_namespace {
        Ok(()) => works("namespaces", "the step can make user namespaces (bwrap, podman, nix); it is recorded"),
        Err(error) => note(
            "namespaces",
            format!("no user namespaces ({error})"),
            "bwrap, rootless podman and nix will not work in the step, with or without us",
        ),
    }
}

fn io_uring(probes: &Probes) -> Check {
    if probes.io_uring {
        return note(
            "io_uring",
            "the kernel has io_uring; in a step it answers ENOSYS, because nobody sees what it does",
            "programs fall back on their own; those that cannot (some databases) do not run in a step",
        );
    }
    works("io_uring", "none here; a step would not get it either")
}

fn cgroup(around: &Surroundings) -> Check {
    match around.cgroup {
        Some(true) => works("cgroup", "our cgroup is ours to write"),
        Some(false) | None => note(
            "cgroup",
            "no cgroup of our own (version 2)",
            "nothing to do; what outlives the step is found and ended as its tracer",
        ),
    }
}

fn terminal(around: &Surroundings) -> Check {
    let names: Vec<_> = ["input", "output", "errors"]
        .iter()
        .zip(around.terminals)
        .filter_map(|(name, is)| is.then_some(*name))
        .collect();
    if names.is_empty() {
        return works("terminal", "none: the step has no terminal to type into");
    }
    works("terminal", format!("standard {}: the step keeps it; typing into it is refused (TIOCSTI)", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_recorder::NoListener;

    fn probes() -> Probes {
        Probes {
            proc: Ok(()),
            trace: Ok(()),
            read_memory: Ok(()),
            descriptors: Ok(()),
            filter: Ok(600),
            listener: Ok(()),
            hybrid: Ok(()),
            seal: Ok(()),
            landlock: Ok(7),
            user_namespace: Ok(()),
            io_uring: false,
        }
    }

    fn denied(call: &'static str) -> SysError {
        SysError { call, errno: 1 }
    }

    fn find(probes: &Probes, around: &Surroundings, id: &str) -> Check {
        checks(probes, around).into_iter().find(|check| check.id == id).unwrap()
    }

    #[test]
    fn without_ptrace_nothing_works_and_the_hint_fits_the_cause() {
        let probes = Probes { trace: Err(denied("PTRACE_SEIZE")), ..probes() };
        let hint = |around| {
            let check = find(&probes, &around, "tracing");
            assert_eq!(check.state, State::Fails);
            check.hint.unwrap()
        };
        assert!(hint(Surroundings { yama: Some(3), ..Surroundings::default() }).contains("reboot"));
        assert!(hint(Surroundings { yama: Some(2), ..Surroundings::default() }).contains("set it to 1"));
        assert!(hint(Surroundings { container: true, ..Surroundings::default() }).contains("SYS_PTRACE"));
    }

    #[test]
    fn only_what_stops_a_recording_fails() {
        let weak = Probes {
            descriptors: Err(denied("pidfd_getfd")),
            listener: Err(denied("seccomp")),
            hybrid: Err(NoListener::Busy),
            seal: Err(denied("mseal")),
            landlock: Err(denied("landlock_create_ruleset")),
            user_namespace: Err(denied("unshare")),
            io_uring: true,
            ..probes()
        };
        let found = checks(&weak, &Surroundings::default());
        assert!(found.iter().all(|check| check.state != State::Fails));
        assert!(found.iter().filter(|check| check.state == State::Note).all(|check| check.hint.is_some()));
    }

    /// EVASION G17.
    #[test]
    fn a_recorder_inside_a_recorder_is_said_to_fail() {
        let around = Surroundings { tracer: Some(812), ..Surroundings::default() };
        let check = find(&probes(), &around, "nesting");
        assert!(check.state == State::Fails && check.detail.contains("812"));
    }

    #[test]
    fn each_check_has_a_name_of_its_own() {
        let found = checks(&probes(), &Surroundings::default());
        let names: std::collections::BTreeSet<_> = found.iter().map(|check| check.id).collect();
        assert_eq!(names.len(), found.len());
    }
}
