//! The `#!` line of a script, by the kernel's rules (fs/binfmt_script.c, `load_script`).

/// How much of a file the kernel looks at (`BINPRM_BUF_SIZE`, linux/binfmts.h).
const BUFFER_BYTES: usize = 256;

/// What a `#!` line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The interpreter, as written: it may be relative.
    pub interpreter: Vec<u8>,
    /// All that follows it, as one argument.
    pub argument: Option<Vec<u8>>,
}

/// The line at the beginning of a file, or `None` if the kernel would not take the file for a script.
pub fn parse(head: &[u8]) -> Option<Line> {
    let mut buffer = [0; BUFFER_BYTES];
    let len = head.len().min(BUFFER_BYTES);
    buffer[..len].copy_from_slice(&head[..len]);
    if !buffer.starts_with(b"#!") {
        return None;
    }
    let last = BUFFER_BYTES - 1;
    // `strnchr` stops at a NUL.
    let newline = buffer.iter().position(|b| matches!(b, b'\n' | 0)).filter(|at| buffer[*at] == b'\n');
    let mut end = if let Some(at) = newline {
        at
    } else {
        let name = find(&buffer, 2, last, |b| !is_blank(b))?;
        // Without a blank or NUL behind it the name may have been cut.
        find(&buffer, name, last, |b| is_blank(b) || b == 0)?;
        last
    };
    while is_blank(buffer[end - 1]) {
        end -= 1;
    }
    let name = find(&buffer, 2, end, |b| !is_blank(b)).filter(|at| *at != end)?;
    let separator = find(&buffer, name, end, |b| is_blank(b) || b == 0);
    let argument = separator.filter(|at| buffer[*at] != 0).and_then(|at| find(&buffer, at, end, |b| !is_blank(b)));
    Some(Line {
        interpreter: text(&buffer[name..separator.unwrap_or(end)]),
        argument: argument.map(|at| text(&buffer[at..end])),
    })
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// The first place from `first` to `last`, both included, at which `is` holds.
fn find(buffer: &[u8], first: usize, last: usize, is: impl Fn(u8) -> bool) -> Option<usize> {
    (first..=last).find(|at| is(buffer[*at]))
}

/// As a C string.
fn text(bytes: &[u8]) -> Vec<u8> {
    bytes.split(|b| *b == 0).next().unwrap_or(bytes).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(head: &[u8]) -> Option<(String, Option<String>)> {
        let words = |bytes| String::from_utf8(bytes).unwrap();
        parse(head).map(|line| (words(line.interpreter), line.argument.map(words)))
    }

    fn is(head: &[u8], interpreter: &str, argument: Option<&str>) {
        assert_eq!(line(head), Some((interpreter.to_owned(), argument.map(str::to_owned))));
    }

    /// execve(2), "Interpreter scripts": what follows the interpreter is one argument, blanks inside it kept.
    #[test]
    fn all_that_follows_the_interpreter_is_one_argument() {
        is(b"#!/bin/sh\necho", "/bin/sh", None);
        is(b"#! /usr/bin/env -S  sh -e \t\nx", "/usr/bin/env", Some("-S  sh -e"));
        is(b"#!/bin/sh \t \n", "/bin/sh", None);
    }

    #[test]
    fn a_file_without_a_newline_is_a_script_if_the_name_is_whole() {
        is(b"#!/bin/sh", "/bin/sh", None);
        is(b"#!/bin/sh -x", "/bin/sh", Some("-x"));
        assert_eq!(line(&[b"#!/", &[b'a'; 300][..]].concat()), None);
    }

    /// binfmt_script.c: 256 bytes are read; a longer argument is cut, a longer name is no name.
    #[test]
    fn a_long_line_is_cut_where_the_kernel_cuts_it() {
        let head = [b"#!/bin/sh ", &[b'x'; 400][..], b"\n"].concat();
        is(&head, "/bin/sh", Some(&"x".repeat(245)));
    }

    #[test]
    fn what_is_no_script_has_no_line() {
        for head in [&b""[..], b"#", b"\x7fELF", b"#!\n", b"#!  \t\n/bin/sh", b" #!/bin/sh\n"] {
            assert_eq!(parse(head), None, "{head:?}");
        }
    }

    #[test]
    fn a_nul_ends_the_name() {
        is(b"#!/bin/sh\0evil\n", "/bin/sh", None);
    }

    proptest! {
        #[test]
        fn any_head_is_a_line_or_none(rest in prop::collection::vec(prop::sample::select(b"#!/a \t\n\0".to_vec()), 0..300)) {
            let _ = parse(&[b"#!", &rest[..]].concat());
            let _ = parse(&rest);
        }
    }
}
