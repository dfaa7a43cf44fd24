//! What runs: the image, the files that the kernel read to run it, its arguments and environment.
use crate::acts::ExecCall;
use crate::decode::{elf, shebang};
use crate::digests::{Digests, Slot, Stamp};
use crate::memory::Fault;
use crate::names::{self, Found, Looker, ProcPath};
use crate::sys;
use sekisho_events::{Digest, FileType, Hasher, Interpreter, PathBytes};
use std::collections::HashMap;
use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

/// Scripts that name scripts: the kernel follows four (fs/exec.c, `exec_binprm`).
const CHAIN_MAX: usize = 5;
/// First bytes of a file in which `#!` line and program headers stand.
const HEAD_BYTES: usize = 4096;
/// Images whose ELF interpreter is remembered.
const REMEMBERED_MAX: usize = 4096;

/// Files that the kernel read besides the image, and their digests in the making.
pub(crate) struct Chain {
    pub interpreters: Vec<Interpreter>,
    pub slots: Vec<Arc<Slot>>,
    /// The name of one that cannot be found any more, or that may lead to another since the execve: by a descriptor that it has
    /// closed, for one.
    pub lost: Option<PathBytes>,
}

/// Remembers which ELF interpreter an image has.
#[derive(Default)]
pub(crate) struct Images {
    loaders: HashMap<(u32, u32, u64), (Stamp, Option<PathBytes>)>,
    /// The stack of the program that begins.
    pub(crate) stack: StackBytes,
}

impl Images {
    /// The image that runs in `who`, by `/proc/PID/exe`.
    pub(crate) fn image(&mut self, who: Looker, digests: &mut Digests) -> Option<(Found, Arc<Slot>)> {
        let link = ProcPath::of(who.tid, "exe");
        let stat = sys::statx(None, link.as_c(), 0).ok()?;
        let mut buffer = [0; PathBytes::MAX];
        let text = sys::readlink(link.as_c(), &mut buffer).ok()?;
        let text = if stat.links == 0 { text.strip_suffix(b" (deleted)").unwrap_or(text) } else { text };
        let found = Found::new(PathBytes::from(text), stat);
        let slot = digests.of_image(&stat, || sys::open(link.as_c(), libc::O_RDONLY).ok());
        Some((found, slot))
    }

    /// Scripts, interpreters and the ELF interpreter, in the order in which the kernel read them.
    pub(crate) fn chain(
        &mut self,
        who: Looker,
        call: Option<&ExecCall>,
        image: &Found,
        digests: &mut Digests,
    ) -> Chain {
        let mut chain = Chain { interpreters: Vec::new(), slots: Vec::new(), lost: None };
        if let Some(call) = call {
            self.scripts(who, call, image, digests, &mut chain);
        }
        if let Some(loader) = self.loader(who, image) {
            let found = open_path(who, &loader).and_then(|handle| file_behind(who, &handle, digests));
            if found.is_none() || speaks_of_the_asker(&loader) {
                chain.lost = Some(loader);
            }
            if let Some((found, slot)) = found {
                chain.push(found.path, slot);
            }
        }
        chain
    }

    /// From what was asked for to the image, by `#!` lines (execve(2), "Interpreter scripts").
    fn scripts(&self, who: Looker, call: &ExecCall, image: &Found, digests: &mut Digests, chain: &mut Chain) {
        // Most often the image itself was asked for: one look tells.
        if call.found.is_none() && image.stat.is_some_and(|stat| names::leads_through_links_to(who, &call.asked, &stat))
        {
            return;
        }
        let mut next = call.found(who);
        let mut first = call.handle.as_ref().and_then(|handle| handle.try_clone().ok());
        for _ in 0..CHAIN_MAX {
            if next.stat.is_none() || same(&next, image) {
                return;
            }
            let Some(handle) = first.take().or_else(|| open_path(who, &next.path)) else { return };
            let Some((found, slot)) = file_behind(who, &handle, digests) else { return };
            let head = reopen(&handle).map(|file| read_head(&file));
            chain.push(found.path, slot);
            // Not a script: a handler of binfmt_misc took it.
            let Some(line) = head.and_then(|h| shebang::parse(&h)) else { return };
            let name = PathBytes::new(line.interpreter);
            next = names::whole(who, libc::AT_FDCWD, &name, true);
            if next.stat.is_none() || speaks_of_the_asker(&name) {
                chain.lost = Some(name);
            }
        }
    }

