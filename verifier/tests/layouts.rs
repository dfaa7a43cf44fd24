//! Layouts, side by side with in-toto itself: what it accepts is accepted, what it refuses is refused.
//! Needs `python3` and PyPI (or an index that pip is configured for) once, as attest/tests/interop.rs.
#![allow(clippy::unwrap_used, reason = "tests")]
#[path = "../../attest/tests/interop/python.rs"]
mod python;

use python::{python, run};
use sekisho_attest::PublicKey;
use sekisho_events::Digest;
use sekisho_verifier::{Artifact, LayoutInput, LayoutReport, verify_layout};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// 20 November 2026.
const NOW_S: u64 = 1_795_132_800;

struct Case {
    layout: Vec<u8>,
    owner: PublicKey,
    links: Vec<(String, Vec<u8>)>,
    expected: String,
}

impl Case {
    fn read(place: &Path) -> Self {
        let text = |name: &str| std::fs::read_to_string(place.join(name)).unwrap();
        let mut links: Vec<(String, Vec<u8>)> = std::fs::read_dir(place)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "link"))
            .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()))
            .collect();
        links.sort();
        let owner = PublicKey::from_pem(&text("owner.pub")).unwrap();
        Self { layout: text("root.layout").into_bytes(), owner, links, expected: text("expected") }
    }

    fn judge(&self, artifacts: &[Artifact], skip_inspections: bool) -> LayoutReport {
        let owners = std::slice::from_ref(&self.owner);
        verify_layout(&LayoutInput {
            layout: &self.layout,
            owners,
            links: &self.links,
            artifacts,
            skip_inspections,
            now_s: NOW_S,
        })
    }
}

fn cases() -> (TempDir, Vec<PathBuf>) {
    let dir = tempfile::tempdir().unwrap();
    run(Command::new(python())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../attest/tests/interop/layouts.py"))
        .arg(dir.path()));
    let places = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut places: Vec<PathBuf> = places.collect();
    places.sort();
    (dir, places)
}

#[test]
fn what_in_toto_accepts_is_accepted_and_what_it_refuses_is_refused() {
    let (_dir, places) = cases();
    let (mut accepted, mut refused) = (0, 0);
    for place in &places {
        let case = Case::read(place);
        let report = case.judge(&[], false);
        let name = place.file_name().unwrap().display();
        assert_eq!(report.accepted(), case.expected == "accepted", "{name}: {}; {}", case.expected, report.to_text());
        if report.accepted() { accepted += 1 } else { refused += 1 }
    }
    assert!(accepted >= 15 && refused >= 20, "{accepted} {refused}");
}

#[test]
fn reasons_name_the_cause_and_an_artifact_is_a_product_of_the_last_step() {
    let (dir, _) = cases();
    let of = |name: &str| Case::read(&dir.path().join(name));
    let code = |report: &LayoutReport| report.refused.as_ref().map(|r| r.code);
    for (name, expected) in [
        ("expired", "layout-expired"),
        ("altered layout", "layout-untrusted"),
        ("no signature", "layout-untrusted"),
        ("altered link", "link-missing"),
        ("one of two", "link-missing"),
        ("two of two differ", "links-disagree"),
        ("something more was read", "rule-violated"),
        ("a failing inspection", "inspection-not-made"),
    ] {
        assert_eq!(code(&of(name).judge(&[], false)), Some(expected), "{name}");
    }
    let artifact = |content: &[u8]| Artifact { path: "app.tar".into(), sha256: Digest::of(content), sha512: None };
    let good = of("two steps");
    assert!(good.judge(&[artifact(b"tar")], false).accepted());
    assert_eq!(code(&good.judge(&[artifact(b"tar"), artifact(b"app")], false)), Some("subject-not-attested"));
    let inspected = of("a failing inspection").judge(&[artifact(b"app")], true);
    assert!(
        inspected.accepted() && inspected.to_text().contains("not made, as asked: look"),
        "{}",
        inspected.to_text()
    );
}

#[test]
fn nothing_is_accepted_of_a_damaged_file_and_nothing_panics() {
    let (dir, _) = cases();
    let case = Case::read(&dir.path().join("two steps in envelopes"));
    for cut in (0..case.layout.len()).step_by(7) {
        let damaged = Case {
            layout: case.layout[..cut].to_vec(),
            links: case.links.clone(),
            ..Case::read(&dir.path().join("two steps"))
        };
        assert!(!damaged.judge(&[], false).accepted(), "{cut}");
        let mut links = case.links.clone();
        let cut = cut % links[0].1.len();
        links[0].1.truncate(cut);
        let damaged = Case { links, ..Case::read(&dir.path().join("two steps in envelopes")) };
        assert!(!damaged.judge(&[], false).accepted(), "{cut}");
    }
    let unsigned = LayoutInput {
        layout: &case.layout,
        owners: &[],
        links: &case.links,
        artifacts: &[],
        skip_inspections: false,
        now_s: NOW_S,
    };
    assert!(!verify_layout(&unsigned).accepted(), "nobody is trusted");
}
