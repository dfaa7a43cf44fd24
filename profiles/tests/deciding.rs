//! What a reviewer is offered for a deviation: narrow first, and never what lint refuses.
#![allow(clippy::unwrap_used, reason = "tests")]
use proptest::prelude::*;
use sekisho_profiles::{Act, Deviation, Meaning, Profile, Severity, alternatives, forbid};

/// A deviation that this rule would allow.
fn deviation(body: &str) -> Deviation {
    Deviation {
        code: "x",
        process: None,
        what: String::new(),
        argv: Vec::new(),
        seq: Vec::new(),
        times: 1,
        severity: Severity::Low,
        why: String::new(),
        suggest: Some(format!("[[rule]]\nid = \"a\"\n{body}\n")),
        rule: None,
        delegated: None,
    }
}

fn offers(act: &str, pattern: &str) -> Vec<String> {
    let text = format!("process = [\"/cc\"]\n{act} = [\"{pattern}\"]");
    alternatives(&deviation(&text)).into_iter().map(|a| a.says).collect()
}

#[test]
fn narrow_comes_first_and_what_lint_refuses_is_not_offered() {
    assert_eq!(
        offers("write", "$WORKSPACE/out/a.o"),
        [
            "/cc may write to $WORKSPACE/out/a.o",
            "/cc may write to $WORKSPACE/out/*.o",
            "/cc may write to $WORKSPACE/out/**",
            "every program may write to $WORKSPACE/out/a.o",
        ]
    );
    assert_eq!(
        offers("write", "$HOME/.bashrc"),
        ["/cc may write to $HOME/.bashrc", "every program may write to $HOME/.bashrc"]
    );
    assert_eq!(offers("read", "$HOME/.ssh/id_rsa"), ["/cc may read $HOME/.ssh/id_rsa"]);
    assert_eq!(offers("read", "$WORKSPACE/src/.env"), ["/cc may read $WORKSPACE/src/.env"], "no wildcard covers it");
}

#[test]
fn a_refusal_forbids_it_to_everybody() {
    let rule = forbid(&deviation("process = [\"/cc\"]\nconnect = [\"1.2.3.4:5/tcp\"]")).unwrap();
    assert!(rule.deny && rule.process.is_empty() && rule.id == "no-a");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What a reviewer is offered goes from narrow to wide: the first allows nothing that another does not, and all allow it.
    #[test]
    fn narrowing_never_allows_more(act in 0..8_usize, area in 0..4_usize, path in "(/[a-c]{1,2}|/\\.env|/id_rsa){1,2}(/[a-c]\\.[oc])?", by in prop::bool::ANY) {
        let act = Act::ALL[act];
        let area = ["$WORKSPACE", "$HOME", "$TMP", "/usr/lib"][area];
        let by = if by { "process = [\"/usr/bin/cc\"]\n" } else { "" };
        let offered = alternatives(&deviation(&format!("{by}{} = [\"{area}{path}\"]", act.key())));
        let only = |n: usize| Profile { rules: vec![offered[n].rule.clone()], ..Profile::default() };
        prop_assert!(!offered.is_empty());
        for wide in 1..offered.len() {
            let narrowed = Meaning::compare(&only(wide), &only(0), None).unwrap();
            prop_assert!(narrowed.possible.is_empty() && !narrowed.impossible.is_empty(), "{}", narrowed.to_text());
        }
    }
}
