//! What this kernel, and the container around us, let a recorder do. Asked by trying.
use crate::choice::NoListener;
use crate::filter::{self, Plan, SockFilter};
use crate::sys::{self, SysError};
use sekisho_events::Level;
use std::os::fd::AsFd;

/// What was tried, and what came of it.
#[derive(Clone, Debug)]
pub struct Probes {
    /// Whether `/proc` is the kernel's own (proc(5)), and not something laid over it.
    pub proc: Result<(), SysError>,
    /// Whether a child may be traced (ptrace(2), `PTRACE_SEIZE` with all options that are needed).
    pub trace: Result<(), SysError>,
    /// Whether its memory may be read (process_vm_readv(2)).
    pub read_memory: Result<(), SysError>,
    /// Whether its descriptors may be copied (pidfd_getfd(2), Linux 5.6).
    pub descriptors: Result<(), SysError>,
    /// Whether the kernel takes the filter (seccomp(2)), and how many instructions it has.
    pub filter: Result<usize, SysError>,
    /// Whether it takes a filter with a listener (`SECCOMP_FILTER_FLAG_NEW_LISTENER`, Linux 5.0). EBUSY: there is
    /// one around us already.
    pub listener: Result<(), SysError>,
    /// Whether engine `hybrid` works.
    pub hybrid: Result<(), NoListener>,
    /// Whether memory can be sealed (mseal(2), Linux 6.10).
    pub seal: Result<(), SysError>,
    /// The Landlock ABI.
    pub landlock: Result<u32, SysError>,
    /// Whether the step can make user namespaces.
    pub user_namespace: Result<(), SysError>,
    /// Whether the step would have io_uring, if it were not refused.
    pub io_uring: bool,
}

/// Tries everything. Nothing of this process is changed; children that were needed have ended.
pub fn probe() -> Probes {
    let (trace, read_memory, descriptors) = child_probes();
    Probes {
        proc: sys::open(c"/proc", libc::O_PATH | libc::O_DIRECTORY).and_then(|proc| genuine(&proc)),
        trace,
        read_memory,
        descriptors,
        filter: filter_probe(),
        listener: sys::try_filter(&[allow_all().into()], libc::SECCOMP_FILTER_FLAG_NEW_LISTENER),
        hybrid: hybrid().map_err(NoListener::from),
        seal: sys::try_mseal(),
        landlock: sys::landlock_abi(),
        user_namespace: sys::try_user_namespace(),
        io_uring: matches!(sys::try_io_uring().errno, 0 | libc::EFAULT | libc::EINVAL),
    }
}

/// Whether engine `hybrid` has all that it needs: a listener that can be taken out of a child, and that wakes on the
/// processor of who waits (Linux 6.6). EBUSY: there is a listener around us already.
pub(crate) fn hybrid() -> Result<(), SysError> {
    sys::try_listener(&[allow_all().into()])
}

/// `PROC_SUPER_MAGIC` (linux/magic.h).
const PROC_SUPER_MAGIC: i64 = 0x9fa0;

fn genuine(proc: &impl AsFd) -> Result<(), SysError> {
    match sys::statfs_type(proc.as_fd())? {
        PROC_SUPER_MAGIC => Ok(()),
        _ => Err(SysError { call: "statfs", errno: libc::ENODEV }),
    }
}

/// Something to read in a child.
static MARKER: [u8; 8] = *b"sekisho\n";

type Tried = Result<(), SysError>;

fn child_probes() -> (Tried, Tried, Tried) {
    let child = match sys::Sleeper::start() {
        Ok(child) => child,
        Err(error) => return (Err(error), Err(error), Err(error)),
    };
    let trace = sys::seize(child.pid(), sys::Options::ALL);
    // The child is a copy of us: what stands at this address here stands there.
    let mut copy = [0; MARKER.len()];
    let read = match sys::read_memory(child.pid(), MARKER.as_ptr().addr() as u64, &mut copy) {
        Ok(_) if copy == MARKER => Ok(()),
        Ok(_) => Err(SysError { call: "process_vm_readv", errno: libc::EIO }),
        Err(error) => Err(error),
    };
    let descriptors = sys::pidfd_open(child.pid())
        // Its standard error. EBADF says that there is none, and that we were allowed to ask.
        .and_then(|pidfd| match sys::pidfd_getfd(pidfd.as_fd(), 2) {
            Ok(_) => Ok(()),
            Err(error) if error.errno == libc::EBADF => Ok(()),
            Err(error) => Err(error),
        });
    (trace, read, descriptors)
}

fn filter_probe() -> Result<usize, SysError> {
    let program =
        filter::build(&Plan::new(Level::Deep)).map_err(|_| SysError { call: "seccomp", errno: libc::EINVAL })?;
    let program: Vec<libc::sock_filter> = program.into_iter().map(Into::into).collect();
    sys::try_filter(&program, 0).map(|()| program.len())
}

/// `SECCOMP_RET_ALLOW`, whatever the call.
fn allow_all() -> SockFilter {
    SockFilter { code: 0x06, jt: 0, jf: 0, k: filter::RET_ALLOW }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// seccomp(2): EINVAL for a program that does not pass the kernel's own check.
    #[test]
    fn the_kernel_takes_the_program_of_every_level() {
        for level in [Level::Exec, Level::Files, Level::Deep] {
            let program: Vec<libc::sock_filter> =
                filter::build(&Plan::new(level)).unwrap().into_iter().map(Into::into).collect();
            assert_eq!(sys::try_filter(&program, 0), Ok(()), "{level:?}");
        }
    }

    #[test]
    fn a_program_that_jumps_out_of_itself_is_not_taken() {
        let jump = SockFilter { code: 0x05, jt: 0, jf: 0, k: 9 };
        let refused = sys::try_filter(&[jump.into(), allow_all().into()], 0);
        assert_eq!(refused.map_err(|e| e.errno), Err(libc::EINVAL));
    }

    #[test]
    fn probing_leaves_no_child_behind() {
        let probes = probe();
        assert_eq!(probes.proc, Ok(()));
        let children = std::fs::read_to_string("/proc/thread-self/children").unwrap();
        assert_eq!(children, "");
    }
}
