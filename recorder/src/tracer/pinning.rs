//! Arguments that cannot change under us: copied to an argument page, and the call pointed there.
//!
//! Needed where another thread or process could write them (the group is not quiet), and for every judged call while a
//! profile is enforced: there the name is also replaced by what it resolved to, so that neither a directory descriptor,
//! nor the working directory, nor a symbolic link can be changed between the decision and the act.
use super::Tracer;
use crate::abi::{self, nr};
use crate::decode::msghdr;
use crate::pages::{BYTES, Page, SLOT_BYTES, Slot};
use crate::sys::{self, Regs, SysError};

/// What a call under way is to be given back at its exit.
#[derive(Debug)]
pub(crate) struct Restore {
    number: u64,
    args: [u64; 6],
    /// Held until then.
    _slot: Slot,
}

/// A mapping being made: the registers of the interrupted call, and what comes next.
#[derive(Debug)]
pub(crate) struct Making {
    regs: Box<Regs>,
    /// Signals that the thread blocks; all are blocked meanwhile, for a handler would run between two calls of ours.
    blocked: u64,
    step: Step,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Map,
    Seal { address: u64 },
}

/// What of the call at hand is to be pinned.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    blobs: Vec<Blob>,
    number: Option<u32>,
    values: Vec<(usize, u64)>,
    /// Bytes to which the word at this offset of the structure at this argument points.
    pointed_to: Vec<(usize, usize, Vec<u8>)>,
}

#[derive(Debug)]
struct Blob {
    arg: usize,
    bytes: Vec<u8>,
}

impl Pins {
    /// Argument `arg` points to these bytes.
    pub(crate) fn bytes(&mut self, arg: usize, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        match self.blobs.iter_mut().find(|b| b.arg == arg) {
            Some(blob) => blob.bytes = bytes,
            None => self.blobs.push(Blob { arg, bytes }),
        }
    }

    /// Argument `arg` points to this path.
    pub(crate) fn path(&mut self, arg: usize, path: &[u8]) {
        self.bytes(arg, [path, b"\0"].concat());
    }

    /// Argument `arg` points to a `struct msghdr` with this address and this control data; none if they are empty.
    pub(crate) fn message(&mut self, arg: usize, header: &[u8], address: &[u8], control: &[u8]) {
        self.bytes(arg, header);
        let parts = [(msghdr::NAME_AT, address), (msghdr::CONTROL_AT, control)];
        let parts = parts.into_iter().filter(|(_, bytes)| !bytes.is_empty());
        self.pointed_to = parts.map(|(at, bytes)| (arg, at, bytes.to_vec())).collect();
    }

    /// Argument `arg` points to a structure that holds a pointer to further bytes. False: there is no room for them.
    pub(crate) fn pointing(&mut self, arg: usize, structure: &[u8], (at, further): (usize, Vec<u8>)) -> bool {
        let fits = structure.len() + further.len() + 8 <= SLOT_BYTES;
        if fits {
            self.bytes(arg, structure);
            self.pointed_to = vec![(arg, at, further)];
        }
        fits
    }

    /// True if the path at argument `arg` ends with a slash.
    pub(crate) fn ends_with_slash(&self, arg: usize) -> bool {
        self.blobs.iter().any(|b| b.arg == arg && b.bytes.ends_with(b"/\0"))
    }

    /// Another call is made instead.
    pub(crate) fn call(&mut self, number: u32) {
        self.number = Some(number);
    }

    /// Argument `arg` is this number.
    pub(crate) fn value(&mut self, arg: usize, value: u64) {
        self.values.push((arg, value));
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.blobs.clear();
        self.number = None;
        self.values.clear();
        self.pointed_to.clear();
    }

    /// True if nothing is to be pinned.
    pub(super) fn is_empty(&self) -> bool {
        self.blobs.is_empty()
    }

    /// One run of bytes for a slot at `base`, eight-byte aligned parts, and where each argument's begins.
    fn laid_out(&self, base: u64) -> (Vec<u8>, Vec<(usize, usize)>) {
        let (mut bytes, mut starts) = (Vec::new(), Vec::new());
        for blob in &self.blobs {
            bytes.resize(bytes.len().next_multiple_of(8), 0);
            starts.push((blob.arg, bytes.len()));
            bytes.extend_from_slice(&blob.bytes);
        }
        for (arg, at, part) in &self.pointed_to {
            let Some((_, start)) = starts.iter().find(|(a, _)| a == arg) else { continue };
            bytes.resize(bytes.len().next_multiple_of(8), 0);
            let points_to = base + bytes.len() as u64;
            bytes[start + at..start + at + 8].copy_from_slice(&points_to.to_ne_bytes());
            bytes.extend_from_slice(part);
        }
        (bytes, starts)
    }
}

impl Tracer {
    /// True if arguments of this thread are to be pinned, and a page for them can be had or is there.
    pub(crate) fn wants_pins(&mut self, tid: i32) -> bool {
        self.pages_work && (self.enforces() || self.table.group_of(tid).is_some_and(|g| !g.is_quiet()))
    }

