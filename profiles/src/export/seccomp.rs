//! OCI seccomp profile (opencontainers/runtime-spec, config-linux.md, "Seccomp"): refuses the calls that no rule can need.
use super::{Exported, allowing, has_files, lost_who, nets};
use crate::act::Act;
use crate::net::NetPattern;
use crate::profile::Profile;
use serde_json::{Value, json};

/// Calls that act where nobody sees, on the kernel itself, or on other processes: the recorder refuses or reports them.
const NEVER: &[&str] = &[
    "acct",
    "add_key",
    "bpf",
    "delete_module",
    "finit_module",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "memfd_secret",
    "open_by_handle_at",
    "perf_event_open",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "reboot",
    "request_key",
    "swapoff",
    "swapon",
    "userfaultfd",
];
const MOUNT: &[&str] = &[
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "mount",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "pivot_root",
    "umount2",
];
const NAMESPACE: &[&str] = &["setns", "unshare"];

/// Flags of clone(2) that make namespaces (linux/sched.h): NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
const CLONE_NEW: u64 = 0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000;

pub(super) fn export(profile: &Profile) -> Exported {
    let allows = |act: Act| allowing(profile).any(|r| r.acts.contains_key(&act));
    let restricts = |word: &str| {
        allowing(profile).filter_map(|r| r.acts.get(&Act::Restrict)).flatten().any(|item| item.text == word)
    };
    let mut rules = vec![refuse(NEVER, Value::Null)];
    if !allows(Act::Mount) {
        rules.push(refuse(MOUNT, Value::Null));
    }
    if !restricts("namespace") {
        rules.push(refuse(NAMESPACE, Value::Null));
        for bit in (0..64).map(|n| 1u64 << n).filter(|bit| CLONE_NEW & bit != 0) {
            rules.push(refuse(&["clone"], json!([masked(bit)])));
        }
        // clone3 has its flags in memory, where no filter reads them: ENOSYS makes libc fall back to clone.
        rules.push(json!({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}));
    }
    if !restricts("chroot") {
        rules.push(refuse(&["chroot"], Value::Null));
    }
    if !allows(Act::Listen) {
        rules.push(refuse(&["listen", "accept", "accept4"], Value::Null));
    }
    let all = [Act::Connect, Act::Send, Act::Listen];
    let inet = nets(profile, &all).any(|n| matches!(n, NetPattern::Inet { .. })) || allows(Act::Resolve);
    // socket(2) families: AF_INET, AF_INET6, AF_PACKET.
    for family in [2, 10, 17] {
        if family == 17 || !inet {
            rules.push(refuse(&["socket"], json!([{"index": 0, "value": family, "op": "SCMP_CMP_EQ"}])));
        }
    }
    let value = json!({
        "defaultAction": "SCMP_ACT_ALLOW",
        "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []}],
        "syscalls": rules,
    });
    let mut lost = Vec::new();
    if has_files(profile) {
        lost.push("paths: a seccomp filter cannot read names, so every file and program stays open".to_owned());
    }
    if inet {
        lost.push("hosts and ports: addresses are in memory, which a filter cannot read".to_owned());
    }
    lost_who(profile, &mut lost);
    Exported { text: format!("{value:#}\n"), lost }
}

fn masked(bit: u64) -> Value {
    json!({"index": 0, "value": bit, "valueTwo": bit, "op": "SCMP_CMP_MASKED_EQ"})
}

fn refuse(names: &[&str], args: Value) -> Value {
    let mut rule = json!({"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": 1});
    if !args.is_null() {
        rule["args"] = args;
    }
    rule
}
