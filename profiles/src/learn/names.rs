//! Which parts of a name change from run to run: random letters, hashes, process numbers, versions.
use crate::glob::Glob;
use crate::vars::Vars;

/// Programs that make names of a fixed start and this many random letters and digits: mkstemp(3) and the like.
const MAKERS: &[(&str, usize)] = &[
    ("cc", 6),      // gcc
    ("tmp.", 10),   // mktemp(1)
    ("tmp", 8),     // Python's tempfile
    (".tmp", 6),    // Rust's tempfile
    ("am4t", 6),    // autom4te, below autoconf, automake and autoreconf
    ("rustc", 6),   // rustc
    ("st", 6),      // ar, ranlib, strip
    ("sed", 6),     // sed -i
    ("sh-thd.", 6), // bash, here documents
    ("configure-", 6),
    ("cargo-install", 6),
    ("target", 6), // cargo, before the folder is renamed into place
    ("rustdoctest", 6),
];

/// A component as a pattern with its changing parts left open. `anywhere` is true where names are temporary by their place,
/// so that less is needed to call one random.
pub(crate) fn open(name: &[u8], anywhere: bool) -> String {
    let Ok(text) = std::str::from_utf8(name) else { return Glob::escape(name) };
    if let Some(pattern) =
        timed(text, anywhere).or_else(|| made_by_known(text, anywhere)).or_else(|| numbered(text, anywhere))
    {
        return pattern;
    }
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (token, tail) = rest.split_at(word);
        if is_hash(token) {
            out.push('*');
        } else if anywhere && is_random(token) {
            out.push_str(&"?".repeat(token.len()));
        } else {
            out.push_str(&Glob::escape(token.as_bytes()));
        }
        let separator = tail.chars().next().map_or(0, char::len_utf8);
        out.push_str(&Glob::escape(&tail.as_bytes()[..separator]));
        rest = &tail[separator..];
    }
    while out.contains("**") {
        out = out.replace("**", "*");
    }
    if out.chars().all(|c| matches!(c, '*' | '?')) { "?".repeat(name.len().clamp(1, 64)) } else { out }
}

/// The components of a path as patterns, each by `one`; directories that only spread hashes (`4f/4fa0…`) are left open too.
pub(crate) fn open_all<'c>(components: impl Iterator<Item = &'c [u8]>, one: impl Fn(&[u8]) -> String) -> Vec<String> {
    let raw: Vec<&[u8]> = components.collect();
    let mut out: Vec<String> = raw.iter().map(|c| one(c)).collect();
    for i in (0..raw.len().saturating_sub(1)).rev() {
        let shard = raw[i].len() == 2 && raw[i].iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b));
        if shard && (out[i + 1].starts_with('*') || out[i + 1] == "??" || is_question(&out[i + 1])) {
            "??".clone_into(&mut out[i]);
        }
    }
    out
}

/// A name that is a hash and nothing else.
fn is_question(pattern: &str) -> bool {
    pattern.len() >= 16 && pattern.bytes().all(|b| b == b'?')
}

fn made_by_known(text: &str, anywhere: bool) -> Option<String> {
    for (start, letters) in MAKERS {
        let Some(rest) = text.strip_prefix(start) else { continue };
        let Some(random) = rest.get(..*letters) else { continue };
        let tail = &rest[*letters..];
        let fits = random.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && (tail.is_empty() || tail.starts_with('.'));
        let looks = random.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        if fits && (anywhere || looks) {
            return Some(format!("{start}{}{}", "?".repeat(*letters), Glob::escape(tail.as_bytes())));
        }
    }
    None
}

/// A name with a day and a time in it, as logs have: npm's `2026-11-21T09_57_38_001Z-debug-0.log`. A day alone may be a version.
fn timed(text: &str, anywhere: bool) -> Option<String> {
    const SHAPE: &[u8] = b"dddd-dd-dd?dd?dd?dd";
    let fits = |bytes: &[u8]| {
        let like = |(b, shape): (&u8, &u8)| match shape {
            b'd' => b.is_ascii_digit(),
            b'?' => matches!(b, b'T' | b'_' | b':' | b'-' | b'.'),
            other => b == other,
        };
        bytes.len() == SHAPE.len() && bytes.iter().zip(SHAPE).all(like)
    };
    let start = text.as_bytes().windows(SHAPE.len()).position(fits)?;
    let (before, time) = text.split_at(start);
    // Fractions of the second and the zone belong to it.
    let end = time.find(|c: char| !c.is_ascii_digit() && !"T_:-.Z".contains(c)).unwrap_or(time.len());
    let (time, after) = time.split_at(end);
    let opened: String = time.chars().map(|c| if c.is_ascii_digit() { '?' } else { c }).collect();
    let after = if after.is_empty() { String::new() } else { open(after.as_bytes(), anywhere) };
    Some(format!("{}{opened}{after}", Glob::escape(before.as_bytes())))
}

