//! One event: whatever decodes encodes to something that decodes to the same, and has a JSON form that is a terminal's too.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sekisho_events::{Event, json};

fuzz_target!(|data: &[u8]| {
    let Ok(event) = minicbor::decode::<Event>(data) else { return };
    let encoded = minicbor::to_vec(&event).expect("a decoded event encodes");
    assert_eq!(minicbor::decode::<Event>(&encoded).expect("and decodes"), event);
    let mut line = Vec::new();
    json::write(&mut line, &json::Line::Event(&event)).expect("into memory");
    assert!(line.iter().all(|b| *b >= 0x20 || *b == b'\n'), "a control byte: {}", line.escape_ascii());
    let back: serde_json::Value = serde_json::from_slice(&line).expect("it is JSON");
    assert_eq!(back, json::event(&event));
});
