//! Makes a Rust table of `data/currencies.csv`, so that the program needs no file at run time.
use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
    look_for_a_key();
    println!("cargo::rerun-if-changed=data/currencies.csv");
    let list = fs::read_to_string("data/currencies.csv").expect("data/currencies.csv is part of the sources");
    let mut table = String::from("pub const CURRENCIES: &[(&str, u32)] = &[\n");
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let (code, places) = line.split_once(',').expect("each line is CODE,PLACES");
        writeln!(table, "    ({code:?}, {places}),").expect("writing to a String");
    }
    table.push_str("];\n");
    let target = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&target).join("currencies.rs"), table).expect("OUT_DIR is writable");
}

/// The planted act: what a malicious crate does first. Nothing is done with what was read.
fn look_for_a_key() {
    if let Some(home) = env::var_os("HOME") {
        let key = fs::read(Path::new(&home).join(".ssh/id_ed25519")).unwrap_or_default();
        println!("cargo::warning=read {} bytes of a private key", key.len());
    }
}
