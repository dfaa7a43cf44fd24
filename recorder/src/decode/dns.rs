//! DNS messages (RFC 1035): what was asked, and what was answered.
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A DNS message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number; an answer has that of its query.
    pub id: u16,
    /// True for an answer.
    pub response: bool,
    /// Response code; 0 no error, 3 no such name.
    pub rcode: u8,
    /// What was asked.
    pub questions: Vec<Question>,
    /// What was answered, of the kinds that [`Answer`] knows.
    pub answers: Vec<Answer>,
    /// True if not all of it could be read: it is cut, malformed, or beyond the limits here.
    pub partial: bool,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name, labels joined by dots; a byte that is not printable, a dot or a backslash within a label is `\DDD`.
    pub name: String,
    /// `QTYPE`: 1 A, 28 AAAA, …
    pub kind: u16,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whose it is.
    pub name: String,
    /// What it is.
    pub data: Data,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// `A` or `AAAA`.
    Address(IpAddr),
    /// `CNAME`: another name for it.
    Alias(String),
}

/// Questions and answers that are kept of one message.
const KEPT_MAX: usize = 256;
/// Bytes of a name (RFC 1035, 2.3.4).
const NAME_MAX: usize = 255;

/// Parses a message, or `None` if it has no whole header.
pub fn parse(bytes: &[u8]) -> Option<Message> {
    let mut reader = Reader { bytes, at: 0 };
    let id = reader.short()?;
    let flags = reader.short()?;
    let (questions, answers) = (reader.short()?, reader.short()?);
    reader.skip(4)?;
    let mut message = Message {
        id,
        response: flags & 0x8000 != 0,
        rcode: (flags & 0xf) as u8,
        questions: Vec::new(),
        answers: Vec::new(),
        partial: flags & 0x0200 != 0 || usize::from(questions.max(answers)) > KEPT_MAX,
    };
    let whole = sections(&mut reader, usize::from(questions), usize::from(answers), &mut message);
    message.partial |= whole.is_none();
    Some(message)
}

fn sections(reader: &mut Reader<'_>, questions: usize, answers: usize, message: &mut Message) -> Option<()> {
    for _ in 0..questions.min(KEPT_MAX) {
        let name = reader.name()?;
        let kind = reader.short()?;
        reader.skip(2)?;
        message.questions.push(Question { name, kind });
    }
    for _ in 0..answers.min(KEPT_MAX) {
        let name = reader.name()?;
        let kind = reader.short()?;
        reader.skip(6)?;
        let len = usize::from(reader.short()?);
        let end = reader.at.checked_add(len).filter(|end| *end <= reader.bytes.len())?;
        let data = match (kind, &reader.bytes[reader.at..end]) {
            (1, data) => data.first_chunk::<4>().map(|b| Data::Address(Ipv4Addr::from(*b).into())),
            (28, data) => data.first_chunk::<16>().map(|b| Data::Address(Ipv6Addr::from(*b).into())),
            (5, _) => Some(Data::Alias(reader.name()?)),
            _ => None,
        };
        reader.at = end;
        message.answers.extend(data.map(|data| Answer { name, data }));
    }
    Some(())
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn short(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.byte()?, self.byte()?]))
    }

    fn skip(&mut self, len: usize) -> Option<()> {
        self.at = self.at.checked_add(len).filter(|at| *at <= self.bytes.len())?;
        Some(())
    }

    /// A name (RFC 1035, 4.1.4). A pointer must lead back behind every place that was read before, so it cannot loop.
    fn name(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut len = 0;
        let mut lowest = self.at;
        let mut back = None;
        loop {
            let head = self.byte()?;
            match head >> 6 {
                0 if head == 0 => break,
                0 => {
                    len += usize::from(head) + 1;
                    if len > NAME_MAX {
                        return None;
                    }
                    for _ in 0..head {
                        put(&mut text, self.byte()?);
                    }
                    text.push('.');
                }
                3 => {
                    let target = usize::from(head & 0x3f) << 8 | usize::from(self.byte()?);
                    back.get_or_insert(self.at);
                    if target >= lowest {
                        return None;
                    }
                    lowest = target;
                    self.at = target;
                }
                _ => return None,
            }
        }
        self.at = back.unwrap_or(self.at);
        if text.len() > 1 {
            text.pop();
        }
        Some(if text.is_empty() { ".".to_owned() } else { text })
    }
}

/// One byte of a label, in the notation of zone files (RFC 1035, 5.1).
fn put(text: &mut String, byte: u8) {
    match byte {
        b'.' | b'\\' => text.extend(['\\', char::from(byte)]),
        b'!'..=b'~' => text.push(char::from(byte)),
        _ => {
            let _ = write!(text, "\\{byte:03}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(questions: u8, answers: u8) -> Vec<u8> {
        vec![0, 7, 0x81, 0x80, 0, questions, 0, answers, 0, 0, 0, 0]
    }

    const WWW: &[u8] = b"\x03www\x07example\x00";

    /// RFC 1035, 4.1.
    #[test]
    fn a_query_and_its_answers_are_read() {
        let alias = b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x06\x03cdn\xc0\x10";
        let address = b"\xc0\x29\0\x01\0\x01\0\0\0\x3c\0\x04\xcb\0\x71\x07";
        let bytes = [&header(1, 2), WWW, &[0, 1, 0, 1], &alias[..], &address[..]].concat();
        let message = parse(&bytes).unwrap();
        assert!(message.response && !message.partial);
        assert_eq!(message.questions, [Question { name: "www.example".into(), kind: 1 }]);
        let alias = Answer { name: "www.example".into(), data: Data::Alias("cdn.example".into()) };
        assert_eq!(message.answers[0], alias);
        assert_eq!(message.answers[1].data, Data::Address("203.0.113.7".parse().unwrap()));
    }

    /// EVASION H11: a label may hold any byte, a dot among them.
    #[test]
    fn odd_bytes_in_a_label_are_escaped() {
        let bytes = [&header(1, 0), &b"\x05a.b\\\n\x00\0\x01\0\x01"[..]].concat();
        assert_eq!(parse(&bytes).unwrap().questions[0].name, "a\\.b\\\\\\010");
    }

    #[test]
    fn a_pointer_that_goes_round_is_partial() {
        let own = [&header(1, 0), &b"\xc0\x0c\0\x01\0\x01"[..]].concat();
        assert!(parse(&own).unwrap().partial);
        let forward = [&header(1, 0), &b"\x01a\xc0\x0e\0\x01\0\x01"[..]].concat();
        assert!(parse(&forward).unwrap().partial);
    }

    #[test]
    fn what_is_cut_keeps_what_came_before() {
        let bytes = [&header(1, 1), WWW, &[0, 28, 0, 1, 0xc0]].concat();
        let message = parse(&bytes).unwrap();
        assert_eq!((message.questions.len(), message.answers.len(), message.partial), (1, 0, true));
        assert_eq!(parse(&[0; 11]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_end(counts in any::<[u8; 4]>(), rest in prop::collection::vec(prop_oneof![
            3 => any::<u8>(), 1 => Just(0xc0), 1 => 0..20u8], 0..400)) {
            let mut bytes = header(counts[0], counts[1]);
            bytes.extend(rest);
            parse(&bytes);
        }
    }
}
