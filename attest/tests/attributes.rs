//! Attribute reports (in-toto SCAI): nothing is claimed that the recording does not prove.
#![allow(clippy::unwrap_used, reason = "tests")]
mod recording;

use recording::{Recording, build, verdict};
use sekisho_attest::{Options, RunFacts, Select, Verdict, attest, claims, gather, names};
use sekisho_events::{
    Access, ContentWhen, Delegated, Descriptor, DescriptorHow, DescriptorTarget, Digest, End, FileAct, FileType, Kind,
    Level, NetAct, NetOp, Outcome, Tamper, Toctou,
};
use serde_json::{Value, json};

const END: End = End { lost: 0, status: 0, duration_us: 5_000_000, toctou: Toctou::Verified, complete: true };

/// The claimed attributes, without their common beginning.
fn claimed(facts: &RunFacts, verdict: Option<&Verdict>) -> String {
    let claimed = claims(facts, verdict).into_iter().filter(|(_, claim)| claim.is_ok());
    let short = |(name, _): (&str, _)| name.strip_prefix("SEKISHO_").unwrap().to_owned();
    claimed.map(short).collect::<Vec<_>>().join(" ")
}

/// The same of a build in which this happened as well.
fn with(change: impl FnOnce(&mut Recording)) -> String {
    let mut recording = build();
    change(&mut recording);
    claimed(&recording.facts(), Some(&verdict(&[])))
}

const ALL: &str = "RECORDING_COMPLETE NO_NETWORK INPUTS_DIGESTED INPUTS_IN_PROFILE";
const NETWORKED: &str = "RECORDING_COMPLETE INPUTS_DIGESTED INPUTS_IN_PROFILE";

#[test]
fn a_good_build_keeps_to_everything_and_without_a_judgement_to_all_but_the_profile() {
    assert_eq!(with(|_| ()), ALL);
    assert_eq!(claimed(&build().facts(), None), "RECORDING_COMPLETE NO_NETWORK INPUTS_DIGESTED");
    let deviates = verdict(&[json!({"code": "file-write", "what": "write /etc/x"})]);
    assert_eq!(claimed(&build().facts(), Some(&deviates)), "RECORDING_COMPLETE NO_NETWORK INPUTS_DIGESTED");
}

#[test]
fn of_a_recording_that_missed_something_nothing_is_claimed() {
    for end in [End { complete: false, ..END }, End { lost: 1, ..END }] {
        assert_eq!(claimed(&gather(&build().bytes_ending(end)[..]).unwrap(), Some(&verdict(&[]))), "");
    }
    let exec = |r: &mut Recording| r.header.level = Level::Exec;
    assert_eq!(with(exec), "RECORDING_COMPLETE", "files and network were not watched");
    let unconfirmed = gather(&build().bytes_ending(End { toctou: Toctou::BestEffort, ..END })[..]).unwrap();
    assert_eq!(claimed(&unconfirmed, Some(&verdict(&[]))), "RECORDING_COMPLETE NO_NETWORK INPUTS_DIGESTED");
}

#[test]
fn whoever_only_tried_a_socket_has_not_kept_away_from_the_network() {
    let net = |op, protocol: &str, outcome| {
        let act = NetAct { outcome, ..NetAct::new(op, protocol) };
        with(|r| _ = r.push(Kind::Net(act)))
    };
    for protocol in ["tcp", "udp", "raw", "packet", "icmp", "family-40", "unknown"] {
        assert_eq!(net(NetOp::Connect, protocol, Outcome::Ok), NETWORKED, "{protocol}");
    }
    assert_eq!(net(NetOp::Connect, "tcp", Outcome::Errno(111)), NETWORKED, "a refused connection was asked for");
    assert_eq!(net(NetOp::Bind, "tcp", Outcome::Ok), NETWORKED);
    for local in ["unix", "netlink"] {
        assert_eq!(net(NetOp::Connect, local, Outcome::Ok), ALL, "{local}");
    }
}

