//! Reading a profile in its one form a rule at a time: ten thousand rules are never one document in memory.
//!
//! Invariant: what is returned is written as the text that was read, byte for byte. The general reader returns for a text
//! that was written of a profile that very profile, so it would return the same; and only it says what is wrong with a text.
use crate::load::Source;
use crate::profile::Profile;
use crate::rule::first_repeated;

/// The profile of this text, without what it includes, and the part of the text that is its `[profile]` table; nothing if the text is
/// not in the one form, or is no profile.
pub(crate) fn read(text: &str) -> Option<(Profile, &str)> {
    let mut pieces = text.split_inclusive("\n\n");
    let head = pieces.next()?;
    let mut profile = Source { text: head }.alone().ok().filter(|p| p.rules.is_empty())?;
    for piece in pieces {
        // Comments at the end are of the profile, and what follows them would be written before them.
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
                    # of x\n    \"/x\",\n    '/y\\*\"',\n]\nwhy = \"one\\n\\ntwo\"\n\n[[rule]]\nid = \"b\"\nchange = [\"/x\"]\n\n# the end\n# of it\n";
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
