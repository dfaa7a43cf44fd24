//! Arguments that stand in a page of a file: whoever writes the file changes them, though the memory is nobody else's.
//!
//! A name in such a page is as uncertain as one in memory that is shared (EVASION B02): from then on the arguments of the
//! process are pinned, or, where that cannot be, marked. Opens that make nothing are not asked about: the descriptor that
//! comes back says what was opened. What is asked costs three calls of ours (open, read and close of the page map).
use super::Tracer;
use crate::calls::{Decoder, MountAct, Place};
use crate::decode::msghdr::{self, MMSGHDR_BYTES, MSGHDR_BYTES};
use crate::memory;
use crate::names::ProcPath;
use crate::sys;
use std::os::fd::{AsFd, BorrowedFd};

const PAGE: u64 = 4096;
/// Bits of `/proc/PID/pagemap` (Documentation/admin-guide/mm/pagemap.rst): the page is there.
const PRESENT: u64 = 1 << 63;
/// It is one of a file, or of shared memory.
const OF_A_FILE: u64 = 1 << 61;
/// Longest socket address (`struct sockaddr_storage`, socket.h).
const ADDRESS_MAX: u64 = 128;
/// Size of `struct open_how` (linux/openat2.h).
const OPEN_HOW_BYTES: u64 = 24;
/// Messages that the kernel takes in one call (`UIO_MAXIOV`, linux/uio.h).
const MESSAGES_MAX: u64 = 1024;

/// A part of a tracee's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    /// Up to the first NUL.
    Name(u64),
    /// So many bytes.
    Bytes(u64, u64),
}

impl Tracer {
    /// Takes notice if what this call is decided by stands in such a page.
    pub(super) fn notice_file_pages(&mut self, tid: i32, decoder: Decoder, args: &[u64; 6]) {
        if !self.table.group_of(tid).is_some_and(crate::tracee::Group::is_quiet) {
            return;
        }
        let spans = spans(tid, decoder, args);
        if !spans.is_empty()
            && any_of_a_file(tid, &spans)
            && let Some(group) = self.table.group_of_mut(tid)
        {
            group.memory.unsettle();
        }
    }
}

/// Where the arguments stand that decide what a call does, if it returns no descriptor that says so.
fn spans(tid: i32, decoder: Decoder, args: &[u64; 6]) -> Vec<Span> {
    let name = |place: Place| place.pointer(args).map(Span::Name);
    let address = |at: usize| Span::Bytes(args[at], (args[at + 1] & 0xffff_ffff).min(ADDRESS_MAX));
    let spans: Vec<Option<Span>> = match decoder {
        Decoder::Open { place, flags } if args[usize::from(flags)] as i32 & libc::O_CREAT != 0 => vec![name(place)],
        Decoder::OpenHow => vec![Some(Span::Name(args[1])), Some(Span::Bytes(args[2], OPEN_HOW_BYTES))],
        Decoder::Creat(place)
        | Decoder::Unlink(place)
        | Decoder::Rmdir(place)
        | Decoder::Mkdir(place)
        | Decoder::Mknod { place, .. }
        | Decoder::Truncate(place)
        | Decoder::Attributes(place)
        | Decoder::Stat(place) => vec![name(place)],
        Decoder::Rename { from, to, .. } | Decoder::Link { from, to } => vec![name(from), name(to)],
        Decoder::Symlink { text, place } => vec![Some(Span::Name(args[usize::from(text)])), name(place)],
        Decoder::Chroot | Decoder::MqOpen | Decoder::MqUnlink => vec![Some(Span::Name(args[0]))],
        Decoder::PivotRoot => vec![Some(Span::Name(args[0])), Some(Span::Name(args[1]))],
        Decoder::Mount(act) => mount_names(act).iter().map(|at| Some(Span::Name(args[*at]))).collect(),
        Decoder::Connect | Decoder::Bind => vec![Some(address(1))],
        Decoder::SendTo => vec![Some(address(4))],
        Decoder::Group => vec![Some(address(3))],
        Decoder::Seccomp | Decoder::PrctlSeccomp => vec![Some(Span::Bytes(args[2], 16))],
        Decoder::SendMsg => return message(tid, args[1]).into_iter().filter(Span::is_there).collect(),
        Decoder::SendMmsg => {
            let count = (args[2] & 0xffff_ffff).min(MESSAGES_MAX);
            let headers = (0..count).map(|n| args[1].wrapping_add(n * MMSGHDR_BYTES as u64));
            return headers.flat_map(|header| message(tid, header)).filter(Span::is_there).collect();
        }
        _ => Vec::new(),
    };
    spans.into_iter().flatten().filter(Span::is_there).collect()
}

