//! Which files are inputs and which are products, by the order of the acts.
#![allow(clippy::unwrap_used, reason = "tests")]
mod recording;

use recording::{Recording, build};
use sekisho_attest::{FactsError, ProductError, Select, gather};
use sekisho_events::{Access, ContentWhen, Digest, End, FileAct, Kind, Outcome, Toctou};

fn materials(r: &Recording) -> Vec<String> {
    r.facts().materials.iter().map(|m| m.path.escaped()).collect()
}

fn products(r: &Recording) -> Vec<String> {
    let products = r.facts().products(&Select::Default, r.on_disk()).unwrap();
    products.subjects.into_iter().map(|s| s.name).collect()
}

fn globs(of: &[&str]) -> Select {
    Select::Globs(of.iter().map(|g| (*g).to_owned()).collect())
}

#[test]
fn what_was_read_before_it_was_written_is_an_input_and_what_was_left_behind_a_product() {
    let r = build();
    let all = ["/usr/bin/gcc", "/usr/bin/make", "/usr/include/stdio.h", "/w/Makefile", "/w/a.c", "/w/b.c"];
    assert_eq!(materials(&r), all);
    assert_eq!(products(&r), ["a.o", "b.o", "dist/app"]);
}

#[test]
fn an_atomic_rename_makes_its_target_and_a_deleted_file_is_no_product() {
    let r = build();
    let chosen = r.facts().products(&globs(&["dist/*"]), r.on_disk()).unwrap();
    assert_eq!(chosen.subjects.len(), 1);
    assert_eq!(chosen.subjects[0].sha256, Digest::of(b"\x7fELF app"));
    for gone in ["dist/.app.tmp", "/tmp/cc1.s"] {
        assert!(matches!(r.facts().products(&globs(&[gone]), r.on_disk()), Err(ProductError::NoMatch(_))));
    }
}

#[test]
fn a_file_that_the_step_changes_is_an_input_as_first_read_and_a_product_as_left() {
    let mut r = Recording::new();
    r.read("/w/lock", b"old").file(Access::Write, "/w/lock").content(ContentWhen::Final, "/w/lock", b"new");
    r.file(Access::Read, "/w/lock").content(ContentWhen::Read, "/w/lock", b"new");
    r.disk.insert("/w/lock".into(), b"new".to_vec());
    let facts = r.facts();
    assert_eq!(facts.materials[0].sha256, Some(Digest::of(b"old")));
    assert!(facts.materials[0].changed_to.is_empty(), "the step's own change is no foreign one");
    let chosen = facts.products(&globs(&["lock"]), r.on_disk()).unwrap();
    assert_eq!(chosen.subjects[0].sha256, Digest::of(b"new"));
}

#[test]
fn an_input_that_somebody_else_changed_between_two_reads_shows_both_contents() {
    let mut r = Recording::new();
    r.read("/w/a.c", b"good").content(ContentWhen::Read, "/w/a.c", b"evil");
    let material = &r.facts().materials[0];
    assert_eq!((material.sha256, &material.changed_to[..]), (Some(Digest::of(b"good")), &[Digest::of(b"evil")][..]));
}

#[test]
fn a_renamed_directory_takes_its_files_with_it() {
    let mut r = Recording::new();
    r.make("/w/tmp/x/app", b"app").make("/w/tmp0", b"zero");
    r.push(Kind::File(FileAct { to: Some("/w/out".into()), ..FileAct::new(Access::Rename, "/w/tmp") }));
    r.disk.insert("/w/out/x/app".into(), b"app".to_vec());
    r.disk.remove("/w/tmp/x/app");
    assert_eq!(products(&r), ["out/x/app", "tmp0"]);
}

