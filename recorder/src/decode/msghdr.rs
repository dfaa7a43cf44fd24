//! Messages of sendmsg(2) and recvmsg(2): `struct msghdr`, `struct mmsghdr`, `struct cmsghdr` of a 64-bit process.

/// Size of `struct msghdr` (bits/socket.h).
pub const MSGHDR_BYTES: usize = 56;
/// Where in it the pointer to the address is.
pub const NAME_AT: usize = 0;
/// Where in it the pointer to the control data is.
pub const CONTROL_AT: usize = 32;
/// Size of `struct mmsghdr`: a `struct msghdr` and a length, padded.
pub const MMSGHDR_BYTES: usize = 64;
/// How much control data is looked at. A message carries at most 253 descriptors (`SCM_MAX_FD`, net/scm.h), and
/// the kernel limits control data to `net.core.optmem_max`; this is beyond both.
pub const CMSG_SCAN_MAX: usize = 128 << 10;

/// The fields of a `struct msghdr`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Pointer to the address, or 0.
    pub name: u64,
    /// Length of the address.
    pub name_len: u32,
    /// Pointer to the array of `struct iovec`.
    pub iov: u64,
    /// How many there are.
    pub iov_len: u64,
    /// Pointer to the control data, or 0.
    pub control: u64,
    /// Its length in bytes.
    pub control_len: u64,
    /// `MSG_*`, as received.
    pub flags: i32,
}

/// Parses a `struct msghdr`.
pub fn parse(bytes: &[u8; MSGHDR_BYTES]) -> Header {
    Header {
        name: word(bytes, 0),
        name_len: half(bytes, 8),
        iov: word(bytes, 16),
        iov_len: word(bytes, 24),
        control: word(bytes, 32),
        control_len: word(bytes, 40),
        flags: half(bytes, 48) as i32,
    }
}

/// Descriptors in received control data (unix(7), `SCM_RIGHTS`, and `SCM_PIDFD`).
pub fn rights(control: &[u8]) -> Vec<i32> {
    /// `SCM_PIDFD` (linux/socket.h).
    const SCM_PIDFD: i32 = 4;
    let mut found = Vec::new();
    for (level, kind, data) in Messages(control) {
        if level == libc::SOL_SOCKET && (kind == libc::SCM_RIGHTS || kind == SCM_PIDFD) {
            found.extend(data.chunks_exact(4).map(|fd| half(fd, 0) as i32));
        }
    }
    found
}

/// True if control data of a message to be sent changes where it goes: `SO_MARK`, `IP_RETOPTS` (source routing),
/// `IPV6_2292RTHDR`, `IPV6_RTHDR` (socket(7), ip(7), RFC 3542, 7).
pub fn diverts(control: &[u8]) -> bool {
    const DIVERTING: [(i32, i32); 4] = [
        (libc::SOL_SOCKET, libc::SO_MARK),
        (libc::IPPROTO_IP, libc::IP_RETOPTS),
        (libc::IPPROTO_IPV6, 5),
        (libc::IPPROTO_IPV6, libc::IPV6_RTHDR),
    ];
    Messages(control).any(|(level, kind, _)| DIVERTING.contains(&(level, kind)))
}

/// Size of `struct cmsghdr`: length of 8 bytes, level, type.
const CMSGHDR_BYTES: usize = 16;

/// The control messages in control data (cmsg(3)).
struct Messages<'a>(&'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = (i32, i32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let head = self.0.get(..CMSGHDR_BYTES)?;
        let len = usize::try_from(word(head, 0)).ok()?;
        if len < CMSGHDR_BYTES {
            return None;
        }
        let item = (half(head, 8) as i32, half(head, 12) as i32, self.0.get(CMSGHDR_BYTES..len.min(self.0.len()))?);
        // CMSG_ALIGN
        self.0 = len.checked_next_multiple_of(8).and_then(|next| self.0.get(next..)).unwrap_or_default();
        Some(item)
    }
}

fn word(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk::<8>).map_or(0, |b| u64::from_ne_bytes(*b))
}

fn half(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk::<4>).map_or(0, |b| u32::from_ne_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(kind: i32, fds: &[i32]) -> Vec<u8> {
        let mut bytes = ((CMSGHDR_BYTES + 4 * fds.len()) as u64).to_ne_bytes().to_vec();
        bytes.extend(libc::SOL_SOCKET.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(fds.iter().flat_map(|fd| fd.to_ne_bytes()));
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    #[test]
    fn layouts_are_those_of_the_c_library() {
        assert_eq!(MSGHDR_BYTES, size_of::<libc::msghdr>());
        assert_eq!(MMSGHDR_BYTES, size_of::<libc::mmsghdr>());
        assert_eq!(CMSGHDR_BYTES, size_of::<libc::cmsghdr>());
        assert_eq!(std::mem::offset_of!(libc::msghdr, msg_control), CONTROL_AT);
        assert_eq!(std::mem::offset_of!(libc::msghdr, msg_name), NAME_AT);
        assert_eq!(std::mem::offset_of!(libc::msghdr, msg_flags), 48);
    }

    /// EVASION E11: every descriptor of every message counts, whatever else stands between.
    #[test]
    fn descriptors_are_found_behind_other_control_messages() {
        let credentials = message(libc::SCM_CREDENTIALS, &[1, 2, 3]);
        let control = [credentials, message(libc::SCM_RIGHTS, &[5]), message(libc::SCM_RIGHTS, &[7, 9, 11])].concat();
        assert_eq!(rights(&control), [5, 7, 9, 11]);
    }

    #[test]
    fn what_takes_another_way_is_found_behind_what_does_not() {
        let mut control = message(libc::SCM_CREDENTIALS, &[1, 2, 3]);
        assert!(!diverts(&control));
        control.extend(message(libc::SO_MARK, &[7]));
        assert!(diverts(&control));
    }

    #[test]
    fn a_length_that_lies_ends_the_search() {
        let mut control = message(libc::SCM_RIGHTS, &[5]);
        control[..8].copy_from_slice(&u64::MAX.to_ne_bytes());
        assert_eq!(rights(&control).len(), 2);
        control[..8].copy_from_slice(&3u64.to_ne_bytes());
        assert_eq!(rights(&control), [0i32; 0]);
    }

    proptest! {
        #[test]
        fn any_control_data_ends(control in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(rights(&control).len() <= control.len() / 4);
            diverts(&control);
        }
    }
}
