//! From a row of the table to the code that reads its arguments.
use super::{Call, Verdict, mounts};
use crate::calls::{Decoder, IpcKind, MountAct, Place};
use crate::tracer::Tracer;
use sekisho_events::{Access, NetOp};

impl Tracer {
    /// Reads a call as its row says.
    pub(crate) fn enter(&mut self, tid: i32, call: &Call, decoder: Decoder) -> Verdict {
        match decoder {
            Decoder::Open { place, flags } => {
                self.enter_open(tid, call, at(&place, call), call.int(usize::from(flags)))
            }
            Decoder::Creat(place) => {
                self.enter_open(tid, call, at(&place, call), libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC)
            }
            Decoder::OpenHow => self.enter_openat2(tid, call),
            Decoder::Exec(place) => self.enter_exec(tid, call, &place),
            Decoder::Unlink(place) => {
                let flags = place.flags.map_or(0, |at| call.int(usize::from(at)));
                let access = if flags & libc::AT_REMOVEDIR == 0 { Access::Delete } else { Access::Rmdir };
                self.enter_one(tid, call, access, &place)
            }
            Decoder::Rmdir(place) => self.enter_one(tid, call, Access::Rmdir, &place),
            Decoder::Mkdir(place) => self.enter_one(tid, call, Access::Mkdir, &place),
            Decoder::Mknod { place, mode } => {
                let regular = matches!(call.int(usize::from(mode)) as u32 & libc::S_IFMT, 0 | libc::S_IFREG);
                self.enter_one(tid, call, if regular { Access::Create } else { Access::Mknod }, &place)
            }
            Decoder::Rename { from, to, .. } => {
                self.enter_two_names(tid, call, Access::Rename, at(&from, call), at(&to, call))
            }
            Decoder::Link { from, to } => self.enter_two_names(tid, call, Access::Link, at(&from, call), at(&to, call)),
            Decoder::Symlink { text, place } => self.enter_symlink(tid, call, usize::from(text), at(&place, call)),
            Decoder::Truncate(place) => self.enter_place(tid, call, Access::Truncate, &place),
            Decoder::Attributes(place) => self.enter_place(tid, call, Access::Attributes, &place),
            Decoder::Stat(place) => self.enter_place(tid, call, Access::Stat, &place),
            Decoder::List => self.enter_by_descriptor(tid, call, Access::List, call.int(0)),
            Decoder::Mount(act) => self.enter_mount(tid, call, act),
            Decoder::MqOpen => self.enter_queue(tid, call, call.int(1)),
            Decoder::MqUnlink => self.enter_queue_unlink(tid, call),
            Decoder::Connect => self.enter_connect(tid, call),
            Decoder::Bind => self.enter_bind(tid, call),
            Decoder::Listen => self.enter_listen(tid, call),
            Decoder::Accept => self.enter_accept(tid, call),
            Decoder::SendTo => self.enter_sendto(tid, call),
            Decoder::SendMsg => self.enter_sendmsg(tid, call),
            Decoder::SendMmsg => self.enter_sendmmsg(tid, call),
            Decoder::RecvFrom => self.enter_recvfrom(tid, call),
            Decoder::RecvMsg => match self.enter_internet_recvmsg(tid, call) {
                Some(verdict) => verdict,
                None => self.enter_receive(tid, call, false),
            },
            Decoder::RecvMmsg => self.enter_receive(tid, call, true),
            Decoder::Socket => self.enter_new_socket(tid, call, NetOp::Connect),
            Decoder::SocketPair => self.enter_new_socket(tid, call, NetOp::Pair),
            Decoder::Chroot => self.enter_chroot(tid, call),
            Decoder::PivotRoot => self.enter_pivot(tid, call),
            Decoder::Clone => self.enter_clone(tid, call),
            Decoder::Unshare => self.enter_unshare(tid, call),
            Decoder::Setns => self.enter_setns(tid, call),
            Decoder::Seccomp => self.enter_seccomp(tid, call, call.args[0], call.args[1], call.args[2]),
            Decoder::PrctlSeccomp => self.enter_seccomp(tid, call, call.args[1], 0, call.args[2]),
            Decoder::Landlock => self.enter_landlock(tid, call),
            Decoder::SetDumpable => self.enter_set_dumpable(tid, call),
            Decoder::GetDumpable => self.enter_get_dumpable(tid),
            Decoder::Ptrace => Self::enter_ptrace(call),
            Decoder::ProcessVm { .. }
            | Decoder::Signal
            | Decoder::Owner
            | Decoder::Limits
            | Decoder::Scheduling
            | Decoder::PidfdGetfd => self.enter_aimed(tid, call, decoder),
            Decoder::NetworkSetup => self.enter_network_setup(tid, call),
            Decoder::HostName => self.enter_host_name(tid, call),
            Decoder::Group => self.enter_group(tid, call),
            Decoder::IpcGet(kind) => self.enter_ipc_get(tid, call, kind),
            Decoder::IpcUse(kind) => self.enter_ipc_use(tid, call, kind),
            Decoder::Shmat => {
                self.share_memory(tid, call);
                self.enter_ipc_use(tid, call, IpcKind::Memory)
            }
            Decoder::Mmap | Decoder::Aio => {
                self.share_memory(tid, call);
                Verdict::Run
            }
            Decoder::SetPtracer | Decoder::Lease => Verdict::Run,
        }
    }

    fn enter_one(&mut self, tid: i32, call: &Call, access: Access, place: &Place) -> Verdict {
        self.enter_entry(tid, call, access, at(place, call))
    }

    fn enter_place(&mut self, tid: i32, call: &Call, access: Access, place: &Place) -> Verdict {
        match place.path {
            Some(_) => self.enter_by_name(tid, call, access, at(place, call), place.follows(&call.args)),
            None => self.enter_by_descriptor(tid, call, access, place.dirfd(&call.args).unwrap_or(-1)),
        }
    }

    fn enter_mount(&mut self, tid: i32, call: &Call, act: MountAct) -> Verdict {
        let kind = match mounts::type_at(call, act).map(|at| self.path_argument(tid, call, at)).transpose() {
            Ok(kind) => kind,
            Err(fault) => return Verdict::unreadable(call, fault),
        };
        if let Some(verdict) = self.guard_mount(tid, call, act, kind.as_ref()) {
            return verdict;
        }
        match act {
            MountAct::Mount | MountAct::Move => self.enter_new_mount(tid, call, act, kind.as_ref()),
            MountAct::Unmount => self.enter_by_name(tid, call, Access::Mount, (libc::AT_FDCWD, 0), true),
            MountAct::OpenTree | MountAct::FsPick | MountAct::SetAttributes => {
                self.enter_by_name(tid, call, Access::Mount, (call.int(0), 1), true)
            }
            MountAct::FsOpen => self.enter_filesystem(tid, call, kind.as_ref()),
            MountAct::FsConfig | MountAct::FsMount => self.enter_by_descriptor(tid, call, Access::Mount, call.int(0)),
        }
    }
}

/// Directory descriptor of a place, and the position of its path among the arguments.
pub(super) fn at(place: &Place, call: &Call) -> (i32, usize) {
    (place.dirfd(&call.args).unwrap_or(libc::AT_FDCWD), place.path.map_or(0, usize::from))
}
