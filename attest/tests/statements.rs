//! What the statements of one run say: together, alike, small, and in the fields that their specifications name.
#![allow(clippy::unwrap_used, reason = "tests")]
mod recording;

use recording::{Recording, build, verdict};
use sekisho_attest::{
    Algorithm, AttestError, MAX_PAYLOAD_BYTES, Options, SecretKey, Select, Verdict, VerdictError, attest, names,
};
use sekisho_events::{Digest, Kind, NetAct, NetOp, PathBytes, Refused};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

fn payloads(r: &Recording, select: &Select, verdict: Option<&Verdict>) -> Vec<Vec<u8>> {
    let facts = r.facts();
    let products = facts.products(select, r.on_disk()).unwrap();
    attest(&facts, &products, Options { verdict, ..Options::default() }).unwrap().payloads().to_vec()
}

fn values(r: &Recording, verdict: Option<&Verdict>) -> Vec<Value> {
    let payloads = payloads(r, &Select::Default, verdict);
    payloads.iter().map(|p| serde_json::from_slice(p).unwrap()).collect()
}

#[test]
fn the_same_recording_gives_the_same_bytes_and_the_same_signatures() {
    let (first, second) = (payloads(&build(), &Select::Default, None), payloads(&build(), &Select::Default, None));
    assert_eq!(first, second);
    for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
        let key = SecretKey::from_seed(algorithm, &[1; 32]).unwrap();
        assert_eq!(key.sign(&first[0]).unwrap(), key.sign(&second[0]).unwrap());
    }
}

#[test]
fn the_signed_verdict_says_where_its_profile_came_from() {
    let origin = json!({"commit": "0123", "path": "ci/sekisho.toml", "ref": "refs/heads/main", "state": "committed"});
    let said = Verdict { profile_origin: origin.as_object().cloned(), ..verdict(&[]) };
    assert_eq!(values(&build(), Some(&said))[3]["predicate"]["policy"]["annotations"]["profile"], origin);
    let none = &values(&build(), Some(&verdict(&[])))[3]["predicate"]["policy"]["annotations"];
    assert!(none.get("profile").is_none() && none.get("verdict").is_some());
}

