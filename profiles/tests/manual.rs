//! docs/profile.md says what is so.
#![allow(clippy::unwrap_used, reason = "tests")]
use sekisho_profiles::{Act, Profile, Vars, lint};

const MANUAL: &str = include_str!("../../docs/profile.md");

fn example() -> &'static str {
    MANUAL.split("```toml\n").nth(1).unwrap().split("```").next().unwrap()
}

#[test]
fn the_minimal_example_loads_as_it_stands_and_lints_clean() {
    let profile = Profile::parse(example()).unwrap();
    assert_eq!(profile.rules.len(), 4);
    assert_eq!(lint(&profile, None), []);
    sekisho_profiles::Matcher::new(&profile, &Vars::new(Some(b"/w"), Some(b"/h"), Some(b"/t"), 0)).unwrap();
}

#[test]
fn every_act_and_every_expected_refusal_is_in_the_manual() {
    for act in Act::ALL {
        assert!(MANUAL.contains(&format!("`{}`", act.key())), "{}", act.key());
    }
    for call in sekisho_profiles::EXPECTED_REFUSALS {
        assert!(MANUAL.contains(&format!("`{call}`")), "{call}");
    }
}

#[test]
fn every_shipped_abstraction_is_in_the_manual() {
    for shipped in sekisho_profiles::Reviewed::all() {
        assert!(MANUAL.contains(&format!("| `{}` |", shipped.name())), "{}", shipped.name());
    }
}

#[test]
fn every_code_of_a_deviation_is_in_the_interface() {
    let interface = include_str!("../../docs/interface.md");
    for act in Act::ALL {
        assert!(interface.contains(&format!("`{}`", act.code())), "{}", act.code());
    }
}
