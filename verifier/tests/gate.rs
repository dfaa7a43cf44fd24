//! Each check refuses the attack that it is there for, and nothing else.
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::{APP, NOW_S, PROFILE, artifact, block, codes, globs, judge, key, lines, p256, parse, policy, run, verdict};
use sekisho_events::{Access, ContentWhen, Digest, Level, Toctou};
use sekisho_verifier::{Check, verify};
use serde_json::json;

fn simple() -> String {
    policy(&[("ci", &key(1))], "")
}

#[test]
fn good_evidence_is_accepted_by_every_check_and_gives_the_same_report_twice() {
    let evidence = run().signed(&[&key(1)]);
    let report = judge(&evidence, &simple());
    assert_eq!(codes(&report), "accepted", "{}", report.to_text(true));
    let checks: Vec<Check> = report.steps.iter().map(|s| s.check).collect();
    let of_steps: Vec<Check> = Check::ALL.into_iter().filter(|c| *c != Check::Stated).collect();
    assert_eq!(checks, of_steps);
    assert_eq!(judge(&evidence, &simple()).to_json().to_string(), report.to_json().to_string());
}

#[test]
fn a_p256_key_does_as_well() {
    let signer = p256(5);
    assert_eq!(codes(&judge(&run().signed(&[&signer]), &policy(&[("ci", &signer)], ""))), "accepted");
}

#[test]
fn a_changed_payload_or_payload_type_is_not_what_was_signed() {
    let evidence = run().signed(&[&key(1)]);
    let mut values: Vec<serde_json::Value> = evidence.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let other = run().values().remove(0).to_string().replace("make", "fake");
    for value in &mut values {
        let swapped = forge::envelope(other.as_bytes(), &[&key(9)]);
        let swapped: serde_json::Value = serde_json::from_str(&swapped.to_json()).unwrap();
        value["payload"] = swapped["payload"].clone();
    }
    let tampered = values.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert_eq!(codes(&judge(&tampered, &simple())), "signature-untrusted");
    let swapped = evidence.replace("application/vnd.in-toto+json", "application/vnd.in-toto+jsom");
    assert_eq!(codes(&judge(&swapped, &simple())), "evidence-malformed");
}

#[test]
fn nobody_but_the_named_key_can_sign() {
    assert_eq!(codes(&judge(&run().signed(&[&key(2)]), &simple())), "signature-untrusted");
    // The hint at the key decides nothing.
    let id = |k| key(k).public().unwrap().id();
    let lying = run().signed(&[&key(2)]).replace(&id(2), &id(1));
    assert_eq!(codes(&judge(&lying, &simple())), "signature-untrusted");
    let misnamed = run().signed(&[&key(1)]).replace(&id(1), &id(2));
    assert_eq!(codes(&judge(&misnamed, &simple())), "accepted");
}

#[test]
fn a_threshold_counts_distinct_keys_in_one_envelope_or_in_several() {
    let two = policy(&[("a", &key(1)), ("b", &key(2)), ("c", &key(3))], "threshold = 2\n");
    let run = run();
    assert_eq!(codes(&judge(&run.signed(&[&key(1)]), &two)), "threshold");
    assert_eq!(codes(&judge(&run.signed(&[&key(1), &key(1)]), &two)), "threshold");
    assert_eq!(codes(&judge(&(run.signed(&[&key(1)]) + &run.signed(&[&key(1)])), &two)), "threshold");
    assert_eq!(codes(&judge(&run.signed(&[&key(1), &key(9)]), &two)), "threshold");
    assert_eq!(codes(&judge(&run.signed(&[&key(1), &key(3)]), &two)), "accepted");
    assert_eq!(codes(&judge(&(run.signed(&[&key(1)]) + &run.signed(&[&key(2)])), &two)), "accepted");
    // Two people who signed two different runs have not signed one.
    let mut other = forge::run();
    other.recording.header.nonce = [1; 16];
    assert_eq!(codes(&judge(&(run.signed(&[&key(1)]) + &other.signed(&[&key(2)])), &two)), "threshold");
}

