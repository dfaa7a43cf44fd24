//! Attributes that a policy demands of a step: claimed of this very run, by who may sign it, and borne by its recording.
#![allow(clippy::unwrap_used, reason = "tests")]
mod forge;

use forge::{NOW_S, PROFILE, Run, artifact, codes, judge, key, lines, parse, pem, policy, run, verdict};
use sekisho_attest::{Options, attest, gather, names};
use sekisho_events::{Kind, NetAct, NetOp, Toctou};
use sekisho_verifier::{Check, Policy, ReadFailed, verify};
use serde_json::{Value, json};

const NO_NETWORK: &str = "attributes = [\"SEKISHO_NO_NETWORK\"]\n";
const ALL: &str = "attributes = [\"SEKISHO_RECORDING_COMPLETE\", \"SEKISHO_NO_NETWORK\", \"SEKISHO_INPUTS_DIGESTED\", \"SEKISHO_INPUTS_IN_PROFILE\"]\n";

fn payloads(run: &Run) -> Vec<Vec<u8>> {
    let facts = gather(&run.recording.bytes_ending(run.end)[..]).unwrap();
    let products = facts.products(&run.products, run.recording.on_disk()).unwrap();
    let options = Options { verdict: run.verdict.as_ref(), attributes: true, ..Options::default() };
    attest(&facts, &products, options).unwrap().payloads().to_vec()
}

fn judged(payloads: &[Vec<u8>], step: &str) -> String {
    codes(&judge(&lines(payloads, &[&key(1)]), &policy(&[("ci", &key(1))], step)))
}

/// With its report changed before it was signed.
fn changed(run: &Run, change: impl Fn(&mut Value)) -> Vec<Vec<u8>> {
    let mut all = payloads(run);
    let mut report: Value = serde_json::from_slice(all.last().unwrap()).unwrap();
    assert_eq!(report["predicateType"], names::ATTRIBUTE_REPORT);
    change(&mut report);
    *all.last_mut().unwrap() = report.to_string().into_bytes();
    all
}

#[test]
fn what_the_recording_proves_is_accepted_and_says_by_which_report() {
    let all = payloads(&run());
    assert_eq!(judged(&all, ALL), "accepted");
    assert_eq!(judged(&all, ""), "accepted", "a report that nobody asked for");
    let report = judge(&lines(&all, &[&key(1)]), &policy(&[("ci", &key(1))], ALL));
    let behaviour = report.steps.iter().find(|s| s.check == Check::Behaviour).unwrap();
    assert!(behaviour.detail.contains("SEKISHO_NO_NETWORK"), "{}", behaviour.detail);
    let kinds: Vec<&str> = behaviour.evidence.iter().map(|at| report.evidence[*at].kind.as_str()).collect();
    assert_eq!(kinds, ["attributes", "verdict"]);
}

#[test]
fn what_is_not_claimed_is_refused_also_where_there_is_no_report() {
    assert_eq!(judged(&run().payloads(), NO_NETWORK), "attribute-missing");
    let mut networked = run();
    networked.recording.push(Kind::Net(NetAct { port: Some(443), ..NetAct::new(NetOp::Connect, "tcp") }));
    assert_eq!(judged(&payloads(&networked), NO_NETWORK), "attribute-missing");
    assert_eq!(judged(&payloads(&networked), "attributes = [\"SEKISHO_INPUTS_DIGESTED\"]\n"), "accepted");
}

#[test]
fn a_report_of_another_run_or_by_a_stranger_proves_nothing() {
    let (mine, mut other) = (run(), run());
    other.recording.header.nonce = [1; 16];
    let mut mixed = mine.payloads();
    mixed.push(payloads(&other).pop().unwrap());
    assert_eq!(judged(&mixed, NO_NETWORK), "attribute-missing");
    let all = payloads(&mine);
    let (report, rest) = all.split_last().unwrap();
    let by_stranger = lines(rest, &[&key(1)]) + &lines(std::slice::from_ref(report), &[&key(2)]);
    assert_eq!(codes(&judge(&by_stranger, &policy(&[("ci", &key(1))], NO_NETWORK))), "attribute-missing");
}

