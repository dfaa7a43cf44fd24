//! Calls that change or look at what is written about a file: mode, owner, times, length, extended attributes.
use super::{Call, Verdict};
use crate::names::{self, Looker};
use crate::tracer::Tracer;
use sekisho_events::{Access, FileAct, PathBytes};

impl Tracer {
    /// By name relative to `dirfd`; an empty name with `AT_EMPTY_PATH`, or no name at all, means the descriptor.
    pub(crate) fn enter_by_name(
        &mut self,
        tid: i32,
        call: &Call,
        access: Access,
        (dirfd, arg): (i32, usize),
        follow: bool,
    ) -> Verdict {
        if call.args[arg] == 0 && dirfd != libc::AT_FDCWD {
            return self.enter_by_descriptor(tid, call, access, dirfd);
        }
        let asked = match call.args[arg] {
            // No name and no descriptor: the working directory (`AT_EMPTY_PATH`, Linux 6.11).
            0 => PathBytes::default(),
            _ => match self.path_argument(tid, call, arg) {
                Ok(asked) => asked,
                Err(fault) => return Verdict::unreadable(call, fault),
            },
        };
        if asked.is_empty() && dirfd != libc::AT_FDCWD {
            return self.enter_by_descriptor(tid, call, access, dirfd);
        }
        self.watch_files(tid, call, &[arg], |who, racy| {
            let mut act = found_act(access, &names::whole(who, dirfd, &asked, follow), Some(&asked));
            act.racy = racy.then_some(true);
            vec![act]
        })
    }

    /// By descriptor.
    pub(crate) fn enter_by_descriptor(&mut self, tid: i32, call: &Call, access: Access, fd: i32) -> Verdict {
        self.watch_files(tid, call, &[], |who, _| vec![descriptor_act(who, access, fd)])
    }
}

pub(super) fn descriptor_act(who: Looker, access: Access, fd: i32) -> FileAct {
    match names::of_descriptor(who, fd) {
        Ok(found) => found_act(access, &found, None),
        Err(_) => FileAct::new(access, PathBytes::from(format!("descriptor {fd}").as_str()).as_bytes()),
    }
}

pub(super) fn found_act(access: Access, found: &names::Found, asked: Option<&PathBytes>) -> FileAct {
    let mut act = FileAct::new(access, found.path.as_bytes());
    act.asked = asked.filter(|a| **a != found.path).cloned();
    act.identity = found.stat.map(|s| s.identity);
    act.file_type = found.stat.map(|s| s.file_type);
    act.namespace = found.namespace();
    act
}
