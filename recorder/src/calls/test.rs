//! Questions about the arguments of a call that a BPF filter can ask.

/// Low half of an argument: what the kernel looks at where the parameter is an `int` or `unsigned int`.
/// Looking at more would let a caller hide behind the upper half.
pub const INT: u64 = 0xffff_ffff;

/// One question about one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Test {
    /// Which of the six arguments, from 0.
    pub arg: u8,
    /// Bits of it that count.
    pub mask: u64,
    /// What they are compared with.
    pub is: Is,
}

/// How the masked argument is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// It is one of these.
    In(&'static [u64]),
    /// It is none of these.
    NotIn(&'static [u64]),
}

impl Test {
    /// The argument, an `int`, is one of `values`.
    pub const fn is(arg: u8, values: &'static [u64]) -> Self {
        Self { arg, mask: INT, is: Is::In(values) }
    }

    /// The argument, an `int`, is none of `values`.
    pub const fn is_not(arg: u8, values: &'static [u64]) -> Self {
        Self { arg, mask: INT, is: Is::NotIn(values) }
    }

    /// The bits of the argument under `mask` are one of `values`.
    pub const fn bits(arg: u8, mask: u64, values: &'static [u64]) -> Self {
        Self { arg, mask, is: Is::In(values) }
    }

    /// The bits of the argument under `mask` are none of `values`.
    pub const fn bits_not(arg: u8, mask: u64, values: &'static [u64]) -> Self {
        Self { arg, mask, is: Is::NotIn(values) }
    }

    /// Any bit of `mask` is set in the argument.
    pub const fn any_bit(arg: u8, mask: u64) -> Self {
        Self { arg, mask, is: Is::NotIn(&[0]) }
    }

    /// The argument, an `int`, is not 0.
    pub const fn non_zero(arg: u8) -> Self {
        Self::any_bit(arg, INT)
    }

    /// The argument, a pointer, is not null.
    pub const fn non_null(arg: u8) -> Self {
        Self::any_bit(arg, u64::MAX)
    }

    /// The answer for these arguments.
    pub fn holds(&self, args: &[u64; 6]) -> bool {
        let value = args[usize::from(self.arg)] & self.mask;
        match self.is {
            Is::In(values) => values.contains(&value),
            Is::NotIn(values) => !values.contains(&value),
        }
    }
}
