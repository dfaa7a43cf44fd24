//! A tracee's sockets, looked at through a duplicate of its descriptor.
use super::error::{SysError, check};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// A descriptor of the process itself (pidfd_open(2), Linux 5.3). `pid` is a thread group leader.
pub(crate) fn pidfd_open(pid: i32) -> Result<OwnedFd, SysError> {
    // SAFETY: plain numbers; no memory.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    check("pidfd_open", fd)?;
    // SAFETY: the kernel has just given us this descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// A descriptor of one thread (pidfd_open(2), `PIDFD_THREAD`, Linux 6.9; before: EINVAL).
pub(crate) fn pidfd_open_thread(tid: i32) -> Result<OwnedFd, SysError> {
    /// linux/pidfd.h.
    const PIDFD_THREAD: i32 = libc::O_EXCL;
    // SAFETY: plain numbers; no memory.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, tid, PIDFD_THREAD) };
    check("pidfd_open", fd)?;
    // SAFETY: the kernel has just given us this descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// A duplicate of descriptor `fd` of the process (pidfd_getfd(2), Linux 5.6); close-on-exec.
pub(crate) fn pidfd_getfd(pidfd: BorrowedFd<'_>, fd: i32) -> Result<OwnedFd, SysError> {
    // SAFETY: plain numbers; no memory.
    let new = unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), fd, 0) };
    check("pidfd_getfd", new)?;
    // SAFETY: the kernel has just given us this descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(new as i32) })
}

/// Looks at the datagram that waits first in a socket's queue and leaves it there: its whole size, and the raw address
/// of its sender. EAGAIN: there is none.
pub(crate) fn peek_datagram(fd: BorrowedFd<'_>, bytes: &mut [u8]) -> Result<(usize, Vec<u8>), SysError> {
    let mut from = [0u8; 128];
    let mut len = from.len() as libc::socklen_t;
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT | libc::MSG_TRUNC;
    // SAFETY: the kernel writes at most `bytes.len()` bytes to `bytes`, `len` to `from`, and one socklen_t to `len`.
    let size = unsafe {
        libc::recvfrom(
            fd.as_raw_fd(),
            bytes.as_mut_ptr().cast(),
            bytes.len(),
            flags,
            from.as_mut_ptr().cast(),
            &raw mut len,
        )
    };
    check("recvfrom", size as i64)?;
    Ok((size as usize, from[..(len as usize).min(from.len())].to_vec()))
}

/// What a socket is (socket(7): `SO_DOMAIN`, `SO_TYPE`, `SO_PROTOCOL`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SocketFacts {
    pub domain: i32,
    pub kind: i32,
    pub protocol: i32,
}

/// Asks a socket what it is. ENOTSOCK if it is none.
pub(crate) fn socket_facts(fd: BorrowedFd<'_>) -> Result<SocketFacts, SysError> {
    Ok(SocketFacts {
        domain: option(fd, libc::SO_DOMAIN)?,
        kind: option(fd, libc::SO_TYPE)?,
        protocol: option(fd, libc::SO_PROTOCOL)?,
    })
}

fn option(fd: BorrowedFd<'_>, name: i32) -> Result<i32, SysError> {
    int_option(fd, libc::SOL_SOCKET, name)
}

fn int_option(fd: BorrowedFd<'_>, level: i32, name: i32) -> Result<i32, SysError> {
    let mut value: libc::c_int = 0;
    let mut len = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes to `value`, and one socklen_t to `len`.
    let rc = unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, (&raw mut value).cast(), &raw mut len) };
    check("getsockopt", i64::from(rc)).map(|_| value)
}

/// The network namespace that a socket is in, as a number that is given once (socket(7), `SO_NETNS_COOKIE`, Linux 5.14).
pub(crate) fn network_of(fd: BorrowedFd<'_>) -> Result<u64, SysError> {
    /// asm-generic/socket.h.
    const SO_NETNS_COOKIE: i32 = 71;
    let mut value: u64 = 0;
    let mut len = size_of::<u64>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes to `value`, and one socklen_t to `len`.
    let rc = unsafe {
        libc::getsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, SO_NETNS_COOKIE, (&raw mut value).cast(), &raw mut len)
    };
    check("getsockopt", i64::from(rc)).map(|_| value)
}

/// True for a socket of IPv6 that takes what comes by IPv4, too (ipv6(7), `IPV6_V6ONLY`).
pub(crate) fn takes_both_families(fd: BorrowedFd<'_>) -> bool {
    int_option(fd, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY) == Ok(0)
}

/// Process and user id of a UNIX socket's peer as of connect or listen (unix(7), `SO_PEERCRED`).
pub fn peer_credentials(fd: BorrowedFd<'_>) -> Result<(i32, u32), SysError> {
    let mut value = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes to `value`, and one socklen_t to `len`.
    let rc = unsafe {
        libc::getsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, libc::SO_PEERCRED, (&raw mut value).cast(), &raw mut len)
    };
    check("getsockopt", i64::from(rc)).map(|_| (value.pid, value.uid))
}

/// Process id of a UNIX socket's peer, or -1 if it has ended (unix(7), `SO_PEERPIDFD`, Linux 6.5; before: ENOPROTOOPT). ESRCH,
/// EINVAL: it has ended, too.
pub(crate) fn peer_process(fd: BorrowedFd<'_>) -> Result<i32, SysError> {
    /// asm-generic/socket.h.
    const SO_PEERPIDFD: i32 = 77;
    let number = option(fd, SO_PEERPIDFD)?;
    // SAFETY: the kernel has just given us this descriptor.
    let pidfd = unsafe { OwnedFd::from_raw_fd(number) };
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).unwrap_or_default();
    Ok(info.lines().find_map(|line| line.strip_prefix("Pid:")?.trim().parse().ok()).unwrap_or(-1))
}

/// True for an address of this machine in our network: the kernel answers for it from there itself. Nothing is sent.
pub(crate) fn is_of_this_machine(address: std::net::IpAddr) -> bool {
    let any: std::net::IpAddr = match address {
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    let local = std::net::UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((address, 9))?;
        socket.local_addr()
    });
    local.is_ok_and(|local| local.ip() == address)
}

/// Raw bytes of the socket's own address (getsockname(2)).
pub(crate) fn local_address(fd: BorrowedFd<'_>) -> Result<Vec<u8>, SysError> {
    let mut bytes = [0u8; 128];
    let mut len = bytes.len() as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes to `bytes`, and one socklen_t to `len`.
    let rc = unsafe { libc::getsockname(fd.as_raw_fd(), bytes.as_mut_ptr().cast(), &raw mut len) };
    check("getsockname", i64::from(rc)).map(|_| bytes[..(len as usize).min(bytes.len())].to_vec())
}

/// Raw bytes of the peer's address (getpeername(2)). ENOTCONN if there is none.
pub(crate) fn peer_address(fd: BorrowedFd<'_>) -> Result<Vec<u8>, SysError> {
    let mut bytes = [0u8; 128];
    let mut len = bytes.len() as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes to `bytes`, and one socklen_t to `len`.
    let rc = unsafe { libc::getpeername(fd.as_raw_fd(), bytes.as_mut_ptr().cast(), &raw mut len) };
    check("getpeername", i64::from(rc)).map(|_| bytes[..(len as usize).min(bytes.len())].to_vec())
}
