//! A recording as a file: read to its end or its cut, each event shown as JSON. No panic, no more memory than blocks allow.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sekisho_events::json;
use sekisho_events::log::LogReader;

fuzz_target!(|data: &[u8]| {
    let Ok(mut reader) = LogReader::new(data) else { return };
    let _ = json::header(reader.header());
    let mut last = None;
    while let Ok(Some(event)) = reader.next_event() {
        assert!(last.is_none_or(|l| l < event.seq), "sequence numbers rise");
        last = Some(event.seq);
        let _ = json::event(event);
    }
    // It cannot be whole and cut at once.
    assert!(reader.trailer().is_none() || reader.truncated().is_none());
});
