//! The tree of processes.
use super::escape::Text;
use crate::forest::{Forest, Node};
use crate::numbers::{count, grouped};
use crate::summary::Summary;
use sekisho_events::ProcessId;
use std::io::{Result, Write};

/// Lists nest no deeper than this; what is below stands at this depth.
const MAX_DEPTH: usize = 40;
/// Processes that stand in the plain page; the script shows all.
const MAX_LISTED: usize = 10_000;
/// Levels that are unfolded at first.
const OPEN_DEPTH: usize = 3;

enum Step {
    Enter(ProcessId, usize),
    Leave(&'static str),
}

pub(super) fn write(summary: &Summary, out: &mut dyn Write) -> Result<()> {
    let forest = &summary.forest;
    let number = grouped(forest.len() as u64);
    writeln!(out, "<section id=\"processes\"><h2>Processes<small>{number}</small></h2><ul class=\"tree\">")?;
    let mut stack: Vec<Step> = forest.children(ProcessId(0)).iter().rev().map(|id| Step::Enter(*id, 0)).collect();
    let mut listed = 0;
    while let Some(step) = stack.pop() {
        match step {
            Step::Leave(text) => writeln!(out, "{text}")?,
            Step::Enter(..) if listed == MAX_LISTED => {}
            Step::Enter(id, depth) => {
                listed += 1;
                one(forest, id, depth, &mut stack, out)?;
            }
        }
    }
    writeln!(out, "</ul>")?;
    let omitted = forest.omitted + (forest.len() - listed) as u64;
    if omitted > 0 {
        let omitted = count(omitted, "process", "processes");
        writeln!(out, "<p class=\"warn\">{omitted} more are too many for this page.</p>")?;
    }
    writeln!(out, "</section>")
}

fn one(forest: &Forest, id: ProcessId, depth: usize, stack: &mut Vec<Step>, out: &mut dyn Write) -> Result<()> {
    let Some(node) = forest.node(id) else { return Ok(()) };
    let children = forest.children(id);
    let nested = !children.is_empty() && depth < MAX_DEPTH;
    if nested {
        let open = if depth < OPEN_DEPTH { " open" } else { "" };
        write!(out, "<li><details{open}><summary>")?;
        line(id, node, out)?;
        writeln!(out, "</summary><ul>")?;
        stack.push(Step::Leave("</ul></details></li>"));
    } else {
        write!(out, "<li class=\"leaf\">")?;
        line(id, node, out)?;
        writeln!(out, "</li>")?;
    }
    stack.extend(children.iter().rev().map(|child| Step::Enter(*child, depth + 1)));
    Ok(())
}

fn line(id: ProcessId, node: &Node, out: &mut dyn Write) -> Result<()> {
    let class = if node.marks > 0 { " class=\"bad\"" } else { "" };
    write!(
        out,
        "<span class=\"dim\">{}</span> <code title=\"{}\"{class}>{}</code>",
        id.0,
        Text(&node.program),
        Text(&node.title())
    )?;
    let facts = node.facts();
    if facts.is_empty() { Ok(()) } else { write!(out, "<small>{}</small>", facts.join(" · ")) }
}
