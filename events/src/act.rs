//! Acts on files, on the network, on descriptors, and what was kept from happening.
use crate::{Digest, Outcome, PathBytes};
use minicbor::{CborLen, Decode, Encode};
use std::net::IpAddr;

/// Which object a name led to. Names are how we show it; this is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Identity {
    /// Major device number of the file system (`stx_dev_major`, statx(2)).
    #[n(0)]
    pub dev_major: u32,
    /// Minor device number.
    #[n(1)]
    pub dev_minor: u32,
    /// Inode number.
    #[n(2)]
    pub ino: u64,
    /// Mount id (`stx_mnt_id`, Linux 5.8); 0 where not known.
    #[n(3)]
    pub mount: u64,
}

/// What was done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum Access {
    /// Opened for reading (or execution as a library).
    #[n(0)]
    Read,
    /// Opened for writing.
    #[n(1)]
    Write,
    /// Came into being.
    #[n(2)]
    Create,
    /// A name was removed (unlink).
    #[n(3)]
    Delete,
    /// `path` became `to`.
    #[n(4)]
    Rename,
    /// `to` is a new name of `path`.
    #[n(5)]
    Link,
    /// `path` is a new symbolic link with text `to`.
    #[n(6)]
    Symlink,
    /// Directory made.
    #[n(7)]
    Mkdir,
    /// Directory removed.
    #[n(8)]
    Rmdir,
    /// FIFO, device or socket node made.
    #[n(9)]
    Mknod,
    /// Length changed (truncate, or `O_TRUNC` at open).
    #[n(10)]
    Truncate,
    /// Mode, owner, times, extended attributes or flags changed.
    #[n(11)]
    Attributes,
    /// Mounted, unmounted, moved, or mount attributes changed.
    #[n(12)]
    Mount,
    /// Directory entries read (level `deep`).
    #[n(13)]
    List,
    /// Looked at: stat, access, readlink (level `deep`).
    #[n(14)]
    Stat,
}

/// Type of a file, as `S_IFMT` of its mode says (inode(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum FileType {
    /// Regular file.
    #[n(0)]
    Regular,
    /// Directory.
    #[n(1)]
    Directory,
    /// Symbolic link.
    #[n(2)]
    Symlink,
    /// FIFO or pipe.
    #[n(3)]
    Fifo,
    /// Socket.
    #[n(4)]
    Socket,
    /// Character device.
    #[n(5)]
    CharDevice,
    /// Block device.
    #[n(6)]
    BlockDevice,
    /// None of these (anonymous inode).
    #[n(7)]
    Other,
}

/// One act on a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct FileAct {
    /// What was done.
    #[n(0)]
    pub access: Access,
    /// Absolute path as the kernel resolved it, in the recorder's view.
    #[n(1)]
    pub path: PathBytes,
    /// What the step asked for, if it differs from `path`.
    #[n(2)]
    pub asked: Option<PathBytes>,
    /// Second name: see [`Access::Rename`], [`Access::Link`], [`Access::Symlink`].
    #[n(3)]
    pub to: Option<PathBytes>,
    /// Which object it was, where known.
    #[n(4)]
    pub identity: Option<Identity>,
    /// Its type, where known.
    #[n(5)]
    pub file_type: Option<FileType>,
    /// Digest of the content, where known at that moment (see [`Content`]).
    #[n(6)]
    pub sha256: Option<Digest>,
    /// Size in bytes, where known.
    #[n(7)]
    pub size: Option<u64>,
    /// What the kernel answered.
    #[n(8)]
    pub outcome: Outcome,
    /// What names in a private mount namespace or chroot are relative to: namespace inode number; 0 for what is reached from
    /// the recorder's own namespace and is not in it. `None`: the recorder's.
    #[n(9)]
    pub namespace: Option<u64>,
    /// True if another thread could change the name while it was read, and nothing confirmed it.
    #[n(10)]
    pub racy: Option<bool>,
}

impl FileAct {
    /// An act that succeeded on `path`, with nothing else known yet.
    pub fn new(access: Access, path: impl Into<PathBytes>) -> Self {
        Self {
            access,
            path: path.into(),
            asked: None,
            to: None,
            identity: None,
            file_type: None,
            sha256: None,
            size: None,
            outcome: Outcome::Ok,
            namespace: None,
            racy: None,
        }
    }
}

/// When a digest was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum ContentWhen {
    /// When the step opened the file for reading.
    #[n(0)]
    Read,
    /// When nobody in the step could write it any more.
    #[n(1)]
    Final,
}