#[test]
fn other_ways_out_of_the_step_are_ways_to_the_network() {
    let asked = Kind::Delegated(Delegated { to: "unix:/run/docker.sock".into(), peer: None });
    assert_eq!(with(|r| _ = r.push(asked)), NETWORKED);
    let socket = DescriptorTarget::Net(NetAct::new(NetOp::Connect, "tcp"));
    for how in [DescriptorHow::Inherited, DescriptorHow::Received] {
        let descriptor = Kind::Descriptor(Box::new(Descriptor { how, fd: 3, target: socket.clone() }));
        assert_eq!(with(|r| _ = r.push(descriptor)), NETWORKED);
    }
    let accepted = |peer| {
        let act = NetAct { peer, ..NetAct::new(NetOp::Accept, "unix") };
        with(|r| _ = r.push(Kind::Net(act)))
    };
    assert_eq!([accepted(Some(0)), accepted(None), accepted(Some(1))], [NETWORKED, NETWORKED, ALL]);
    let tun = FileAct { file_type: Some(FileType::CharDevice), ..FileAct::new(Access::Write, "/dev/net/tun") };
    assert_eq!(with(|r| _ = r.push(Kind::File(tun))), NETWORKED);
    assert_eq!(with(|r| _ = r.push(Kind::File(FileAct::new(Access::Mount, "/w/mnt")))), NETWORKED);
    let tamper = |outcome| {
        let tamper = Tamper { what: "memory".into(), call: "ptrace".into(), target: "outside pid 7".into(), outcome };
        with(|r| _ = r.push(Kind::Tamper(tamper)))
    };
    assert_eq!(tamper(Outcome::Ok), NETWORKED);
    assert_eq!(tamper(Outcome::Refused(1)), ALL, "it did not happen");
}

#[test]
fn an_input_without_content_or_with_two_is_not_known() {
    let unknown = "RECORDING_COMPLETE NO_NETWORK INPUTS_IN_PROFILE";
    assert_eq!(with(|r| _ = r.file(Access::Read, "/w/undigested")), unknown);
    assert_eq!(with(|r| _ = r.content(ContentWhen::Read, "/w/a.c", b"changed")), unknown);
    assert_eq!(with(|r| _ = r.file(Access::Read, "/proc/self/maps")), ALL, "no stored file");
}

fn report(recording: &Recording, verdict: Option<&Verdict>, end: End) -> Vec<Value> {
    let facts = gather(&recording.bytes_ending(end)[..]).unwrap();
    let products = facts.products(&Select::Default, recording.on_disk()).unwrap();
    let statements = attest(&facts, &products, Options { verdict, attributes: true, ..Options::default() }).unwrap();
    statements.payloads().iter().map(|p| serde_json::from_slice(p).unwrap()).collect()
}

/// in-toto/attestation, spec/predicates/scai.md: `attributes` has one or more.
#[test]
fn a_report_cites_its_evidence_and_there_is_none_that_claims_nothing() {
    let judged = verdict(&[]);
    let all = report(&build(), Some(&judged), END);
    let scai = all.last().unwrap();
    assert_eq!(scai["predicateType"], names::ATTRIBUTE_REPORT);
    assert_eq!(scai["predicate"]["producer"]["annotations"]["sekisho"], all[0]["predicate"]["environment"]["sekisho"]);
    let attributes = scai["predicate"]["attributes"].as_array().unwrap();
    let said: Vec<(&str, &str)> = attributes
        .iter()
        .map(|a| (a["attribute"].as_str().unwrap(), a["evidence"]["name"].as_str().unwrap()))
        .collect();
    assert_eq!(
        said,
        [
            ("SEKISHO_RECORDING_COMPLETE", "recording.sekisho"),
            ("SEKISHO_NO_NETWORK", "runtime-trace"),
            ("SEKISHO_INPUTS_DIGESTED", "recording.sekisho"),
            ("SEKISHO_INPUTS_IN_PROFILE", "verdict"),
        ]
    );
    assert_eq!(attributes[3]["conditions"]["profile"]["digest"]["sha256"], Digest::of(b"profile").to_hex());
    let incomplete = report(&build(), None, End { complete: false, ..END });
    assert_eq!(incomplete.len(), 3, "nothing can be claimed");
}
