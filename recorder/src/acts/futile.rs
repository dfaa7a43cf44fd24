//! Attempts that could not succeed anyway: a search path that leads nowhere, `mkdir -p` of what is there.
//!
//! Under enforcement the step gets the errno that the kernel would give, and not the rule's: a profile made by watching
//! must not break the build that it was made from. The kernel is not asked, so nothing can come into being in between.
use super::{Call, Verdict};
use crate::names::{self, Looker};
use crate::tracer::Tracer;
use sekisho_events::{Access, FileAct, Kind, Outcome, PathBytes};

impl Tracer {
    /// `forbidden`, or the failure that was certain: told as the attempt that it is.
    pub(crate) fn unless_futile(&mut self, tid: i32, forbidden: Verdict, errno: Option<i32>, act: Kind) -> Verdict {
        let Some(errno) = errno else { return forbidden };
        let act = match act {
            Kind::File(mut file) => {
                file.outcome = Outcome::Errno(errno);
                Kind::File(file)
            }
            Kind::Net(mut net) => {
                net.outcome = Outcome::Errno(errno);
                Kind::Net(net)
            }
            other => other,
        };
        self.tell(tid, act);
        Verdict::Answer { result: -i64::from(errno), kind: None }
    }
}

/// The errno with which a lookup is bound to fail.
pub(crate) fn of_lookup(who: Looker, dirfd: i32, text: &PathBytes, follow: bool) -> Option<i32> {
    let flags = if follow { 0 } else { libc::O_NOFOLLOW };
    let errno = names::open_as(who, dirfd, text.as_bytes(), flags).err()?.errno;
    matches!(errno, libc::ENOENT | libc::ENOTDIR | libc::ELOOP | libc::ENAMETOOLONG).then_some(errno)
}

/// The errno with which a call on a name is bound to fail, as far as the act tells: what is to be changed is not there,
/// what is to be made is, or its directory is not.
pub(crate) fn of_act(who: Looker, call: &Call, act: &FileAct) -> Option<i32> {
    let cwd = libc::AT_FDCWD;
    let missing = |path: &PathBytes| of_lookup(who, cwd, path, false);
    let parent_missing = |path: &PathBytes| {
        let bytes = path.as_bytes();
        let end = bytes.iter().rposition(|b| *b == b'/')?.max(1);
        of_lookup(who, cwd, &PathBytes::from(&bytes[..end]), true)
    };
    match act.access {
        Access::Mkdir | Access::Symlink | Access::Mknod | Access::Create if act.identity.is_some() => {
            (call.name != "open" && call.name != "openat").then_some(libc::EEXIST)
        }
        Access::Mkdir | Access::Symlink | Access::Mknod | Access::Create => parent_missing(&act.path),
        Access::Rename | Access::Link => missing(&act.path).or_else(|| act.to.as_ref().and_then(parent_missing)),
        _ if act.path.as_bytes().starts_with(b"/") => missing(&act.path),
        _ => None,
    }
}
