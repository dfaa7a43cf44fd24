//! One event: whatever decodes encodes to something that decodes to the same, and has a JSON form that is a terminal's too.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sekisho_events::{Event, Kind, ProcessId, json};

fuzz_target!(|data: &[u8]| {
    let Ok(kind) = minicbor::decode::<Kind>(data) else { return };
    let encoded = minicbor::to_vec(&kind).expect("a decoded event encodes");
    assert_eq!(minicbor::decode::<Kind>(&encoded).expect("and decodes"), kind);
    let event = Event { seq: 1, process: ProcessId(1), at_us: 0, times: None, kind };
    let mut line = Vec::new();
    json::write(&mut line, &json::Line::Event(&event)).expect("into memory");
    assert!(line.iter().all(|b| *b >= 0x20 || *b == b'\n'), "a control byte: {}", line.escape_ascii());
    let back: serde_json::Value = serde_json::from_slice(&line).expect("it is JSON");
    assert_eq!(back, json::event(&event));
});
