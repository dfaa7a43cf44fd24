//! Calls that act on files by name, or change what a file is.
//!
//! Reading and writing through a descriptor is not here: the unit of record is how the descriptor was opened.
use super::{Decoder as D, Follow, MountAct, Place as P, Row, Stop, Test, at, at_if, guard, traced};
use crate::abi::nr;
use libc::{EINVAL, ENOTTY, EPERM};
use sekisho_events::Level::{Deep, Exec, Files};

const STAT: &[Stop] = &[at(Deep, D::Stat(P::path(0)))];
const STAT_LINK: &[Stop] = &[at(Deep, D::Stat(P::link(0)))];
const ATTRIBUTES: &[Stop] = &[at(Files, D::Attributes(P::path(0)))];
const ATTRIBUTES_LINK: &[Stop] = &[at(Files, D::Attributes(P::link(0)))];
const ATTRIBUTES_FD: &[Stop] = &[at(Files, D::Attributes(P::fd(0)))];
const OPEN_TREE: &[Stop] = &[at(Exec, D::Mount(MountAct::OpenTree))];

pub(super) const ROWS: &[Row] = &[
    traced(nr::OPEN, &[at(Files, D::Open { place: P::path(0), flags: 1 })]),
    traced(nr::OPENAT, &[at(Files, D::Open { place: P::at(0), flags: 2 })]),
    traced(nr::OPENAT2, &[at(Files, D::OpenHow)]),
    traced(nr::CREAT, &[at(Files, D::Creat(P::path(0)))]),
    traced(nr::UNLINK, &[at(Files, D::Unlink(P::link(0)))]),
    traced(nr::UNLINKAT, &[at(Files, D::Unlink(P { flags: Some(2), ..P::link_at(0) }))]),
    traced(nr::RMDIR, &[at(Files, D::Rmdir(P::link(0)))]),
    traced(nr::RENAME, &[at(Files, D::Rename { from: P::link(0), to: P::link(1), flags: None })]),
    traced(nr::RENAMEAT, &[at(Files, D::Rename { from: P::link_at(0), to: P::link_at(2), flags: None })]),
    traced(nr::RENAMEAT2, &[at(Files, D::Rename { from: P::link_at(0), to: P::link_at(2), flags: Some(4) })]),
    traced(nr::LINK, &[at(Files, D::Link { from: P::link(0), to: P::link(1) })]),
    traced(
        nr::LINKAT,
        &[at(Files, D::Link { from: P { follow: Follow::IfFlag, ..P::at_flags(0, 4) }, to: P::link_at(2) })],
    ),
    traced(nr::SYMLINK, &[at(Files, D::Symlink { text: 0, place: P::link(1) })]),
    traced(nr::SYMLINKAT, &[at(Files, D::Symlink { text: 0, place: P::link_at(1) })]),
    traced(nr::MKDIR, &[at(Files, D::Mkdir(P::link(0)))]),
    traced(nr::MKDIRAT, &[at(Files, D::Mkdir(P::link_at(0)))]),
    traced(nr::MKNOD, &[at(Files, D::Mknod { place: P::link(0), mode: 1 })]),
    traced(nr::MKNODAT, &[at(Files, D::Mknod { place: P::link_at(0), mode: 2 })]),
    traced(nr::TRUNCATE, &[at(Files, D::Truncate(P::path(0)))]),
    traced(nr::FTRUNCATE, &[at(Files, D::Truncate(P::fd(0)))]),
    traced(nr::FALLOCATE, &[at(Files, D::Truncate(P::fd(0)))]),
    traced(nr::MQ_OPEN, &[at(Files, D::MqOpen)]),
    traced(nr::MQ_UNLINK, &[at(Files, D::MqUnlink)]),
    // Mode, owner, times, extended attributes.
    traced(nr::CHMOD, ATTRIBUTES),
    traced(nr::FCHMOD, ATTRIBUTES_FD),
    traced(nr::FCHMODAT, &[at(Files, D::Attributes(P::at(0)))]),
    traced(nr::FCHMODAT2, &[at(Files, D::Attributes(P::at_flags(0, 3)))]),
    traced(nr::CHOWN, ATTRIBUTES),
    traced(nr::LCHOWN, ATTRIBUTES_LINK),
    traced(nr::FCHOWN, ATTRIBUTES_FD),
    traced(nr::FCHOWNAT, &[at(Files, D::Attributes(P::at_flags(0, 4)))]),
    traced(nr::UTIME, ATTRIBUTES),
    traced(nr::UTIMES, ATTRIBUTES),
    traced(nr::FUTIMESAT, &[at(Files, D::Attributes(P::at(0)))]),
    traced(
        nr::UTIMENSAT,
        &[
            at_if(Files, &[Test::non_null(1)], D::Attributes(P::at_flags(0, 3))),
            at(Files, D::Attributes(P::fd(0))), // futimens(3): no path
        ],
    ),
    traced(nr::SETXATTR, ATTRIBUTES),
    traced(nr::LSETXATTR, ATTRIBUTES_LINK),
    traced(nr::FSETXATTR, ATTRIBUTES_FD),
    traced(nr::SETXATTRAT, &[at(Files, D::Attributes(P::at_flags(0, 2)))]),
    traced(nr::REMOVEXATTR, ATTRIBUTES),
    traced(nr::LREMOVEXATTR, ATTRIBUTES_LINK),
    traced(nr::FREMOVEXATTR, ATTRIBUTES_FD),
    traced(nr::REMOVEXATTRAT, &[at(Files, D::Attributes(P::at_flags(0, 2)))]),
    traced(nr::FILE_SETATTR, &[at(Files, D::Attributes(P::at_flags(0, 4)))]),
    // Looking.
    traced(nr::STAT, STAT),
    traced(nr::LSTAT, STAT_LINK),
    traced(nr::NEWFSTATAT, &[at(Deep, D::Stat(P::at_flags(0, 3)))]),
    traced(nr::STATX, &[at(Deep, D::Stat(P::at_flags(0, 2)))]),
    traced(nr::ACCESS, STAT),
    traced(nr::FACCESSAT, &[at(Deep, D::Stat(P::at(0)))]),
    traced(nr::FACCESSAT2, &[at(Deep, D::Stat(P::at_flags(0, 3)))]),
    traced(nr::READLINK, STAT_LINK),
    traced(nr::READLINKAT, &[at(Deep, D::Stat(P::link_at(0)))]),
    traced(nr::STATFS, STAT),
    traced(nr::CHDIR, STAT),
    traced(nr::GETXATTR, STAT),
    traced(nr::LGETXATTR, STAT_LINK),
    traced(nr::GETXATTRAT, &[at(Deep, D::Stat(P::at_flags(0, 2)))]),
    traced(nr::LISTXATTR, STAT),
    traced(nr::LLISTXATTR, STAT_LINK),
    traced(nr::LISTXATTRAT, &[at(Deep, D::Stat(P::at_flags(0, 2)))]),
    traced(nr::FILE_GETATTR, &[at(Deep, D::Stat(P::at_flags(0, 4)))]),
    traced(
        nr::NAME_TO_HANDLE_AT,
        &[at(Deep, D::Stat(P { follow: Follow::IfFlag, ..P::at_flags(0, 4) }))], // name_to_handle_at(2), flags
    ),
    traced(nr::GETDENTS, &[at(Deep, D::List)]),
    traced(nr::GETDENTS64, &[at(Deep, D::List)]),
    // What names mean. At every level, because the names of programs depend on it.
    traced(nr::MOUNT, &[at(Exec, D::Mount(MountAct::Mount))]),
    traced(nr::UMOUNT2, &[at(Exec, D::Mount(MountAct::Unmount))]),
    traced(nr::MOVE_MOUNT, &[at(Exec, D::Mount(MountAct::Move))]),
    traced(nr::OPEN_TREE, OPEN_TREE),
    traced(nr::OPEN_TREE_ATTR, OPEN_TREE),
    traced(nr::FSOPEN, &[at(Exec, D::Mount(MountAct::FsOpen))]),
    traced(nr::FSCONFIG, &[at(Exec, D::Mount(MountAct::FsConfig))]),
    traced(nr::FSMOUNT, &[at(Exec, D::Mount(MountAct::FsMount))]),
    traced(nr::FSPICK, &[at(Exec, D::Mount(MountAct::FsPick))]),
    traced(nr::MOUNT_SETATTR, &[at(Exec, D::Mount(MountAct::SetAttributes))]),
    traced(nr::CHROOT, &[at(Exec, D::Chroot)]),
    traced(nr::PIVOT_ROOT, &[at(Exec, D::PivotRoot)]),
    // Descriptors, by what is asked of them.
    traced(
        nr::FCNTL,
        &[
            at_if(Exec, &[Test::is(1, &[8, 15])], D::Owner), // F_SETOWN, F_SETOWN_EX
            at_if(Files, &[Test::is(1, &[1024, 1040])], D::Lease), // F_SETLEASE, F_SETDELEG
            guard(&[Test::is_not(1, FCNTL_KNOWN)], EINVAL, "fcntl command that this recorder does not know"),
        ],
    ),
    traced(
        nr::IOCTL,
        &[
            guard(&[Test::is(1, TERMINAL_INPUT)], EPERM, "would type into a terminal or take it over"),
            guard(&[Test::is(1, &[TIOCSCTTY]), Test::is(2, &[1])], EPERM, "would take a terminal from its session"),
            // TCXONC with TCOOFF (asm-generic/termbits.h)
            guard(&[Test::is(1, &[0x540a]), Test::is(2, &[0])], EPERM, "would stop the output of a terminal"),
            guard(&[Test::is(1, KERNEL_FILES)], EPERM, "would reach files past their names or stop a file system"),
            guard(&[Test::is(1, LOOP)], EPERM, "would make a block device of a file"),
            guard(&[Test::is(1, &[TUNSETIFF])], EPERM, "would open a network interface"),
            guard(&[Test::is(1, SUBVOLUME)], ENOTTY, "would make or remove directories by a name that is not seen"),
            guard(&[Test::is(1, &[USERFAULTFD_IOC_NEW])], ENOTTY, "could stall whoever reads the step's memory"),
            at_if(Exec, &[Test::is(1, &[0x8901, 0x8902])], D::Owner), // FIOSETOWN, SIOCSPGRP (asm-generic/sockios.h)
            at_if(Files, &[Test::is(1, INODE_FLAGS)], D::Attributes(P::fd(0))),
            at_if(Exec, &[Test::is(1, NETWORK)], D::NetworkSetup),
        ],
    ),
];