    fn loader(&mut self, who: Looker, image: &Found) -> Option<PathBytes> {
        let stat = image.stat?;
        let key = (stat.identity.dev_major, stat.identity.dev_minor, stat.identity.ino);
        if let Some((stamp, loader)) = self.loaders.get(&key)
            && *stamp == Stamp::of(&stat)
        {
            return loader.clone();
        }
        let file = sys::open(ProcPath::of(who.tid, "exe").as_c(), libc::O_RDONLY).ok()?;
        let loader = elf::interpreter(&read_head(&file)).map(PathBytes::new);
        if self.loaders.len() >= REMEMBERED_MAX {
            self.loaders.clear();
        }
        self.loaders.insert(key, (Stamp::of(&stat), loader.clone()));
        loader
    }
}

impl Chain {
    fn push(&mut self, path: PathBytes, slot: Arc<Slot>) {
        self.interpreters.push(Interpreter { path, sha256: None });
        self.slots.push(slot);
    }
}

/// True if the image is of another word size than we are (elf(5), `EI_CLASS`).
pub(crate) fn is_foreign(who: Looker) -> bool {
    let file = sys::open(ProcPath::of(who.tid, "exe").as_c(), libc::O_RDONLY);
    file.is_ok_and(|f| read_head(&f).get(..5) == Some(b"\x7fELF\x01"))
}

/// True for a name that means another process's files, or others of the same, once the execve is done.
fn speaks_of_the_asker(name: &PathBytes) -> bool {
    [&b"/proc/"[..], b"/dev/fd/", b"/dev/std"].iter().any(|start| name.as_bytes().starts_with(start))
}

fn same(a: &Found, b: &Found) -> bool {
    let key = |f: &Found| f.stat.map(|s| (s.identity.dev_major, s.identity.dev_minor, s.identity.ino));
    key(a) == key(b)
}

/// A handle of what a name means to the tracee.
fn open_path(who: Looker, path: &PathBytes) -> Option<OwnedFd> {
    names::open_as(who, libc::AT_FDCWD, path.as_bytes(), libc::O_PATH).ok()
}

/// The regular file behind a handle, and its digest in the making.
fn file_behind(who: Looker, handle: &OwnedFd, digests: &mut Digests) -> Option<(Found, Arc<Slot>)> {
    let stat = sys::fstat(handle.as_fd()).ok()?;
    if stat.file_type != FileType::Regular {
        return None;
    }
    let found = Found::new(names::of_handle(who, handle.as_fd(), &stat), stat);
    let slot = digests.of_image(&stat, || reopen(handle));
    Some((found, slot))
}

/// Opens for reading what an `O_PATH` handle of a regular file leads to: never blocks, never a terminal.
pub(crate) fn reopen(handle: &OwnedFd) -> Option<OwnedFd> {
    sys::open_again(handle.as_fd(), libc::O_RDONLY | libc::O_NONBLOCK).ok()
}

fn read_head(file: &OwnedFd) -> Vec<u8> {
    let mut head = vec![0; HEAD_BYTES];
    let got = sys::pread(file.as_fd(), &mut head, 0).unwrap_or(0);
    head.truncate(got);
    head
}

/// What the kernel has put on the new program's stack (System V ABI, x86-64, 3.4.1).
pub(crate) struct Stack {
    pub argv: Vec<PathBytes>,
    pub argv_sha256: Option<Digest>,
    pub env: Vec<PathBytes>,
    pub env_bytes: u64,
    pub exec_name: Option<PathBytes>,
}

/// Read in one go: most programs' arguments and environment are shorter.
const FIRST_READ: usize = 64 << 10;
/// Arguments kept in an event; longer ones are kept to here and by digest.
const ARGV_KEPT: usize = 64 << 10;
/// Most that the kernel lets a program have (`MAX_ARG_STRINGS` is larger than memory; `_STK_LIM / 4 * 3`).
const STACK_MAX: usize = 8 << 20;

/// What stands on a new program's stack, as it was before the program ran: argc, argv, NULL, envp, NULL, auxv, and behind
/// them the strings. The buffer is kept from one program to the next.
#[derive(Default)]
pub(crate) struct StackBytes {
    /// Where the first byte stands.
    base: u64,
    buffer: Vec<u8>,
    got: usize,
}

impl StackBytes {
    /// Reads them. The program has not run yet. What was read makes a [`Stack`].
    pub(crate) fn read(&mut self, tid: i32) -> Result<(), Fault> {
        let pointer = crate::abi::stack_pointer(&sys::get_regs(tid)?);
        if self.buffer.len() != FIRST_READ {
            self.buffer = vec![0; FIRST_READ];
        }
        let buffer = &mut self.buffer;
        let mut got = sys::read_memory(tid, pointer, buffer)?;
        if got == FIRST_READ {
            // More than usual: read on to the end of the stack.
            buffer.resize(STACK_MAX, 0);
            got += sys::read_memory(tid, pointer.wrapping_add(got as u64), &mut buffer[got..]).unwrap_or(0);
        }
        (self.base, self.got) = (pointer, got);
        self.is_whole().then_some(()).ok_or(Fault::Unreadable(libc::EFAULT))
    }