/// Autoconf's `conf1234.sh`, and in temporary places every number of four digits or more.
fn numbered(text: &str, anywhere: bool) -> Option<String> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
    let autoconf = text[..start].strip_suffix("conf").is_some_and(|b| b.is_empty() || b == ".");
    let tail = &text[start + digits..];
    let ends = tail.is_empty() || tail.starts_with(|c: char| !c.is_ascii_alphanumeric());
    if !ends || !(autoconf && digits >= 2 || anywhere && digits >= 4) {
        return None;
    }
    let tail = if anywhere { open(tail.as_bytes(), true) } else { Glob::escape(tail.as_bytes()) };
    let tail = if text[start + digits..].is_empty() { String::new() } else { tail };
    Some(format!("{}[0-9]*{tail}", Glob::escape(&text.as_bytes()[..start])))
}

/// Eight or more hex digits with letters and digits among them, or 16 of any.
fn is_hash(token: &str) -> bool {
    let hex = token.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    hex && (token.len() >= 8 && digits > 0 && digits < token.len() || token.len() >= 16)
        || token.len() >= 20 && digits > 2 && token.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Six or more letters that no word has: digits between them, or capitals behind small ones more than once.
fn is_random(token: &str) -> bool {
    let bytes = token.as_bytes();
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let turns = bytes.windows(2).filter(|w| w[0].is_ascii_lowercase() != w[1].is_ascii_lowercase()).count();
    bytes.len() >= 6 && (digits > 0 && digits < bytes.len() && turns >= 2 || turns >= 3)
}

/// A component of a system path with its version left open: `12`, `gcc-12`, `python3.11`.
pub(crate) fn unversioned(name: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(name) else { return Glob::escape(name) };
    let dotted =
        |t: &str| !t.is_empty() && t.split('.').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    if dotted(text) {
        return "[0-9]*".to_owned();
    }
    if let Some((start, version)) = text.rsplit_once('-')
        && dotted(version)
        && !start.is_empty()
    {
        return format!("{}-[0-9]*", Glob::escape(start.as_bytes()));
    }
    let tail = text.len() - text.bytes().rev().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let version = &text[tail..];
    if tail > 0 && dotted(version) && version.contains('.') {
        let (major, _) = version.split_once('.').unwrap_or((version, ""));
        return format!("{}{major}.[0-9]*", Glob::escape(&text.as_bytes()[..tail]));
    }
    Glob::escape(name)
}

/// True if a name stands for nothing that this pattern does not stand for.
pub(crate) fn covers(pattern: &str, name: &str) -> bool {
    let plain = name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_' | b'?' | b'+'));
    let path = format!("/{name}");
    let bound = |glob: Glob| glob.bind(&Vars::new(None, None, None, 0));
    plain
        && Glob::parse(&format!("/{pattern}")).ok().and_then(bound).is_some_and(|bound| bound.matches(path.as_bytes()))
}

/// One pattern for two names that different runs gave to the same thing, if they are alike enough.
pub(crate) fn common(a: &str, b: &str, anywhere: bool) -> Option<String> {
    let plain = |t: &str| t.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_' | b'?' | b'+'));
    if a == b || !plain(a) || !plain(b) {
        return None;
    }
    let head = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let room = a.len().min(b.len()) - head;
    let tail = a.bytes().rev().zip(b.bytes().rev()).take(room).take_while(|(x, y)| x == y).count();
    if head + tail < 2 {
        let word = |t: &str| t.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'?'));
        let random = anywhere && a.len() == b.len() && a.len() >= 6 && word(a) && word(b);
        return random.then(|| "?".repeat(a.len()));
    }
    let (start, end) = (&a[..head], &a[a.len() - tail..]);
    // A digit that is equal by chance belongs to the number.
    let stem = start.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = |t: &str| t[stem.len()..t.len() - tail].bytes().all(|c| c.is_ascii_digit());
    if digits(a) && digits(b) {
        return Some(format!("{stem}[0-9]*{}", end.trim_start_matches(|c: char| c.is_ascii_digit())));
    }
    // So do a letter or two: of two names made at random, some end alike.
    let word = end.len() - end.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).len();
    let (tail, end) = if word <= 2 { (tail - word, &end[word..]) } else { (tail, end) };
    let open = a.len() - head - tail;
    (a.len() == b.len() && open >= 3).then(|| format!("{stem}{}{end}", "?".repeat(a.len() - stem.len() - tail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_names_are_left_open_and_others_are_not() {
        for (name, pattern) in [
            ("ccAb3xYz.s", "cc??????.s"),
            ("ccabcdef.o", "cc??????.o"),
            ("tmp.Ab3xYz09Qq", "tmp.??????????"),
            ("go-build1234567", "go-build[0-9]*"),
            ("rustcAbCdEf", "rustc??????"),
            ("am4tqwerty", "am4t??????"),
            ("hello.txt", "hello.txt"),
        ] {
            assert_eq!(open(name.as_bytes(), true), pattern);
        }
        for (name, pattern) in [
            ("libserde-0123456789abcdef.rlib", "libserde-*.rlib"),
            ("conf4711.sh", "conf[0-9]*.sh"),
            ("stations", "stations"),
            ("stK3jd8a", "st??????"),
            ("targetKIBAv3", "target??????"),
            ("main.c", "main.c"),
            ("crc32.o", "crc32.o"),
            ("config", "config"),
            ("2026-11-21T09_57_38_001Z-debug-0.log", "????-??-??T??_??_??_???Z-debug-0.log"),
            ("build.2026-11-21_09-57-38", "build.????-??-??_??-??-??"),
            ("data-2026-11-21.csv", "data-2026-11-21.csv"),
            ("a*b", "a\\*b"),
        ] {
            assert_eq!(open(name.as_bytes(), false), pattern);
        }
    }

    #[test]
    fn versions_are_left_open() {
        for (name, pattern) in [
            ("12", "[0-9]*"),
            ("x86_64-linux-gnu-gcc-12", "x86_64-linux-gnu-gcc-[0-9]*"),
            ("python3.11", "python3.[0-9]*"),
            ("sha256sum", "sha256sum"),
            ("m4", "m4"),
        ] {
            assert_eq!(unversioned(name.as_bytes()), pattern);
        }
    }

    #[test]
    fn names_of_two_runs_that_are_alike_share_a_pattern() {
        assert_eq!(common("build-xyzabc.log", "build-qwerty.log", false).unwrap(), "build-??????.log");
        assert_eq!(common("job123.out", "job77.out", false).unwrap(), "job[0-9]*.out");
        assert_eq!(common("ztest12345", "ztest12399", false).unwrap(), "ztest[0-9]*");
        assert_eq!(common("stage8KpZaq", "stageTw3Rbq", false).unwrap(), "stage??????");
        assert_eq!(common("main.c", "test.h", true), None);
        assert_eq!(common("main.c", "mail.c", true), None);
        assert_eq!(common("abcdefgh", "qwertyui", true).unwrap(), "????????");
        assert_eq!(common("abcdefgh", "qwertyui", false), None);
        assert!(covers("??????????", "K7a_92Lkqz") && covers("??????????", "??????_d9Z"));
        assert!(covers("job[0-9]*.out", "job3.out"));
        assert!(!covers("??????????", "K7a_92Lkq") && !covers("job[0-9]*.out", "jobs.out") && !covers("??", "a*"));
    }

    #[test]
    fn directories_that_spread_hashes_are_left_open() {
        let path = "cache/4f/4fa0123456789abcdef0123456789abcdef-d/x";
        let open = open_all(path.split('/').map(str::as_bytes), |c| open(c, false));
        assert_eq!(open.join("/"), "cache/??/*-d/x");
        let two = "c/ab/cd/0123456789abcdef01234567";
        assert!(
            open_all(two.split('/').map(str::as_bytes), |c| super::open(c, false)).join("/").starts_with("c/??/??/")
        );
    }
}
