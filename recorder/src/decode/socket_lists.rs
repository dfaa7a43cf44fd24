//! Lists of sockets in `/proc/PID/net` (proc(5)): who is bound to what.
//!
//! Names of UNIX sockets are bytes that somebody has chosen, newlines among them: only numbers in front of them are read. Limit:
//! such a name can look like the line of a socket that is there no more.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One socket of the Internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Socket {
    /// What it is bound to; IPv4-mapped addresses as IPv4.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// `TCP_LISTEN` (net/tcp_states.h).
    pub listens: bool,
    /// It takes only what one peer sends.
    pub has_peer: bool,
    /// Inode of the socket; 0 if no descriptor leads to it.
    pub inode: u64,
}

/// Who would get what is sent to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taker {
    /// Only sockets that are ours.
    Own,
    /// One that is not ours, or may be.
    Other,
    /// None at the moment.
    Nobody,
}

/// The lines of `tcp`, `tcp6`, `udp` or `udp6`. Lines that are no such are passed over.
pub fn sockets(text: &str) -> impl Iterator<Item = Socket> {
    text.lines().filter_map(socket)
}

fn socket(line: &str) -> Option<Socket> {
    const LISTENS: &str = "0A";
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (address, port) = end(fields.next()?)?;
    let (peer, peer_port) = end(fields.next()?)?;
    let listens = fields.next()? == LISTENS;
    let inode = fields.nth(5)?.parse().ok()?;
    Some(Socket { address, port, listens, has_peer: peer_port != 0 || !peer.is_unspecified(), inode })
}

/// `0100007F:0050`: each 32 bits of the address as a number of this machine, the port as it is.
fn end(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let word = |at: usize| u32::from_str_radix(address.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    let address = match address.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let mut bytes = [0; 16];
            for (n, four) in bytes.chunks_exact_mut(4).enumerate() {
                four.copy_from_slice(&word(n * 8)?);
            }
            IpAddr::from(Ipv6Addr::from(bytes)).to_canonical()
        }
        _ => return None,
    };
    Some((address, u16::from_str_radix(port, 16).ok()?))
}

/// Who gets what is sent to this port of this address: of those bound to it the kernel takes one that names the address before one
/// for every address of the family, and that before one of IPv6 for both (net/ipv4/inet_hashtables.c, `compute_score`).
pub fn taker(
    sockets: impl Iterator<Item = Socket>,
    streams: bool,
    to: (IpAddr, u16),
    own: impl Fn(u64) -> bool,
) -> Taker {
    let (address, port) = (meant(to.0), to.1);
    let mut best = (0, Taker::Nobody);
    for socket in sockets.filter(|socket| socket.port == port) {
        let ours = own(socket.inode);
        let takes = if streams { socket.listens } else { ours || !socket.has_peer };
        let rank = rank(socket.address, address);
        if !takes || rank == 0 || rank < best.0 {
            continue;
        }
        let taker = if ours { Taker::Own } else { Taker::Other };
        best = if rank > best.0 || taker == Taker::Other { (rank, taker) } else { best };
    }
    best.1
}

/// How well what a socket is bound to fits a destination; 0 for not at all.
fn rank(bound: IpAddr, to: IpAddr) -> u8 {
    match bound {
        _ if bound == to => 3,
        IpAddr::V4(a) if a.is_unspecified() && to.is_ipv4() => 2,
        IpAddr::V6(a) if a.is_unspecified() => 1 + u8::from(to.is_ipv6()),
        _ => 0,
    }
}

/// Nobody's address means this machine (ip(7), `INADDR_ANY` as a destination).
pub fn meant(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(a) if a.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(a) if a.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        _ => address,
    }
}

/// The inodes in a list of UNIX sockets: the seventh field of a line.
pub fn unix_inodes(list: &[u8]) -> impl Iterator<Item = u64> {
    list.split(|b| *b == b'\n').filter_map(|line| {
        let field = line.split(|b| *b == b' ').filter(|field| !field.is_empty()).nth(6)?;
        std::str::from_utf8(field).ok()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0000000000000000 100 0 0 10 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0000000000000000 100 0 0 10 0
   2: 0100007F:0051 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 13 1 0000000000000000 20 4 0 10 -1
";
    const TCP6: &str = "\
   0: 00000000000000000000000000000000:0052 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 21 1 0 100
   1: 0000000000000000FFFF00000100007F:0052 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 22 1 0 100
";

    fn ask(address: &str, port: u16, own: &[u64]) -> Taker {
        let all = sockets(TCP).chain(sockets(TCP6));
        taker(all, true, (address.parse().unwrap(), port), |inode| own.contains(&inode))
    }

    /// proc(5), `/proc/net/tcp`
    #[test]
    fn the_socket_that_fits_best_takes() {
        assert_eq!(ask("127.0.0.1", 80, &[11]), Taker::Own);
        assert_eq!(ask("0.0.0.0", 80, &[11]), Taker::Own);
        assert_eq!(ask("127.0.0.1", 80, &[12]), Taker::Other);
        assert_eq!(ask("127.0.0.2", 80, &[12]), Taker::Own);
        assert_eq!(ask("127.0.0.2", 80, &[11]), Taker::Other);
        assert_eq!(ask("127.0.0.1", 81, &[13]), Taker::Nobody);
        assert_eq!(ask("127.0.0.1", 82, &[22]), Taker::Own);
        assert_eq!(ask("127.0.0.2", 82, &[22]), Taker::Other);
        assert_eq!(ask("::1", 82, &[21]), Taker::Own);
        assert_eq!(ask("::1", 80, &[11, 12]), Taker::Nobody);
    }

    /// unix(7): a name may hold anything.
    #[test]
    fn names_of_unix_sockets_are_not_read() {
        let list = b"Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 4711 /a b 7 8\n0000000000000000: 00000002 00000000 00000000 0002 01  12 @x\n";
        assert_eq!(unix_inodes(list).collect::<Vec<_>>(), [4711, 12]);
    }

    #[test]
    fn any_text_is_taken() {
        for text in [
            "",
            ":",
            "0: :",
            "0: 0100007F:0050",
            "0: 0100007:0050 x 0A a b c d e 7",
            "\u{e9}: \u{e9}\u{e9}\u{e9}\u{e9}:0 0:0 0",
        ] {
            assert_eq!(sockets(text).count(), 0, "{text}");
        }
    }
}
