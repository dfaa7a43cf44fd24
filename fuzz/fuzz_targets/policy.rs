//! A policy: parsed or refused with words. The files that it names hold whatever follows the first NUL.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sekisho_verifier::Policy;

fuzz_target!(|data: &[u8]| {
    let cut = data.iter().position(|b| *b == 0).unwrap_or(data.len());
    let Ok(text) = std::str::from_utf8(&data[..cut]) else { return };
    let file = data.get(cut + 1..).unwrap_or_default();
    if let Err(e) = Policy::parse(text, |_: &str| Ok(file.to_vec())) {
        let _ = e.to_string();
    }
});