#[test]
fn a_key_of_another_step_does_not_sign_this_one() {
    let text = policy(&[("ci", &key(1)), ("other", &key(2))], "").replace("[\"ci\", \"other\"]", "[\"ci\"]");
    assert_eq!(codes(&judge(&run().signed(&[&key(2)]), &text)), "threshold");
}

#[test]
fn the_attestation_of_another_step_is_not_of_this_one() {
    let mut other = run();
    other.recording.header.step = Some("test".into());
    assert_eq!(codes(&judge(&other.signed(&[&key(1)]), &simple())), "step-missing");
    let renamed = run().changed(&key(1), |s| block(s)["step"] = json!("build2"));
    assert_eq!(codes(&judge(&renamed, &simple())), "statement-malformed", "two names for one step");
}

#[test]
fn a_statement_that_is_left_out_is_missed() {
    let payloads = run().payloads();
    for left_out in 0..4 {
        let mut rest = payloads.clone();
        rest.remove(left_out);
        assert_eq!(codes(&judge(&lines(&rest, &[&key(1)]), &simple())), "predicate-missing", "{left_out}");
    }
    let weak = simple().replace("profiles", "predicates = [\"link\"]\n#");
    assert_eq!(codes(&judge(&lines(&payloads[..1], &[&key(1)]), &weak)), "accepted");
}

#[test]
fn statements_of_two_runs_are_not_one_evidence() {
    let good = run().payloads();
    let mut other = run();
    other.recording.header.nonce = [1; 16];
    let other = other.payloads();
    for foreign in 0..4 {
        let mut mixed = good.clone();
        mixed[foreign] = other[foreign].clone();
        assert_eq!(codes(&judge(&lines(&mixed, &[&key(1)]), &simple())), "predicate-missing", "{foreign}");
    }
}

#[test]
fn statements_of_one_run_that_disagree_are_refused() {
    for which in 0..4 {
        for (field, value) in [
            ("status", json!(1)),
            ("complete", json!(false)),
            (
                "products",
                json!({
            "total": 2, "listed": 1, "sha256": "0".repeat(64)}),
            ),
        ] {
            let mut values = run().values();
            block(&mut values[which])[field] = value;
            let payloads: Vec<Vec<u8>> = values.iter().map(|v| v.to_string().into_bytes()).collect();
            let found = codes(&judge(&lines(&payloads, &[&key(1)]), &simple()));
            assert!(found.contains("statements-disagree"), "{which} {field}: {found}");
        }
        let mut values = run().values();
        values[which]["subject"][0]["digest"]["sha256"] = json!(Digest::of(b"evil").to_hex());
        let payloads: Vec<Vec<u8>> = values.iter().map(|v| v.to_string().into_bytes()).collect();
        assert!(!judge(&lines(&payloads, &[&key(1)]), &simple()).accepted);
    }
}

#[test]
fn a_verdict_cites_the_very_statements_that_it_was_made_from() {
    let mut values = run().values();
    // Same block and subjects, another command: the verdict's citation no longer holds.
    values[0]["predicate"]["command"] = json!(["true"]);
    let payloads: Vec<Vec<u8>> = values.iter().map(|v| v.to_string().into_bytes()).collect();
    assert_eq!(codes(&judge(&lines(&payloads, &[&key(1)]), &simple())), "statements-disagree");
}

#[test]
fn materials_and_products_are_what_was_counted() {
    let changed = run().changed(&key(1), |s| {
        if let Some(list) = s.pointer_mut("/predicate/materials") {
            list[0]["digest"]["sha256"] = json!(Digest::of(b"evil").to_hex());
        }
    });
    assert_eq!(codes(&judge(&changed, &simple())), "statements-disagree");
}

#[test]
fn another_artifact_is_not_the_one_that_was_built() {
    let evidence = run().signed(&[&key(1)]);
    let report = verify(evidence.as_bytes(), &[artifact(b"evil")], &parse(&simple()), NOW_S);
    assert_eq!(codes(&report), "subject-not-attested");
    assert!(report.reasons[0].message.contains(&Digest::of(APP).to_hex()), "{:?}", report.reasons);
    let both = verify(evidence.as_bytes(), &[artifact(APP), artifact(b"evil")], &parse(&simple()), NOW_S);
    assert_eq!(codes(&both), "subject-not-attested");
    let none = verify(evidence.as_bytes(), &[], &parse(&simple()), NOW_S);
    assert_eq!(codes(&none), "no-artifact");
}

