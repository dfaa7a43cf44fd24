//! A recording as a tree of processes.
use crate::claim::Ending;
use crate::numbers::grouped;
use crate::phrase::command_line;
use crate::{Filter, ShowError};
use sekisho_events::{Event, ExitHow, Kind, LogReader, Outcome, ProcessId};
use std::collections::BTreeMap;
use std::io::{Read, Write};

/// More processes than this are counted, not drawn.
const MAX_PROCESSES: usize = 100_000;
/// A command line is cut behind this many characters.
const MAX_LINE: usize = 160;
/// Indentation stops here; a deeper process still has its line.
const MAX_DEPTH: usize = 60;

/// Writes the tree: each process with its last program, what it did in counts, and how it ended.
pub fn tree<R: Read>(reader: &mut LogReader<R>, filter: &Filter, out: &mut dyn Write) -> Result<Ending, ShowError> {
    let mut forest = Forest::default();
    while let Some(event) = reader.next_event()? {
        forest.push(&event, filter.keeps(&event));
    }
    forest.write(out).map_err(ShowError::Out)?;
    let ending = Ending::of(reader);
    let claim = crate::Claim::new(reader.header(), reader.counts(), &ending);
    writeln!(out, "{}", claim.summary).map_err(ShowError::Out)?;
    Ok(ending)
}

#[derive(Default)]
struct Forest {
    nodes: BTreeMap<ProcessId, Node>,
    children: BTreeMap<ProcessId, Vec<ProcessId>>,
    not_drawn: u64,
}

#[derive(Default)]
struct Node {
    /// Command lines, in order of execution; the last runs at the end.
    command: String,
    programs: u64,
    threads: u64,
    files: u64,
    net: u64,
    marks: u64,
    exit: Option<ExitHow>,
}

impl Forest {
    fn push(&mut self, event: &Event, keep: bool) {
        if let Kind::Spawn { parent, thread, .. } = &event.kind {
            self.spawn(event.process, *parent, *thread);
            return;
        }
        let Some(node) = self.nodes.get_mut(&event.process) else { return };
        if !keep {
            return;
        }
        match &event.kind {
            Kind::Exec(exec) if exec.outcome == Outcome::Ok => {
                node.programs += 1;
                node.command = cut(command_line(&exec.argv));
                if node.command.is_empty() {
                    node.command = cut(exec.path.escaped());
                }
            }
            Kind::File(_) => node.files += 1,
            Kind::Net(_) => node.net += 1,
            Kind::Exit(exit) => node.exit = Some(exit.how),
            Kind::Denied(_) | Kind::Tamper(_) | Kind::Delegated(_) | Kind::Refused(_) | Kind::Gap(_) => node.marks += 1,
            _ => {}
        }
    }

    fn spawn(&mut self, id: ProcessId, parent: ProcessId, thread: bool) {
        if thread && let Some(node) = self.nodes.get_mut(&parent) {
            node.threads += 1;
        }
        if self.nodes.len() >= MAX_PROCESSES {
            self.not_drawn += 1;
            return;
        }
        let inherited = self.nodes.get(&parent).map(|node| node.command.clone()).unwrap_or_default();
        self.nodes.insert(id, Node { command: inherited, ..Node::default() });
        self.children.entry(parent).or_default().push(id);
    }

    fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let roots = self.children.get(&ProcessId(0)).map_or(&[][..], Vec::as_slice);
        let mut stack: Vec<(ProcessId, usize)> = roots.iter().rev().map(|id| (*id, 0)).collect();
        while let Some((id, depth)) = stack.pop() {
            let Some(node) = self.nodes.get(&id) else { continue };
            writeln!(out, "{}{} {}{}", "  ".repeat(depth.min(MAX_DEPTH)), id.0, node.command, node.facts())?;
            let below = self.children.get(&id).map_or(&[][..], Vec::as_slice);
            // Numbers of children are greater, so that this ends whatever a recording says.
            stack.extend(below.iter().rev().filter(|child| **child > id).map(|child| (*child, depth + 1)));
        }
        if self.not_drawn > 0 {
            writeln!(out, "… and {} more processes", grouped(self.not_drawn))?;
        }
        Ok(())
    }
}

impl Node {
    fn facts(&self) -> String {
        let mut facts = Vec::new();
        let mut add = |number: u64, one: &str, many: &str| {
            if number > 0 {
                facts.push(crate::numbers::count(number, one, many));
            }
        };
        add(self.programs.saturating_sub(1), "program before", "programs before");
        add(self.threads, "thread", "threads");
        add(self.files, "file act", "file acts");
        add(self.net, "network act", "network acts");
        add(self.marks, "act to look at", "acts to look at");
        match self.exit {
            Some(ExitHow::Status(0)) => {}
            Some(ExitHow::Status(status)) => facts.push(format!("status {status}")),
            Some(ExitHow::Signal(signal)) => facts.push(format!("signal {signal}")),
            None => facts.push("no end seen".to_owned()),
        }
        if facts.is_empty() { String::new() } else { format!("  [{}]", facts.join(", ")) }
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_LINE) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
