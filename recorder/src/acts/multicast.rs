//! Groups of receivers: who joins one, or chooses its senders, has the kernel tell the network so (RFC 3376, RFC 3810), which no
//! sending call shows (EVASION I20).
use super::{Call, Pending, SocketCall, Verdict, net_kind};
use crate::memory;
use crate::tracer::Tracer;
use sekisho_events::{NetAct, NetOp};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The `MCAST_*`, `JOIN_GROUP` to `MSFILTER`, of both families: number of an interface, then a `struct sockaddr_storage` at eight bytes (linux/in.h, `group_req`).
const ANY_FAMILY: [i32; 5] = [42, 43, 44, 46, 48];
/// The longest value is a list of senders; the kernel takes ten unless it was told otherwise (`igmp_max_msf`).
const VALUE_MAX: u64 = 2048;

impl Tracer {
    /// setsockopt(2) with one of these options.
    pub(crate) fn enter_group(&mut self, tid: i32, call: &Call) -> Verdict {
        let len = call.args[4] & 0xffff_ffff;
        if len > VALUE_MAX {
            return Verdict::refused(call.name, "a list of senders that is too long to be read", libc::ENOBUFS);
        }
        let mut value = vec![0; len as usize];
        if let Err(fault) = memory::read_exact(tid, call.args[3], &mut value) {
            return Verdict::unreadable(call, fault);
        }
        // The kernel refuses what is too short or of no family that it knows.
        let Some(group) = group(call.int(1), call.int(2), &value) else { return Verdict::Run };
        self.pins.bytes(3, value);
        let mut act = NetAct::new(NetOp::Send, if group.is_ipv4() { "igmp" } else { "mld" });
        act.address = Some(group);
        act.racy = self.looker(tid).is_some_and(|(_, racy)| racy).then_some(true);
        if let Some(verdict) = self.forbid(tid, call, &net_kind(&act)) {
            return verdict;
        }
        Verdict::Watch(Pending::Socket(Box::new(SocketCall { act, socket: None })))
    }
}

/// The group that the value of an option names.
fn group(level: i32, option: i32, value: &[u8]) -> Option<IpAddr> {
    let (family, address) = match (level, ANY_FAMILY.contains(&option)) {
        (_, true) => {
            let family = value.get(8..10)?.first_chunk::<2>().map(|b| i32::from(u16::from_ne_bytes(*b)))?;
            // `sin_addr` stands at four bytes, `sin6_addr` at eight (ip(7), ipv6(7)).
            (family, value.get(if family == libc::AF_INET { 12.. } else { 16.. })?)
        }
        (libc::IPPROTO_IP, false) => (libc::AF_INET, value),
        (_, false) => (libc::AF_INET6, value),
    };
    match family {
        libc::AF_INET => address.first_chunk::<4>().map(|b| Ipv4Addr::from(*b).into()),
        libc::AF_INET6 => address.first_chunk::<16>().map(|b| Ipv6Addr::from(*b).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ip(7) `IP_ADD_MEMBERSHIP`, ipv6(7) `IPV6_ADD_MEMBERSHIP`, RFC 3678 `MCAST_JOIN_GROUP`
    #[test]
    fn a_group_is_read_from_each_kind_of_value() {
        let four = [239, 1, 2, 3, 0, 0, 0, 0];
        assert_eq!(group(0, 35, &four), Some("239.1.2.3".parse().unwrap()));
        let mut six = [0; 20];
        six[0] = 0xff;
        six[15] = 9;
        assert_eq!(group(41, 20, &six), Some("ff00::9".parse().unwrap()));
        let mut any = [0; 136];
        any[8] = 2;
        any[12..16].copy_from_slice(&[239, 1, 2, 3]);
        assert_eq!(group(0, 42, &any), Some("239.1.2.3".parse().unwrap()));
        any[8] = 10;
        any[16..32].copy_from_slice(&six[..16]);
        assert_eq!(group(41, 42, &any), Some("ff00::9".parse().unwrap()));
    }

    #[test]
    fn a_value_that_is_too_short_names_no_group() {
        for len in 0..20 {
            let value = vec![10; len];
            assert_eq!(group(41, 42, &value), None);
            assert_eq!(group(0, 35, &value[..len.min(3)]), None);
        }
    }
}
