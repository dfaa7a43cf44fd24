//! The rows, put in order and given their names. Done at compile time: a number that is classified twice, or not at
//! all, does not compile.
use super::{Call, Class, Passing, Row, rows_files, rows_harmless, rows_network, rows_process, rows_refused};
use crate::abi::{MAX_KNOWN, NAMES};

const LENGTH: usize = MAX_KNOWN as usize + 1;

static TABLE: [Option<Call>; LENGTH] = {
    let mut table = [None; LENGTH];
    table = add(table, rows_files::ROWS);
    table = add(table, rows_network::ROWS);
    table = add(table, rows_process::ROWS);
    table = add(table, rows_refused::ROWS);
    table = add_passing(table, rows_harmless::ROWS);
    let mut i = 0;
    while i < NAMES.len() {
        assert!(table[NAMES[i].0 as usize].is_some(), "a call of the ABI has no row");
        i += 1;
    }
    table
};

const fn add(mut table: [Option<Call>; LENGTH], rows: &[Row]) -> [Option<Call>; LENGTH] {
    let mut i = 0;
    while i < rows.len() {
        table = put(table, rows[i]);
        i += 1;
    }
    table
}

const fn add_passing(mut table: [Option<Call>; LENGTH], groups: &[Passing]) -> [Option<Call>; LENGTH] {
    let mut i = 0;
    while i < groups.len() {
        let Passing { why, calls } = groups[i];
        let mut j = 0;
        while j < calls.len() {
            table = put(table, Row { nr: calls[j], class: Class::Harmless { why } });
            j += 1;
        }
        i += 1;
    }
    table
}

const fn put(mut table: [Option<Call>; LENGTH], row: Row) -> [Option<Call>; LENGTH] {
    assert!(table[row.nr as usize].is_none(), "a call has two rows");
    let mut i = 0;
    while NAMES[i].0 != row.nr {
        i += 1;
    }
    table[row.nr as usize] = Some(Call { nr: row.nr, name: NAMES[i].1, class: row.class });
    table
}

/// The row of call `nr` of this machine's own ABI.
pub fn lookup(nr: u32) -> Option<&'static Call> {
    TABLE.get(nr as usize)?.as_ref()
}

/// All rows, by rising number.
pub fn all() -> impl Iterator<Item = &'static Call> {
    TABLE.iter().flatten()
}
