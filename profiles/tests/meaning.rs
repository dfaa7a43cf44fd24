//! Two profiles: what one allows and the other does not, and that nothing else differs.
#![allow(clippy::unwrap_used, reason = "tests")]
use proptest::prelude::*;
use sekisho_profiles::{Date, Direction, Meaning, Profile, explain};

fn profile(rules: &str) -> Profile {
    Profile::parse_any_form(&format!("[profile]\nversion = 1\nname = \"t\"\n{rules}")).unwrap()
}

fn rule(id: &str, body: &str) -> String {
    format!("[[rule]]\nid = \"{id}\"\n{body}\n")
}

fn compare(before: &str, after: &str) -> Meaning {
    Meaning::compare(&profile(before), &profile(after), Date::parse("2026-11-21")).unwrap()
}

/// Lines `+ rule pattern: witness` and `- …`; every witness is asked of both profiles again.
fn changes(before: &str, after: &str) -> Vec<String> {
    let meaning = compare(before, after);
    let (old, new) = (profile(before), profile(after));
    let mut lines = Vec::new();
    for (sign, list, no, yes) in [('+', &meaning.possible, &old, &new), ('-', &meaning.impossible, &new, &old)] {
        for change in list {
            let by = change.witness.program.as_deref();
            let asked = |p| explain(p, &change.witness.what, by, Date::parse("2026-11-21")).map(|e| e.allowed).unwrap();
            if change.witness.above.is_empty() && !change.witness.why.contains("digest") {
                assert_eq!((asked(no), asked(yes)), (false, true), "{change:?}");
            }
            let by = by.unwrap_or("nobody");
            lines.push(format!("{sign} {} {}: {} by {by}", change.rule, change.pattern, change.witness.what));
        }
    }
    lines
}

#[test]
fn what_is_only_split_renamed_or_sorted_is_no_difference() {
    let one = rule(
        "a",
        "process = [\"/usr/bin/cc\", \"/usr/bin/ld\"]\nread = [\"/usr/**\"]\nwrite = [\"$TMP/a\", \"$TMP/b\"]",
    );
    let two = rule("x", "process = [\"/usr/bin/ld\"]\nread = [\"/usr/**\"]\nwrite = [\"$TMP/a\", \"$TMP/b\"]")
        + &rule("y", "process = [\"/usr/bin/cc\"]\nread = [\"/usr/**\"]\nwrite = [\"$TMP/a\"]")
        + &rule("z", "process = [\"/usr/bin/cc\"]\nwrite = [\"$TMP/b\"]");
    let meaning = compare(&one, &two);
    assert!(meaning.is_same(), "{}", meaning.to_text());
    assert_eq!(meaning.to_text(), "the profiles mean the same\n");
}

#[test]
fn a_wider_pattern_is_found_where_it_is_wider() {
    let narrow = rule("a", "process = [\"/usr/bin/cc\"]\nwrite = [\"$WORKSPACE/*.o\"]");
    let wide = rule("a", "process = [\"/usr/bin/cc\"]\nwrite = [\"$WORKSPACE/**\"]");
    assert_eq!(changes(&narrow, &wide), ["+ a $WORKSPACE/**: write $WORKSPACE/x by /usr/bin/cc"]);
    assert_eq!(changes(&wide, &narrow), ["- a $WORKSPACE/**: write $WORKSPACE/x by /usr/bin/cc"]);
    // Together these two are the wide one, but for what lies deeper.
    let parts = rule("a", "process = [\"/usr/bin/cc\"]\nwrite = [\"$WORKSPACE/[!a-m]*\", \"$WORKSPACE/[a-m]*\"]");
    let flat = rule("a", "process = [\"/usr/bin/cc\"]\nwrite = [\"$WORKSPACE/*\"]");
    assert!(compare(&parts, &flat).is_same());
}

#[test]
fn a_program_a_host_a_port_and_a_digest_more_are_found() {
    let cc = rule("a", "process = [\"/usr/bin/cc\"]\nread = [\"/etc/x\"]");
    let all = rule("a", "read = [\"/etc/x\"]");
    assert_eq!(changes(&cc, &all), ["+ a /etc/x: read /etc/x by /x"]);
    let net = |place: &str| rule("n", &format!("process = [\"/usr/bin/curl\"]\nconnect = [\"{place}\"]"));
    assert_eq!(
        changes(&net("a.org:443/tcp"), &net("*.a.org:443/tcp")),
        [
            "+ n *.a.org:443/tcp: connect tcp x.a.org:443 by /usr/bin/curl",
            "- n a.org:443/tcp: connect tcp a.org:443 by /usr/bin/curl",
        ]
    );
    assert_eq!(
        changes(&net("1.2.3.4:443/tcp"), &net("1.2.3.4:443-444/tcp")),
        ["+ n 1.2.3.4:443-444/tcp: connect tcp 1.2.3.4:444 by /usr/bin/curl"]
    );
    let pin = |digit: &str| rule("p", &format!("exec = [\"/usr/bin/cc\"]\nsha256 = [\"{}\"]", digit.repeat(64)));
    let free = rule("p", "exec = [\"/usr/bin/cc\"]");
    assert_eq!(changes(&pin("a"), &free).len(), 1);
    assert_eq!(changes(&pin("a"), &pin("b")).len(), 2);
}

