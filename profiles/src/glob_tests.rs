//! The pattern matcher against globset, and what globset does not have.
use crate::glob::{Glob, GlobErrorKind};
use crate::vars::Vars;
use proptest::prelude::*;

fn vars() -> Vars {
    Vars::new(Some(b"/w"), None, Some(b"/tmp"), 1000)
}

fn hit(glob: &str, path: &[u8]) -> bool {
    Glob::parse(glob).unwrap().bind(&vars()).is_some_and(|p| p.matches(path))
}

#[test]
fn patterns_stop_at_slashes_unless_they_say_otherwise() {
    assert!(hit("$WORKSPACE/*.o", b"/w/a.o"));
    assert!(!hit("$WORKSPACE/*.o", b"/w/d/a.o"));
    assert!(hit("$WORKSPACE/**/*.o", b"/w/a.o"));
    assert!(hit("$WORKSPACE/**/*.o", b"/w/d/e/a.o"));
    assert!(hit("$WORKSPACE/**", b"/w/.d/e"));
    assert!(!hit("$WORKSPACE/**", b"/w"));
    assert!(!hit("$WORKSPACE/**", b"/wide"));
    assert!(hit("/run/user/$UID/x", b"/run/user/1000/x"));
    assert!(hit("/a/**/b/**/c", b"/a/b/b/x/c"));
    assert!(!hit("/a/**/b/**/c", b"/a/x/x/x/c"));
    assert!(hit("$TMP/cc??????.[os]", b"/tmp/ccAb3xyz.s"));
    assert!(hit("$WORKSPACE", b"/w"));
}

#[test]
fn a_variable_without_value_matches_nothing() {
    assert!(!hit("$HOME/**", b"/root/x"));
    assert!(!hit("$HOME/**", b"/x"));
}

#[test]
fn dots_are_matched_by_no_wildcard() {
    assert!(!hit("$WORKSPACE/**", b"/w/../etc/shadow"));
    assert!(!hit("$WORKSPACE/*/a", b"/w/./a"));
    assert!(!hit("$WORKSPACE/**", b"/w//a"));
}

#[test]
fn errors_say_where() {
    let error = |glob: &str| Glob::parse(glob).map_err(|e| (e.at, e.kind)).err();
    assert_eq!(error("usr/*"), Some((0, GlobErrorKind::NotAbsolute)));
    assert_eq!(error("$WORK/*"), Some((0, GlobErrorKind::UnknownVariable)));
    assert_eq!(error("/a/$HOME"), Some((3, GlobErrorKind::UnknownVariable)));
    assert_eq!(error("/a/b**"), Some((4, GlobErrorKind::StarStar)));
    assert_eq!(error("/a/[z-a]"), Some((3, GlobErrorKind::BadSet)));
    assert_eq!(error("/a/[abc"), Some((3, GlobErrorKind::BadSet)));
    assert_eq!(error("/a/\\x2"), Some((3, GlobErrorKind::BadEscape)));
    assert_eq!(error("/a/{b,c}"), Some((3, GlobErrorKind::Brace)));
    assert_eq!(error("/a/../b"), Some((3, GlobErrorKind::BadComponent)));
    assert_eq!(error("/a//b"), Some((3, GlobErrorKind::BadComponent)));
    assert_eq!(error("/a/"), Some((3, GlobErrorKind::BadComponent)));
}

#[test]
fn a_pattern_that_could_go_back_forever_does_not() {
    let glob = format!("/{}b", "*a".repeat(60));
    assert!(!hit(&glob, format!("/{}", "a".repeat(4000)).as_bytes()));
    let deep = format!("{}/b", "/**/a".repeat(60));
    assert!(!hit(&deep, "/a".repeat(2000).as_bytes()));
}

proptest! {
    #[test]
    fn an_escaped_path_matches_itself_only(path in proptest::collection::vec(1u8..=255, 1..12), other in proptest::collection::vec(1u8..=255, 1..12)) {
        let tidy = |p: Vec<u8>| { let mut t: Vec<u8> = p.into_iter().map(|b| if b == b'/' || b == b'.' { b'*' } else { b }).collect(); t.insert(0, b'/'); t };
        let (path, other) = (tidy(path), tidy(other));
        let glob = Glob::escape(&path);
        prop_assert!(hit(&glob, &path));
        prop_assert_eq!(hit(&glob, &other), path == other);
    }

    #[test]
    fn what_globset_matches_we_match(glob in "(/(\\*\\*|[ab?*]{1,4})){1,4}", path in "(/[ab]{1,4}){1,5}") {
        let bad = glob.split('/').any(|c| c.contains("**") && c != "**");
        prop_assume!(!bad);
        let theirs = globset::GlobBuilder::new(&glob).literal_separator(true).build().unwrap().compile_matcher();
        prop_assert_eq!(hit(&glob, path.as_bytes()), theirs.is_match(&path), "{} {}", glob, path);
    }
}
