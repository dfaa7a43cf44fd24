//! The one form of a profile: fixed order of keys, sorted rules and lists, one way to quote and to break lines.
use crate::act::Act;
use crate::error::{ProfileError, ProfileErrorKind};
use crate::profile::{Meta, Profile};
use crate::rule::{Item, Rule};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Longest line of a list that stays in one line, in characters.
const WIDTH: usize = 100;

/// The canonical text of a profile.
pub(crate) fn profile(profile: &Profile) -> String {
    let mut out = String::new();
    meta(&mut out, &profile.meta);
    for r in profile.own_rules() {
        out.push('\n');
        rule(&mut out, r);
    }
    if !profile.trailing.is_empty() {
        out.push('\n');
        comment(&mut out, "", &profile.trailing);
    }
    out
}

/// Fails at the first line in which the text is not what it should be.
pub(crate) fn check_canonical(text: &str, canonical: &str) -> Result<(), ProfileError> {
    if text == canonical {
        return Ok(());
    }
    let same = text.lines().zip(canonical.lines()).take_while(|(a, b)| a == b).count();
    let (a, b) = (text.lines().nth(same).unwrap_or(""), canonical.lines().nth(same).unwrap_or(""));
    let column = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count() + 1;
    Err(ProfileError { line: same + 1, column, kind: ProfileErrorKind::NotCanonical })
}

fn meta(out: &mut String, meta: &Meta) {
    let mut table = Table { out, comments: &meta.comments };
    table.head("profile", "[profile]");
    table.raw("version", "1");
    table.text("name", Some(&meta.name));
    table.text("description", meta.description.as_ref());
    table.list("include", &meta.include, false);
    table.text("level", meta.level.map(|l| l.name().to_owned()).as_ref());
    table.text("mode", meta.mode.map(|m| m.name().to_owned()).as_ref());
    if let Some(list) = &meta.refused {
        table.list("refused", list, true);
    }
    table.flag("judge_metadata", meta.judge_metadata);
    table.flag("require_review", meta.require_review);
    if let Some(number) = meta.recordings {
        table.raw("recordings", &number.to_string());
    }
}

/// The canonical text of one rule.
pub(crate) fn rule(out: &mut String, rule: &Rule) {
    let mut table = Table { out, comments: &rule.comments };
    table.head("", "[[rule]]");
    table.text("id", Some(&rule.id));
    table.list("process", &rule.process, false);
    table.list("ancestor", &rule.ancestor, false);
    let (change, acts) = split_change(&rule.acts);
    for act in Act::ALL {
        if act == Act::Write {
            table.list("change", &change, false);
        }
        table.list(act.key(), acts.get(&act).map_or(&[][..], Vec::as_slice), false);
        if act == Act::Exec {
            table.list("sha256", &rule.sha256, false);
        }
    }
    table.flag("deny", rule.deny);
    table.text("errno", rule.errno.map(crate::errno::name).as_ref());
    table.flag("required", rule.required);
    table.text("why", rule.why.as_ref());
    table.text("reviewed_by", rule.reviewed_by.as_ref());
    table.text("reviewed_on", rule.reviewed_on.map(|d| d.to_string()).as_ref());
    table.text("expires", rule.expires.map(|d| d.to_string()).as_ref());
    table.text("seen", rule.seen.map(|s| s.to_string()).as_ref());
}

/// What stands under all six acts of `change`, and what is left of each act.
fn split_change(acts: &BTreeMap<Act, Vec<Item>>) -> (Vec<Item>, Cow<'_, BTreeMap<Act, Vec<Item>>>) {
    if !Act::CHANGE.iter().all(|act| acts.contains_key(act)) {
        return (Vec::new(), Cow::Borrowed(acts));
    }
    let has = |act: Act, text: &str| acts.get(&act).is_some_and(|l| l.iter().any(|i| i.text == text));
    let mut change: Vec<Item> = Vec::new();
    let mut rest = acts.clone();
    for item in acts.get(&Act::Write).into_iter().flatten() {
        if !Act::CHANGE.iter().all(|a| has(*a, &item.text)) {
            continue;
        }
        let mut all = Item::new(item.text.clone());
        for act in Act::CHANGE {
            let Some(list) = rest.get_mut(&act) else { continue };
            for dropped in list.extract_if(.., |i| i.text == item.text) {
                let new: Vec<String> = dropped.comment.into_iter().filter(|c| !all.comment.contains(c)).collect();
                all.comment.extend(new);
            }
        }
        change.push(all);
    }
    (change, Cow::Owned(rest))
}

struct Table<'a> {
    out: &'a mut String,
    comments: &'a BTreeMap<String, Vec<String>>,
}

impl Table<'_> {
    fn head(&mut self, key: &str, text: &str) {
        self.comment(key);
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn comment(&mut self, key: &str) {
        if let Some(lines) = self.comments.get(key) {
            comment(self.out, "", lines);
        }
    }

    fn raw(&mut self, key: &str, value: &str) {
        self.comment(key);
        let _ = writeln!(self.out, "{key} = {value}");
    }

    fn text(&mut self, key: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.raw(key, &quote(value));
        }
    }

    fn flag(&mut self, key: &str, value: bool) {
        if value {
            self.raw(key, "true");
        }
    }

    fn list(&mut self, key: &str, items: &[Item], even_empty: bool) {
        if items.is_empty() && !even_empty {
            return;
        }
        self.comment(key);
        if items.iter().all(|i| i.comment.is_empty()) {
            let before = self.out.len();
            self.out.push_str(key);
            self.out.push_str(" = [");
            for (number, item) in items.iter().enumerate() {
                self.out.push_str(if number > 0 { ", " } else { "" });
                push_quoted(self.out, &item.text);
            }
            self.out.push(']');
            if self.out[before..].chars().count() <= WIDTH {
                self.out.push('\n');
                return;
            }
            self.out.truncate(before);
        }
        let _ = writeln!(self.out, "{key} = [");
        for item in items {
            comment(self.out, "    ", &item.comment);
            let _ = writeln!(self.out, "    {},", quote(&item.text));
        }
        self.out.push_str("]\n");
    }
}

fn comment(out: &mut String, indent: &str, lines: &[String]) {
    for line in lines {
        let _ = writeln!(out, "{indent}{line}");
    }
}

/// A TOML string: `'…'` if it holds `\` or `"` and nothing that such a string cannot, otherwise `"…"` with escapes.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_quoted(&mut out, text);
    out
}

fn push_quoted(out: &mut String, text: &str) {
    if text.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
        return;
    }
    let hidden = |c: char| c.is_control() || sekisho_events::escape(c.to_string().as_bytes()).len() > c.len_utf8() + 1;
    let literal = text.contains(['\\', '"']) && !text.contains('\'') && !text.chars().any(hidden);
    if literal {
        let _ = write!(out, "'{text}'");
        return;
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if hidden(c) => {
                let _ = if (c as u32) <= 0xffff {
                    write!(out, "\\u{:04X}", c as u32)
                } else {
                    write!(out, "\\U{:08X}", c as u32)
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