    /// Begins to make a page in the tracee, at a filter stop. The call at hand is made again afterwards.
    pub(super) fn make_page(&mut self, tid: i32, instruction: u64) -> Result<bool, SysError> {
        // `syscall` is 0f 05: the call can be made again from there.
        if crate::memory::read_array::<2>(tid, instruction.wrapping_sub(2)) != Ok([0x0f, 0x05]) {
            return Ok(false);
        }
        let regs = sys::get_regs(tid)?;
        let mut map = regs;
        let flags = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u64;
        abi::set_call(&mut map, nr::MMAP, [0, BYTES, libc::PROT_READ as u64, flags, u64::MAX, 0]);
        let blocked = sys::block_in_tracee(tid, u64::MAX)?;
        sys::set_regs(tid, &map)?;
        if let Some(tracee) = self.table.get_mut(tid) {
            tracee.making = Some(Making { regs: Box::new(regs), blocked, step: Step::Map });
        }
        sys::to_exit(tid, 0)?;
        Ok(true)
    }

    /// At the exit of a call that makes a page.
    pub(super) fn made_page(&mut self, tid: i32, making: Making, result: i64) -> Result<(), SysError> {
        let Making { regs, blocked, step } = making;
        match step {
            Step::Map if result > 0 => {
                // From the exit of one call to the entry of the next: back onto the instruction, with another number.
                let mut seal = *regs;
                let address = result as u64;
                abi::again(&mut seal, nr::MSEAL, [address, BYTES, 0, 0, 0, 0]);
                sys::set_regs(tid, &seal)?;
                if let Some(tracee) = self.table.get_mut(tid) {
                    tracee.making = Some(Making { regs, blocked, step: Step::Seal { address } });
                }
                sys::to_exit(tid, 0)
            }
            Step::Seal { address } if result == 0 => {
                // Before it was sealed, another thread could have put something else there.
                let sealed = |pid: i32| Page::new(pid, address).ok().filter(|_| is_private_and_read_only(pid, address));
                let page = self.table.group_of(tid).map(|g| sealed(g.pid));
                if let (Some(Some(page)), Some(group)) = (page, self.table.group_of_mut(tid)) {
                    group.page = Some(page);
                } else {
                    self.pages_work = false;
                }
                self.call_again(tid, &regs, blocked)
            }
            _ => {
                // No memory, or a kernel without mseal: from now on names in racing processes are marked so.
                self.pages_work = false;
                self.call_again(tid, &regs, blocked)
            }
        }
    }

    fn call_again(&mut self, tid: i32, regs: &Regs, blocked: u64) -> Result<(), SysError> {
        let mut again = *regs;
        let (number, args) = abi::call_of(regs);
        abi::again(&mut again, number, args);
        sys::set_regs(tid, &again)?;
        sys::block_in_tracee(tid, blocked)?;
        sys::cont(tid, 0)
    }

    /// Points the call at hand to copies of its arguments. False: there is no room, and nothing was changed.
    pub(super) fn apply_pins(&mut self, tid: i32) -> Result<bool, SysError> {
        if self.pins.is_empty() {
            return Ok(true);
        }
        let slot = self.table.group_of(tid).and_then(|g| g.page.as_ref()).and_then(Page::take);
        let Some(slot) = slot else { return Ok(false) };
        let (bytes, starts) = self.pins.laid_out(slot.address());
        if bytes.len() > SLOT_BYTES || slot.write(&bytes).is_err() {
            return Ok(false);
        }
        let mut regs = sys::get_regs(tid)?;
        let (number, args) = abi::call_of(&regs);
        let mut pinned = args;
        for (arg, start) in starts {
            pinned[arg] = slot.address() + start as u64;
        }
        for (arg, value) in &self.pins.values {
            pinned[*arg] = *value;
        }
        abi::set_call(&mut regs, self.pins.number.unwrap_or(number), pinned);
        sys::set_regs(tid, &regs)?;
        if let Some(tracee) = self.table.get_mut(tid) {
            tracee.restore = Some(Restore { number: u64::from(number), args, _slot: slot });
        }
        Ok(true)
    }

    /// Writes into a stopped tracee's memory, where it could write itself.
    pub(crate) fn write_tracee(&mut self, tid: i32, address: u64, bytes: &[u8]) -> Result<(), SysError> {
        sys::write_own(tid, address, bytes)
    }

    /// Gives the registers back what the call was made with.
    pub(super) fn restore(&mut self, tid: i32) -> Result<(), SysError> {
        let Some(tracee) = self.table.get_mut(tid) else { return Ok(()) };
        let restore = tracee.restore.take();
        if restore.is_none() && tracee.marks.held().is_none() {
            return Ok(());
        }
        let mut regs = sys::get_regs(tid)?;
        if let Some(restore) = restore {
            abi::put_back(&mut regs, restore.number, restore.args);
        }
        self.unmark(tid, &mut regs);
        sys::set_regs(tid, &regs)
    }
}

/// True if a page's whole range is private, anonymous, and read-only (proc(5), `/proc/PID/maps`).
fn is_private_and_read_only(pid: i32, address: u64) -> bool {
    let maps = std::fs::read(format!("/proc/{pid}/maps")).unwrap_or_default();
    maps.split(|b| *b == b'\n').any(|line| {
        let Some(line) = std::str::from_utf8(line).ok() else { return false };
        let mut fields = line.split_ascii_whitespace();
        let range = fields.next().and_then(|r| r.split_once('-'));
        let number = |text: &str| u64::from_str_radix(text, 16).ok();
        let Some((Some(from), Some(to))) = range.map(|(a, b)| (number(a), number(b))) else { return false };
        let (permissions, _, _, inode) = (fields.next(), fields.next(), fields.next(), fields.next());
        from <= address && address + BYTES <= to && permissions == Some("r--p") && inode == Some("0")
    })
}
