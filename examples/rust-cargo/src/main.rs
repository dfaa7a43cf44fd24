//! `ledger < FILE`: reads lines `DATE ACCOUNT AMOUNT CURRENCY` and prints the balance of each account.
mod book;

use std::{io, process::ExitCode};

include!(concat!(env!("OUT_DIR"), "/currencies.rs"));

/// Decimal places of a currency, by its code.
fn places(code: &str) -> Option<u32> {
    CURRENCIES.iter().find(|(known, _)| *known == code).map(|(_, places)| *places)
}

fn main() -> ExitCode {
    let mut book = book::Book::default();
    for (index, line) in io::stdin().lines().enumerate() {
        let added = match &line {
            Ok(text) if text.trim().is_empty() || text.starts_with('#') => continue,
            Ok(text) => book.add(text),
            Err(problem) => Err(problem.to_string()),
        };
        if let Err(problem) = added {
            eprintln!("ledger: line {}: {problem}", index + 1);
            return ExitCode::FAILURE;
        }
    }
    print!("{book}");
    ExitCode::SUCCESS
}
