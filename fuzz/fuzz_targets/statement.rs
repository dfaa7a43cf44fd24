//! An in-toto statement: what parses is written in a form that parses to the same.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sekisho_attest::Statement;

fuzz_target!(|data: &[u8]| {
    let Ok(statement) = Statement::parse(data) else { return };
    let payload = statement.to_payload();
    let again = Statement::parse(&payload).expect("its own form parses");
    assert_eq!(again.to_payload(), payload);
});
