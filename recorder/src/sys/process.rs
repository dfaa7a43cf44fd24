//! Our own process: what it is, what it may, what it is called.
use super::error::{SysError, check};

/// Makes orphans of the step our children (prctl(2), `PR_SET_CHILD_SUBREAPER`).
pub(crate) fn become_subreaper() -> Result<(), SysError> {
    // SAFETY: plain numbers; no memory.
    let rc = unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };
    check("prctl", i64::from(rc)).map(drop)
}

/// Keeps other processes of our user out of our memory, environment and descriptors (`PR_SET_DUMPABLE` 0).
pub(crate) fn set_undumpable() -> Result<(), SysError> {
    // SAFETY: plain numbers; no memory.
    let rc = unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
    check("prctl", i64::from(rc)).map(drop)
}

/// Sends `signal` to the process `pid` (kill(2)).
pub(crate) fn kill(pid: i32, signal: i32) -> Result<(), SysError> {
    // SAFETY: plain numbers; no memory.
    let rc = unsafe { libc::kill(pid, signal) };
    check("kill", i64::from(rc)).map(drop)
}

/// Sends `signal` to the process group `pgid`.
pub(crate) fn kill_group(pgid: i32, signal: i32) -> Result<(), SysError> {
    kill(-pgid, signal)
}

/// Sends `signal` to one thread (tgkill(2)).
pub(crate) fn tgkill(pid: i32, tid: i32, signal: i32) -> Result<(), SysError> {
    // SAFETY: plain numbers; no memory.
    let rc = unsafe { libc::syscall(libc::SYS_tgkill, pid, tid, signal) };
    check("tgkill", rc).map(drop)
}

/// The thread id of the caller (gettid(2)).
pub(crate) fn thread_id() -> i32 {
    // SAFETY: no arguments, no memory.
    unsafe { libc::gettid() }
}

/// The process group of `pid` (0: ours).
pub(crate) fn getpgid(pid: i32) -> Result<i32, SysError> {
    // SAFETY: plain numbers; no memory.
    let rc = unsafe { libc::getpgid(pid) };
    check("getpgid", i64::from(rc)).map(|p| p as i32)
}

/// Our effective user id.
pub fn effective_uid() -> u32 {
    // SAFETY: no arguments, no memory; never fails.
    unsafe { libc::geteuid() }
}

/// The user and the group that we are, if real, effective, saved and file system's number are one.
pub(crate) fn ids() -> Option<crate::calls::Ids> {
    let (mut users, mut groups) = ([0; 4], [0; 4]);
    let [real, effective, saved, files] = &mut users;
    // SAFETY: the kernel writes three numbers of a user.
    let rc = unsafe { libc::getresuid(real, effective, saved) };
    check("getresuid", i64::from(rc)).ok()?;
    // SAFETY: a number that no user has changes nothing; the number that stands is returned (setfsuid(2)).
    *files = unsafe { libc::setfsuid(u32::MAX) } as u32;
    let [real, effective, saved, files] = &mut groups;
    // SAFETY: as above, of a group.
    let rc = unsafe { libc::getresgid(real, effective, saved) };
    check("getresgid", i64::from(rc)).ok()?;
    // SAFETY: as above, of a group.
    *files = unsafe { libc::setfsgid(u32::MAX) } as u32;
    let one = |all: [u32; 4]| all.iter().all(|n| *n == all[0]).then_some(all[0]);
    Some(crate::calls::Ids { user: one(users)?, group: one(groups)? })
}

/// Random bytes from the kernel (getrandom(2)).
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], SysError> {
    let mut bytes = [0; N];
    // SAFETY: the kernel writes at most N bytes into `bytes`; up to 256 bytes come whole.
    let rc = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), N, 0) };
    check("getrandom", rc as i64).map(|_| bytes)
}

/// The kernel's release (uname(2)).
pub(crate) fn release_kernel() -> String {
    // SAFETY: struct utsname is plain bytes; all zero is a value of it.
    let mut raw: libc::utsname = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes one struct utsname to `raw`.
    if unsafe { libc::uname(&raw mut raw) } != 0 {
        return "unknown".into();
    }
    let bytes: Vec<u8> = raw.release.iter().map(|c| *c as u8).take_while(|c| *c != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Lifts our soft limit of open files to the hard one; the step keeps its own. Returns the old limit.
pub(crate) fn raise_descriptor_limit() -> Result<libc::rlimit, SysError> {
    let mut old = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one struct rlimit to `old`.
    let rc = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut old) };
    check("getrlimit", i64::from(rc))?;
    let new = libc::rlimit { rlim_cur: old.rlim_max, rlim_max: old.rlim_max };
    // SAFETY: the kernel only reads `new`.
    let rc = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const new) };
    check("setrlimit", i64::from(rc)).map(|_| old)
}
