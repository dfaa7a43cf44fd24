//! Socket addresses (`struct sockaddr` and its kin), as the kernel reads them.
use sekisho_events::PathBytes;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest address that the kernel takes: `struct sockaddr_storage` (bits/socket.h).
pub const SOCKADDR_MAX: usize = 128;

/// A socket address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SockAddr {
    /// `AF_INET`, `AF_INET6`. An IPv4-mapped IPv6 address is given as IPv4 (RFC 4291, 2.5.5.2).
    Inet {
        /// The address.
        address: IpAddr,
        /// The port, in host byte order.
        port: u16,
    },
    /// `AF_UNIX` with a name in the file system.
    UnixPath(PathBytes),
    /// `AF_UNIX` with an abstract name, without the NUL before it. It may have NULs in it.
    UnixAbstract(Vec<u8>),
    /// `AF_UNIX` without a name.
    UnixUnnamed,
    /// `AF_NETLINK`: port id (often a process number; 0 is the kernel) and multicast groups.
    Netlink {
        /// Port id.
        port_id: u32,
        /// Groups.
        groups: u32,
    },
    /// `AF_PACKET`: interface and protocol in host byte order.
    Packet {
        /// Interface number.
        interface: i32,
        /// `ETH_P_*`.
        protocol: u16,
    },
    /// `AF_VSOCK`: a virtual machine or its host.
    Vsock {
        /// Context id.
        cid: u32,
        /// Port.
        port: u32,
    },
    /// `AF_UNSPEC`. In connect(2) it ends the association; but an IPv4 UDP socket *sends* to it as if it were
    /// `AF_INET` (net/ipv4/udp.c), so what it would be then is kept.
    Unspecified {
        /// Address and port, read as `AF_INET`, if it is long enough.
        inet: Option<(Ipv4Addr, u16)>,
    },
    /// Another family.
    Other {
        /// `AF_*`.
        family: u16,
    },
    /// Too short for its family, or for any: the kernel fails with EINVAL.
    Malformed,
}

/// Parses an address of as many bytes as the caller of the kernel said that it has.
pub fn parse(bytes: &[u8]) -> SockAddr {
    let Some((family, rest)) = bytes.split_first_chunk::<2>() else { return SockAddr::Malformed };
    let family = u16::from_ne_bytes(*family);
    match i32::from(family) {
        libc::AF_UNIX => unix(rest),
        libc::AF_INET => inet(rest).map_or(SockAddr::Malformed, |(address, port)| address_of(address.into(), port)),
        libc::AF_INET6 => inet6(rest).unwrap_or(SockAddr::Malformed),
        libc::AF_UNSPEC => SockAddr::Unspecified { inet: inet(rest) },
        // struct sockaddr_nl (linux/netlink.h): pad, port id, groups
        libc::AF_NETLINK => match (word(rest, 2), word(rest, 6)) {
            (Some(port_id), Some(groups)) => SockAddr::Netlink { port_id, groups },
            _ => SockAddr::Malformed,
        },
        // struct sockaddr_ll (linux/if_packet.h): protocol in network order, interface
        libc::AF_PACKET => match (port(rest), word(rest, 2)) {
            (Some(protocol), Some(interface)) => SockAddr::Packet { interface: interface as i32, protocol },
            _ => SockAddr::Malformed,
        },
        // struct sockaddr_vm (linux/vm_sockets.h): reserved, port, cid
        libc::AF_VSOCK => match (word(rest, 2), word(rest, 6)) {
            (Some(port), Some(cid)) => SockAddr::Vsock { cid, port },
            _ => SockAddr::Malformed,
        },
        _ => SockAddr::Other { family },
    }
}

/// `sun_path` (unix(7)): up to the first NUL or the end; one that begins with NUL is abstract and counts whole.
fn unix(path: &[u8]) -> SockAddr {
    /// `sizeof sun_path`.
    const MAX: usize = 108;
    match path {
        _ if path.len() > MAX => SockAddr::Malformed,
        [] => SockAddr::UnixUnnamed,
        [0, name @ ..] => SockAddr::UnixAbstract(name.to_vec()),
        _ => SockAddr::UnixPath(PathBytes::from(path.split(|b| *b == 0).next().unwrap_or(path))),
    }
}

