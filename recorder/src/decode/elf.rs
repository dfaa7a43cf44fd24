//! Which loader an ELF file asks for (elf(5), `PT_INTERP`), by the kernel's rules (fs/binfmt_elf.c).

/// Word size of an ELF file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `ELFCLASS32`.
    Bits32,
    /// `ELFCLASS64`.
    Bits64,
}

/// `PT_INTERP` (elf.h).
const PT_INTERP: u32 = 3;
/// `PATH_MAX` (limits.h), the terminating NUL included.
const PATH_MAX: u64 = 4096;
/// The kernel takes no more bytes of program headers (`load_elf_phdrs`).
const HEADERS_MAX: usize = 65536;

/// The class of the file that begins with `head`, or `None` if it is no ELF file.
pub fn class(head: &[u8]) -> Option<Class> {
    match head {
        [0x7f, b'E', b'L', b'F', 1, ..] => Some(Class::Bits32),
        [0x7f, b'E', b'L', b'F', 2, ..] => Some(Class::Bits64),
        _ => None,
    }
}

/// The loader named in a file of which `head` is the beginning, if it is named within it.
pub fn interpreter(head: &[u8]) -> Option<Vec<u8>> {
    interpreter_by(|offset, len| {
        let start = usize::try_from(offset).ok()?;
        head.get(start..start.checked_add(len)?).map(<[u8]>::to_vec)
    })
}

/// The loader named in a file that is read by `read(offset, length)`, which gives exactly that many bytes or nothing.
/// It is asked three times at most, for 64 KiB at most.
pub fn interpreter_by(mut read: impl FnMut(u64, usize) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    // A 32-bit file may end behind its 52 bytes of header.
    let header = read(0, 64).or_else(|| read(0, 52))?;
    let class = class(&header)?;
    let (at, size, count) = match class {
        Class::Bits64 => (long(&header, 32)?, short(&header, 54)?, short(&header, 56)?),
        Class::Bits32 => (u64::from(word(&header, 28)?), short(&header, 42)?, short(&header, 44)?),
    };
    let expected = match class {
        Class::Bits64 => 56,
        Class::Bits32 => 32,
    };
    let bytes = usize::from(count) * expected;
    if usize::from(size) != expected || bytes == 0 || bytes > HEADERS_MAX {
        return None;
    }
    let headers = read(at, bytes)?;
    // Only the first one counts.
    let found = headers.chunks_exact(expected).find(|h| word(h, 0) == Some(PT_INTERP))?;
    let (offset, len) = match class {
        Class::Bits64 => (long(found, 8)?, long(found, 32)?),
        Class::Bits32 => (u64::from(word(found, 4)?), u64::from(word(found, 16)?)),
    };
    if !(2..=PATH_MAX).contains(&len) {
        return None;
    }
    let name = read(offset, usize::try_from(len).ok()?)?;
    // The kernel wants a NUL as the last byte, and reads up to the first.
    name.last().filter(|b| **b == 0)?;
    name.split(|b| *b == 0).next().map(<[u8]>::to_vec)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|b| u64::from_le_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A file of one program header, and the loader's name at `offset`.
    fn file(class: Class, offset: usize, name: &[u8]) -> Vec<u8> {
        let mut file = vec![0; offset.max(200) + name.len()];
        file[..4].copy_from_slice(b"\x7fELF");
        let (header, expected) = if class == Class::Bits64 { (64, 56) } else { (52, 32) };
        if class == Class::Bits64 {
            file[4] = 2;
            file[32] = header;
            file[54] = expected;
            file[56] = 1;
            file[72..80].copy_from_slice(&(offset as u64).to_le_bytes());
            file[96..104].copy_from_slice(&(name.len() as u64).to_le_bytes());
        } else {
            file[4] = 1;
            file[28] = header;
            file[42] = expected;
            file[44] = 1;
            file[56..60].copy_from_slice(&(offset as u32).to_le_bytes());
            file[68..72].copy_from_slice(&(name.len() as u32).to_le_bytes());
        }
        file[usize::from(header)] = 3;
        file[offset..offset + name.len()].copy_from_slice(name);
        file
    }

    #[test]
    fn the_loader_of_this_very_program_is_found() {
        let bytes = std::fs::read("/bin/sh").unwrap();
        let loader = interpreter(&bytes).unwrap();
        assert!(String::from_utf8_lossy(&loader).contains("/ld-"), "{loader:?}");
        assert_eq!(class(&bytes), Some(Class::Bits64));
    }

    #[test]
    fn both_classes_are_read() {
        for class in [Class::Bits32, Class::Bits64] {
            assert_eq!(interpreter(&file(class, 200, b"/tmp/evil-ld\0")).unwrap(), b"/tmp/evil-ld");
        }
    }

    /// A name far behind the first page is still found if the file can be read there.
    #[test]
    fn a_name_far_away_is_read_from_there() {
        let file = file(Class::Bits64, 1 << 20, b"/x\0");
        assert_eq!(interpreter(&file[..4096]), None);
        let read = |at: u64, len: usize| file.get(at as usize..at as usize + len).map(<[u8]>::to_vec);
        assert_eq!(interpreter_by(read).unwrap(), b"/x");
    }

    /// fs/binfmt_elf.c: ENOEXEC without a NUL at the end, or if the name is too short or too long.
    #[test]
    fn a_name_that_the_kernel_would_not_take_is_none() {
        assert_eq!(interpreter(&file(Class::Bits64, 200, b"/x")), None);
        assert_eq!(interpreter(&file(Class::Bits64, 200, b"\0")), None);
        assert_eq!(interpreter(&file(Class::Bits64, 200, &[0; 5000])), None);
        assert_eq!(interpreter(b"#!/bin/sh\n"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_behind_the_magic_are_harmless(class in 1..3u8, rest in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = interpreter(&[&[0x7f, b'E', b'L', b'F', class], &rest[..]].concat());
        }
    }
}