#[test]
fn an_incomplete_recording_is_refused_unless_allowed() {
    let mut incomplete = run();
    incomplete.end.lost = 1;
    incomplete.verdict = Some(verdict(PROFILE, false, &[]));
    let evidence = incomplete.signed(&[&key(1)]);
    assert_eq!(codes(&judge(&evidence, &simple())), "recording-incomplete");
    let lax = policy(&[("ci", &key(1))], "allow_incomplete = true\n");
    assert_eq!(codes(&judge(&evidence, &lax)), "accepted");
    let lying = incomplete.changed(&key(1), |s| block(s)["complete"] = json!(true));
    assert_eq!(codes(&judge(&lying, &simple())), "recording-incomplete", "events were lost all the same");
}

#[test]
fn a_lower_level_missing_classes_or_another_engine_are_refused() {
    let mut low = run();
    low.recording.header.level = Level::Exec;
    assert_eq!(codes(&judge(&low.signed(&[&key(1)]), &simple())), "coverage-too-low");
    let evidence = run().signed(&[&key(1)]);
    let with = |line: &str| codes(&judge(&evidence, &policy(&[("ci", &key(1))], line)));
    assert_eq!(with("level = \"deep\"\n"), "coverage-too-low");
    assert_eq!(with("recorded = [\"net\", \"mount\"]\n"), "coverage-too-low");
    assert_eq!(with("recorded = [\"net\"]\nlevel = \"exec\"\n"), "accepted");
    assert_eq!(with("engines = [\"hybrid\"]\n"), "engine-not-trusted");
    assert_eq!(with("engines = [\"hybrid\", \"ptrace\"]\ntoctou = \"verified\"\n"), "accepted");
    let mut racy = run();
    racy.end.toctou = Toctou::BestEffort;
    let racy = racy.signed(&[&key(1)]);
    assert_eq!(codes(&judge(&racy, &policy(&[("ci", &key(1))], "toctou = \"verified\"\n"))), "names-not-verified");
    assert_eq!(codes(&judge(&racy, &simple())), "accepted");
}

#[test]
fn what_a_failed_step_left_behind_is_not_released() {
    let mut failed = run();
    failed.end.status = 2;
    assert_eq!(codes(&judge(&failed.signed(&[&key(1)]), &simple())), "step-failed");
}

#[test]
fn a_verdict_by_another_profile_does_not_count() {
    let mut other = run();
    other.verdict = Some(verdict(b"allow everything", true, &[]));
    let evidence = other.signed(&[&key(1)]);
    assert_eq!(codes(&judge(&evidence, &simple())), "profile-not-allowed");
    // Both verdicts about one recording: the one by the right profile decides.
    let both = evidence + &run().signed(&[&key(1)]);
    assert_eq!(codes(&judge(&both, &simple())), "accepted");
}

#[test]
fn observed_is_not_enforced_and_enforced_by_another_profile_neither() {
    let deny = policy(&[("ci", &key(1))], "mode = \"deny\"\n");
    assert_eq!(codes(&judge(&run().signed(&[&key(1)]), &deny)), "mode-too-weak");
    let mut enforced = run();
    enforced.recording.header.mode = "deny".into();
    enforced.recording.header.profile_sha256 = Some(Digest::of(PROFILE));
    assert_eq!(codes(&judge(&enforced.signed(&[&key(1)]), &deny)), "accepted");
    let kill = policy(&[("ci", &key(1))], "mode = \"kill\"\n");
    assert_eq!(codes(&judge(&enforced.signed(&[&key(1)]), &kill)), "mode-too-weak");
    enforced.recording.header.profile_sha256 = Some(Digest::of(b"allow everything"));
    assert_eq!(codes(&judge(&enforced.signed(&[&key(1)]), &deny)), "mode-too-weak");
    let lying = run().changed(&key(1), |s| {
        if let Some(mode) = s.pointer_mut("/predicate/policy/annotations/verdict/mode") {
            *mode = json!("kill");
        }
    });
    assert_eq!(codes(&judge(&lying, &deny)), "mode-too-weak");
}

