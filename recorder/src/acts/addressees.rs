//! Who hears what is sent to an address: somebody of the step, or somebody outside who may act on it (EVASION R12).
//!
//! Invariant: an address is the step's own as long as a socket that the step has bound there is, and no other takes its place:
//! a port or a name that the step has given up may be somebody else's the next moment.
use super::Connecting;
use crate::decode::sockaddr::{self, SockAddr};
use crate::decode::socket_lists::{self, Taker};
use crate::names::ProcPath;
use crate::sys;
use crate::tracer::Tracer;
use sekisho_events::{Delegated, Identity, NetAct, PathBytes};
use std::net::IpAddr;
use std::os::fd::{AsFd, OwnedFd};

/// Whose an address is, as far as it is known when the call begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The step's.
    Step,
    /// The step has bound it, and nobody is to be heard there at the moment.
    Nobody,
    /// Somebody else's, or it is not known whose.
    Other,
}

impl Tracer {
    /// Who, outside the tree, may act on what is sent over this connection?
    pub(super) fn delegation(&mut self, tid: i32, connecting: &mut Connecting) -> Option<Delegated> {
        if !connecting.act.outcome.is_effect() {
            return None;
        }
        if connecting.act.protocol != "unix" {
            return self.inet_delegation(tid, connecting);
        }
        let own = connecting.owner == Owner::Step;
        let act = &mut connecting.act;
        let socket = connecting.socket.as_ref();
        let peer = socket.and_then(|s| sys::peer_credentials(s.as_fd()).ok());
        let pid = peer.map_or(0, |(pid, _)| pid);
        // The number of who has ended may be another's by now.
        let is_he = || own || socket.is_some_and(|s| sys::peer_process(s.as_fd()).is_ok_and(|alive| alive == pid));
        if let Some(peer) = self.table.by_pid(pid).filter(|_| is_he()) {
            act.peer = Some(peer.0);
            return None;
        }
        // Who has listened may have left the answering to a child. A datagram socket tells of nobody.
        let nobody = pid <= 0 || !std::path::Path::new(&format!("/proc/{pid}")).exists();
        if self.table.has_group(pid) && is_he() || nobody && own {
            return None;
        }
        act.peer = Some(0);
        let to = [&b"unix:"[..], act.path.as_ref().map_or(&b"unnamed"[..], |p| p.as_bytes())].concat();
        Some(Delegated { to: PathBytes::new(to), peer: peer.map(|(pid, uid)| describe_peer(pid, uid)) })
    }

    fn inet_delegation(&self, tid: i32, connecting: &Connecting) -> Option<Delegated> {
        let Connecting { act, socket, owner } = connecting;
        let own = match owner {
            Owner::Step => true,
            Owner::Other => false,
            // Somebody may have begun to listen since: of the step, or not.
            Owner::Nobody => self.inet_owner(tid, socket.as_ref(), act) != Owner::Other,
        };
        if own { None } else { self.local_delegation(tid, act, socket.as_ref()) }
    }

    /// Whose this address is, for this socket.
    pub(crate) fn owner(&self, tid: i32, socket: Option<&OwnedFd>, act: &NetAct, address: &SockAddr) -> Owner {
        let network = || socket.and_then(|s| sys::network_of(s.as_fd()).ok()).unwrap_or_default();
        let bound = match address {
            SockAddr::Inet { .. } | SockAddr::Unspecified { inet: Some(_) } => {
                return self.inet_owner(tid, socket, act);
            }
            SockAddr::UnixAbstract(name) => self.listeners.of_name(network(), name),
            SockAddr::UnixPath(path) => self.socket_file(tid, path).and_then(|f| self.listeners.of_object(f)),
            _ => None,
        };
        let alive = bound.is_some_and(|bound| {
            let list = std::fs::read(ProcPath::of(tid, "net/unix").as_str()).unwrap_or_default();
            socket_lists::unix_inodes(&list).any(|inode| bound.contains(&inode))
        });
        if alive { Owner::Step } else { Owner::Other }
    }