impl Span {
    fn is_there(&self) -> bool {
        !matches!(self, Self::Name(0) | Self::Bytes(0, _) | Self::Bytes(_, 0))
    }
}

/// Which arguments of a mount are names that we tell or judge.
fn mount_names(act: MountAct) -> &'static [usize] {
    match act {
        MountAct::Mount => &[0, 1, 2],
        MountAct::Unmount | MountAct::FsOpen => &[0],
        MountAct::Move => &[1, 3],
        MountAct::OpenTree | MountAct::FsPick | MountAct::SetAttributes => &[1],
        MountAct::FsConfig | MountAct::FsMount => &[],
    }
}

/// The header of a message, and its address.
fn message(tid: i32, header: u64) -> [Span; 2] {
    let parsed = memory::read_array::<MSGHDR_BYTES>(tid, header).map(|h| msghdr::parse(&h)).unwrap_or_default();
    let len = u64::from(parsed.name_len).min(ADDRESS_MAX);
    [Span::Bytes(header, MSGHDR_BYTES as u64), Span::Bytes(parsed.name, len)]
}

/// True if a page of one of these is one of a file, or if that cannot be known.
fn any_of_a_file(tid: i32, spans: &[Span]) -> bool {
    let Ok(map) = sys::open(ProcPath::of(tid, "pagemap").as_c(), libc::O_RDONLY) else { return true };
    spans.iter().any(|span| is_of_a_file(tid, map.as_fd(), *span))
}

fn is_of_a_file(tid: i32, map: BorrowedFd<'_>, span: Span) -> bool {
    let (at, len) = match span {
        // Most names lie in memory of the process alone, as does what is behind them.
        Span::Name(at) if pages(map, at, PAGE).is_some_and(|p| p.is_private()) => return false,
        Span::Name(at) => match memory::read_path(tid, at) {
            Ok(name) => (at, name.as_bytes().len() as u64 + 1),
            // What cannot be read is not let happen.
            Err(_) => return false,
        },
        Span::Bytes(at, len) if pages(map, at, len).is_some_and(|p| p.is_private()) => return false,
        Span::Bytes(at, len) => {
            if memory::read_exact(tid, at, &mut vec![0; len as usize]).is_err() {
                return false;
            }
            (at, len)
        }
    };
    // A page that nobody had looked at was not there; the look has brought it.
    !pages(map, at, len).is_some_and(|p| p.is_private())
}

/// What the page map says of the pages that hold `len` bytes at `at`: at most two.
fn pages(map: BorrowedFd<'_>, at: u64, len: u64) -> Option<Pages> {
    let count = (at.wrapping_add(len - 1) / PAGE).checked_sub(at / PAGE)? as usize + 1;
    let mut entries = [0u8; 16];
    let wanted = entries.get_mut(..count * 8)?;
    let got = sys::pread(map, wanted, at / PAGE * 8).ok()?;
    (got == wanted.len()).then_some(Pages { entries, count })
}

struct Pages {
    entries: [u8; 16],
    count: usize,
}

impl Pages {
    /// All are there, and none is of a file.
    fn is_private(&self) -> bool {
        let (entries, _) = self.entries.as_chunks::<8>();
        entries.iter().take(self.count).all(|e| u64::from_ne_bytes(*e) & (PRESENT | OF_A_FILE) == PRESENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // pagemap.rst: bit 63, page present; bit 61, page is file-page or shared-anon.
    #[test]
    fn a_constant_of_the_program_stands_in_a_page_of_a_file_and_a_local_does_not() {
        static NAME: &std::ffi::CStr = c"a name in the program";
        let local = std::hint::black_box(*b"a name on the stack\0");
        let me = std::process::id() as i32;
        assert!(any_of_a_file(me, &[Span::Name(NAME.as_ptr() as u64)]));
        assert!(!any_of_a_file(sys::thread_id(), &[Span::Name(local.as_ptr() as u64)]));
        assert!(any_of_a_file(me, &[Span::Name(local.as_ptr() as u64), Span::Name(NAME.as_ptr() as u64)]));
    }

    #[test]
    fn an_open_that_makes_nothing_is_told_by_its_descriptor() {
        let place = Place::at(0);
        let args = |flags: i32| [libc::AT_FDCWD as u64, 0x1000, flags as u64, 0, 0, 0];
        assert_eq!(spans(0, Decoder::Open { place, flags: 2 }, &args(libc::O_WRONLY)), []);
        assert_eq!(spans(0, Decoder::Open { place, flags: 2 }, &args(libc::O_CREAT)), [Span::Name(0x1000)]);
        assert_eq!(spans(0, Decoder::Mkdir(Place::path(0)), &[0; 6]), []);
    }
}
