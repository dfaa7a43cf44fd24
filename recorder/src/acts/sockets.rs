//! connect, bind, listen, accept, socketpair.
use super::{Call, Pending, Verdict, net_kind, outcome};
use crate::decode::sockaddr::{self, SockAddr};
use crate::memory;
use crate::names::ProcPath;
use crate::sys::{self, SocketFacts};
use crate::tracer::Tracer;
use sekisho_events::{Delegated, Identity, Kind, NetAct, NetOp, Outcome, PathBytes};
use std::net::IpAddr;
use std::os::fd::{AsFd, OwnedFd};

/// A connect under way, with a duplicate of its socket to ask who the peer became.
#[derive(Debug)]
pub(crate) struct Connecting {
    pub act: NetAct,
    pub socket: Option<OwnedFd>,
    /// The step has bound this address itself.
    pub own: bool,
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
        let own = self.is_own_address(tid, socket.as_ref(), &act.protocol, &address);
        Verdict::Watch(Pending::Connect(Box::new(Connecting { act, socket, own })))
    }

    pub(crate) fn exit_connect(&mut self, tid: i32, mut connecting: Connecting, result: i64) {
        // A connect that was interrupted goes on by itself (connect(2), EINTR).
        let outcome = outcome(result).unwrap_or(Outcome::Unknown);
        connecting.act.outcome = match outcome {
            Outcome::Errno(libc::EINPROGRESS) => Outcome::Ok,
            other => other,
        };
        let delegated = self.delegation(&mut connecting);
        self.tell(tid, Kind::Net(connecting.act));
        if let Some(delegated) = delegated {
            self.tell(tid, Kind::Delegated(delegated));
        }
    }

    /// Who, outside the tree, may act on what is sent here (EVASION R12)?
    fn delegation(&mut self, connecting: &mut Connecting) -> Option<Delegated> {
        let act = &mut connecting.act;
        if !act.outcome.is_effect() {
            return None;
        }
        if act.protocol != "unix" {
            return if connecting.own { None } else { loopback_delegation(act, connecting.socket.as_ref()) };
        }
        let peer = connecting.socket.as_ref().and_then(|s| sys::peer_credentials(s.as_fd()).ok());
        let pid = peer.map_or(0, |(pid, _)| pid);
        if let Some(peer) = self.table.by_pid(pid) {
            act.peer = Some(peer.0);
            return None;
        }
        // Who has listened may have left the answering to a child. A datagram socket tells of nobody.
        let nobody = pid <= 0 || !std::path::Path::new(&format!("/proc/{pid}")).exists();
        if self.table.has_group(pid) || nobody && connecting.own {
            return None;
        }
        act.peer = Some(0);
        let to = [&b"unix:"[..], act.path.as_ref().map_or(&b"unnamed"[..], |p| p.as_bytes())].concat();
        Some(Delegated { to: PathBytes::new(to), peer: peer.map(|(pid, uid)| describe_peer(pid, uid)) })
    }

    /// True if a process of the tree has bound what this address means to this socket.
    pub(crate) fn is_own_address(
        &self,
        tid: i32,
        socket: Option<&OwnedFd>,
        protocol: &str,
        address: &SockAddr,
    ) -> bool {
        let network = socket.and_then(|s| sys::network_of(s.as_fd()).ok()).unwrap_or_default();
        match address {
            SockAddr::Inet { address, port } => self.listeners.has_port(network, protocol, *address, *port),
            SockAddr::Unspecified { inet: Some((address, port)) } => {
                self.listeners.has_port(network, protocol, (*address).into(), *port)
            }
            SockAddr::UnixAbstract(name) => self.listeners.has_name(network, name),
            SockAddr::UnixPath(path) => self.socket_file(tid, path).is_some_and(|f| self.listeners.has_object(f)),
            _ => false,
        }
    }

    fn socket_file(&self, tid: i32, path: &PathBytes) -> Option<Identity> {
        let (who, _) = self.looker(tid)?;
        Some(crate::names::whole(who, libc::AT_FDCWD, path, true).stat?.identity)
    }

    /// Remembers what a socket was bound to.
    fn remember_bound(&mut self, tid: i32, op: NetOp, protocol: &str, socket: &OwnedFd) {
        let Ok(local) = sys::local_address(socket.as_fd()) else { return };
        let network = sys::network_of(socket.as_fd()).unwrap_or_default();
        match sockaddr::parse(&local) {
            SockAddr::Inet { address, port } => {
                // What somebody else is bound to as well is not the step's alone.
                let shared = sys::may_share_address(socket.as_fd()) && has_others(tid, op, protocol, port);
                if !shared || self.listeners.has_port(network, protocol, address, port) {
                    let both = sys::takes_both_families(socket.as_fd());
                    self.listeners.add_port(network, protocol, address, port, both);
                }
            }
            SockAddr::UnixAbstract(name) => self.listeners.add_name(network, &name),
            SockAddr::UnixPath(path) => {
                if let Some(identity) = self.socket_file(tid, &path) {
                    self.listeners.add_object(identity);
                }
            }
            _ => {}
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
                    self.remember_bound(tid, act.op, &act.protocol, socket);
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

/// A service of this machine that the step did not start itself. A socket that is connected to its own address is, too.
pub(crate) fn loopback_delegation(act: &NetAct, socket: Option<&OwnedFd>) -> Option<Delegated> {
    let (address, port) = (act.address?, act.port?);
    let own = |socket: &OwnedFd| match sockaddr::parse(&sys::local_address(socket.as_fd()).ok()?) {
        SockAddr::Inet { address, .. } => Some(address),
        _ => None,
    };
    let here = address.is_loopback() || address.is_unspecified() || socket.and_then(own) == Some(address);
    if !here || port == 0 {
        return None;
    }
    let to = match address {
        IpAddr::V4(a) => format!("{}:{a}:{port}", act.protocol),
        IpAddr::V6(a) => format!("{}:[{a}]:{port}", act.protocol),
    };
    Some(Delegated { to: to.as_str().into(), peer: None })
}

/// True if another socket is bound to this port (proc(5), `/proc/PID/net/tcp`). Of streams, those that listen are listed.
fn has_others(tid: i32, op: NetOp, protocol: &str, port: u16) -> bool {
    const LISTENS: &str = "0A";
    let streams = protocol == "tcp";
    let ending = format!(":{port:04X}");
    let is_bound = |line: &str| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        fields.next().is_some_and(|local| local.ends_with(&ending)) && (!streams || fields.nth(1) == Some(LISTENS))
    };
    let lists = [protocol.to_owned(), format!("{protocol}6")]
        .map(|name| std::fs::read_to_string(ProcPath::of(tid, &format!("net/{name}")).as_str()).unwrap_or_default());
    let bound = lists.iter().flat_map(|list| list.lines()).filter(|line| is_bound(line)).count();
    bound > usize::from(!streams || op == NetOp::Listen)
}

fn describe_peer(pid: i32, uid: u32) -> PathBytes {
    let name = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    let name = name.strip_suffix(b"\n").unwrap_or(&name);
    PathBytes::new([format!("pid {pid} uid {uid} ").as_bytes(), name].concat())
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