/// Every fcntl(2) command of Linux 6.19 (asm-generic/fcntl.h, linux/fcntl.h).
const FCNTL_KNOWN: &[u64] = &[
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 16, 17, 36, 37, 38, 1024, 1025, 1026, 1027, 1028, 1029, 1030, 1031, 1032,
    1033, 1034, 1035, 1036, 1037, 1038, 1039, 1040,
];

/// `TIOCSTI`, `TIOCLINUX`, `TIOCCONS`, `TIOCSETD`, `TIOCVHANGUP` (asm-generic/ioctls.h).
const TERMINAL_INPUT: &[u64] = &[0x5412, 0x541c, 0x541d, 0x5423, 0x5437];
/// asm-generic/ioctls.h.
const TIOCSCTTY: u64 = 0x540e;
/// `EXT4_IOC_SWAP_BOOT`, `XFS_IOC_OPEN_BY_HANDLE`, `FIFREEZE`, `FS_IOC_SHUTDOWN`.
const KERNEL_FILES: &[u64] = &[0x6611, 0xc038_586b, 0xc004_5877, 0x8004_587d];
/// `LOOP_SET_FD`, `_SET_STATUS`, `_SET_STATUS64`, `_CHANGE_FD`, `_CONFIGURE`, `LOOP_CTL_ADD`, `_GET_FREE` (linux/loop.h).
const LOOP: &[u64] = &[0x4c00, 0x4c02, 0x4c04, 0x4c06, 0x4c0a, 0x4c80, 0x4c82];
/// What changes routes, interfaces, addresses and neighbours (linux/sockios.h: `SIOCADDRT`, `SIOCDELRT`, `SIOCSIF*`,
/// `SIOCADDMULTI`, `SIOCDELMULTI`, `SIOCDIFADDR`, `SIOCSMIIREG`, `SIOCDARP`, `SIOCSARP`, `SIOCDRARP`,
/// `SIOCSRARP`, `SIOCADDDLCI`, `SIOCDELDLCI`, `SIOCSIFVLAN`, `SIOCBOND*`, `SIOCBR*`, `SIOCSHWTSTAMP`; and what tunnels and
/// drivers make of `SIOCPROTOPRIVATE` and `SIOCDEVPRIVATE`).
const NETWORK: &[u64] = &[
    0x890b, 0x890c, 0x8911, 0x8914, 0x8916, 0x8918, 0x891a, 0x891c, 0x891e, 0x8920, 0x8922, 0x8923, 0x8924, 0x8925,
    0x8930, 0x8931, 0x8932, 0x8934, 0x8936, 0x8937, 0x8943, 0x8949, 0x8953, 0x8955, 0x8960, 0x8962, 0x8971, 0x8980,
    0x8981, 0x8983, 0x8990, 0x8991, 0x8992, 0x8995, 0x8996, 0x89a0, 0x89a1, 0x89a2, 0x89a3, 0x89b0, 0x89e0, 0x89e1,
    0x89e2, 0x89e3, 0x89e4, 0x89e5, 0x89e6, 0x89e7, 0x89e8, 0x89e9, 0x89ea, 0x89eb, 0x89ec, 0x89ed, 0x89ee, 0x89ef,
    0x89f0, 0x89f1, 0x89f2, 0x89f3, 0x89f4, 0x89f5, 0x89f6, 0x89f7, 0x89f8, 0x89f9, 0x89fa, 0x89fb, 0x89fc, 0x89fd,
    0x89fe, 0x89ff,
];
/// linux/if_tun.h.
const TUNSETIFF: u64 = 0x4004_54ca;
/// `BTRFS_IOC_SNAP_CREATE`, `_SUBVOL_CREATE`, `_SNAP_DESTROY`, and their `_V2` (linux/btrfs.h).
const SUBVOLUME: &[u64] = &[0x5000_9401, 0x5000_940e, 0x5000_940f, 0x5000_9417, 0x5000_9418, 0x5000_943f];
/// linux/userfaultfd.h.
const USERFAULTFD_IOC_NEW: u64 = 0xaa00;
/// `FS_IOC_SETFLAGS`, the same of 32 bits, `FS_IOC_SETVERSION`, `FS_IOC_FSSETXATTR`, `FS_IOC_ENABLE_VERITY`,
/// `FS_IOC_SET_ENCRYPTION_POLICY`, `FS_IOC_SETFSLABEL` (linux/fs.h, fsverity.h, fscrypt.h).
const INODE_FLAGS: &[u64] =
    &[0x4008_6602, 0x4004_6602, 0x4008_7602, 0x401c_5820, 0x4080_6685, 0x800c_6613, 0x4100_9432];
