//! Makes a Rust table of `data/currencies.csv`, so that the program needs no file at run time.
use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
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
