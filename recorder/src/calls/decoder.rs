//! Ways of reading a call's arguments.

/// The kinds of System V IPC object, each with its own identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IpcKind {
    /// A message queue.
    Queue,
    /// A semaphore set.
    Semaphores,
    /// A shared memory segment.
    Memory,
}

/// Where a call finds the file that it acts on. Numbers are positions of arguments, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The directory descriptor that a relative path starts from (`AT_FDCWD` allowed); `None`: the working directory.
    pub dirfd: Option<u8>,
    /// The path; `None`: the descriptor in `dirfd` is the file itself.
    pub path: Option<u8>,
    /// The `AT_*` flags (fcntl.h), an `int`.
    pub flags: Option<u8>,
    /// What is done with a symbolic link as last component.
    pub follow: Follow,
}

/// Whether a symbolic link as last component is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// Always.
    Yes,
    /// Never.
    No,
    /// Unless the flags have `AT_SYMLINK_NOFOLLOW`.
    UnlessFlag,
    /// Only if the flags have `AT_SYMLINK_FOLLOW` (linkat).
    IfFlag,
}

/// `AT_SYMLINK_NOFOLLOW` (fcntl.h).
const AT_SYMLINK_NOFOLLOW: u64 = 0x100;
/// `AT_SYMLINK_FOLLOW` (fcntl.h).
const AT_SYMLINK_FOLLOW: u64 = 0x400;
/// `AT_EMPTY_PATH` (fcntl.h).
const AT_EMPTY_PATH: u64 = 0x1000;

impl Place {
    /// A path that follows a last symbolic link.
    pub const fn path(path: u8) -> Self {
        Self { dirfd: None, path: Some(path), flags: None, follow: Follow::Yes }
    }

    /// A path that names the last symbolic link itself.
    pub const fn link(path: u8) -> Self {
        Self { follow: Follow::No, ..Self::path(path) }
    }

    /// A directory descriptor and a path behind it.
    pub const fn at(dirfd: u8) -> Self {
        Self { dirfd: Some(dirfd), path: Some(dirfd + 1), flags: None, follow: Follow::Yes }
    }

    /// The same, naming the last symbolic link itself.
    pub const fn link_at(dirfd: u8) -> Self {
        Self { follow: Follow::No, ..Self::at(dirfd) }
    }

    /// The same, with flags of which `AT_SYMLINK_NOFOLLOW` is one.
    pub const fn at_flags(dirfd: u8, flags: u8) -> Self {
        Self { flags: Some(flags), follow: Follow::UnlessFlag, ..Self::at(dirfd) }
    }

    /// The descriptor itself.
    pub const fn fd(fd: u8) -> Self {
        Self { dirfd: Some(fd), path: None, flags: None, follow: Follow::Yes }
    }

    /// Whether these arguments ask to follow a last symbolic link.
    pub fn follows(&self, args: &[u64; 6]) -> bool {
        match self.follow {
            Follow::Yes => true,
            Follow::No => false,
            Follow::UnlessFlag => self.flag_bits(args) & AT_SYMLINK_NOFOLLOW == 0,
            Follow::IfFlag => self.flag_bits(args) & AT_SYMLINK_FOLLOW != 0,
        }
    }

    /// Whether an empty path means the descriptor itself (`AT_EMPTY_PATH`).
    pub fn may_be_empty(&self, args: &[u64; 6]) -> bool {
        self.flag_bits(args) & AT_EMPTY_PATH != 0
    }

    /// The directory descriptor among these arguments; `None` means the working directory.
    pub fn dirfd(&self, args: &[u64; 6]) -> Option<i32> {
        let fd = args[usize::from(self.dirfd?)] as i32;
        (fd != libc::AT_FDCWD).then_some(fd)
    }

    /// The pointer to the path among these arguments.
    pub fn pointer(&self, args: &[u64; 6]) -> Option<u64> {
        self.path.map(|at| args[usize::from(at)])
    }

    fn flag_bits(self, args: &[u64; 6]) -> u64 {
        self.flags.map_or(0, |at| args[usize::from(at)])
    }
}

