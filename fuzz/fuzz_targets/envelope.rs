//! A DSSE envelope: what parses is written in a form that parses to the same.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sekisho_attest::dsse::Envelope;

fuzz_target!(|data: &[u8]| {
    let Ok(envelope) = Envelope::parse(data) else { return };
    let again = Envelope::parse(envelope.to_json().as_bytes()).expect("its own form parses");
    assert_eq!(again, envelope);
});