    fn word(&self, n: usize) -> Option<u64> {
        self.bytes().get(n * 8..n * 8 + 8)?.first_chunk::<8>().map(|b| u64::from_ne_bytes(*b))
    }

    fn string(&self, address: u64) -> Option<&[u8]> {
        let at = usize::try_from(address.checked_sub(self.base)?).ok()?;
        CStr::from_bytes_until_nul(self.bytes().get(at..)?).ok().map(CStr::to_bytes)
    }

    fn bytes(&self) -> &[u8] {
        &self.buffer[..self.got]
    }

    /// True if all was read of which a [`Stack`] is made: each string begins before the last NUL.
    fn is_whole(&self) -> bool {
        let Some(end) = self.bytes().iter().rposition(|b| *b == 0) else { return false };
        let within = |address: u64| address.checked_sub(self.base).is_some_and(|at| at <= end as u64);
        let Some(argc) = self.word(0).and_then(|n| usize::try_from(n).ok()) else { return false };
        if argc > self.got || !(1..=argc).all(|n| self.word(n).is_some_and(within)) {
            return false;
        }
        let mut at = 1 + argc + 1;
        while let Some(word) = self.word(at).filter(|w| *w != 0) {
            if !within(word) {
                return false;
            }
            at += 1;
        }
        loop {
            at += 1;
            match (self.word(at), self.word(at + 1)) {
                (Some(libc::AT_NULL), _) => return true,
                (Some(_), Some(_)) => at += 1,
                _ => return false,
            }
        }
    }
}

impl Stack {
    /// What these bytes say. `None`: they are not whole.
    pub(crate) fn parse(bytes: &StackBytes) -> Option<Self> {
        let word = |n| bytes.word(n);
        let string = |address| bytes.string(address);
        let argc = usize::try_from(word(0)?).ok()?;
        let mut argv = Vec::new();
        let (mut kept, mut cut) = (0, false);
        let mut hasher = Hasher::new();
        for n in 0..argc {
            let text = string(word(1 + n)?)?;
            hasher.update(text);
            hasher.update(&[0]);
            cut |= kept + text.len() >= ARGV_KEPT;
            if !cut {
                kept += text.len() + 1;
                argv.push(PathBytes::from(text));
            }
        }
        let mut at = 1 + argc + 1;
        let (mut env, mut env_bytes) = (Vec::new(), 0);
        while word(at)? != 0 {
            let text = string(word(at)?)?;
            env_bytes += text.len() as u64 + 1;
            env.push(PathBytes::from(text.split(|b| *b == b'=').next().unwrap_or(text)));
            at += 1;
        }
        env.sort_unstable();
        env.dedup();
        let mut exec_name = None;
        at += 1;
        while word(at)? != libc::AT_NULL {
            if word(at)? == libc::AT_EXECFN {
                exec_name = string(word(at + 1)?).map(PathBytes::from);
            }
            at += 2;
        }
        let argv_sha256 = cut.then(|| hasher.finish());
        Some(Self { argv, argv_sha256, env, env_bytes, exec_name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // System V ABI x86-64, 3.4.1: argc, argv[], 0, envp[], 0, auxv[].
    #[test]
    fn arguments_and_names_of_the_environment_are_read_from_the_stack() {
        let base = 0x1000;
        let read = |bytes: &[u8]| StackBytes { base, buffer: bytes.to_vec(), got: bytes.len() };
        let words: [u64; 11] = [2, base + 88, base + 91, 0, base + 94, 0, libc::AT_EXECFN, base + 101, 0, 0, 0];
        let mut bytes: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        bytes.extend_from_slice(b"ls\0-l\0PATH=x\0./ls\0");
        let stack = Stack::parse(&read(&bytes)).unwrap();
        assert_eq!(stack.argv, ["ls".into(), "-l".into()]);
        assert_eq!(stack.env, ["PATH".into()]);
        assert_eq!(stack.exec_name, Some("./ls".into()));
        assert_eq!(stack.env_bytes, 7);
        assert!(read(&bytes).is_whole());
        // Whatever is missing at its end or its beginning is noticed before the program runs.
        for end in 0..bytes.len() {
            let cut = read(&bytes[..end]);
            assert_eq!(cut.is_whole(), Stack::parse(&cut).is_some(), "{end}");
            // All but the name of the program itself.
            assert_eq!(cut.is_whole(), end >= 101, "{end}");
        }
        let elsewhere = StackBytes { base: base + 0x1000, ..read(&bytes) };
        assert!(!elsewhere.is_whole() && Stack::parse(&elsewhere).is_none());
    }
}
