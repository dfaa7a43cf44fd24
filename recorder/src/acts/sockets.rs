//! connect, bind, listen, accept, socketpair.
use super::{Call, Owner, Pending, Verdict, net_kind, outcome};
use crate::decode::sockaddr::{self, SockAddr};
use crate::memory;
use crate::names::ProcPath;
use crate::sys::{self, SocketFacts};
use crate::tracer::Tracer;
use sekisho_events::{Kind, NetAct, NetOp, Outcome, PathBytes};
use std::os::fd::{AsFd, OwnedFd};

/// A connect under way, with a duplicate of its socket to ask who the peer became.
#[derive(Debug)]
pub(crate) struct Connecting {
    pub act: NetAct,
    pub socket: Option<OwnedFd>,
    /// Whose the address was when the call began.
    pub owner: Owner,
}

/// bind, listen, accept or socketpair under way.
#[derive(Debug)]
pub(crate) struct SocketCall {
    pub act: NetAct,
    pub socket: Option<OwnedFd>,
}

/// Longest socket address (`struct sockaddr_storage`, socket.h).
const ADDRESS_MAX: u64 = 128;

impl Tracer {
    /// A duplicate of a tracee's descriptor.
    pub(crate) fn borrow_descriptor(&mut self, tid: i32, fd: i32) -> Option<OwnedFd> {
        let group = self.table.group_of_mut(tid)?;
        if tid != group.pid {
            return thread_descriptor(tid, group.pid, fd);
        }
        if group.pidfd.is_none() {
            group.pidfd = sys::pidfd_open(group.pid).ok();
        }
        sys::pidfd_getfd(group.pidfd.as_ref()?.as_fd(), fd).ok()
    }

    /// Reads the bytes of a socket address; the kernel takes no more (`struct sockaddr_storage`).
    pub(crate) fn read_address(tid: i32, pointer: u64, len: u64) -> Result<Vec<u8>, memory::Fault> {
        let mut bytes = vec![0; (len & 0xffff_ffff).min(ADDRESS_MAX) as usize];
        memory::read_exact(tid, pointer, &mut bytes)?;
        Ok(bytes)
    }

    /// A socket address at argument `arg`, its length behind it: pinned.
    pub(crate) fn address_argument(&mut self, tid: i32, call: &Call, arg: usize) -> Result<SockAddr, memory::Fault> {
        let bytes = Self::read_address(tid, call.args[arg], call.args[arg + 1])?;
        let address = sockaddr::parse(&bytes);
        self.pins.bytes(arg, bytes);
        Ok(address)
    }

    pub(crate) fn enter_connect(&mut self, tid: i32, call: &Call) -> Verdict {
        let address = match self.address_argument(tid, call, 1) {
            Ok(address) => address,
            Err(fault) => return Verdict::unreadable(call, fault),
        };
        let socket = self.borrow_descriptor(tid, call.int(0));
        let act = self.net_act(tid, NetOp::Connect, socket.as_ref(), Some(&address));
        if let Some(verdict) = self.forbid(tid, call, &net_kind(&act)) {
            let errno = match (&address, self.looker(tid)) {
                (SockAddr::UnixPath(path), Some((who, _))) => super::futile::of_lookup(who, libc::AT_FDCWD, path, true),
                _ => None,
            };
            return self.unless_futile(tid, verdict, errno, Kind::Net(act));
        }
        let owner = self.owner(tid, socket.as_ref(), &act, &address);
        Verdict::Watch(Pending::Connect(Box::new(Connecting { act, socket, owner })))
    }

    pub(crate) fn exit_connect(&mut self, tid: i32, mut connecting: Connecting, result: i64) {
        // A connect that was interrupted goes on by itself (connect(2), EINTR).
        let outcome = outcome(result).unwrap_or(Outcome::Unknown);
        connecting.act.outcome = match outcome {
            Outcome::Errno(libc::EINPROGRESS) => Outcome::Ok,
            other => other,
        };
        let delegated = self.delegation(tid, &mut connecting);
        self.tell(tid, Kind::Net(connecting.act));
        if let Some(delegated) = delegated {
            self.tell(tid, Kind::Delegated(delegated));
        }
    }