/// A call that changes mounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountAct {
    /// mount(2): source 0, target 1, type 2, flags 3, data 4.
    Mount,
    /// umount2(2): target 0, flags 1.
    Unmount,
    /// move_mount(2): from 0, 1; to 2, 3; flags 4.
    Move,
    /// open_tree(2), open_tree_attr(2): 0, 1; flags 2. Without `OPEN_TREE_CLONE` no more than an `O_PATH` open.
    OpenTree,
    /// fsopen(2): type 0.
    FsOpen,
    /// fsconfig(2): descriptor 0, command 1, key 2, value 3, aux 4.
    FsConfig,
    /// fsmount(2): descriptor 0, flags 1, attributes 2.
    FsMount,
    /// fspick(2): 0, 1; flags 2.
    FsPick,
    /// mount_setattr(2): 0, 1; flags 2, attributes 3, size 4.
    SetAttributes,
}

/// How the arguments of a call are read. Numbers are positions of arguments, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoder {
    /// open, openat: a place, and flags of open(2).
    Open {
        /// What is opened.
        place: Place,
        /// Position of the flags.
        flags: u8,
    },
    /// creat(2): as open with `O_CREAT|O_WRONLY|O_TRUNC`.
    Creat(Place),
    /// openat2(2): 0, 1; `struct open_how` 2, its size 3.
    OpenHow,
    /// execve(2), execveat(2).
    Exec(Place),
    /// unlink(2), unlinkat(2); `AT_REMOVEDIR` in the place's flags makes it rmdir.
    Unlink(Place),
    /// rmdir(2).
    Rmdir(Place),
    /// rename(2), renameat(2), renameat2(2).
    Rename {
        /// The old name.
        from: Place,
        /// The new name.
        to: Place,
        /// Position of the `RENAME_*` flags.
        flags: Option<u8>,
    },
    /// link(2), linkat(2).
    Link {
        /// The file.
        from: Place,
        /// Its new name.
        to: Place,
    },
    /// symlink(2), symlinkat(2).
    Symlink {
        /// Position of the text of the link.
        text: u8,
        /// The link.
        place: Place,
    },
    /// mkdir(2), mkdirat(2).
    Mkdir(Place),
    /// mknod(2), mknodat(2).
    Mknod {
        /// The node.
        place: Place,
        /// Position of mode and type.
        mode: u8,
    },
    /// truncate(2), ftruncate(2), fallocate(2).
    Truncate(Place),
    /// Mode, owner, times, extended attributes, inode flags.
    Attributes(Place),
    /// Mounts.
    Mount(MountAct),
    /// chroot(2): path 0.
    Chroot,
    /// pivot_root(2): new root 0, where the old one goes 1.
    PivotRoot,
    /// mq_open(3): name 0, flags 1.
    MqOpen,
    /// mq_unlink(3): name 0.
    MqUnlink,
    /// stat, access, readlink, chdir and their like.
    Stat(Place),
    /// getdents(2): descriptor 0.
    List,
    /// connect(2): socket 0, address 1, length 2.
    Connect,
    /// bind(2): socket 0, address 1, length 2.
    Bind,
    /// listen(2): socket 0.
    Listen,
    /// accept(2), accept4(2): socket 0.
    Accept,
    /// sendto(2) with an address: socket 0, length 2, flags 3, address 4, its length 5.
    SendTo,
    /// sendmsg(2): socket 0, `struct msghdr` 1, flags 2.
    SendMsg,
    /// sendmmsg(2): socket 0, `struct mmsghdr[]` 1, their number 2, flags 3.
    SendMmsg,
    /// recvfrom(2) with room for an address: socket 0, flags 3, address 4, its length 5.
    RecvFrom,
    /// recvmsg(2): socket 0, `struct msghdr` 1, flags 2; descriptors may come with it.
    RecvMsg,
    /// recvmmsg(2): socket 0, `struct mmsghdr[]` 1, their number 2, flags 3.
    RecvMmsg,
    /// socket(2): family 0, type 1, protocol 2.
    Socket,
    /// socketpair(2): `int[2]` 3.
    SocketPair,
    /// clone(2) with flags that matter: `CLONE_UNTRACED` (to be cleared), new namespaces, memory, descriptors or
    /// directory shared with another process. Flags 0.
    Clone,
    /// unshare(2): flags 0.
    Unshare,
    /// setns(2): descriptor 0, type 1.
    Setns,
    /// seccomp(2): operation 0, flags 1, program 2.
    Seccomp,
    /// prctl(`PR_SET_SECCOMP`): mode 1, program 2.
    PrctlSeccomp,
    /// landlock_restrict_self(2): ruleset 0, flags 1.
    Landlock,
    /// prctl(`PR_SET_DUMPABLE`): value 1. To be answered without the kernel, or the recorder goes blind.
    SetDumpable,
    /// prctl(`PR_GET_DUMPABLE`): to be answered as set.
    GetDumpable,
    /// prctl(`PR_SET_PTRACER`): process 1.
    SetPtracer,
    /// ptrace(2): request 0, process 1.
    Ptrace,
    /// process_vm_readv(2), process_vm_writev(2): process 0.
    ProcessVm {
        /// True if it writes.
        write: bool,
    },
    /// kill(2) and its kin; see [`super::target`].
    Signal,
    /// Who is to be signalled by a descriptor: fcntl(`F_SETOWN`) and its kin; see [`super::target`].
    Owner,
    /// prlimit64(2) of another process; see [`super::target`].
    Limits,
    /// Priority, policy, affinity or memory placement of another process; see [`super::target`].
    Scheduling,
    /// pidfd_getfd(2): process 0 by descriptor, its descriptor 1.
    PidfdGetfd,
    /// mmap(2) of memory that others may share: protection 2, flags 3, descriptor 4.
    Mmap,
    /// msgget(2), semget(2), shmget(2): key 0.
    IpcGet(IpcKind),
    /// A message, a semaphore or a command for an object: identifier 0.
    IpcUse(IpcKind),
    /// shmat(2): segment 0.
    Shmat,
    /// io_setup(2): the kernel may write this process's memory while it runs.
    Aio,
    /// fcntl(`F_SETLEASE`): descriptor 0, type 2.
    Lease,
    /// ioctl(2) that sets up interfaces, routes or neighbours: socket 0, command 1.
    NetworkSetup,
    /// sethostname(2), setdomainname(2).
    HostName,
    /// setsockopt(2) that joins a group of receivers or chooses senders: level 1, option 2, value 3, its length 4.
    Group,
}

