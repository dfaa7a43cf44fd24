//! Balances by account and currency.
use money::Amount;
use std::{collections::BTreeMap, fmt};

/// All balances; sorted, so that the same entries print the same text.
#[derive(Default)]
pub struct Book(BTreeMap<(String, String), Amount>);

impl Book {
    /// Adds one line `DATE ACCOUNT AMOUNT CURRENCY`.
    pub fn add(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_date, account, amount, currency] = words[..] else {
            return Err("expected DATE ACCOUNT AMOUNT CURRENCY".into());
        };
        let places = crate::places(currency).ok_or_else(|| format!("unknown currency {currency}"))?;
        let amount = Amount::parse(amount, places).ok_or_else(|| format!("not an amount in {currency}: {amount}"))?;
        let balance = self.0.entry((account.into(), currency.into())).or_insert(Amount { minor: 0, places });
        balance.minor = balance.minor.checked_add(amount.minor).ok_or("the balance is too large")?;
        Ok(())
    }
}

impl fmt::Display for Book {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|((account, currency), balance)| writeln!(out, "{account:<24} {:>14} {currency}", balance.to_string()))
    }
}
