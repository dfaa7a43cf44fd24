//! What system calls are called and numbered on this machine.
//!
//! Invariant: the rest of the recorder says [`nr`], [`AUDIT_ARCH`] and [`describe`], and never which architecture
//! it is on. Another architecture is another file here.

mod registers;
mod x86_64;

pub(crate) use registers::{
    again, answer, call_of, clone_flags, place, put_back, result, set_argument, set_call, set_result, skip,
    stack_pointer,
};
pub use x86_64::{AUDIT_ARCH, NAMES, X32_BIT, nr};

/// Highest number that has a name here. Higher ones are refused: they could act where nobody looks.
pub const MAX_KNOWN: u32 = NAMES[NAMES.len() - 1].0;

/// `AUDIT_ARCH_I386` (linux/audit.h): 32-bit calls, reached by `int $0x80` from any program.
pub const AUDIT_ARCH_I386: u32 = 0x4000_0003;

/// The name of call `nr` of this machine's own ABI, or `None` for a number that is not assigned.
pub fn name(nr: u32) -> Option<&'static str> {
    NAMES.binary_search_by_key(&nr, |(n, _)| *n).ok().map(|at| NAMES[at].1)
}

/// The number of the call with this name.
pub fn number(name: &str) -> Option<u32> {
    NAMES.iter().find(|(_, n)| *n == name).map(|(nr, _)| *nr)
}

/// What to call a call in a record: its name, or `syscall-N`, `i386-N`, `x32-N`, `arch-HEX-N`.
///
/// `nr` is as ptrace(2) gives it (`PTRACE_GET_SYSCALL_INFO`); the kernel looks at its low half only.
pub fn describe(arch: u32, nr: u64) -> String {
    let nr = nr as u32;
    match arch {
        AUDIT_ARCH if nr & X32_BIT != 0 && nr < 0x8000_0000 => format!("x32-{}", nr & !X32_BIT),
        AUDIT_ARCH => name(nr).map_or_else(|| format!("syscall-{}", nr as i32), str::to_owned),
        AUDIT_ARCH_I386 => format!("i386-{}", nr as i32),
        other => format!("arch-{other:08x}-{}", nr as i32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_names_are_unique() {
        assert!(NAMES.windows(2).all(|w| w[0].0 < w[1].0));
        let names: std::collections::BTreeSet<_> = NAMES.iter().map(|(_, n)| *n).collect();
        assert_eq!(names.len(), NAMES.len());
    }

    #[test]
    fn a_call_without_a_name_is_described_by_its_number_and_abi() {
        assert_eq!(describe(AUDIT_ARCH, 257), "openat");
        assert_eq!(describe(AUDIT_ARCH, 9999), "syscall-9999");
        assert_eq!(describe(AUDIT_ARCH, 0x4000_0053), "x32-83");
        assert_eq!(describe(AUDIT_ARCH, u64::MAX), "syscall--1");
        assert_eq!(describe(AUDIT_ARCH_I386, 39), "i386-39");
        assert_eq!(describe(0xc000_00b7, 5), "arch-c00000b7-5");
    }

    /// syscall(2): the number is an `int`; what stands in the upper half of the register is not looked at.
    #[test]
    fn the_upper_half_of_the_number_is_not_looked_at() {
        assert_eq!(describe(AUDIT_ARCH, 0xdead_beef_0000_0101), "openat");
    }
}
