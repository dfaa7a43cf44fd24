//! Prints `docs/calls.md`.
use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(sekisho_recorder::calls::markdown().as_bytes())
}
