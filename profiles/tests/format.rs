//! The text form: what is read, what is refused and where, and that it has one form.
#![allow(clippy::unwrap_used, reason = "tests")]
use sekisho_profiles::{Profile, ProfileErrorKind};
use std::fmt::Write as _;

const HEAD: &str = "[profile]\nversion = 1\nname = \"t\"\n";

fn error(rest: &str) -> (usize, usize, String) {
    let error = Profile::parse_any_form(&format!("{HEAD}{rest}")).unwrap_err();
    (error.line, error.column, error.kind.to_string())
}

#[test]
fn an_unknown_key_is_an_error_with_its_place_and_the_nearest_key() {
    let (line, column, text) = error("[[rule]]\nid = \"a\"\n  raed = [\"/x\"]\n");
    assert_eq!((line, column), (6, 3));
    assert_eq!(text, "unknown key `raed` (did you mean `read`?)");
    let (line, _, text) = error("moed = \"deny\"\n");
    assert_eq!((line, text.as_str()), (4, "unknown key `moed` (did you mean `mode`?)"));
    assert_eq!(error("[[rules]]\nid = \"a\"\n").2, "unknown key `rules` (did you mean `rule`?)");
}

#[test]
fn wrong_types_patterns_dates_and_words_are_errors_with_their_place() {
    for (rule, place, text) in [
        ("read = \"/x\"", (6, 8), "`read` must be a list of strings"),
        ("read = [\"/x\", 3]", (6, 15), "`read` must be a list of strings"),
        (
            "read = [\"x\"]",
            (6, 9),
            "bad pattern: a path pattern begins with / or a variable; that is missing at character 0 of the pattern",
        ),
        ("read = [\"/x\"]\ndeny = 1", (7, 8), "`deny` must be true or false"),
        (
            "connect = [\"a:1\"]",
            (6, 12),
            "bad pattern: a network pattern is host:port/protocol, unix:/path, unix:@name, or a protocol such as netlink",
        ),
        ("read = [\"/x\"]\nexpires = \"2026-02-30\"", (7, 11), "`expires` must be a date, as \"2026-11-02\""),
        (
            "read = [\"/x\"]\ndeny = true\nerrno = \"ENOPE\"",
            (8, 9),
            "`ENOPE` is no value of `errno`: one of EACCES, EPERM, ENOENT, any other errno(3) name",
        ),
        ("read = [\"/x\"]\nerrno = \"EPERM\"", (7, 1), "`errno` has no meaning in a rule that allows"),
        (
            "why = \"nothing\"",
            (4, 1),
            "the rule allows and forbids nothing: give it an act, such as read = [\"/usr/**\"]",
        ),
    ] {
        assert_eq!(error(&format!("[[rule]]\nid = \"a\"\n{rule}\n")), (place.0, place.1, text.to_owned()), "{rule}");
    }
}

#[test]
fn conflict_markers_and_duplicates_are_errors() {
    let (line, column, text) = error("<<<<<<< HEAD\n[[rule]]\n");
    assert_eq!((line, column), (4, 1));
    assert!(text.starts_with("a conflict marker"));
    let (line, _, text) = error("[[rule]]\nid = \"a\"\nread = [\"/x\"]\n[[rule]]\nid = \"a\"\nread = [\"/y\"]\n");
    assert_eq!((line, text.as_str()), (8, "a second rule with the id `a`; the first is in line 4"));
    let (line, _, text) =
        error("[[rule]]\nid = \"a\"\nread = [\"/x\"]\n[[rule]]\nid = \"b\"\nwhy = \"again\"\nread = [\"/x\"]\n");
    assert_eq!((line, text.as_str()), (7, "the rule says the same as `a`"));
    assert!(matches!(
        Profile::parse_any_form("[profile]\nversion = 2\nname = \"t\"\n").unwrap_err().kind,
        ProfileErrorKind::Version(2)
    ));
}

#[test]
fn what_is_not_canonical_is_refused_at_its_first_line_and_formatting_mends_it() {
    let text = format!(
        "{HEAD}\n[[rule]]\nid = \"b\"\nread = [\"/y\", \"/x\"]\n\n[[rule]]\nid = \"a\"\nwhy='x'\nread = [\"/z\"]\n"
    );
    let error = Profile::parse(&text).unwrap_err();
    assert_eq!((error.line, error.column), (6, 7));
    assert_eq!(error.kind, ProfileErrorKind::NotCanonical);
    let canonical = Profile::parse_any_form(&text).unwrap().to_toml();
    let wanted = format!(
        "{HEAD}\n[[rule]]\nid = \"a\"\nread = [\"/z\"]\nwhy = \"x\"\n\n[[rule]]\nid = \"b\"\nread = [\"/x\", \"/y\"]\n"
    );
    assert_eq!(canonical, wanted);
    assert_eq!(Profile::parse(&canonical).unwrap().to_toml(), canonical);
    assert!(Profile::parse(&canonical.replace('\n', "\r\n")).is_err());
}

#[test]
fn comments_survive_and_move_with_what_they_speak_of() {
    let text = format!(
        "# head\n{HEAD}\n# of b\n[[rule]]\nid = \"b\" # the second\n# of the list\nread = [\n    \"/y\", # of y\n    # of x\n    \"/x\",\n]\n\n# of a\n[[rule]]\nid = \"a\"\nread = [\"/z\"]\n\n# the end\n"
    );
    let canonical = Profile::parse_any_form(&text).unwrap().to_toml();
    let wanted = format!(
        "# head\n{HEAD}\n# of a\n[[rule]]\nid = \"a\"\nread = [\"/z\"]\n\n# of b\n[[rule]]\n# the second\nid = \"b\"\n# of the list\nread = [\n    # of x\n    \"/x\",\n    # of y\n    \"/y\",\n]\n\n# the end\n"
    );
    assert_eq!(canonical, wanted);
    assert_eq!(Profile::parse(&canonical).unwrap().to_toml(), canonical);
}

#[test]
fn change_and_its_six_acts_have_one_form() {
    let long = "write = [\"/x\"]\ncreate = [\"/x\"]\ndelete = [\"/x\"]\nrename = [\"/x\", \"/y\"]\nlink = [\"/x\"]\nattributes = [\"/x\"]\n";
    let canonical = Profile::parse_any_form(&format!("{HEAD}\n[[rule]]\nid = \"a\"\n{long}")).unwrap().to_toml();
    assert_eq!(canonical, format!("{HEAD}\n[[rule]]\nid = \"a\"\nchange = [\"/x\"]\nrename = [\"/y\"]\n"));
}

#[test]
fn ten_thousand_rules_are_read_and_written() {
    let mut text = HEAD.to_owned();
    for n in 0..10_000 {
        write!(text, "\n[[rule]]\nid = \"r{n:05}\"\nread = [\"/d/{n}/**\"]\n").unwrap();
    }
    assert_eq!(Profile::parse(&text).unwrap().rules.len(), 10_000);
}

#[test]
fn garbage_is_an_error_and_never_a_panic() {
    for text in [
        "",
        "\u{0}",
        "[profile",
        "[[profile]]\n",
        "profile = 1\n",
        "[profile]\n",
        "[profile]\nversion = \"1\"\n",
        "rule = 1\n[profile]\nversion=1\nname=\"x\"\n",
    ] {
        assert!(Profile::parse_any_form(text).is_err(), "{text:?}");
    }
}