#[test]
fn each_statement_says_what_it_is_for() {
    let good = verdict(&[]);
    let all = values(&build(), Some(&good));
    let [link, provenance, trace, summary] = &all[..] else { panic!("{} statements", all.len()) };
    assert_eq!(link["predicate"]["name"], "build");
    assert_eq!(link["predicate"]["command"], json!(["make", "-j2"]));
    let names: Vec<&str> =
        link["predicate"]["materials"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Makefile", "a.c", "b.c", "/usr/bin/gcc", "/usr/bin/make", "/usr/include/stdio.h"]);
    let dependency = &provenance["predicate"]["buildDefinition"]["resolvedDependencies"][1];
    assert_eq!(dependency["uri"], "file:///w/a.c");
    assert_eq!(dependency["digest"]["sha256"], Digest::of(b"int a;").to_hex());
    let log = &trace["predicate"]["monitorLog"];
    assert_eq!(log["process"][0]["processBinary"], "/usr/bin/gcc");
    assert_eq!(summary["predicate"]["verificationResult"], "PASSED");
    assert_eq!(summary["predicate"]["verifiedLevels"], json!(["SEKISHO_BEHAVIOUR_IN_PROFILE"]));
    assert_eq!(summary["predicate"]["policy"]["uri"], "file:ci/sekisho.toml");
    for statement in &all {
        assert_eq!(statement["subject"], link["subject"]);
    }
}

#[test]
fn each_later_statement_cites_the_earlier_ones_by_the_digest_of_their_payload() {
    let good = verdict(&[]);
    let payloads = payloads(&build(), &Select::Default, Some(&good));
    let digests: Vec<String> = payloads.iter().map(|p| Digest::of(p).to_hex()).collect();
    for (at, payload) in payloads.iter().enumerate() {
        let text = String::from_utf8(payload.clone()).unwrap();
        for (earlier, digest) in digests.iter().enumerate() {
            assert_eq!(text.contains(digest), earlier < at, "{earlier} in {at}");
        }
        assert!(text.contains(&Digest::of(&build().bytes()).to_hex()), "all cite the recording");
    }
}

#[test]
fn an_enforced_profile_is_told_from_one_that_was_only_compared() {
    let good = verdict(&[]);
    let mode =
        |r: &Recording| values(r, Some(&good))[3]["predicate"]["policy"]["annotations"]["verdict"]["mode"].clone();
    let mut r = build();
    r.header.mode = "deny".into();
    assert_eq!(mode(&r), "observe", "another profile, or none, was in force");
    r.header.profile_sha256 = Some(Digest::of(b"profile"));
    assert_eq!(mode(&r), "deny");
    let levels = &values(&r, Some(&good))[3]["predicate"]["verifiedLevels"];
    assert_eq!(levels, &json!(["SEKISHO_BEHAVIOUR_IN_PROFILE", "SEKISHO_PROFILE_ENFORCED"]));
}

#[test]
fn network_entries_have_the_shape_proposed_for_version_0_2() {
    let mut r = build();
    let act = |op| NetAct {
        address: Some("203.0.113.7".parse().unwrap()),
        port: Some(443),
        host: Some("example.com".into()),
        ..NetAct::new(op, "tcp")
    };
    r.push(Kind::Net(act(NetOp::Connect))).push(Kind::Net(act(NetOp::Connect)));
    let log = &values(&r, None)[2]["predicate"]["monitorLog"]["network"];
    assert_eq!(
        log,
        &json!([{"ip": "203.0.113.7", "hostname": "example.com", "port": 443, "protocol": "tcp",
            "invokingProcess": {"processBinary": "/usr/bin/gcc"}, "operation": "connect", "outcome": "ok", "times": 2}])
    );
}

#[test]
fn a_verdict_that_contradicts_itself_or_the_recording_is_refused() {
    let json = |change: &dyn Fn(&mut Value)| {
        let mut value = json!({"version": 1, "clean": true, "complete": true, "profile": {"path": "p", "sha256": "0".repeat(64)},
            "counts": {}, "deviations": []});
        change(&mut value);
        Verdict::from_json(&value)
    };
    assert!(json(&|_| ()).is_ok());
    assert_eq!(json(&|v| v["deviations"] = json!([{}])), Err(VerdictError::Contradiction));
    assert_eq!(json(&|v| v["complete"] = json!(false)), Err(VerdictError::Contradiction));
    assert_eq!(json(&|v| v["version"] = json!(2)), Err(VerdictError::Field("version")));
    assert_eq!(json(&|v| v["profile"]["sha256"] = json!("x")), Err(VerdictError::Field("profile.sha256")));
    let r = build();
    let facts = r.facts();
    let products = facts.products(&Select::Default, r.on_disk()).unwrap();
    let incomplete = Verdict { complete: false, clean: false, ..verdict(&[]) };
    let refused = attest(&facts, &products, Options { verdict: Some(&incomplete), ..Options::default() });
    assert!(matches!(refused, Err(AttestError::Verdict(VerdictError::OtherRecording))));
}

/// A build larger than any summary: files, products, programs, endpoints, deviations, and names as long as they get.
fn huge() -> Recording {
    let mut r = build();
    let long = "x".repeat(200);
    for i in 0..1500u32 {
        r.read(&format!("/w/src/{long}/{i}.c"), b"x").read(&format!("/usr/include/{i}.h"), b"x");
        r.make(&format!("/w/out/{long}/{i}.o"), b"o").exec(&format!("/usr/bin/tool{i}"));
        let address = Some(std::net::IpAddr::from(i.to_be_bytes()));
        r.push(Kind::Net(NetAct { address, port: Some(443), ..NetAct::new(NetOp::Connect, "tcp") }));
        r.push(Kind::Refused(Refused { call: "io_uring_setup".into(), why: "unseen".into(), errno: 38 }));
    }
    r.header.command = (0..10_000).map(|_| PathBytes::from("\u{7f}\x1b[31m argument")).collect();
    r
}

#[test]
fn a_summary_stays_under_100_kb_whatever_the_build() {
    let deviation =
        json!({"code": "exec", "what": "w".repeat(4000), "process": {"path": "p".repeat(4000)}, "times": 1});
    let deviations = vec![deviation; 300];
    let bad = verdict(&deviations);
    let r = huge();
    let payloads = payloads(&r, &Select::Default, Some(&bad));
    assert_eq!(payloads.len(), 4);
    let key = SecretKey::from_seed(Algorithm::P256, &[1; 32]).unwrap();
    for payload in payloads {
        assert!(payload.len() <= MAX_PAYLOAD_BYTES);
        let id = key.public().unwrap().id();
        let line = sekisho_attest::dsse::Envelope::sign(names::PAYLOAD_TYPE, payload, &key, id).unwrap().to_json();
        assert!(line.len() < 100_000, "{}", line.len());
    }
    let all = values(&r, Some(&bad));
    let block = &all[0]["predicate"]["environment"]["sekisho"];
    assert_eq!(block["materials"]["total"], 3 * 1500 + 6, "{}", block["materials"]);
    assert!(block["materials"]["listed"].as_u64().unwrap() > 40);
    let verdict = &all[3]["predicate"]["policy"]["annotations"]["verdict"];
    assert_eq!(verdict["listing"]["total"], 300);
}

#[test]
fn products_that_are_named_all_stand_there_or_none() {
    let r = huge();
    let all = Select::Globs(vec!["out/**".into()]);
    let refused = r.facts().products(&all, r.on_disk()).unwrap_err();
    assert!(refused.to_string().contains("do not fit"), "{refused}");
}

/// The published field lists, one table a predicate: `tests/fields/NAME.json`.
#[test]
fn statements_have_the_fields_of_their_specifications_and_no_others() {
    let good = verdict(&[]);
    let mut r = build();
    r.push(Kind::Net(NetAct { port: Some(53), ..NetAct::new(NetOp::Connect, "udp") }));
    let facts = r.facts();
    let products = facts.products(&Select::Default, r.on_disk()).unwrap();
    let options = Options { verdict: Some(&good), attributes: true, ..Options::default() };
    let all = attest(&facts, &products, options).unwrap();
    let all: Vec<Value> = all.payloads().iter().map(|p| serde_json::from_slice(p).unwrap()).collect();
    assert_eq!(all.len(), 5);
    for ((kind, uri), statement) in names::KINDS.iter().chain([&("attributes", names::ATTRIBUTE_REPORT)]).zip(&all) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fields/{kind}.json"));
        let table: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(table["predicateType"], *uri);
        let fields: BTreeMap<String, String> = serde_json::from_value(table["fields"].clone()).unwrap();
        let mut seen = Vec::new();
        check(&fields, "", &statement["predicate"], &mut seen);
        for (field, rule) in &fields {
            assert!(!rule.contains("required") || seen.contains(field), "{kind}: {field} is required");
        }
    }
}