impl Decoder {
    /// True for a call that makes, removes, moves or changes what a name leads to, and that cannot be told to follow
    /// no symbolic link.
    pub fn acts_on_names(&self) -> bool {
        match self {
            Self::Truncate(place) | Self::Attributes(place) => place.path.is_some(),
            Self::Unlink(_)
            | Self::Rmdir(_)
            | Self::Rename { .. }
            | Self::Link { .. }
            | Self::Symlink { .. }
            | Self::Mkdir(_)
            | Self::Mknod { .. }
            | Self::Mount(_)
            | Self::Bind => true,
            _ => false,
        }
    }

    /// True if what is decided on stands in the caller's memory: a path, an address, a structure.
    pub fn reads_memory(&self) -> bool {
        match self {
            Self::Truncate(place) | Self::Attributes(place) | Self::Stat(place) => place.path.is_some(),
            Self::Open { .. }
            | Self::Creat(_)
            | Self::OpenHow
            | Self::Exec(_)
            | Self::Unlink(_)
            | Self::Rmdir(_)
            | Self::Rename { .. }
            | Self::Link { .. }
            | Self::Symlink { .. }
            | Self::Mkdir(_)
            | Self::Mknod { .. }
            | Self::Mount(_)
            | Self::Chroot
            | Self::PivotRoot
            | Self::MqOpen
            | Self::MqUnlink
            | Self::Connect
            | Self::Bind
            | Self::SendTo
            | Self::SendMsg
            | Self::SendMmsg
            | Self::Seccomp
            | Self::PrctlSeccomp
            | Self::Group => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_says_what_its_flags_ask_for() {
        let place = Place::at_flags(0, 3);
        let mut args = [libc::AT_FDCWD as u32 as u64, 77, 0, 0, 0, 0];
        assert_eq!((place.dirfd(&args), place.pointer(&args)), (None, Some(77)));
        assert!(place.follows(&args) && !place.may_be_empty(&args));
        args = [5, 77, 0, 0x1100, 0, 0];
        assert_eq!(place.dirfd(&args), Some(5));
        assert!(!place.follows(&args) && place.may_be_empty(&args));
    }
}
