//! A profile: what parses is written in one form, which parses to the same and stays as it is.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sekisho_profiles::Profile;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(e) = Profile::parse(text) {
        let _ = e.to_string();
    }
    let Ok(profile) = Profile::parse_any_form(text) else { return };
    let once = profile.to_toml();
    let again = Profile::parse(&once).unwrap_or_else(|e| panic!("{e}\n{once}"));
    assert_eq!(again.to_toml(), once);
});
