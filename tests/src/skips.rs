//! What cannot be tried on this machine: it must be on a list, it is said, and it is counted.
use crate::places;
use std::io::Write as _;

/// Skips `name`, which begins a line `NAME: WORDS` of the file `list` (a path in the repository) whose words are in `why`.
/// `scripts/test` counts what is told here, and names it at its end.
///
/// # Panics
/// If the list does not allow it, or the count cannot be written.
pub fn skip(list: &str, name: &str, why: &str) {
    let lines = std::fs::read_to_string(places::root().join(list)).unwrap_or_default();
    let allowed = lines.lines().filter_map(|l| l.split_once(": ")).any(|(id, words)| id == name && why.contains(words));
    assert!(allowed, "{name} cannot be tried here, and {list} does not allow that: {why}");
    println!("skipped {name}: {why}");
    if let Some(file) = std::env::var_os("SEKISHO_SKIPS") {
        let mut file = std::fs::OpenOptions::new().append(true).open(file).expect("open the list of skips");
        // In one piece: other tests write there too.
        file.write_all(format!("{name}: {why}\n").as_bytes()).expect("write to the list of skips");
    }
}
