use super::*;
use crate::abi::{AUDIT_ARCH, AUDIT_ARCH_I386, X32_BIT, nr};
use sekisho_events::Level::{Deep, Exec, Files};

fn native(level: Level, call: u32, args: &[u64; 6]) -> Route {
    decide(level, AUDIT_ARCH, u64::from(call), args)
}

fn errno(route: Route) -> Option<i32> {
    match route {
        Route::Refuse { errno, .. } => Some(errno),
        _ => None,
    }
}

/// Every `SYS_` constant that libc knows for this machine has a row of its own name.
#[test]
fn every_call_that_the_c_library_knows_is_classified() {
    macro_rules! check {
        ($($constant:ident $name:literal),* $(,)?) => {
            $(assert_eq!(lookup(libc::$constant as u32).map(|call| call.name), Some($name));)*
        };
    }
    check! {
        SYS_read "read", SYS_open "open", SYS_mmap "mmap", SYS_ioctl "ioctl", SYS_sendto "sendto", SYS_clone "clone",
        SYS_execve "execve", SYS_fcntl "fcntl", SYS_ptrace "ptrace", SYS_prctl "prctl", SYS_mount "mount",
        SYS_umount2 "umount2", SYS_tgkill "tgkill", SYS_openat "openat", SYS_newfstatat "newfstatat",
        SYS_unshare "unshare", SYS_prlimit64 "prlimit64", SYS_setns "setns", SYS_seccomp "seccomp",
        SYS_execveat "execveat", SYS_statx "statx", SYS_rseq "rseq", SYS_pidfd_send_signal "pidfd_send_signal",
        SYS_io_uring_setup "io_uring_setup", SYS_clone3 "clone3", SYS_openat2 "openat2", SYS_pidfd_getfd "pidfd_getfd",
        SYS_landlock_restrict_self "landlock_restrict_self", SYS_memfd_secret "memfd_secret",
        SYS_fchmodat2 "fchmodat2", SYS_mseal "mseal",
    }
}

/// The kernel's own header, where it is installed: each number in it is classified under the header's name.
#[test]
fn every_number_of_the_kernel_header_is_classified() {
    let Ok(header) = std::fs::read_to_string("/usr/include/x86_64-linux-gnu/asm/unistd_64.h") else { return };
    let mut seen = 0;
    for line in header.lines() {
        let mut words = line.split_whitespace();
        let (Some("#define"), Some(name), Some(number)) = (words.next(), words.next(), words.next()) else { continue };
        let Some(name) = name.strip_prefix("__NR_") else { continue };
        assert_eq!(lookup(number.parse().unwrap()).map(|call| call.name), Some(name));
        seen += 1;
    }
    assert!(seen > 300, "{seen} numbers in the header");
}

#[test]
fn rows_are_sorted_and_each_name_of_the_abi_has_one() {
    let rows: Vec<_> = all().map(|call| (call.nr, call.name)).collect();
    assert_eq!(rows, abi::NAMES);
}

/// EVASION R3: an unknown number or ABI gets ENOSYS, whatever the level.
#[test]
fn unknown_numbers_and_foreign_abis_are_refused() {
    for level in [Exec, Files, Deep] {
        for number in [337, 400, u64::from(abi::MAX_KNOWN) + 1, 9999, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(errno(decide(level, AUDIT_ARCH, number, &[0; 6])), Some(libc::ENOSYS), "{number}");
        }
        assert_eq!(errno(decide(level, AUDIT_ARCH, u64::from(X32_BIT), &[0; 6])), Some(libc::ENOSYS));
        assert_eq!(errno(decide(level, AUDIT_ARCH_I386, 39, &[0; 6])), Some(libc::ENOSYS));
    }
}

/// The number is an `int`: garbage above it neither hides a call nor makes one unknown.
#[test]
fn the_upper_half_of_the_number_does_not_hide_a_call() {
    let dirty = 0xdead_beef_0000_0000 | u64::from(nr::IO_URING_SETUP);
    assert_eq!(errno(decide(Exec, AUDIT_ARCH, dirty, &[0; 6])), Some(libc::ENOSYS));
}

/// ioctl(2), fcntl(2), prctl(2): the command is an `int`, so bits above it do not hide it.
#[test]
fn the_upper_half_of_a_command_does_not_hide_it() {
    assert_eq!(errno(native(Exec, nr::IOCTL, &[0, 0x7_0000_5412, 0, 0, 0, 0])), Some(libc::EPERM));
    assert_eq!(native(Exec, nr::PRCTL, &[0x1_0000_0004, 0, 0, 0, 0, 0]), Route::Decode(Decoder::SetDumpable));
}

/// EVASION A01.
#[test]
fn a_listener_of_the_steps_own_is_refused_and_a_plain_filter_is_recorded() {
    assert_eq!(errno(native(Exec, nr::SECCOMP, &[1, 8, 1, 0, 0, 0])), Some(libc::EBUSY));
    assert_eq!(errno(native(Exec, nr::SECCOMP, &[1, 0xff, 1, 0, 0, 0])), Some(libc::EBUSY));
    assert_eq!(native(Exec, nr::SECCOMP, &[1, 1, 1, 0, 0, 0]), Route::Decode(Decoder::Seccomp));
    assert_eq!(native(Exec, nr::SECCOMP, &[2, 0, 1, 0, 0, 0]), Route::Allow);
}

