//! Reading a profile in its one form a rule at a time: ten thousand rules are never one document in memory.
//!
//! Invariant: what is returned is written as the text that was read, byte for byte. The general reader returns for a text
//! that was written of a profile that very profile, so it would return the same; and only it says what is wrong with a text.
use crate::act::Act;
use crate::load::{MAX_RULES, Source, conflicting, digest, is_id, path, pattern};
use crate::profile::Profile;
use crate::rule::{Item, Rule, first_repeated};

/// The profile of this text, without what it includes, and the part of the text that is its `[profile]` table; nothing if the text is
/// not in the one form, or is no profile.
pub(crate) fn read(text: &str) -> Option<(Profile, &str)> {
    let mut pieces = text.split_inclusive("\n\n");
    let head = pieces.next()?;
    let mut profile = Source { text: head }.alone().ok().filter(|p| p.rules.is_empty())?;
    for piece in pieces {
        // Comments at the end are of the profile, and what follows them would be written before them.
        if let Some(rule) = plain(piece) {
            if profile.rules.len() == MAX_RULES || !profile.trailing.is_empty() {
                return None;
            }
            profile.rules.push(rule);
            continue;
        }
        let source = Source { text: piece };
        let document = source.document().ok()?;
        let root = document.as_table();
        match root.get("rule").map(toml_edit::Item::as_array_of_tables) {
            Some(Some(tables)) if root.len() == 1 => source.rules(tables, &mut profile).ok()?,
            None if root.is_empty() => {}
            _ => return None,
        }
        profile.trailing.extend(source.comment(Some(document.trailing())));
    }
    if first_repeated(&profile.rules).is_some() {
        return None;
    }
    profile.normalise();
    (profile.to_toml() == text).then_some((profile, head))
}

/// The rule of a piece without comment, without escapes in its strings, and with one line for each key: nearly every rule. Nothing for
/// any other, and for one that is wrong.
fn plain(piece: &str) -> Option<Rule> {
    let mut lines = piece.strip_suffix("\n\n").unwrap_or(piece).lines();
    if lines.next() != Some("[[rule]]") {
        return None;
    }
    let mut rule = Rule::default();
    for line in lines {
        let (key, value) = line.split_once(" = ")?;
        match key {
            "id" => string(value).filter(|id| is_id(id))?.clone_into(&mut rule.id),
            "why" => rule.why = Some(string(value)?.to_owned()),
            "reviewed_by" => rule.reviewed_by = Some(string(value)?.to_owned()),
            "deny" => rule.deny = value == "true",
            "required" => rule.required = value == "true",
            "process" => rule.process = list(value, |text| path(text).ok())?,
            "ancestor" => rule.ancestor = list(value, |text| path(text).ok())?,
            "sha256" => rule.sha256 = list(value, |text| digest(text).ok())?,
            "change" => {
                let items = list(value, |text| path(text).ok())?;
                for act in Act::CHANGE {
                    rule.acts.entry(act).or_default().extend_from_slice(&items);
                }
            }
            _ => {
                let act = Act::ALL.into_iter().find(|act| act.key() == key)?;
                rule.acts.entry(act).or_default().extend(list(value, |text| pattern(act, text).ok())?);
            }
        }
    }
    rule.normalise();
    (!rule.id.is_empty() && !rule.acts.is_empty() && conflicting(&rule).is_none()).then_some(rule)
}

/// The text of a string that stands as it is written.
fn string(value: &str) -> Option<&str> {
    let text = value.strip_prefix('"')?.strip_suffix('"')?;
    is_plain(text).then_some(text)
}

/// True for what is written between double quotes as it is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\')
}

/// The items of a list of such strings in one line.
fn list(value: &str, check: impl Fn(&str) -> Option<String>) -> Option<Vec<Item>> {
    let items = value.strip_prefix('[')?.strip_suffix(']')?;
    let texts = items.strip_prefix('"')?.strip_suffix('"')?.split("\", \"");
    texts.map(|text| check(text).filter(|_| is_plain(text)).map(Item::new)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn general(text: &str) -> Profile {
        crate::load::alone(text).unwrap()
    }

    #[test]
    fn what_is_read_by_the_rule_is_what_is_read_whole() {
        for shipped in crate::reviewed::Reviewed::all() {
            let (profile, head) = read(shipped.text()).unwrap_or_else(|| panic!("{} is canonical", shipped.name()));
            assert_eq!(profile, general(shipped.text()), "{}", shipped.name());
            assert!(shipped.text().starts_with(head) && !head.contains("[[rule]]"));
        }
        let text = "# of the profile\n[profile]\nversion = 1\nname = \"t\"\n\n# of a\n[[rule]]\nid = \"a\"\n# of the list\nread = [\n    \
                    # of x\n    \"/x\",\n    '/y\\*\"',\n]\nwhy = \"one\\n\\ntwo\"\n\n[[rule]]\nid = \"b\"\nchange = [\"/x\"]\nrename = [\"/y\"]\n\n# the end\n# of it\n";
        assert_eq!(read(text).unwrap().0, general(text));
        let bare = "[profile]\nversion = 1\nname = \"t\"\n";
        assert_eq!(read(bare).unwrap(), (general(bare), bare));
    }

    #[test]
    fn what_is_not_in_the_one_form_or_is_wrong_is_left_to_the_general_reader() {
        let head = "[profile]\nversion = 1\nname = \"t\"\n";
        let rule = |id: &str, path: &str| format!("\n[[rule]]\nid = \"{id}\"\nread = [\"{path}\"]\n");
        let (a, b) = (rule("a", "/x"), rule("b", "/y"));
        assert!(read(&format!("{head}{a}{b}")).is_some());
        for rest in [
            format!("{b}{a}"),
            format!("{a}{a}"),
            format!("{a}{}", rule("b", "/x")),
            format!("{a}{}", rule("b", "no path")),
            format!("{a}\n# in between\n{b}"),
            format!("{a}\n{b}"),
            format!("{a}\n[other]\n"),
            format!("{a}x = 1\n"),
            format!("{a}\n[profile]\nversion = 1\nname = \"t\"\n"),
            "\n[[rule]]\nid = \"a\"\nread = [\"\"\"/x\n\n[[rule]]\nid = \\\"b\\\"\n\"\"\"]\n".to_owned(),
        ] {
            assert!(read(&format!("{head}{rest}")).is_none(), "{rest}");
        }
        assert!(read("").is_none() && read(&a).is_none());
    }
}
