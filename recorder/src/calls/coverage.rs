//! What a recording of a level covers, in words: part of every attestation.
use super::{Class, Decoder, Then, all};
use sekisho_events::Level;
use std::collections::BTreeSet;

/// Classes of act that are recorded at this level, sorted.
pub fn recorded_classes(level: Level) -> Vec<String> {
    let mut classes: BTreeSet<&'static str> = ["spawn", "exit", "refused"].into();
    for call in all() {
        if let Class::Traced(stops) = call.class {
            let decoders = stops.iter().filter(|stop| stop.level <= level).filter_map(|stop| match stop.then {
                Then::Decode(decoder) => Some(decoder),
                Then::Refuse { .. } => None,
            });
            classes.extend(decoders.flat_map(|decoder| class(decoder).iter().copied()));
        }
    }
    classes.into_iter().map(str::to_owned).collect()
}

/// The classes of act that a decoder gives.
fn class(decoder: Decoder) -> &'static [&'static str] {
    match decoder {
        Decoder::Open { .. } | Decoder::OpenHow => &["file-read", "file-write", "file-create", "file-truncate"],
        Decoder::Creat(_) => &["file-write", "file-create", "file-truncate"],
        Decoder::Exec(_) => &["exec"],
        Decoder::Unlink(_) => &["file-delete", "file-rmdir"],
        Decoder::Rmdir(_) => &["file-rmdir"],
        Decoder::Rename { .. } => &["file-rename"],
        Decoder::Link { .. } => &["file-link"],
        Decoder::Symlink { .. } => &["file-symlink"],
        Decoder::Mkdir(_) => &["file-mkdir"],
        Decoder::Mknod { .. } => &["file-mknod"],
        Decoder::Truncate(_) => &["file-truncate"],
        Decoder::Attributes(_) => &["file-attributes"],
        Decoder::Mount(_) => &["mount"],
        Decoder::Chroot | Decoder::PivotRoot => &["chroot"],
        Decoder::MqOpen => &["file-create", "file-read", "file-write"],
        Decoder::MqUnlink => &["file-delete"],
        Decoder::Stat(_) => &["file-stat"],
        Decoder::List => &["file-list"],
        Decoder::Connect => &["net-connect", "delegated"],
        Decoder::Socket => &["net-connect"],
        Decoder::Bind => &["net-bind"],
        Decoder::Listen => &["net-listen"],
        Decoder::Accept => &["net-accept"],
        Decoder::SendTo | Decoder::SendMsg | Decoder::SendMmsg | Decoder::Group => &["net-send"],
        Decoder::RecvFrom => &["net-receive", "net-resolve"],
        Decoder::RecvMsg => &["descriptor", "net-receive", "net-resolve"],
        Decoder::RecvMmsg => &["descriptor"],
        Decoder::SocketPair => &["net-pair"],
        Decoder::Clone | Decoder::Unshare | Decoder::Setns => &["namespace"],
        Decoder::Seccomp | Decoder::PrctlSeccomp => &["seccomp"],
        Decoder::Landlock => &["landlock"],
        Decoder::SetDumpable
        | Decoder::GetDumpable
        | Decoder::SetPtracer
        | Decoder::Ptrace
        | Decoder::ProcessVm { .. }
        | Decoder::Signal
        | Decoder::Owner
        | Decoder::Limits
        | Decoder::Scheduling
        | Decoder::PidfdGetfd
        | Decoder::NetworkSetup => &["tamper"],
        Decoder::HostName => &["refused"],
        // These tell the recorder what may race; they are no acts.
        Decoder::IpcGet(_) => &["file-create"],
        Decoder::IpcUse(_) | Decoder::Shmat => &["delegated"],
        Decoder::Mmap | Decoder::Aio | Decoder::Lease => &[],
    }
}

/// Calls that are refused outright, sorted; those that are refused for some arguments only say for which.
pub fn refused_calls() -> Vec<String> {
    let mut calls: BTreeSet<String> =
        ["foreign ABI", "x32 ABI", "numbers above the highest known"].map(str::to_owned).into();
    for call in all() {
        match call.class {
            Class::Harmless { .. } => {}
            Class::Refused { .. } => {
                calls.insert(call.name.to_owned());
            }
            Class::Traced(stops) => calls.extend(stops.iter().filter_map(|stop| match stop.then {
                Then::Refuse { why, .. } => Some(format!("{}: {why}", call.name)),
                Then::Decode(_) => None,
            })),
        }
    }
    calls.into_iter().collect()
}

/// What a recording of this level says nothing about, in plain words.
pub fn not_asserted(level: Level) -> Vec<String> {
    let mut words = vec![
        "what a program did inside its own memory (code of interpreters and of just-in-time compilers)",
        "what was sent to an endpoint that is listed, beyond its address",
        "what a process outside the step did on its behalf, beyond that it was asked",
        "what the kernel, the hypervisor or the hardware did of its own accord",
        "reads and writes through a descriptor, one by one; opens are recorded",
        "memory shared between processes of the step, and messages between them",
    ];
    if level < Level::Deep {
        words.push("looking at files without opening them (stat, access, readlink, directory listings)");
    }
    if level < Level::Files {
        words.push("opens, creations, deletions, renames, links and metadata changes of files");
        words.push("network and socket calls");
    }
    words.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_level_records_all_that_a_lower_one_does() {
        let sets = [Level::Exec, Level::Files, Level::Deep].map(|l| BTreeSet::from_iter(recorded_classes(l)));
        assert!(sets[0].is_subset(&sets[1]) && sets[1].is_subset(&sets[2]));
        assert!(!sets[0].contains("file-read") && sets[1].contains("file-read"));
        assert!(!sets[1].contains("file-stat") && sets[2].contains("file-stat"));
    }

    #[test]
    fn what_is_not_watched_shrinks_as_the_level_rises() {
        assert!(not_asserted(Level::Exec).len() > not_asserted(Level::Files).len());
        assert!(not_asserted(Level::Files).len() > not_asserted(Level::Deep).len());
    }

    #[test]
    fn the_refused_calls_are_listed_by_name() {
        let calls = refused_calls();
        for name in ["io_uring_setup", "clone3", "memfd_secret", "keyctl", "foreign ABI"] {
            assert!(calls.iter().any(|c| c == name), "{name}");
        }
        assert!(calls.iter().any(|c| c.starts_with("seccomp: ")));
        assert!(calls.is_sorted());
    }
}
