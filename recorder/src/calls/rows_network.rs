//! Calls that act on the network or on sockets between processes.
//!
//! Sending through a connected socket is not here: the unit of record is the connect. An address given with a message
//! is one, too, and so is a descriptor that comes with a message.
use super::{Decoder as D, Row, Test, at, at_if, guard, traced};
use crate::abi::nr;
use libc::{EAFNOSUPPORT, EOPNOTSUPP, EPERM, EPROTONOSUPPORT};
use sekisho_events::Level::Files;

/// `AF_UNIX`, `AF_INET`, `AF_INET6`, `AF_NETLINK` (bits/socket.h).
const FAMILIES: &[u64] = &[1, 2, 10, 16];
/// `AF_INET`, `AF_INET6`.
const INTERNET: &[u64] = &[2, 10];
const NETLINK: &[u64] = &[16];
/// `SOCK_TYPE_MASK` (linux/net.h): what remains are `SOCK_CLOEXEC` and `SOCK_NONBLOCK`.
const TYPE: u64 = 0xf;
/// `SOCK_STREAM`, `SOCK_DGRAM`.
const PLAIN: &[u64] = &[1, 2];
/// Default, `IPPROTO_ICMP`, `IPPROTO_TCP`, `IPPROTO_UDP`, `IPPROTO_ICMPV6` (netinet/in.h).
const PROTOCOLS: &[u64] = &[0, 1, 6, 17, 58];
/// `MSG_FASTOPEN` (linux/socket.h).
const MSG_FASTOPEN: u64 = 0x2000_0000;

/// Of `IPPROTO_IP`: `IP_OPTIONS` (source routing), `IP_IPSEC_POLICY`, `IP_XFRM_POLICY`, `IP_TRANSPARENT`; and, which any
/// socket takes, `IPT_SO_SET_*`, `ARPT_SO_SET_*`, `EBT_SO_SET_*` and `IP_VS_SO_SET_*` (linux/in.h, netfilter's headers,
/// linux/ip_vs.h).
const IPV4: &[u64] = &[
    4, 16, 17, 19, 64, 65, 96, 97, 128, 129, 1153, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 1162, 1163, 1164,
    1165, 1166, 1167, 1168,
];
/// Of `IPPROTO_IPV6`: `IPV6_2292PKTOPTIONS` (a routing header, among others), `IPV6_IPSEC_POLICY`, `IPV6_XFRM_POLICY`,
/// `IPV6_RTHDR`, `IP6T_SO_SET_*`, `IPV6_TRANSPARENT` (linux/in6.h).
const IPV6: &[u64] = &[6, 34, 35, 57, 64, 65, 75];

/// Joining a group of receivers and choosing its senders (see [`D::Group`]). Of `IPPROTO_IP`: `IP_ADD_MEMBERSHIP`,
/// `IP_UNBLOCK_SOURCE`, `IP_BLOCK_SOURCE`, `IP_ADD_SOURCE_MEMBERSHIP`, `IP_MSFILTER`, `MCAST_JOIN_GROUP`, `MCAST_BLOCK_SOURCE`,
/// `MCAST_UNBLOCK_SOURCE`, `MCAST_JOIN_SOURCE_GROUP`, `MCAST_MSFILTER` (linux/in.h).
const GROUPS_IPV4: &[u64] = &[35, 37, 38, 39, 41, 42, 43, 44, 46, 48];
/// Of `IPPROTO_IPV6`: `IPV6_JOIN_GROUP`, and the `MCAST_*` (linux/in6.h).
const GROUPS_IPV6: &[u64] = &[20, 42, 43, 44, 46, 48];

const FASTOPEN: &str = "would connect by sending";
pub(crate) const OPTION: &str = "socket option that changes where packets go";

pub(super) const ROWS: &[Row] = &[
    traced(
        nr::SOCKET,
        &[
            guard(&[Test::is_not(0, FAMILIES)], EAFNOSUPPORT, "socket family that is not recorded"),
            guard(&[Test::is(0, INTERNET), Test::bits_not(1, TYPE, PLAIN)], EPERM, "raw packets are not recorded"),
            guard(
                &[Test::is(0, INTERNET), Test::is_not(2, PROTOCOLS)],
                EPROTONOSUPPORT,
                "transport protocol that is not recorded",
            ),
            // NETLINK_ROUTE is 0 (linux/netlink.h).
            guard(
                &[Test::is(0, NETLINK), Test::is_not(2, &[0])],
                EPROTONOSUPPORT,
                "kernel interface that is not recorded",
            ),
            // What is said to the kernel here needs no address: the socket itself is the act.
            at_if(Files, &[Test::is(0, NETLINK)], D::Socket),
        ],
    ),
    traced(
        nr::SOCKETPAIR,
        &[guard(&[Test::is_not(0, &[1])], EOPNOTSUPP, "socket family that is not recorded"), at(Files, D::SocketPair)],
    ),
    traced(nr::CONNECT, &[at(Files, D::Connect)]),
    traced(nr::BIND, &[at(Files, D::Bind)]),
    traced(nr::LISTEN, &[at(Files, D::Listen)]),
    traced(nr::ACCEPT, &[at(Files, D::Accept)]),
    traced(nr::ACCEPT4, &[at(Files, D::Accept)]),
    traced(
        nr::SENDTO,
        &[
            guard(&[Test::any_bit(3, MSG_FASTOPEN)], EOPNOTSUPP, FASTOPEN),
            at_if(Files, &[Test::non_null(4)], D::SendTo),
        ],
    ),
    traced(nr::SENDMSG, &[guard(&[Test::any_bit(2, MSG_FASTOPEN)], EOPNOTSUPP, FASTOPEN), at(Files, D::SendMsg)]),
    traced(nr::SENDMMSG, &[guard(&[Test::any_bit(3, MSG_FASTOPEN)], EOPNOTSUPP, FASTOPEN), at(Files, D::SendMmsg)]),
    // Without an address it reads a connection, which was seen.
    traced(nr::RECVFROM, &[at_if(Files, &[Test::non_null(4)], D::RecvFrom)]),
    traced(nr::RECVMSG, &[at(Files, D::RecvMsg)]),
    traced(nr::RECVMMSG, &[at(Files, D::RecvMmsg)]),
    traced(
        nr::SETSOCKOPT,
        &[
            // SOL_SOCKET: SO_BINDTODEVICE, SO_MARK, SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_EBPF, SO_BINDTOIFINDEX
            guard(&[Test::is(1, &[1]), Test::is(2, &[25, 36, 50, 52, 62])], EPERM, OPTION),
            guard(&[Test::is(1, &[0]), Test::is(2, IPV4)], EPERM, OPTION),
            // IPPROTO_TCP: TCP_REPAIR (a connection out of nothing)
            guard(&[Test::is(1, &[6]), Test::is(2, &[19])], EPERM, OPTION),
            guard(&[Test::is(1, &[41]), Test::is(2, IPV6)], EPERM, OPTION),
            at_if(Files, &[Test::is(1, &[0]), Test::is(2, GROUPS_IPV4)], D::Group),
            at_if(Files, &[Test::is(1, &[41]), Test::is(2, GROUPS_IPV6)], D::Group),
        ],
    ),
];