    fn inet_owner(&self, tid: i32, socket: Option<&OwnedFd>, act: &NetAct) -> Owner {
        let (Some(address), Some(port), Some(socket)) = (act.address, act.port, socket) else { return Owner::Other };
        let Ok(network) = sys::network_of(socket.as_fd()) else { return Owner::Other };
        let own = self.listeners.of_port(network, &act.protocol, address, port);
        if own.is_empty() {
            return Owner::Other;
        }
        let read = |list: String| std::fs::read_to_string(ProcPath::of(tid, &list).as_str()).unwrap_or_default();
        let lists = [read(format!("net/{}", act.protocol)), read(format!("net/{}6", act.protocol))];
        let sockets = lists.iter().flat_map(|list| socket_lists::sockets(list));
        match socket_lists::taker(sockets, act.protocol == "tcp", (address, port), |inode| own.contains(&inode)) {
            Taker::Own => Owner::Step,
            Taker::Other => Owner::Other,
            Taker::Nobody => Owner::Nobody,
        }
    }

    fn socket_file(&self, tid: i32, path: &PathBytes) -> Option<Identity> {
        let (who, _) = self.looker(tid)?;
        Some(crate::names::whole(who, libc::AT_FDCWD, path, true).stat?.identity)
    }

    /// Remembers what a socket was bound to.
    pub(super) fn remember_bound(&mut self, tid: i32, protocol: &str, socket: &OwnedFd) {
        let (Ok(local), Ok(stat)) = (sys::local_address(socket.as_fd()), sys::fstat(socket.as_fd())) else { return };
        let network = sys::network_of(socket.as_fd()).unwrap_or_default();
        let inode = stat.identity.ino;
        match sockaddr::parse(&local) {
            SockAddr::Inet { address, port } => {
                let both = sys::takes_both_families(socket.as_fd());
                self.listeners.add_port(network, protocol, (address, port), both, inode);
            }
            SockAddr::UnixAbstract(name) => self.listeners.add_name(network, &name, inode),
            SockAddr::UnixPath(path) => {
                if let Some(identity) = self.socket_file(tid, &path) {
                    self.listeners.add_socket(identity, inode);
                }
            }
            _ => {}
        }
    }

    /// A service of this machine that the step did not start itself. A socket that is connected to its own address is, too.
    pub(super) fn local_delegation(&self, tid: i32, act: &NetAct, socket: Option<&OwnedFd>) -> Option<Delegated> {
        let (address, port) = (act.address?, act.port.filter(|port| *port != 0)?);
        let own = |socket: &OwnedFd| match sockaddr::parse(&sys::local_address(socket.as_fd()).ok()?) {
            SockAddr::Inet { address, .. } => Some(address),
            _ => None,
        };
        let here = address.is_loopback()
            || address.is_unspecified()
            || socket.and_then(own) == Some(address)
            || self.is_at_home(tid, c"net") && sys::is_of_this_machine(address);
        if !here {
            return None;
        }
        let to = match address {
            IpAddr::V4(a) => format!("{}:{a}:{port}", act.protocol),
            IpAddr::V6(a) => format!("{}:[{a}]:{port}", act.protocol),
        };
        Some(Delegated { to: to.as_str().into(), peer: None })
    }

    /// A datagram to somebody who is nobody in the step.
    pub(super) fn datagram_delegation(&self, tid: i32, act: &NetAct) -> Option<Delegated> {
        match &act.path {
            Some(path) if act.protocol == "unix" => {
                Some(Delegated { to: PathBytes::new([b"unix:", path.as_bytes()].concat()), peer: None })
            }
            _ => self.local_delegation(tid, act, None),
        }
    }
}

fn describe_peer(pid: i32, uid: u32) -> PathBytes {
    let name = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    let name = name.strip_suffix(b"\n").unwrap_or(&name);
    PathBytes::new([format!("pid {pid} uid {uid} ").as_bytes(), name].concat())
}