#[test]
fn what_is_forbidden_no_longer_is_possible_only_if_something_allows_it() {
    let home = rule("home", "read = [\"$HOME/.cache/**\"]");
    let deny = rule("no", "read = [\"$HOME/.cache/x/**\"]\ndeny = true");
    assert_eq!(changes(&(home.clone() + &deny), &home), ["+ no $HOME/.cache/x/**: read $HOME/.cache/x/x by /x"]);
    let meaning = compare(&deny, &rule("a", "read = [\"/a\"]"));
    assert_eq!(meaning.settings[0].key, "rule no");
    assert_eq!(meaning.settings[0].direction, Direction::Weaker);
}

#[test]
fn a_secret_that_is_named_is_a_difference_and_one_that_is_covered_is_not() {
    let wide = rule("a", "process = [\"/b\"]\nread = [\"$HOME/**\"]");
    let named = rule("b", "process = [\"/b\"]\nread = [\"$HOME/.ssh/**\"]");
    assert_eq!(changes(&wide, &(wide.clone() + &named)), ["+ b $HOME/.ssh/**: read $HOME/.ssh/x by /b"]);
    let covered = rule("b", "process = [\"/b\"]\nread = [\"$HOME/.cache/**\"]");
    assert!(compare(&wide, &(wide.clone() + &covered)).is_same());
}

#[test]
fn below_whom_matters() {
    let below = rule("a", "process = [\"/sh\"]\nancestor = [\"/make\"]\nread = [\"/x\"]");
    let all = rule("a", "process = [\"/sh\"]\nread = [\"/x\"]");
    assert_eq!(changes(&below, &all), ["+ a /x: read /x by /sh"]);
    let meaning = compare(&rule("y", "exec = [\"/y\"]"), &(rule("y", "exec = [\"/y\"]") + &below));
    assert_eq!(meaning.possible[0].witness.above, ["/make"]);
}

#[test]
fn settings_that_weaken_are_named() {
    let with = |meta: &str| profile_with(meta);
    let found = Meaning::compare(
        &with("mode = \"deny\"\nlevel = \"deep\"\n"),
        &with("refused = [\"bpf\", \"clone3\"]\n"),
        None,
    );
    let found: Vec<_> = found.unwrap().settings.into_iter().map(|s| (s.key, s.direction)).collect();
    let weaker = |key: &str| (key.to_owned(), Direction::Weaker);
    assert_eq!(found, [weaker("mode"), weaker("level"), weaker("refused")]);
    let dated = |day: &str| rule("a", &format!("read = [\"/a\"]\nexpires = \"{day}\""));
    let later = compare(&dated("2027-01-01"), &dated("2028-01-01"));
    assert_eq!(
        (later.settings[0].after.as_str(), later.settings[0].direction),
        ("until 2028-01-01", Direction::Weaker)
    );
    assert_eq!(changes(&dated("2026-01-01"), &dated("2028-01-01")), ["+ a /a: read /a by /x"]);
}

fn profile_with(meta: &str) -> Profile {
    Profile::parse_any_form(&format!("[profile]\nversion = 1\nname = \"t\"\n{meta}")).unwrap()
}

const PATHS: [&str; 8] = ["/a", "/a/*", "/a/**", "/a/b", "/a/*b", "/a/b/c", "/**/c", "/a/?"];
const PROGRAMS: [&str; 4] = ["", "/p", "/q", "/?"];

prop_compose! {
    fn some_rule()(path in 0..PATHS.len(), program in 0..PROGRAMS.len(), deny in prop::bool::weighted(0.25), ancestor in 0..3_usize) -> String {
        let list = |key: &str, text: &str| if text.is_empty() { String::new() } else { format!("{key} = [\"{text}\"]\n") };
        let above = ["", "", "/q"][ancestor];
        let deny = if deny { "deny = true\n" } else { "" };
        format!("{}{}read = [\"{}\"]\n{deny}", list("process", PROGRAMS[program]), list("ancestor", above), PATHS[path])
    }
}

fn profile_of(bodies: &[String]) -> Option<Profile> {
    let rules: String = bodies.iter().enumerate().map(|(n, b)| rule(&format!("r{n}"), b)).collect();
    Profile::parse_any_form(&format!("[profile]\nversion = 1\nname = \"t\"\n{rules}")).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// If they are the same, nothing is judged apart; if not, something is: asked without what finds the differences.
    #[test]
    fn what_is_not_listed_did_not_change(a in prop::collection::vec(some_rule(), 1..5), b in prop::collection::vec(some_rule(), 1..5)) {
        let (Some(a), Some(b)) = (profile_of(&a), profile_of(&b)) else { return Ok(()) };
        let meaning = Meaning::compare(&a, &b, None).unwrap();
        let mut apart = (false, false);
        for path in ["/a", "/a/b", "/a/x", "/a/xb", "/a/xx", "/a/b/c", "/a/x/c", "/c", "/x/c", "/a/x/x", "/x", "/a/c"] {
            for by in [None, Some("/p"), Some("/q"), Some("/z"), Some("/zz")] {
                let asked = |p: &Profile| explain(p, &format!("read {path}"), by, None).unwrap().allowed;
                apart.0 |= asked(&b) && !asked(&a);
                apart.1 |= asked(&a) && !asked(&b);
            }
        }
        // Rules for what runs below something are not asked about here: they may differ more, never less.
        prop_assert!(!apart.0 || !meaning.possible.is_empty(), "{}", meaning.to_text());
        prop_assert!(!apart.1 || !meaning.impossible.is_empty(), "{}", meaning.to_text());
        let above = meaning.possible.iter().chain(&meaning.impossible).any(|c| !c.witness.above.is_empty());
        prop_assert!(above || apart == (!meaning.possible.is_empty(), !meaning.impossible.is_empty()), "{}", meaning.to_text());
    }
}
