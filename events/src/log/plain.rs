//! The commonest events, acts on files and what is in them, read without going through the general decoder.
//!
//! Invariant: what is read here is what the general decoder reads, in as many bytes, and in the one encoding that the
//! writer makes: shortest numbers, rising keys, nothing missing and nothing more. Of everything else, another kind of
//! event too, nothing is said: it is left to the general decoder.
use super::item::Stamp;
use crate::{Access, Content, ContentWhen, Digest, FileAct, FileType, Identity, Kind, Outcome, PathBytes, ProcessId};

/// Reads the item that `bytes` begin with, if it is such an event; returns it without its kind, and its length. The kind
/// is put in place of `kind`, whose memory is used again, or that of `spare`, as the two kinds mostly come by turns; if
/// there is no such event, both are of no more use.
pub(super) fn event(bytes: &[u8], kind: &mut Kind, spare: &mut Kind) -> Option<(Stamp, usize)> {
    let mut at = Bytes(bytes);
    let mut keys = at.map()?;
    let process = keys.required(0, &mut at)?.uint().map(ProcessId)?;
    let after_us = keys.required(1, &mut at)?.int()?;
    let times = if keys.has(2, &mut at) { Some(at.uint()?) } else { None };
    let is_file = keys.required(3, &mut at)?.one_of_kinds()?;
    if keys.0 != 0 {
        return None;
    }
    let is_it = |kind: &Kind| matches!((kind, is_file), (Kind::File(_), true) | (Kind::Content(_), false));
    if !is_it(kind) {
        std::mem::swap(kind, spare);
        if !is_it(kind) {
            *kind = if is_file { Kind::File(FileAct::new(Access::Read, "")) } else { Kind::Content(NO_CONTENT) };
        }
    }
    match kind {
        Kind::File(act) => at.file_act(act)?,
        Kind::Content(content) => at.content(content)?,
        _ => return None,
    }
    Some((Stamp { process, after_us, times }, bytes.len() - at.0.len()))
}

/// Major types of CBOR (RFC 8949, 3.1), where they stand in an item's first byte.
const UINT: u8 = 0;
const NEGATIVE: u8 = 1 << 5;
const BYTES: u8 = 2 << 5;
const ARRAY: u8 = 4 << 5;
const MAP: u8 = 5 << 5;
/// The array of a kind's number and its facts, and that of the facts.
const HEAD: u8 = ARRAY | 2;
const INNER: u8 = ARRAY | 1;
const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
/// The numbers of [`Kind::File`] and [`Kind::Content`] in the encoding.
const FILE: u8 = 3;
const CONTENT: u8 = 4;

const NO_CONTENT: Content =
    Content { path: PathBytes::EMPTY, identity: None, sha256: None, size: None, when: ContentWhen::Read, why: None };

/// Puts bytes in place of others.
#[inline]
fn put(path: &mut Option<PathBytes>, bytes: &[u8]) {
    match path {
        Some(path) => path.set(bytes),
        None => *path = Some(bytes.into()),
    }
}

/// How many pairs of a map are still to come.
struct Keys(u64);

impl Keys {
    /// True if the next pair has this key; it is passed then. Keys rise, so one that is asked for too late is not found.
    #[inline]
    fn has(&mut self, key: u8, at: &mut Bytes<'_>) -> bool {
        match at.0.split_first() {
            Some((first, rest)) if *first == key && self.0 > 0 => {
                (self.0, at.0) = (self.0 - 1, rest);
                true
            }
            _ => false,
        }
    }

    /// What stands behind this key, which must be the next one.
    #[inline]
    fn required<'a, 'b>(&mut self, key: u8, at: &'a mut Bytes<'b>) -> Option<&'a mut Bytes<'b>> {
        self.has(key, at).then_some(at)
    }
}

