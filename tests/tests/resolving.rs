//! Names that the step resolved: told as they were asked and answered, and put beside the addresses that came of them, but only
//! where nobody in the step could have answered.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::cage::{Ended, User};
use e2e::places;
use e2e::recording::Recording;
use e2e::step::Step;
use serde_json::json;
use std::ffi::OsString;

const CLIENT: &str = "import socket; socket.socket().connect_ex(('build.example', 8080))";

/// The same, behind a server of the step's own.
fn client_with_server() -> String {
    let server = places::root().join("tests/cases/resolving/server.py");
    let server = server.display();
    format!("mkfifo own; python3 {server} >own & read -r _ <own; python3 -c \"{CLIENT}\"; kill $!")
}

/// Records the client; `None`, and a word to whoever counts, if no namespace can be had here.
fn record(place: &str, client: &[&str]) -> Option<Recording> {
    let step = Step::new(User::available()[0]);
    let mut words: Vec<OsString> = vec!["unshare".into()];
    words.push(if User::available()[0] == User::Root { "-nm" } else { "-rnm" }.into());
    words.extend(["sh".into(), places::root().join("tests/cases/resolving/enter.sh").into(), place.into()]);
    words.extend([
        places::sekisho().into(),
        "record".into(),
        "--grace".into(),
        "1s".into(),
        "-o".into(),
        step.rec().into(),
    ]);
    words.push("--".into());
    words.extend(client.iter().map(Into::into));
    let ran = step.run(words);
    if ran.ended == Ended::Exit(77) || ran.said().contains("unshare failed") {
        let why = format!("no network namespace: {}", ran.last_words());
        e2e::skips::skip("tests/allowed-skips.txt", "names that are resolved", &why);
        return None;
    }
    let rec = Recording::load(&step.rec()).unwrap_or_else(|| panic!("no recording: {}", ran.said()));
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    Some(rec)
}

fn connect(rec: &Recording) -> &serde_json::Value {
    rec.events.iter().find(|e| e["op"] == "connect" && e["address"] == "127.0.0.77").expect("the client connects")
}

fn net(rec: &Recording) -> Vec<&serde_json::Value> {
    rec.events.iter().filter(|e| e["kind"] == "net").collect()
}

#[test]
fn a_name_is_told_with_its_answers_and_stands_beside_the_address() {
    let Some(rec) = record("outside", &["python3", "-c", CLIENT]) else { return };
    assert!(rec.has(&json!({
        "kind": "net", "op": "resolve", "protocol": "udp", "address": "127.0.0.1", "port": 53, "host": "build.example",
        "answers": ["127.0.0.77"],
    })), "{:?}", net(&rec));
    assert_eq!(connect(&rec)["host"], "build.example", "{:?}", net(&rec));
}

/// EVASION I15: a name that is answered otherwise each time leads to two addresses, and the acts are told by these.
#[test]
fn a_name_that_is_answered_anew_leads_to_another_address() {
    const TWICE: &str = "import socket\nfor name in ('build.example', 'flip.example', 'build.example'):\n    \
        try: socket.socket().connect_ex((name, 8080))\n    except OSError: pass";
    let Some(rec) = record("outside", &["python3", "-c", TWICE]) else { return };
    for address in ["127.0.0.77", "127.0.0.78"] {
        let resolved = json!({"kind": "net", "op": "resolve", "host": "build.example", "answers": [address]});
        let outcome = json!({"errno": "ECONNREFUSED"});
        let connected =
            json!({"kind": "net", "op": "connect", "host": "build.example", "address": address, "outcome": outcome});
        assert!(rec.has(&resolved) && rec.has(&connected), "{address}: {:?}", net(&rec));
    }
}

/// A server of the step's own may say what it likes: it is told, and believed by nobody.
#[test]
fn what_the_step_answers_itself_names_no_address() {
    let Some(rec) = record("inside", &["sh", "-c", &client_with_server()]) else { return };
    assert!(rec.has(&json!({"kind": "net", "op": "resolve", "host": "build.example"})), "{}", rec.summary());
    assert!(connect(&rec)["host"].is_null(), "{:?}", net(&rec));
}
