//! What the step itself listens on: a message there stays inside the tree.
//!
//! Invariant: what the step has bound is known by what it is, an address in a network or an inode, and not by a name
//! alone: the same port of another address, and the same name in another view, are somebody else's (EVASION R12).
use sekisho_events::{Identity, PathBytes};
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What processes of the tree have bound. A network is the cookie of its namespace (socket(7), `SO_NETNS_COOKIE`).
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    ports: HashSet<(u64, String, IpAddr, u16)>,
    /// Abstract names of UNIX sockets.
    names: HashSet<(u64, Vec<u8>)>,
    /// UNIX sockets and FIFOs, by device and inode.
    objects: HashSet<(u32, u32, u64)>,
    /// Message queues, by the inode of their namespace (0 for ours).
    queues: HashSet<(u64, PathBytes)>,
}

impl Listeners {
    /// Remembers a bound port. `both`: a socket of IPv6 for every address, which takes what comes by IPv4, too.
    pub(crate) fn add_port(&mut self, network: u64, protocol: &str, address: IpAddr, port: u16, both: bool) {
        self.ports.insert((network, protocol.to_owned(), address, port));
        if both && address.is_unspecified() {
            self.ports.insert((network, protocol.to_owned(), Ipv4Addr::UNSPECIFIED.into(), port));
        }
    }

    /// Remembers a bound abstract name.
    pub(crate) fn add_name(&mut self, network: u64, name: &[u8]) {
        self.names.insert((network, name.to_vec()));
    }

    /// Remembers a socket in the file system, or a FIFO.
    pub(crate) fn add_object(&mut self, identity: Identity) {
        self.objects.insert(key(identity));
    }

    /// Remembers a message queue that the step made.
    pub(crate) fn add_queue(&mut self, namespace: u64, path: &PathBytes) {
        self.queues.insert((namespace, path.clone()));
    }

    /// True if somebody in the tree has bound this port of this address, or of every address of its family.
    pub(crate) fn has_port(&self, network: u64, protocol: &str, address: IpAddr, port: u16) -> bool {
        // Nobody's address means this machine (ip(7), `INADDR_ANY` as a destination).
        let (meant, every): (IpAddr, IpAddr) = match address {
            IpAddr::V4(a) if a.is_unspecified() => (Ipv4Addr::LOCALHOST.into(), Ipv4Addr::UNSPECIFIED.into()),
            IpAddr::V6(a) if a.is_unspecified() => (Ipv6Addr::LOCALHOST.into(), Ipv6Addr::UNSPECIFIED.into()),
            IpAddr::V4(_) => (address, Ipv4Addr::UNSPECIFIED.into()),
            IpAddr::V6(_) => (address, Ipv6Addr::UNSPECIFIED.into()),
        };
        [meant, every].iter().any(|a| self.ports.contains(&(network, protocol.to_owned(), *a, port)))
    }

    /// True if somebody in the tree has bound this port of whatever address, anywhere.
    pub(crate) fn has_any_port(&self, protocol: &str, port: u16) -> bool {
        self.ports.iter().any(|(_, its, _, number)| its == protocol && *number == port)
    }

    /// True if somebody in the tree has bound this abstract name.
    pub(crate) fn has_name(&self, network: u64, name: &[u8]) -> bool {
        self.names.contains(&(network, name.to_vec()))
    }

    /// True if somebody in the tree has bound this socket or made this FIFO.
    pub(crate) fn has_object(&self, identity: Identity) -> bool {
        self.objects.contains(&key(identity))
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
        listeners.add_port(1, "tcp", ip("127.0.0.2"), 80, false);
        assert!(listeners.has_port(1, "tcp", ip("127.0.0.2"), 80));
        assert!(!listeners.has_port(1, "tcp", ip("127.0.0.1"), 80));
        assert!(!listeners.has_port(2, "tcp", ip("127.0.0.2"), 80));
        assert!(!listeners.has_port(1, "udp", ip("127.0.0.2"), 80));
        assert!(listeners.has_any_port("tcp", 80) && !listeners.has_any_port("udp", 80));
    }

    /// ipv6(7), `IPV6_V6ONLY`: without it, a socket for every address takes what comes by IPv4.
    #[test]
    fn every_address_is_one_of_its_family_or_of_both() {
        let mut listeners = Listeners::default();
        listeners.add_port(1, "tcp", ip("::"), 80, false);
        listeners.add_port(1, "tcp", ip("::"), 81, true);
        listeners.add_port(1, "tcp", ip("127.0.0.1"), 82, false);
        assert!(listeners.has_port(1, "tcp", ip("::1"), 80) && !listeners.has_port(1, "tcp", ip("127.0.0.1"), 80));
        assert!(listeners.has_port(1, "tcp", ip("::"), 81) && listeners.has_port(1, "tcp", ip("127.0.0.1"), 81));
        assert!(listeners.has_port(1, "tcp", ip("0.0.0.0"), 82) && !listeners.has_port(1, "tcp", ip("::"), 82));
    }
}
