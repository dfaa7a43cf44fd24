//! What `/proc` and `/sys` say about where we are.
use sekisho_recorder::decode::procfs;
use std::io::IsTerminal as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Where we are.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Release of the kernel.
    pub kernel: String,
    /// Effective user.
    pub uid: u32,
    /// `kernel.yama.ptrace_scope`, if the kernel has Yama.
    pub yama: Option<u8>,
    /// The process that traces us, if there is one.
    pub tracer: Option<i32>,
    /// `no_new_privs` is set (prctl(2)).
    pub no_new_privs: bool,
    /// A seccomp filter is on us already.
    pub filtered: bool,
    /// Effective capabilities, one bit each (capabilities(7)).
    pub capabilities: u64,
    /// Whether we may write into our own cgroup (version 2); `None` if there is none to be seen.
    pub cgroup: Option<bool>,
    /// A mark of a container was found.
    pub container: bool,
    /// Which of the standard streams are terminals.
    pub terminals: [bool; 3],
}

impl Surroundings {
    /// Looks around.
    pub fn look() -> Self {
        let status = std::fs::read("/proc/self/status").unwrap_or_default();
        let trimmed = |path: &str| std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
        Self {
            kernel: trimmed("/proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".into()),
            uid: sekisho_recorder::effective_uid(),
            yama: trimmed("/proc/sys/kernel/yama/ptrace_scope").and_then(|text| text.parse().ok()),
            tracer: procfs::number_field(&status, "TracerPid").filter(|pid| *pid != 0),
            no_new_privs: procfs::number_field(&status, "NoNewPrivs") == Some(1),
            filtered: procfs::number_field(&status, "Seccomp").is_some_and(|mode: u8| mode != 0),
            capabilities: procfs::hex_field(&status, "CapEff").unwrap_or(0),
            cgroup: own_cgroup(),
            container: ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| Path::new(mark).exists()),
            terminals: [
                std::io::stdin().is_terminal(),
                std::io::stdout().is_terminal(),
                std::io::stderr().is_terminal(),
            ],
        }
    }

    /// True if this capability (its number in linux/capability.h) is effective.
    pub fn has(&self, capability: u32) -> bool {
        self.capabilities >> capability & 1 == 1
    }
}

/// Whether our cgroup's directory is ours to write to (cgroups(7), "Delegation").
fn own_cgroup() -> Option<bool> {
    let lines = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = lines.lines().find_map(|line| line.strip_prefix("0::"))?;
    let directory = Path::new("/sys/fs/cgroup").join(path.trim_start_matches('/'));
    let found = std::fs::metadata(directory.join("cgroup.procs")).ok()?;
    let ours = sekisho_recorder::effective_uid() == 0 || found.uid() == sekisho_recorder::effective_uid();
    Some(ours && !found.permissions().readonly())
}
