//! What the step itself listens on: a message there stays inside the tree.
//!
//! Invariant: what the step has bound is known by what it is, an address in a network or an inode, and by the socket that it
//! bound there: the same port of another address, the same name in another view, and either once that socket is gone, are
//! somebody else's (EVASION R12).
use crate::decode::socket_lists::meant;
use sekisho_events::{Identity, PathBytes};
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Sockets, by inode.
type Sockets = HashSet<u64>;

/// What processes of the tree have bound. A network is the cookie of its namespace (socket(7), `SO_NETNS_COOKIE`).
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    ports: HashMap<(u64, String, IpAddr, u16), Sockets>,
    /// Abstract names of UNIX sockets.
    names: HashMap<(u64, Vec<u8>), Sockets>,
    /// UNIX sockets in the file system, by device and inode.
    objects: HashMap<(u32, u32, u64), Sockets>,
    /// FIFOs.
    fifos: HashSet<(u32, u32, u64)>,
    /// Message queues, by the inode of their namespace (0 for ours).
    queues: HashSet<(u64, PathBytes)>,
}

impl Listeners {
    /// Remembers a bound port. `both`: a socket of IPv6 for every address, which takes what comes by IPv4, too.
    pub(crate) fn add_port(&mut self, network: u64, protocol: &str, at: (IpAddr, u16), both: bool, socket: u64) {
        let (address, port) = at;
        self.ports.entry((network, protocol.to_owned(), address, port)).or_default().insert(socket);
        if both && address.is_unspecified() {
            let every = Ipv4Addr::UNSPECIFIED.into();
            self.ports.entry((network, protocol.to_owned(), every, port)).or_default().insert(socket);
        }
    }

    /// Remembers a bound abstract name.
    pub(crate) fn add_name(&mut self, network: u64, name: &[u8], socket: u64) {
        self.names.entry((network, name.to_vec())).or_default().insert(socket);
    }

    /// Remembers a socket in the file system.
    pub(crate) fn add_socket(&mut self, identity: Identity, socket: u64) {
        self.objects.entry(key(identity)).or_default().insert(socket);
    }

    /// Remembers a FIFO.
    pub(crate) fn add_fifo(&mut self, identity: Identity) {
        self.fifos.insert(key(identity));
    }

    /// Forgets a FIFO whose name is gone: another file may get its number.
    pub(crate) fn remove_fifo(&mut self, identity: Identity) {
        self.fifos.remove(&key(identity));
    }

    /// Remembers a message queue that the step made.
    pub(crate) fn add_queue(&mut self, namespace: u64, path: &PathBytes) {
        self.queues.insert((namespace, path.clone()));
    }

    /// Forgets a message queue: the next one of its name may be anybody's.
    pub(crate) fn remove_queue(&mut self, namespace: u64, path: &PathBytes) {
        self.queues.remove(&(namespace, path.clone()));
    }

    /// The sockets that somebody in the tree has bound to this port of this address, or of every address of its family.
    pub(crate) fn of_port(&self, network: u64, protocol: &str, address: IpAddr, port: u16) -> Sockets {
        let address = meant(address);
        let every: IpAddr = match address {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let bound =
            [address, every].into_iter().filter_map(|a| self.ports.get(&(network, protocol.to_owned(), a, port)));
        bound.flatten().copied().collect()
    }

    /// True if somebody in the tree has bound this port of whatever address, anywhere.
    pub(crate) fn has_any_port(&self, protocol: &str, port: u16) -> bool {
        self.ports.keys().any(|(_, its, _, number)| its == protocol && *number == port)
    }

    /// The sockets that somebody in the tree has bound to this abstract name.
    pub(crate) fn of_name(&self, network: u64, name: &[u8]) -> Option<&Sockets> {
        self.names.get(&(network, name.to_vec()))
    }

    /// The sockets that somebody in the tree has bound to this file.
    pub(crate) fn of_object(&self, identity: Identity) -> Option<&Sockets> {
        self.objects.get(&key(identity))
    }

    /// True if somebody in the tree has made this FIFO.
    pub(crate) fn has_fifo(&self, identity: Identity) -> bool {
        self.fifos.contains(&key(identity))
    }

    /// True if the step made this message queue.
    pub(crate) fn has_queue(&self, namespace: u64, path: &PathBytes) -> bool {
        self.queues.contains(&(namespace, path.clone()))
    }
}

fn key(identity: Identity) -> (u32, u32, u64) {
    (identity.dev_major, identity.dev_minor, identity.ino)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_port_is_one_of_an_address_in_a_network() {
        let mut listeners = Listeners::default();
        listeners.add_port(1, "tcp", (ip("127.0.0.2"), 80), false, 7);
        let has = |network, protocol, address| !listeners.of_port(network, protocol, ip(address), 80).is_empty();
        assert!(has(1, "tcp", "127.0.0.2"));
        assert!(!has(1, "tcp", "127.0.0.1") && !has(2, "tcp", "127.0.0.2") && !has(1, "udp", "127.0.0.2"));
        assert!(listeners.has_any_port("tcp", 80) && !listeners.has_any_port("udp", 80));
    }

    /// ipv6(7), `IPV6_V6ONLY`: without it, a socket for every address takes what comes by IPv4.
    #[test]
    fn every_address_is_one_of_its_family_or_of_both() {
        let mut listeners = Listeners::default();
        listeners.add_port(1, "tcp", (ip("::"), 80), false, 7);
        listeners.add_port(1, "tcp", (ip("::"), 81), true, 8);
        listeners.add_port(1, "tcp", (ip("127.0.0.1"), 82), false, 9);
        let of = |address, port| listeners.of_port(1, "tcp", ip(address), port).into_iter().collect::<Vec<_>>();
        assert_eq!((of("::1", 80), of("127.0.0.1", 80)), (vec![7], vec![]));
        assert_eq!((of("::", 81), of("127.0.0.1", 81)), (vec![8], vec![8]));
        assert_eq!((of("0.0.0.0", 82), of("::", 82)), (vec![9], vec![]));
    }
}