/// What was in a file. The last one for an identity holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Content {
    /// Path by which it was found.
    #[n(0)]
    pub path: PathBytes,
    /// Which object.
    #[n(1)]
    pub identity: Option<Identity>,
    /// Digest; `None` with [`Content::why`] if it could not be taken.
    #[n(2)]
    pub sha256: Option<Digest>,
    /// Size in bytes.
    #[n(3)]
    pub size: Option<u64>,
    /// When it was taken.
    #[n(4)]
    pub when: ContentWhen,
    /// Why there is no digest: `too-large`, `changed-while-read`, `unreadable`, `vanished`,
    /// `served-by-step`.
    #[n(5)]
    pub why: Option<String>,
}

/// What was done with a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum NetOp {
    /// connect(2).
    #[n(0)]
    Connect,
    /// bind(2).
    #[n(1)]
    Bind,
    /// listen(2).
    #[n(2)]
    Listen,
    /// accept(2): address and port are the peer's.
    #[n(3)]
    Accept,
    /// A message to an address given with it (sendto, sendmsg, sendmmsg).
    #[n(4)]
    Send,
    /// A message received with its sender's address.
    #[n(5)]
    Receive,
    /// A name was asked for.
    #[n(6)]
    Resolve,
    /// socketpair(2).
    #[n(7)]
    Pair,
}

/// One act on the network.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct NetAct {
    /// What was done.
    #[n(0)]
    pub op: NetOp,
    /// `tcp`, `udp`, `unix`, `icmp`, `netlink`, `packet`, `raw`, or `family-N` for what has no name here.
    #[n(1)]
    pub protocol: String,
    /// Address; IPv4-mapped IPv6 is given as IPv4.
    #[n(2)]
    #[cbor(with = "crate::act::ip", has_nil)]
    pub address: Option<IpAddr>,
    /// Port, host byte order.
    #[n(3)]
    pub port: Option<u16>,
    /// Name that the address was resolved from, where seen.
    #[n(4)]
    pub host: Option<String>,
    /// UNIX socket path; abstract names begin with `@` in place of the NUL.
    #[n(5)]
    pub path: Option<PathBytes>,
    /// Bytes sent, where known.
    #[n(6)]
    pub bytes_out: Option<u64>,
    /// Bytes received, where known.
    #[n(7)]
    pub bytes_in: Option<u64>,
    /// Answers to a [`NetOp::Resolve`].
    #[n(8)]
    pub answers: Option<Vec<String>>,
    /// What the kernel answered.
    #[n(9)]
    pub outcome: Outcome,
    /// Our number of the peer process (UNIX sockets), if it is in the tree; 0 if it is outside.
    #[n(10)]
    pub peer: Option<u64>,
    /// True if another thread could change the address while it was read, and nothing confirmed it.
    #[n(11)]
    pub racy: Option<bool>,
}

impl NetAct {
    /// An act that succeeded, with nothing else known yet.
    pub fn new(op: NetOp, protocol: impl Into<String>) -> Self {
        Self {
            op,
            protocol: protocol.into(),
            address: None,
            port: None,
            host: None,
            path: None,
            bytes_out: None,
            bytes_in: None,
            answers: None,
            outcome: Outcome::Ok,
            peer: None,
            racy: None,
        }
    }
}

/// How a descriptor came to the step without an open of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum DescriptorHow {
    /// It was there at the start (0, 1, 2).
    #[n(0)]
    Inherited,
    /// By `SCM_RIGHTS` (unix(7)).
    #[n(1)]
    Received,
    /// By pidfd_getfd(2).
    #[n(2)]
    Pidfd,
}

/// What a descriptor leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
pub enum DescriptorTarget {
    /// A file, pipe, terminal or anonymous inode.
    #[n(0)]
    File(#[n(0)] FileAct),
    /// A socket, with its peer's address if it has one.
    #[n(1)]
    Net(#[n(0)] NetAct),
}

/// A descriptor that did not come from a recorded open.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Descriptor {
    /// How it came.
    #[n(0)]
    pub how: DescriptorHow,
    /// Its number in the process.
    #[n(1)]
    pub fd: i32,
    /// What it leads to.
    #[n(2)]
    pub target: DescriptorTarget,
}

/// What a step put on itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum RestrictWhat {
    /// A seccomp filter.
    #[n(0)]
    Seccomp,
    /// A Landlock ruleset.
    #[n(1)]
    Landlock,
    /// unshare(2), setns(2) or clone(2) with namespace flags.
    #[n(2)]
    Namespace,
    /// chroot(2) or pivot_root(2).
    #[n(3)]
    Chroot,
}