#[test]
fn deviations_are_refused_and_named() {
    let mut deviating = run();
    let deviation = json!({"code": "net-connect", "what": "connect tcp 203.0.113.7:443", "seq": [7], "times": 1,
        "process": {"path": "/usr/bin/curl"}, "severity": "high"});
    deviating.verdict = Some(verdict(PROFILE, true, &[deviation]));
    let report = judge(&deviating.signed(&[&key(1)]), &simple());
    assert_eq!(codes(&report), "behaviour-deviates");
    assert!(report.reasons[0].message.contains("connect tcp 203.0.113.7:443 by /usr/bin/curl"));
    let unreached: Vec<&str> = report.steps.iter().filter(|s| !s.reached).map(|s| s.check.id()).collect();
    assert_eq!(unreached, ["freshness", "products", "materials", "chain"]);
}

#[test]
fn old_and_future_runs_are_refused() {
    let evidence = run().signed(&[&key(1)]);
    let at = |now_s, line: &str| {
        codes(&verify(evidence.as_bytes(), &[artifact(APP)], &parse(&policy(&[("ci", &key(1))], line)), now_s))
    };
    assert_eq!(at(NOW_S + 3600, "max_age = \"30m\"\n"), "too-old");
    assert_eq!(at(NOW_S + 3600, "max_age = \"2h\"\n"), "accepted");
    assert_eq!(at(NOW_S + 86400 * 3650, ""), "accepted");
    assert_eq!(at(NOW_S - 3600, ""), "from-the-future");
    assert_eq!(at(0, "max_age = \"2h\"\n"), "from-the-future");
    assert_eq!(at(u64::MAX, "max_age = \"2h\"\n"), "too-old");
}

#[test]
fn products_are_those_expected_all_of_them_and_no_others() {
    let mut all = run();
    all.products = globs(&["dist/app", "*.o"]);
    let evidence = all.signed(&[&key(1)]);
    let with = |line: &str| codes(&judge(&evidence, &policy(&[("ci", &key(1))], line)));
    assert_eq!(with("products = [\"dist/*\", \"*.o\"]\n"), "accepted");
    assert_eq!(with("products = [\"dist/*\"]\n"), "product-unexpected");
    assert_eq!(with("products = [\"dist/*\", \"*.o\", \"*.so\"]\n"), "product-missing");
}

#[test]
fn materials_are_those_expected() {
    let evidence = run().signed(&[&key(1)]);
    let with = |rules: &str| codes(&judge(&evidence, &policy(&[("ci", &key(1))], rules)));
    let good = Digest::of(b"int a;");
    assert_eq!(with(&format!("materials = [{{ match = \"a.c\", sha256 = [\"{good}\"] }}]\n")), "accepted");
    let evil = Digest::of(b"evil");
    assert_eq!(with(&format!("materials = [{{ match = \"*.c\", sha256 = [\"{evil}\"] }}]\n")), "material-exchanged");
    assert_eq!(with(&format!("materials = [{{ match = \"z.c\", sha256 = [\"{good}\"] }}]\n")), "material-missing");
    let only = "materials_only = true\nmaterials = [{ match = \"*.c\" }, { match = \"Makefile\" }]\n";
    assert_eq!(with(only), "accepted");
    assert_eq!(with(&only.replace("Makefile", "*.h")), "material-unexpected");
}

#[test]
fn a_list_of_materials_that_was_cut_answers_no_demand() {
    let mut wide = run();
    for i in 0..2000 {
        wide.recording.read(&format!("/w/src/file{i}.c"), b"x");
    }
    let evidence = wide.signed(&[&key(1)]);
    assert_eq!(codes(&judge(&evidence, &simple())), "accepted");
    let demand = policy(&[("ci", &key(1))], "materials = [{ match = \"**\" }]\n");
    assert_eq!(codes(&judge(&evidence, &demand)), "materials-cut");
}