#[test]
fn an_exchange_of_two_names_exchanges_their_contents() {
    let mut r = Recording::new();
    r.make("/w/a", b"A").make("/w/b", b"B");
    let (a, b) = (r.events[0].clone(), r.events[3].clone());
    let identity = |event: &sekisho_events::Event| match &event.kind {
        Kind::File(act) => act.identity,
        _ => None,
    };
    for (from, to, moved) in [("/w/a", "/w/b", identity(&a)), ("/w/b", "/w/a", identity(&b))] {
        let act = FileAct { to: Some(to.into()), identity: moved, ..FileAct::new(Access::Rename, from) };
        r.push(Kind::File(act));
    }
    r.disk.insert("/w/a".into(), b"B".to_vec());
    r.disk.insert("/w/b".into(), b"A".to_vec());
    let chosen = r.facts().products(&globs(&["a", "b"]), r.on_disk()).unwrap();
    assert_eq!(chosen.subjects[0].sha256, Digest::of(b"B"));
}

#[test]
fn what_failed_or_was_looked_up_in_proc_is_no_input() {
    let mut r = Recording::new();
    r.read("/proc/self/maps", b"").read("/dev/urandom", b"");
    r.push(Kind::File(FileAct { outcome: Outcome::Errno(2), ..FileAct::new(Access::Read, "/w/missing") }));
    assert!(materials(&r).is_empty());
}

#[test]
fn a_product_that_changed_or_went_after_the_recording_is_refused_by_name() {
    let mut r = build();
    r.disk.insert("/w/dist/app".into(), b"evil".to_vec());
    let facts = r.facts();
    assert!(matches!(facts.products(&globs(&["dist/app"]), r.on_disk()), Err(ProductError::Changed(_))));
    assert_eq!(products(&r), ["a.o", "b.o"], "without a name, nothing is claimed of it");
    r.disk.remove("/w/dist/app");
    assert!(matches!(facts.products(&globs(&["dist/app"]), r.on_disk()), Err(ProductError::Gone(_))));
}

#[test]
fn a_product_written_again_after_its_last_digest_has_none() {
    let mut r = build();
    r.file(Access::Write, "/w/dist/app");
    assert!(matches!(r.facts().products(&globs(&["dist/app"]), r.on_disk()), Err(ProductError::NoDigest(_))));
}

#[test]
fn globs_are_of_the_workspace_or_absolute_and_do_not_cross_directories() {
    let r = build();
    let count = |glob: &str| r.facts().products(&globs(&[glob]), r.on_disk()).map(|p| p.subjects.len()).ok();
    assert_eq!(count("*.o"), Some(2));
    assert_eq!(count("./dist/app"), Some(1));
    assert_eq!(count("/w/dist/app"), Some(1));
    assert_eq!(count("**/*"), Some(3));
    assert_eq!(count("*"), Some(2));
    assert_eq!(count("app"), None);
    assert_eq!(count("a.c"), None, "an input is no product");
    assert!(matches!(r.facts().products(&globs(&["["]), r.on_disk()), Err(ProductError::BadGlob { .. })));
}

#[test]
fn a_step_without_products_is_about_its_recording() {
    let mut r = Recording::new();
    r.exec("/bin/true");
    let facts = r.facts();
    let chosen = facts.products(&Select::Default, r.on_disk()).unwrap();
    assert_eq!(chosen.subjects[0].sha256, facts.recording_sha256);
    assert_eq!(facts.recording_sha256, Digest::of(&r.bytes()));
    assert_eq!(chosen.listing.total, 0);
}

#[test]
fn a_cut_or_altered_recording_gives_no_facts() {
    let bytes = build().bytes();
    for len in 0..bytes.len() {
        assert!(gather(&bytes[..len]).is_err(), "cut at {len}");
    }
    assert!(matches!(gather(&bytes[..bytes.len() - 1]), Err(FactsError::Truncated { .. })));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        assert!(gather(&changed[..]).is_err(), "byte {at}");
    }
}

#[test]
fn an_incomplete_recording_gives_facts_that_say_so() {
    let end = End { lost: 1, status: 0, duration_us: 0, toctou: Toctou::Verified, complete: true };
    let facts = gather(&build().bytes_ending(end)[..]).unwrap();
    assert!(!facts.trailer.complete);
}