    /// bind(2) and listen(2).
    pub(crate) fn enter_bind(&mut self, tid: i32, call: &Call) -> Verdict {
        let address = match self.address_argument(tid, call, 1) {
            Ok(address) => address,
            Err(fault) => return Verdict::unreadable(call, fault),
        };
        self.enter_socket(tid, call, NetOp::Bind, Some(&address))
    }

    pub(crate) fn enter_listen(&mut self, tid: i32, call: &Call) -> Verdict {
        self.enter_socket(tid, call, NetOp::Listen, None)
    }

    pub(crate) fn enter_accept(&mut self, tid: i32, call: &Call) -> Verdict {
        self.enter_socket(tid, call, NetOp::Accept, None)
    }

    fn enter_socket(&mut self, tid: i32, call: &Call, op: NetOp, address: Option<&SockAddr>) -> Verdict {
        let socket = self.borrow_descriptor(tid, call.int(0));
        let mut act = self.net_act(tid, op, socket.as_ref(), address);
        if op == NetOp::Listen
            && let Some(local) = socket.as_ref().and_then(|s| sys::local_address(s.as_fd()).ok())
        {
            put_address(&mut act, &sockaddr::parse(&local));
        }
        if let Some(verdict) = self.forbid(tid, call, &net_kind(&act)) {
            return verdict;
        }
        Verdict::Watch(Pending::Socket(Box::new(SocketCall { act, socket })))
    }

    /// socketpair(2), and socket(2) of a family that needs no address to act.
    pub(crate) fn enter_new_socket(&mut self, tid: i32, call: &Call, op: NetOp) -> Verdict {
        let facts = SocketFacts { domain: call.int(0), kind: call.int(1) & 0xf, protocol: call.int(2) };
        let act = NetAct::new(op, protocol(Some(facts)));
        if let Some(verdict) = self.forbid(tid, call, &net_kind(&act)) {
            return verdict;
        }
        Verdict::Watch(Pending::Socket(Box::new(SocketCall { act, socket: None })))
    }

    pub(crate) fn exit_socket(&mut self, tid: i32, call: SocketCall, result: i64) {
        let Some(outcome) = outcome(result) else { return };
        let SocketCall { mut act, socket } = call;
        act.outcome = outcome;
        match act.op {
            NetOp::Accept if outcome == Outcome::Errno(libc::EAGAIN) => return,
            NetOp::Accept if outcome == Outcome::Ok => {
                if let Some(accepted) = self.borrow_descriptor(tid, result as i32) {
                    if let Ok(peer) = sys::peer_address(accepted.as_fd()) {
                        put_address(&mut act, &sockaddr::parse(&peer));
                    }
                    if act.protocol == "unix"
                        && let Ok((pid, _)) = sys::peer_credentials(accepted.as_fd())
                    {
                        act.peer = Some(self.table.by_pid(pid).map_or(0, |p| p.0));
                    }
                }
            }
            NetOp::Bind | NetOp::Listen if outcome.is_effect() => {
                // Port 0 is chosen by the kernel: say which it was.
                if let Some(local) = socket.as_ref().and_then(|s| sys::local_address(s.as_fd()).ok()) {
                    let mut real = act.clone();
                    put_address(&mut real, &sockaddr::parse(&local));
                    if act.op == NetOp::Listen || act.port == Some(0) {
                        act.port = real.port;
                    }
                }
                if let Some(socket) = &socket {
                    self.remember_bound(tid, &act.protocol, socket);
                }
            }
            _ => {}
        }
        self.tell(tid, Kind::Net(act));
    }