/// The step changed what it, or its view of the system, may do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Restrict {
    /// What.
    #[n(0)]
    pub what: RestrictWhat,
    /// Flags of the call, or 0.
    #[n(1)]
    pub flags: u64,
    /// Digest of the filter program, if there is one.
    #[n(2)]
    pub digest: Option<Digest>,
    /// What the kernel answered.
    #[n(3)]
    pub outcome: Outcome,
    /// The new root, or the namespace file (`chroot`, `setns`).
    #[n(4)]
    pub path: Option<PathBytes>,
}

/// A call that the kernel was not asked, because it would act where we cannot see.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Refused {
    /// Name of the call, or `syscall-N`, `i386-N`, `x32-N`.
    #[n(0)]
    pub call: String,
    /// Why it is refused, in a few plain words.
    #[n(1)]
    pub why: String,
    /// What the step got instead (positive errno).
    #[n(2)]
    pub errno: i32,
}

/// A call that a profile rule kept from happening.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Denied {
    /// Id of the rule, or `default` where nothing allowed it.
    #[n(0)]
    pub rule: String,
    /// Name of the call.
    #[n(1)]
    pub call: String,
    /// What the step got (positive errno); 0 where the step was killed.
    #[n(2)]
    pub errno: i32,
    /// The event that it would have been; never a `Denied` itself.
    #[n(3)]
    #[cbor(decode_with = "undenied")]
    pub would: Box<crate::Kind>,
}

/// Somebody outside the tree was asked to act.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Delegated {
    /// Who: `unix:/run/docker.sock`, `tcp:127.0.0.1:2375`, `fifo:/path`.
    #[n(0)]
    pub to: PathBytes,
    /// What is known of the peer: `pid 812 uid 0 dockerd`.
    #[n(1)]
    pub peer: Option<PathBytes>,
}

/// An act aimed at the recorder, or at the memory, descriptors or limits of another process.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Tamper {
    /// What kind: `signal`, `ptrace`, `memory`, `descriptor`, `limits`, `scheduling`, `terminal`, `cgroup`, `proc`.
    #[n(0)]
    pub what: String,
    /// Name of the call.
    #[n(1)]
    pub call: String,
    /// Whom it was aimed at: `recorder`, `outside pid 812`, `process 7`, a path.
    #[n(2)]
    pub target: PathBytes,
    /// What came of it.
    #[n(3)]
    pub outcome: Outcome,
}

/// Decodes what was denied. Nesting would let hostile input exhaust the stack.
fn undenied<C>(
    decoder: &mut minicbor::Decoder<'_>,
    context: &mut C,
) -> Result<Box<crate::Kind>, minicbor::decode::Error> {
    const DENIED: u32 = 9;
    let mut probe = decoder.probe();
    probe.array()?;
    if probe.u32()? == DENIED {
        return Err(minicbor::decode::Error::message("denied within denied"));
    }
    decoder.decode_with(context)
}

/// CBOR form of an optional address: null, or 4 or 16 bytes.
#[expect(clippy::ref_option, clippy::option_option, clippy::unnecessary_wraps, reason = "minicbor's signatures")]
pub(crate) mod ip {
    use minicbor::{Decoder, Encoder, decode as dec, encode as enc};
    use std::net::IpAddr;

    pub(crate) fn encode<C, W: enc::Write>(
        v: &Option<IpAddr>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), enc::Error<W::Error>> {
        match v {
            None => e.null()?,
            Some(IpAddr::V4(a)) => e.bytes(&a.octets())?,
            Some(IpAddr::V6(a)) => e.bytes(&a.octets())?,
        };
        Ok(())
    }

    pub(crate) fn cbor_len<C>(v: &Option<IpAddr>, _: &mut C) -> usize {
        v.map_or(1, |a| 1 + if a.is_ipv4() { 4 } else { 16 })
    }

    pub(crate) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Option<IpAddr>, dec::Error> {
        if d.datatype()? == minicbor::data::Type::Null {
            d.null()?;
            return Ok(None);
        }
        let bytes = d.bytes()?;
        if let Ok(four) = <[u8; 4]>::try_from(bytes) {
            return Ok(Some(IpAddr::from(four)));
        }
        match <[u8; 16]>::try_from(bytes) {
            Ok(sixteen) => Ok(Some(IpAddr::from(sixteen))),
            Err(_) => Err(dec::Error::message("address is neither 4 nor 16 bytes")),
        }
    }

    pub(crate) fn nil() -> Option<Option<IpAddr>> {
        Some(None)
    }

    pub(crate) fn is_nil(v: &Option<IpAddr>) -> bool {
        v.is_none()
    }
}
