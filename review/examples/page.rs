//! Writes the page of a recording to standard output: `page REC`. For looking at the page without the command.
#![allow(clippy::unwrap_used, reason = "a tool for developers")]
use sekisho_events::LogReader;
use sekisho_review::Summary;

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let mut reader = LogReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let summary = Summary::read(&mut reader, |_| false).unwrap();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    sekisho_review::page(&summary, None, &mut out).unwrap();
}