/// `struct sockaddr_in` behind the family: port, address, eight bytes of nothing that must be there.
fn inet(rest: &[u8]) -> Option<(Ipv4Addr, u16)> {
    let address = rest.get(2..6)?.first_chunk::<4>()?;
    (rest.len() >= 14).then_some((Ipv4Addr::from(*address), port(rest)?))
}

/// `struct sockaddr_in6` behind the family: port, flow, address; the scope behind it may be missing (`SIN6_LEN_RFC2133`).
fn inet6(rest: &[u8]) -> Option<SockAddr> {
    let address = rest.get(6..22)?.first_chunk::<16>()?;
    Some(address_of(Ipv6Addr::from(*address).to_canonical(), port(rest)?))
}

fn address_of(address: IpAddr, port: u16) -> SockAddr {
    SockAddr::Inet { address, port }
}

fn port(rest: &[u8]) -> Option<u16> {
    rest.first_chunk::<2>().map(|b| u16::from_be_bytes(*b))
}

fn word(rest: &[u8], at: usize) -> Option<u32> {
    rest.get(at..)?.first_chunk::<4>().map(|b| u32::from_ne_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn family(family: i32, rest: &[u8]) -> SockAddr {
        parse(&[&(family as u16).to_ne_bytes(), rest].concat())
    }

    fn inet6(address: &str) -> Vec<u8> {
        let address: Ipv6Addr = address.parse().unwrap();
        [&443u16.to_be_bytes()[..], &[0; 4], &address.octets(), &[0; 4]].concat()
    }

    /// ip(7), ipv6(7); EVASION I10: a mapped address reaches the IPv4 host, and is shown as such.
    #[test]
    fn internet_addresses_are_canonical() {
        let wanted = |text: &str| SockAddr::Inet { address: text.parse().unwrap(), port: 443 };
        assert_eq!(family(libc::AF_INET, &[1, 187, 203, 0, 113, 7, 0, 0, 0, 0, 0, 0, 0, 0]), wanted("203.0.113.7"));
        assert_eq!(family(libc::AF_INET6, &inet6("2001:db8::1")), wanted("2001:db8::1"));
        assert_eq!(family(libc::AF_INET6, &inet6("::ffff:127.0.0.1")), wanted("127.0.0.1"));
        assert_eq!(family(libc::AF_INET6, &inet6("::1")), wanted("::1"));
        assert_eq!(family(libc::AF_INET, &[1, 187, 203, 0, 113, 7]), SockAddr::Malformed);
    }

    /// unix(7), "Address format".
    #[test]
    fn unix_names_are_paths_abstract_or_none() {
        assert_eq!(family(libc::AF_UNIX, b"/run/x\0junk"), SockAddr::UnixPath("/run/x".into()));
        assert_eq!(family(libc::AF_UNIX, &[b'a'; 108]), SockAddr::UnixPath(PathBytes::new([b'a'; 108])));
        assert_eq!(family(libc::AF_UNIX, b"\0a\0b"), SockAddr::UnixAbstract(b"a\0b".to_vec()));
        assert_eq!(family(libc::AF_UNIX, b""), SockAddr::UnixUnnamed);
        assert_eq!(family(libc::AF_UNIX, &[b'a'; 109]), SockAddr::Malformed);
    }

    /// net/ipv4/udp.c: sendto(2) with `AF_UNSPEC` goes where an `AF_INET` address would.
    #[test]
    fn an_unspecified_family_keeps_the_address_that_udp_would_send_to() {
        let rest = [0, 53, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(family(libc::AF_UNSPEC, &rest), SockAddr::Unspecified { inet: Some((Ipv4Addr::LOCALHOST, 53)) });
        assert_eq!(family(libc::AF_UNSPEC, &[]), SockAddr::Unspecified { inet: None });
    }

    #[test]
    fn other_families_are_named() {
        let netlink = [0, 0, 7, 0, 0, 0, 1, 0, 0, 0];
        assert_eq!(family(libc::AF_NETLINK, &netlink), SockAddr::Netlink { port_id: 7, groups: 1 });
        assert_eq!(family(libc::AF_VSOCK, &netlink), SockAddr::Vsock { cid: 1, port: 7 });
        assert_eq!(family(99, &[]), SockAddr::Other { family: 99 });
        assert_eq!(parse(&[1]), SockAddr::Malformed);
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_address_or_malformed(family in 0..50u16, rest in prop::collection::vec(any::<u8>(), 0..140)) {
            parse(&[&family.to_ne_bytes(), &rest[..]].concat());
            parse(&rest);
        }
    }
}