/// What was not yet read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// The argument of an item of this major type, in its shortest form.
    #[inline]
    fn head(&mut self, major: u8) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        let short = u64::from(first.wrapping_sub(major));
        if short < 24 {
            self.0 = rest;
            return Some(short);
        }
        self.long_head(short, rest)
    }

    fn long_head(&mut self, form: u64, rest: &'a [u8]) -> Option<u64> {
        let (value, least, rest) = match form {
            24 => rest.split_first_chunk().map(|(n, rest)| (u64::from(u8::from_be_bytes(*n)), 24, rest))?,
            25 => rest.split_first_chunk().map(|(n, rest)| (u64::from(u16::from_be_bytes(*n)), 1 << 8, rest))?,
            26 => rest.split_first_chunk().map(|(n, rest)| (u64::from(u32::from_be_bytes(*n)), 1 << 16, rest))?,
            27 => rest.split_first_chunk().map(|(n, rest)| (u64::from_be_bytes(*n), 1 << 32, rest))?,
            _ => return None,
        };
        self.0 = rest;
        (value >= least).then_some(value)
    }

    #[inline]
    fn uint(&mut self) -> Option<u64> {
        self.head(UINT)
    }

    #[inline]
    fn int(&mut self) -> Option<i64> {
        if self.0.first()? & NEGATIVE == 0 {
            return i64::try_from(self.head(UINT)?).ok();
        }
        i64::try_from(self.head(NEGATIVE)?).ok().map(|n| -1 - n)
    }

    #[inline]
    fn byte_string(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.head(BYTES)?).ok()?;
        let (string, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(string)
    }

    #[inline]
    fn map(&mut self) -> Option<Keys> {
        self.head(MAP).map(Keys)
    }

    /// The next bytes, which must be these.
    #[inline]
    fn literal(&mut self, expected: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    /// The head of a kind: true for an act on a file, false for what is in one.
    #[inline]
    fn one_of_kinds(&mut self) -> Option<bool> {
        let ([head, number, inner], rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        match (*head, *number, *inner) {
            (HEAD, FILE, INNER) => Some(true),
            (HEAD, CONTENT, INNER) => Some(false),
            _ => None,
        }
    }

    fn bool(&mut self) -> Option<bool> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        match *first {
            FALSE => Some(false),
            TRUE => Some(true),
            _ => None,
        }
    }

    /// One of `all`, which stand in the order of their numbers.
    #[inline]
    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(usize::try_from(self.uint()?).ok()?).copied()
    }

    fn digest(&mut self) -> Option<Digest> {
        self.byte_string()?.try_into().ok().map(Digest::new)
    }

    #[inline]
    fn identity(&mut self) -> Option<Identity> {
        let mut keys = self.map()?;
        let dev_major = u32::try_from(keys.required(0, self)?.uint()?).ok()?;
        let dev_minor = u32::try_from(keys.required(1, self)?.uint()?).ok()?;
        let ino = keys.required(2, self)?.uint()?;
        let mount = keys.required(3, self)?.uint()?;
        (keys.0 == 0).then_some(Identity { dev_major, dev_minor, ino, mount })
    }

    #[inline]
    fn outcome(&mut self) -> Option<Outcome> {
        self.literal(&[ARRAY | 2])?;
        let number = self.uint()?;
        match (number, self.head(ARRAY)?) {
            (0, 0) => Some(Outcome::Ok),
            (1, 1) => Some(Outcome::Errno(i32::try_from(self.int()?).ok()?)),
            (2, 0) => Some(Outcome::Unknown),
            (3, 1) => Some(Outcome::Refused(i32::try_from(self.int()?).ok()?)),
            _ => None,
        }
    }

    /// Reads an act in place of another.
    #[inline]
    fn file_act(&mut self, act: &mut FileAct) -> Option<()> {
        let mut keys = self.map()?;
        act.access = keys.required(0, self)?.one_of(Access::ALL)?;
        act.path.set(keys.required(1, self)?.byte_string()?);
        if keys.has(2, self) {
            put(&mut act.asked, self.byte_string()?);
        } else {
            act.asked = None;
        }
        if keys.has(3, self) {
            put(&mut act.to, self.byte_string()?);
        } else {
            act.to = None;
        }
        act.identity = if keys.has(4, self) { Some(self.identity()?) } else { None };
        act.file_type = if keys.has(5, self) { Some(self.one_of(FileType::ALL)?) } else { None };
        act.sha256 = if keys.has(6, self) { Some(self.digest()?) } else { None };
        act.size = if keys.has(7, self) { Some(self.uint()?) } else { None };
        act.outcome = keys.required(8, self)?.outcome()?;
        act.namespace = if keys.has(9, self) { Some(self.uint()?) } else { None };
        act.racy = if keys.has(10, self) { Some(self.bool()?) } else { None };
        (keys.0 == 0).then_some(())
    }

    /// Reads what is in a file in place of another; not where there is no digest, which is rare.
    #[inline]
    fn content(&mut self, content: &mut Content) -> Option<()> {
        let mut keys = self.map()?;
        content.path.set(keys.required(0, self)?.byte_string()?);
        content.identity = if keys.has(1, self) { Some(self.identity()?) } else { None };
        content.sha256 = if keys.has(2, self) { Some(self.digest()?) } else { None };
        content.size = if keys.has(3, self) { Some(self.uint()?) } else { None };
        content.when = keys.required(4, self)?.one_of(&[ContentWhen::Read, ContentWhen::Final])?;
        content.why = None;
        (keys.0 == 0).then_some(())
    }
}

#[cfg(test)]
#[path = "plain_tests.rs"]
mod tests;
