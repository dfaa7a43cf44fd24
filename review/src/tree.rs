//! A recording as a tree of processes.
use crate::claim::{Claim, Ending};
use crate::forest::Forest;
use crate::numbers::count;
use crate::{Filter, ShowError};
use sekisho_events::{LogReader, ProcessId};
use std::io::{Read, Write};

/// Indentation stops here; a deeper process still has its line.
const MAX_DEPTH: usize = 60;

/// Writes the tree: each process with its last program, what it did in counts, and how it ended.
pub fn tree<R: Read>(reader: &mut LogReader<R>, filter: &mut Filter, out: &mut dyn Write) -> Result<Ending, ShowError> {
    let mut forest = Forest::default();
    while let Some(event) = reader.next_event()? {
        forest.push(event, filter);
    }
    write(&forest, out).map_err(ShowError::Out)?;
    let ending = Ending::of(reader);
    let claim = Claim::new(reader.header(), reader.counts(), &ending);
    writeln!(out, "{}", claim.summary).map_err(ShowError::Out)?;
    Ok(ending)
}

fn write(forest: &Forest, out: &mut dyn Write) -> std::io::Result<()> {
    let below = |id, depth| forest.children(id).iter().rev().map(move |child| (*child, depth));
    let mut stack: Vec<(ProcessId, usize)> = below(ProcessId(0), 0).collect();
    while let Some((id, depth)) = stack.pop() {
        let Some(node) = forest.node(id) else { continue };
        let facts = node.facts().join(", ");
        let facts = if facts.is_empty() { facts } else { format!("  [{facts}]") };
        writeln!(out, "{}{} {}{facts}", "  ".repeat(depth.min(MAX_DEPTH)), id.0, node.title())?;
        stack.extend(below(id, depth + 1));
    }
    if forest.omitted > 0 {
        writeln!(out, "… and {} that are too many to draw", count(forest.omitted, "process", "processes"))?;
    }
    Ok(())
}