    /// An act on a socket, as far as its entry tells.
    pub(crate) fn net_act(
        &mut self,
        tid: i32,
        op: NetOp,
        socket: Option<&OwnedFd>,
        address: Option<&SockAddr>,
    ) -> NetAct {
        let facts = socket.and_then(|s| sys::socket_facts(s.as_fd()).ok());
        let mut act = NetAct::new(op, protocol(facts));
        if facts.is_none() && matches!(address, Some(SockAddr::UnixPath(_) | SockAddr::UnixAbstract(_))) {
            act.protocol = "unix".into();
        }
        if let Some(address) = address {
            put_address(&mut act, address);
            act.host = act.address.filter(|_| op != NetOp::Bind).and_then(|a| self.resolved.of(a));
            if let SockAddr::UnixPath(path) = address
                && let Some((who, _)) = self.looker(tid)
            {
                act.path = Some(crate::names::whole(who, libc::AT_FDCWD, path, true).path);
            }
        }
        let racy = address.is_some() && self.looker(tid).is_some_and(|(_, racy)| racy);
        act.racy = racy.then_some(true);
        act
    }
}

/// A duplicate of a descriptor of a thread that is not its group's leader: it may have descriptors of its own (unshare(2),
/// `CLONE_FILES`), and its leader may have ended.
fn thread_descriptor(tid: i32, leader: i32, fd: i32) -> Option<OwnedFd> {
    if let Ok(thread) = sys::pidfd_open_thread(tid) {
        return sys::pidfd_getfd(thread.as_fd(), fd).ok();
    }
    // Before Linux 6.9: the leader's, if that is the same object.
    let borrowed = sys::pidfd_getfd(sys::pidfd_open(leader).ok()?.as_fd(), fd).ok()?;
    let own = sys::statx(None, ProcPath::fd(tid, fd).as_c(), 0).ok()?;
    (sys::fstat(borrowed.as_fd()).ok()?.identity == own.identity).then_some(borrowed)
}

/// Puts an address into the fields of an act.
pub(crate) fn put_address(act: &mut NetAct, address: &SockAddr) {
    match address {
        SockAddr::Inet { address, port } => {
            act.address = Some(*address);
            act.port = Some(*port);
        }
        // A UDP socket sends to it as to an IPv4 address.
        SockAddr::Unspecified { inet: Some((address, port)) } if act.op == NetOp::Send => {
            act.address = Some((*address).into());
            act.port = Some(*port);
        }
        SockAddr::UnixPath(path) => act.path = Some(path.clone()),
        SockAddr::UnixAbstract(name) => act.path = Some(PathBytes::new([b"@", name.as_slice()].concat())),
        _ => {}
    }
}

/// The `protocol` of an event (socket(2), protocols(5)).
pub(crate) fn protocol(facts: Option<SocketFacts>) -> String {
    let Some(facts) = facts else { return "unknown".into() };
    let kind = facts.kind & 0xf;
    match (facts.domain, kind, facts.protocol) {
        (libc::AF_UNIX, _, _) => "unix".into(),
        (libc::AF_NETLINK, _, _) => "netlink".into(),
        (libc::AF_PACKET, _, _) => "packet".into(),
        (libc::AF_INET | libc::AF_INET6, _, libc::IPPROTO_ICMP | libc::IPPROTO_ICMPV6) => "icmp".into(),
        (libc::AF_INET | libc::AF_INET6, libc::SOCK_RAW, _) => "raw".into(),
        (libc::AF_INET | libc::AF_INET6, libc::SOCK_STREAM, 0 | libc::IPPROTO_TCP) => "tcp".into(),
        (libc::AF_INET | libc::AF_INET6, libc::SOCK_DGRAM, 0 | libc::IPPROTO_UDP) => "udp".into(),
        (libc::AF_INET | libc::AF_INET6, _, number) => format!("ip-{number}"),
        (family, _, _) => format!("family-{family}"),
    }
}