/// EVASION A04, C05; threads (glibc's flags), posix_spawn and fork pass.
#[test]
fn clone_stops_only_for_flags_that_matter() {
    for passes in [17, 0x3d0f00, 0x4111, 0x120_0011] {
        assert_eq!(native(Deep, nr::CLONE, &[passes, 0, 0, 0, 0, 0]), Route::Allow, "{passes:#x}");
    }
    for stops in [0x80_0011, 0x2_0011, 0x1000_0011, 0x4000_0011, 0x111, 0x411, 0x211, 0x80_0f00] {
        assert_eq!(native(Exec, nr::CLONE, &[stops, 0, 0, 0, 0, 0]), Route::Decode(Decoder::Clone), "{stops:#x}");
    }
}

/// EVASION I03 to I06.
#[test]
fn sockets_are_of_recorded_families_types_and_protocols() {
    let socket = |family, kind, protocol| native(Exec, nr::SOCKET, &[family, kind, protocol, 0, 0, 0]);
    for (family, kind, protocol) in
        [(2, 1, 0), (2, 0x80801, 6), (10, 2, 17), (1, 5, 0), (16, 3, 0), (2, 2, 1), (10, 2, 58)]
    {
        assert_eq!(socket(family, kind, protocol), Route::Allow, "{family} {kind} {protocol}");
    }
    assert_eq!(errno(socket(40, 1, 0)), Some(libc::EAFNOSUPPORT), "vsock");
    assert_eq!(errno(socket(17, 3, 0)), Some(libc::EAFNOSUPPORT), "packet");
    assert_eq!(errno(socket(2, 1, 262)), Some(libc::EPROTONOSUPPORT), "MPTCP");
    assert_eq!(errno(socket(2, 5, 132)), Some(libc::EPERM), "SCTP");
    assert_eq!(errno(socket(2, 3, 1)), Some(libc::EPERM), "raw");
    assert_eq!(errno(socket(16, 3, 9)), Some(libc::EPROTONOSUPPORT), "audit");
    assert_eq!(errno(native(Exec, nr::SENDMSG, &[3, 1, 0x2000_0000, 0, 0, 0])), Some(libc::EOPNOTSUPP));
}

#[test]
fn a_message_without_an_address_passes() {
    assert_eq!(native(Files, nr::SENDTO, &[3, 1, 2, 0, 0, 0]), Route::Allow);
    assert_eq!(native(Files, nr::SENDTO, &[3, 1, 2, 0, 1 << 32, 16]), Route::Decode(Decoder::SendTo));
    assert_eq!(native(Exec, nr::SENDTO, &[3, 1, 2, 0, 7, 16]), Route::Allow);
}

#[test]
fn a_level_sees_what_it_is_for() {
    assert_eq!(native(Exec, nr::OPENAT, &[0; 6]), Route::Allow);
    assert!(matches!(native(Files, nr::OPENAT, &[0; 6]), Route::Decode(Decoder::Open { .. })));
    assert_eq!(native(Files, nr::READLINK, &[0; 6]), Route::Allow);
    assert!(matches!(native(Deep, nr::READLINK, &[0; 6]), Route::Decode(Decoder::Stat(_))));
    assert!(matches!(native(Exec, nr::EXECVE, &[0; 6]), Route::Decode(Decoder::Exec(_))));
}

#[test]
fn private_memory_passes_and_shared_memory_stops() {
    assert_eq!(native(Files, nr::MMAP, &[0, 4096, 3, 0x22, u64::MAX, 0]), Route::Allow);
    assert_eq!(native(Files, nr::MMAP, &[0, 4096, 3, 0x01, 3, 0]), Route::Decode(Decoder::Mmap));
    assert_eq!(native(Files, nr::MMAP, &[0, 4096, 3, 0x03, 3, 0]), Route::Decode(Decoder::Mmap));
}

#[test]
fn limits_and_priority_stop_only_when_they_are_of_another() {
    assert_eq!(native(Exec, nr::PRLIMIT64, &[0, 7, 0, 0, 0, 0]), Route::Allow);
    assert_eq!(native(Exec, nr::PRLIMIT64, &[1, 7, 0, 0, 0, 0]), Route::Decode(Decoder::Limits));
    assert_eq!(native(Exec, nr::SETPRIORITY, &[0, 0, 19, 0, 0, 0]), Route::Allow);
    assert_eq!(native(Exec, nr::SETPRIORITY, &[2, 0, 19, 0, 0, 0]), Route::Decode(Decoder::Scheduling));
    assert_eq!(native(Exec, nr::TGKILL, &[9, 9, 23, 0, 0, 0]), Route::Allow, "Go preempts its threads so");
    assert_eq!(native(Exec, nr::TGKILL, &[9, 9, 9, 0, 0, 0]), Route::Decode(Decoder::Signal));
}

/// EVASION section J: each of these is refused whatever its arguments, at every level.
#[test]
fn exotic_interfaces_are_refused() {
    for name in [
        "bpf",
        "perf_event_open",
        "init_module",
        "finit_module",
        "delete_module",
        "kexec_load",
        "kexec_file_load",
        "iopl",
        "ioperm",
        "swapon",
        "swapoff",
        "reboot",
        "quotactl",
        "quotactl_fd",
        "nfsservctl",
        "lookup_dcookie",
        "syslog",
        "acct",
        "vhangup",
        "add_key",
        "request_key",
        "keyctl",
        "userfaultfd",
        "memfd_secret",
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "fanotify_init",
        "open_by_handle_at",
        "modify_ldt",
        "uselib",
        "kcmp",
        "process_madvise",
        "clock_settime",
        "adjtimex",
        "clone3",
    ] {
        let call = abi::number(name).unwrap();
        for args in [[0; 6], [u64::MAX; 6]] {
            assert!(matches!(native(Exec, call, &args), Route::Refuse { .. }), "{name}");
        }
    }
}