/// Holds a value against `fields`: a path (`a.b`, `a[].b`) to its type and whether it is required. What stands below
/// an `object` or an element without a rule of its own is open.
fn check(fields: &BTreeMap<String, String>, path: &str, value: &Value, seen: &mut Vec<String>) {
    let rule = fields.get(path).map_or(if path.is_empty() { "fields" } else { "" }, String::as_str);
    assert!(!rule.is_empty(), "{path} is no field of the specification");
    seen.push(path.to_owned());
    let is = match rule.split(' ').next().unwrap() {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "uri" => value.as_str().is_some_and(|s| s.contains(':') && !s.contains(' ')),
        "timestamp" => value.as_str().and_then(sekisho_attest::timestamp::parse).is_some(),
        "open" | "fields" => value.is_object(),
        "list" => value.is_array(),
        "digest" => value["sha256"].as_str().and_then(Digest::from_hex).is_some(),
        other => panic!("{path}: unknown rule {other}"),
    };
    assert!(is, "{path} is {value}, not {rule}");
    match value {
        Value::Object(map) if rule.starts_with("fields") => {
            for (name, value) in map {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                check(fields, &below, value, seen);
            }
        }
        Value::Array(list) if fields.contains_key(&format!("{path}[]")) => {
            for value in list {
                check(fields, &format!("{path}[]"), value, seen);
            }
        }
        _ => {}
    }
}

/// The sample of docs/attestations.md; `SEKISHO_BLESS=1` writes it.
#[test]
fn the_sample_is_what_we_write() {
    let r = build();
    let good = verdict(&[]);
    let key = SecretKey::from_seed(Algorithm::Ed25519, &[42; 32]).unwrap();
    let facts = r.facts();
    let products = facts.products(&Select::Globs(vec!["dist/app".into()]), r.on_disk()).unwrap();
    let statements = attest(&facts, &products, Options { verdict: Some(&good), ..Options::default() }).unwrap();
    let policy = format!(
        "# The sample's key is public knowledge: trust it for nothing.\nversion = 1\n\n[keys.sample]\npath = \"sample.pub\"\n\n\
         [[steps]]\nname = \"build\"\nkeys = [\"sample\"]\nprofiles = [\"{}\"]\n",
        Digest::of(b"profile")
    );
    for (name, wanted) in [
        ("sample.jsonl", statements.sign_lines(&key).unwrap().into_bytes()),
        ("sample.pub", key.public().unwrap().to_pem().unwrap().into_bytes()),
        ("sample.policy.toml", policy.into_bytes()),
        ("app", b"\x7fELF app".to_vec()),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/attestations").join(name);
        if std::env::var_os("SEKISHO_BLESS").is_some() {
            std::fs::write(&path, &wanted).unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == wanted, "{name} (SEKISHO_BLESS=1 writes it)");
    }
}
