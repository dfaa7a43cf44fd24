//! Datagrams that come in, and the names that they resolve.
//!
//! Invariant: a datagram is looked at where the kernel keeps it (`MSG_PEEK` on a duplicate of the socket), not in
//! memory that the step could change; and an address gets a name only from a server that was configured before the step
//! began and that nobody in the step can be.
use super::{Call, Pending, Verdict, sockets};
use crate::decode::dns::{self, Data};
use crate::decode::msghdr::{self, MSGHDR_BYTES};
use crate::decode::sockaddr::{self, SockAddr};
use crate::memory;
use crate::names::ProcPath;
use crate::sys;
use crate::tracer::Tracer;
use sekisho_events::{Kind, NetAct, NetOp};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd, OwnedFd};

/// Port of name servers (services(5), `domain`).
const DOMAIN: u16 = 53;
/// Addresses whose names are remembered.
const NAMES_MAX: usize = 65_536;
/// Answers that one event holds.
const ANSWERS_MAX: usize = 32;
/// Bytes of a datagram that are looked at: an EDNS answer over UDP is smaller (RFC 6891, 6.2.5).
const DATAGRAM_MAX: usize = 4096;

/// A datagram that was waited for when the call began: told at its exit, from the caller's memory.
#[derive(Debug)]
pub(crate) struct Awaited {
    act: NetAct,
    /// Where the sender's address is put, and where its length.
    from: u64,
    length: u64,
}

/// Which name each address was resolved from.
#[derive(Debug)]
pub(crate) struct Names {
    servers: Vec<IpAddr>,
    of: HashMap<IpAddr, String>,
}

impl Names {
    /// `configuration`: the text of `/etc/resolv.conf` (resolv.conf(5); without a server: the local one).
    pub(crate) fn new(configuration: &str) -> Self {
        let server = |line: &str| {
            let mut words = line.split_whitespace();
            let address = words.next().filter(|w| *w == "nameserver").and(words.next())?;
            address.split('%').next()?.parse().ok()
        };
        let mut servers: Vec<IpAddr> = configuration.lines().filter_map(server).collect();
        if servers.is_empty() {
            servers.push(Ipv4Addr::LOCALHOST.into());
        }
        Self { servers, of: HashMap::new() }
    }

    /// The name that an address was resolved from last.
    pub(crate) fn of(&self, address: IpAddr) -> Option<String> {
        self.of.get(&address).cloned()
    }

    fn learn(&mut self, name: &str, message: &dns::Message) {
        for answer in &message.answers {
            if let Data::Address(address) = answer.data
                && (self.of.len() < NAMES_MAX || self.of.contains_key(&address))
            {
                self.of.insert(address, name.to_owned());
            }
        }
    }
}

impl Tracer {
    /// recvfrom(2) that asks who sent.
    pub(crate) fn enter_recvfrom(&mut self, tid: i32, call: &Call) -> Verdict {
        let Some(socket) = self.borrow_descriptor(tid, call.int(0)) else { return Verdict::Run };
        let Some(act) = datagram_act(&socket) else { return Verdict::Run };
        if self.look_at_datagram(tid, &socket, act.clone(), call.int(3)) {
            return Verdict::Run;
        }
        Verdict::Watch(Pending::Datagram(Box::new(Awaited { act, from: call.args[4], length: call.args[5] })))
    }

    /// recvmsg(2) on an Internet socket: no descriptors can come. `None`: it is another socket.
    pub(crate) fn enter_internet_recvmsg(&mut self, tid: i32, call: &Call) -> Option<Verdict> {
        let socket = self.borrow_descriptor(tid, call.int(0))?;
        let facts = sys::socket_facts(socket.as_fd()).ok()?;
        if !matches!(facts.domain, libc::AF_INET | libc::AF_INET6) {
            return None;
        }
        let Some(act) = datagram_act(&socket) else { return Some(Verdict::Run) };
        if self.look_at_datagram(tid, &socket, act.clone(), call.int(2)) {
            return Some(Verdict::Run);
        }
        let header = memory::read_array::<MSGHDR_BYTES>(tid, call.args[1]).ok().map(|h| msghdr::parse(&h))?;
        // `msg_namelen` is the second field (recvmsg(2)).
        let length = call.args[1].wrapping_add(8);
        Some(Verdict::Watch(Pending::Datagram(Box::new(Awaited { act, from: header.name, length }))))
    }