#[test]
fn a_report_claims_no_more_than_its_recording_bears() {
    let attribute = |name: &str| json!({"attribute": name});
    let add = |run: &Run, name: &str| {
        changed(run, |r| r["predicate"]["attributes"].as_array_mut().unwrap().push(attribute(name)))
    };
    // Of another profile than judged the run; of none.
    let swapped = changed(&run(), |r| {
        r["predicate"]["attributes"][3]["conditions"]["profile"]["digest"]["sha256"] = json!("0".repeat(64));
    });
    let in_profile = "attributes = [\"SEKISHO_INPUTS_IN_PROFILE\"]\n";
    assert_eq!(judged(&swapped, in_profile), "attribute-missing");
    let mut unconfirmed = run();
    unconfirmed.end.toctou = Toctou::BestEffort;
    assert_eq!(judged(&add(&unconfirmed, "SEKISHO_INPUTS_IN_PROFILE"), in_profile), "attribute-missing");
    // Of a step whose files were not watched.
    let mut exec = run();
    exec.recording.header.level = sekisho_events::Level::Exec;
    let lax = format!("level = \"exec\"\n{NO_NETWORK}");
    assert_eq!(judged(&add(&exec, "SEKISHO_NO_NETWORK"), &lax), "attribute-missing");
    // Of a recording that missed something: there is no such report, and one that is forged does not help.
    let mut incomplete = run();
    incomplete.end.lost = 1;
    incomplete.verdict = Some(verdict(PROFILE, false, &[]));
    let report = payloads(&run()).pop().unwrap();
    let mut forged: Value = serde_json::from_slice(&report).unwrap();
    let link: Value = serde_json::from_slice(&incomplete.payloads()[0]).unwrap();
    forged["predicate"]["producer"]["annotations"]["sekisho"] = link["predicate"]["environment"]["sekisho"].clone();
    let evidence: Vec<Vec<u8>> = incomplete.payloads().into_iter().chain([forged.to_string().into_bytes()]).collect();
    let lax = format!("allow_incomplete = true\n{NO_NETWORK}");
    assert_ne!(judged(&evidence, &lax), "accepted");
}

#[test]
fn what_is_no_report_of_this_run_is_refused() {
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 6] = [
        (|r| r["predicate"]["attributes"] = json!([]), "statement-malformed"),
        (|r| r["predicate"]["attributes"] = json!({}), "statement-malformed"),
        (|r| r["predicate"]["attributes"][0]["attribute"] = json!(1), "statement-malformed"),
        (|r| r["predicate"]["attributes"][1]["target"] = json!({"name": "other"}), "statement-malformed"),
        (
            |r| r["predicate"]["attributes"][3]["conditions"]["profile"]["digest"]["sha256"] = json!("0"),
            "statement-malformed",
        ),
        (
            |r| r["predicate"]["attributes"][0]["evidence"]["digest"]["sha256"] = json!("0".repeat(64)),
            "statements-disagree",
        ),
    ];
    for (at, (change, code)) in changes.into_iter().enumerate() {
        assert_eq!(judged(&changed(&run(), change), NO_NETWORK), code, "change {at}");
    }
}

#[test]
fn a_policy_names_only_attributes_that_can_be_judged() {
    let parse = |step: &str| {
        let text = policy(&[("ci", &key(1))], step);
        Policy::parse(&text, |_: &str| Err(ReadFailed("none".into()))).map_err(|e| e.to_string())
    };
    assert!(parse(ALL).is_ok());
    let unknown = parse("attributes = [\"SEKISHO_NO_NETWROK\"]\n").unwrap_err();
    assert!(unknown.contains("`attributes` must be of \"SEKISHO_RECORDING_COMPLETE\""), "{unknown}");
    let text = policy(&[("ci", &key(1))], "").replace("profiles", "predicates = [\"link\"]\n#");
    let text = text + "attributes = [\"SEKISHO_INPUTS_IN_PROFILE\"]\n";
    let unjudged = Policy::parse(&text, |_: &str| Err(ReadFailed("none".into()))).unwrap_err().to_string();
    assert!(unjudged.contains("is about the verdict"), "{unjudged}");
}

/// Attributes of another tool's report are demanded as properties of a statement.
#[test]
fn another_tools_report_counts_where_it_speaks_of_its_subject_without_conditions() {
    let text = format!(
        "version = 1\n[keys.other]\npem = \"\"\"\n{}\"\"\"\n[[statements]]\nname = \"compiled\"\nkeys = [\"other\"]\n\
         predicate_type = \"{}\"\nproperties = [\"WITH_STACK_PROTECTION\"]\n",
        pem(&key(3)),
        names::ATTRIBUTE_REPORT
    );
    let judged = |attribute: Value| {
        let digest = artifact(forge::APP).sha256.to_hex();
        let statement = json!({
            "_type": names::STATEMENT_TYPE,
            "subject": [{"name": "app", "digest": {"sha256": digest}}],
            "predicateType": names::ATTRIBUTE_REPORT,
            "predicate": {"attributes": [attribute]},
        });
        let evidence = lines(&[statement.to_string().into_bytes()], &[&key(3)]);
        codes(&verify(evidence.as_bytes(), &[artifact(forge::APP)], &parse(&text), NOW_S))
    };
    assert_eq!(judged(json!({"attribute": "WITH_STACK_PROTECTION"})), "accepted");
    for other in [
        json!({"attribute": "REPRODUCIBLE"}),
        json!({"attribute": "WITH_STACK_PROTECTION", "target": {"name": "lib.so"}}),
        json!({"attribute": "WITH_STACK_PROTECTION", "conditions": {"flags": "-O0"}}),
        json!("WITH_STACK_PROTECTION"),
    ] {
        assert_eq!(judged(other.clone()), "property-missing", "{other}");
    }
}
