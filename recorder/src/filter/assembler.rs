//! A classic BPF assembler with labels (linux/filter.h; the part that seccomp(2) accepts).
//!
//! Every jump goes forward, so the code is laid out from its end: the distance to each target is known when the jump
//! is placed, and one that is too far for its eight bits gets an unconditional jump beside it.
use super::FilterError;

/// One instruction: `struct sock_filter` (linux/filter.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct SockFilter {
    /// What to do.
    pub code: u16,
    /// How many instructions to skip if it is true.
    pub jt: u8,
    /// How many instructions to skip if it is false.
    pub jf: u8,
    /// The operand.
    pub k: u32,
}

impl From<SockFilter> for libc::sock_filter {
    fn from(SockFilter { code, jt, jf, k }: SockFilter) -> Self {
        Self { code, jt, jf, k }
    }
}

/// `BPF_MAXINSNS` (linux/bpf_common.h).
pub const MAX_INSTRUCTIONS: usize = 4096;

/// `BPF_LD | BPF_W | BPF_ABS`.
pub(super) const LOAD: u16 = 0x20;
/// `BPF_ALU | BPF_AND | BPF_K`.
pub(super) const AND: u16 = 0x54;
/// `BPF_JMP | BPF_JA`.
pub(super) const GOTO: u16 = 0x05;
/// `BPF_JMP | BPF_JEQ | BPF_K`.
pub(super) const IF_EQUAL: u16 = 0x15;
/// `BPF_JMP | BPF_JGE | BPF_K`.
pub(super) const IF_AT_LEAST: u16 = 0x35;
/// `BPF_JMP | BPF_JSET | BPF_K`.
pub(super) const IF_ANY_BIT: u16 = 0x45;
/// `BPF_RET | BPF_K`.
pub(super) const RETURN: u16 = 0x06;

/// A place in the code, to jump to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label(usize);

enum Op {
    Plain { code: u16, k: u32 },
    Branch { code: u16, k: u32, yes: Label, no: Label },
    Goto(Label),
    Mark(Label),
}

/// Code under construction.
#[derive(Default)]
pub(super) struct Assembler {
    ops: Vec<Op>,
    labels: usize,
}

impl Assembler {
    /// A label that is nowhere yet.
    pub(super) fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels - 1)
    }

    /// The label is here.
    pub(super) fn mark(&mut self, label: Label) {
        self.ops.push(Op::Mark(label));
    }

    /// Loads the word at `offset` of `struct seccomp_data`.
    pub(super) fn load(&mut self, offset: u32) {
        self.ops.push(Op::Plain { code: LOAD, k: offset });
    }

    /// Keeps these bits of it.
    pub(super) fn and(&mut self, mask: u32) {
        if mask != u32::MAX {
            self.ops.push(Op::Plain { code: AND, k: mask });
        }
    }

    /// Goes on at `yes` or `no`; `code` is one of the `IF_` constants.
    pub(super) fn branch(&mut self, code: u16, k: u32, yes: Label, no: Label) {
        self.ops.push(Op::Branch { code, k, yes, no });
    }

    /// Goes on at the label.
    pub(super) fn goto(&mut self, label: Label) {
        self.ops.push(Op::Goto(label));
    }

    /// Ends with this action.
    pub(super) fn end(&mut self, action: u32) {
        self.ops.push(Op::Plain { code: RETURN, k: action });
    }

    /// The finished code.
    pub(super) fn finish(self) -> Result<Vec<SockFilter>, FilterError> {
        let mut layout = Layout { reversed: Vec::new(), marks: vec![None; self.labels] };
        for op in self.ops.iter().rev() {
            match *op {
                Op::Plain { code, k } => layout.push(code, 0, 0, k),
                Op::Mark(label) => layout.marks[label.0] = Some(layout.reversed.len()),
                Op::Goto(label) => match layout.distance(label)? {
                    0 => {}
                    far => layout.push(GOTO, 0, 0, far as u32),
                },
                Op::Branch { code, k, yes, no } => layout.branch(code, k, yes, no)?,
            }
        }
        let mut code = layout.reversed;
        if code.len() > MAX_INSTRUCTIONS {
            return Err(FilterError::TooLong(code.len()));
        }
        code.reverse();
        Ok(code)
    }
}

/// The code from its end.
struct Layout {
    reversed: Vec<SockFilter>,
    /// For each label, how many instructions stand at or behind it.
    marks: Vec<Option<usize>>,
}

impl Layout {
    fn push(&mut self, code: u16, jt: u8, jf: u8, k: u32) {
        self.reversed.push(SockFilter { code, jt, jf, k });
    }

    /// How many instructions the next one placed would skip to reach the label.
    fn distance(&self, label: Label) -> Result<usize, FilterError> {
        let mark = self.marks[label.0].ok_or(FilterError::Unplaced)?;
        Ok(self.reversed.len() - mark)
    }

    fn branch(&mut self, code: u16, k: u32, yes: Label, no: Label) -> Result<(), FilterError> {
        let yes = self.near(yes)?;
        let no = self.near(no)?;
        let skip = |mark: usize| u8::try_from(self.reversed.len() - mark).map_err(|_| FilterError::Unplaced);
        let (jt, jf) = (skip(yes)?, skip(no)?);
        self.push(code, jt, jf, k);
        Ok(())
    }

    /// The label's mark, or that of a jump to it placed here if it is too far. One more instruction may come between
    /// (the other arm's jump), hence 254 and not 255.
    fn near(&mut self, label: Label) -> Result<usize, FilterError> {
        let distance = self.distance(label)?;
        if distance > 254 {
            self.push(GOTO, 0, 0, distance as u32);
            return Ok(self.reversed.len());
        }
        Ok(self.reversed.len() - distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// linux/filter.h: the skips of a conditional jump are bytes.
    #[test]
    fn a_jump_over_more_than_255_instructions_still_lands() {
        let mut code = Assembler::default();
        let (near, far) = (code.label(), code.label());
        code.load(0);
        code.branch(IF_EQUAL, 7, far, near);
        code.mark(near);
        for _ in 0..600 {
            code.load(4);
        }
        code.end(1);
        code.mark(far);
        code.end(2);
        let code = code.finish().unwrap();
        let (jump, over) = (code[1], code[1 + 1 + usize::from(code[1].jt)]);
        assert_eq!((jump.code, over.code), (IF_EQUAL, GOTO));
        let target = 1 + 1 + usize::from(jump.jt) + 1 + over.k as usize;
        assert_eq!((code[target].code, code[target].k), (RETURN, 2));
    }

    #[test]
    fn a_program_that_the_kernel_would_not_take_is_an_error() {
        let mut code = Assembler::default();
        for _ in 0..=MAX_INSTRUCTIONS {
            code.load(0);
        }
        assert_eq!(code.finish(), Err(FilterError::TooLong(MAX_INSTRUCTIONS + 1)));
        let mut code = Assembler::default();
        let nowhere = code.label();
        code.goto(nowhere);
        assert_eq!(code.finish(), Err(FilterError::Unplaced));
    }
}