    /// Tells of the datagram that waits in the socket's queue. False: none does.
    fn look_at_datagram(&mut self, tid: i32, socket: &OwnedFd, mut act: NetAct, flags: i32) -> bool {
        if flags & (libc::MSG_PEEK | libc::MSG_ERRQUEUE) != 0 {
            return true;
        }
        let mut bytes = [0; DATAGRAM_MAX];
        let Ok((size, from)) = sys::peek_datagram(socket.as_fd(), &mut bytes) else { return false };
        sockets::put_address(&mut act, &sockaddr::parse(&from));
        act.bytes_in = Some(size as u64);
        let message = bytes.get(..size.min(DATAGRAM_MAX)).filter(|_| act.port == Some(DOMAIN)).and_then(dns::parse);
        match message.filter(|m| m.response && !m.questions.is_empty()) {
            Some(message) => self.resolved(tid, act, &message),
            None => self.tell(tid, Kind::Net(act)),
        }
        true
    }

    fn resolved(&mut self, tid: i32, mut act: NetAct, message: &dns::Message) {
        // Names are equal whatever their case (RFC 1035, 2.3.3); resolvers play with it.
        let name = message.questions[0].name.to_ascii_lowercase();
        if act.address.is_some_and(|server| self.is_name_server(tid, server)) {
            self.resolved.learn(&name, message);
        }
        act.op = NetOp::Resolve;
        act.host = Some(name);
        let answers = message.answers.iter().take(ANSWERS_MAX).map(|a| match &a.data {
            Data::Address(address) => address.to_string(),
            Data::Alias(alias) => alias.to_ascii_lowercase(),
        });
        act.answers = Some(answers.collect());
        self.tell(tid, Kind::Net(act));
    }

    /// True for a server that was configured before the step began, in our network, and that is nobody in the step.
    fn is_name_server(&self, tid: i32, server: IpAddr) -> bool {
        let network = |link: ProcPath| sys::namespace_inode(link.as_c());
        let ours =
            network(ProcPath::of(tid, "ns/net")).is_ok_and(|n| network(ProcPath::of(self.own_pid, "ns/net")) == Ok(n));
        ours && self.resolved.servers.contains(&server) && !self.listeners.has_any_port("udp", DOMAIN)
    }

    pub(crate) fn exit_datagram(&mut self, tid: i32, awaited: Awaited, result: i64) {
        let Awaited { mut act, from, length } = awaited;
        if result < 0 {
            return;
        }
        act.bytes_in = Some(result as u64);
        if from != 0
            && let Ok(len) = memory::read_array::<4>(tid, length)
            && let Ok(bytes) = Self::read_address(tid, from, u64::from(u32::from_ne_bytes(len)))
            && let address @ SockAddr::Inet { .. } = sockaddr::parse(&bytes)
        {
            sockets::put_address(&mut act, &address);
            act.racy = self.looker(tid).is_some_and(|(_, racy)| racy).then_some(true);
        }
        self.tell(tid, Kind::Net(act));
    }
}

/// A receipt, for a datagram socket of the Internet.
fn datagram_act(socket: &OwnedFd) -> Option<NetAct> {
    let facts = sys::socket_facts(socket.as_fd()).ok()?;
    let datagram = facts.kind & 0xf == libc::SOCK_DGRAM && matches!(facts.domain, libc::AF_INET | libc::AF_INET6);
    datagram.then(|| NetAct::new(NetOp::Receive, sockets::protocol(Some(facts))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_those_of_the_configuration_or_the_local_one() {
        let names = Names::new("# x\nnameserver 192.0.2.1\nsearch example\n nameserver fe80::1%eth0\nnameserver bad\n");
        assert_eq!(names.servers, ["192.0.2.1".parse::<IpAddr>().unwrap(), "fe80::1".parse().unwrap()]);
        assert_eq!(Names::new("").servers, [IpAddr::from(Ipv4Addr::LOCALHOST)]);
    }
}