/// Two steps: `build` makes dist/app, `pack` reads it and makes out.tar.
fn packed(app: &[u8]) -> forge::Run {
    let mut pack = run();
    pack.recording = forge::recording::Recording::new();
    pack.recording.header.step = Some("pack".into());
    pack.recording.header.nonce = [2; 16];
    pack.recording.exec("/usr/bin/tar").read("/w/dist/app", app).make("/w/out.tar", b"tar");
    pack.products = globs(&["out.tar"]);
    pack
}

fn two_steps() -> String {
    let pack = format!(
        "\n[[steps]]\nname = \"pack\"\nkeys = [\"ci\"]\nprofiles = [\"{}\"]\n\n[[steps.materials]]\nmatch = \"dist/**\"\nfrom = \"build\"\n",
        Digest::of(PROFILE)
    );
    simple() + &pack
}

fn judge_tar(evidence: &str) -> sekisho_verifier::Report {
    verify(evidence.as_bytes(), &[artifact(b"tar")], &parse(&two_steps()), NOW_S)
}

#[test]
fn what_one_step_made_the_next_one_reads() {
    let evidence = run().signed(&[&key(1)]) + &packed(APP).signed(&[&key(1)]);
    let report = judge_tar(&evidence);
    assert_eq!(codes(&report), "accepted", "{}", report.to_text(true));
    assert_eq!(report.steps.len(), 3 + 2 * 16);
}

#[test]
fn what_was_exchanged_between_two_steps_breaks_the_chain() {
    let swapped = run().signed(&[&key(1)]) + &packed(b"evil").signed(&[&key(1)]);
    assert_eq!(codes(&judge_tar(&swapped)), "chain-broken");
    let mut unread = packed(APP);
    unread.recording = forge::recording::Recording::new();
    unread.recording.header.step = Some("pack".into());
    unread.recording.make("/w/out.tar", b"tar");
    let unread = run().signed(&[&key(1)]) + &unread.signed(&[&key(1)]);
    assert_eq!(codes(&judge_tar(&unread)), "material-missing");
    let alone = packed(APP).signed(&[&key(1)]);
    assert!(codes(&judge_tar(&alone)).starts_with("step-missing"));
}

#[test]
fn of_several_runs_of_a_step_the_one_that_fits_is_found() {
    let mut other = run();
    other.recording = forge::recording::Recording::new();
    other.recording.header.nonce = [3; 16];
    other.recording.make("/w/dist/app", b"another");
    let evidence = other.signed(&[&key(1)]) + &run().signed(&[&key(1)]) + &packed(APP).signed(&[&key(1)]);
    assert_eq!(codes(&judge_tar(&evidence)), "accepted");
    let wrong = other.signed(&[&key(1)]) + &packed(APP).signed(&[&key(1)]);
    assert_eq!(codes(&judge_tar(&wrong)), "chain-broken");
}

#[test]
fn a_product_that_was_changed_after_its_last_digest_is_no_product() {
    let mut late = run();
    late.recording.file(Access::Write, "/w/dist/app").content(ContentWhen::Final, "/w/dist/app", b"late");
    late.recording.disk.insert("/w/dist/app".into(), b"late".to_vec());
    assert_eq!(codes(&judge(&late.signed(&[&key(1)]), &simple())), "subject-not-attested");
}

#[test]
fn statements_of_other_tools_stand_beside_ours_without_effect() {
    let other = json!({"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://spdx.dev/Document/v2.3",
        "subject": [{"name": "dist/app", "digest": {"sha256": Digest::of(APP).to_hex()}}], "predicate": {}});
    let sbom = lines(&[other.to_string().into_bytes()], &[&key(1)]);
    let stranger = run().signed(&[&key(7)]);
    assert_eq!(codes(&judge(&(sbom.clone() + &stranger + &run().signed(&[&key(1)])), &simple())), "accepted");
    assert_eq!(codes(&judge(&(sbom + &stranger), &simple())), "step-missing");
}
