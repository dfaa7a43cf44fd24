//! The processes of a recording and what each did, in counts. Threads count for their process.
use crate::Filter;
use crate::phrase::{command_line, cut};
use sekisho_events::{Event, ExitHow, Kind, Outcome, ProcessId};
use sekisho_profiles::EXPECTED_REFUSALS;
use std::collections::{BTreeMap, HashMap};

/// More processes than this are counted, not kept.
const MAX_PROCESSES: usize = 50_000;
/// Threads beyond this number are counted, their acts are not told apart.
const MAX_THREADS: usize = 200_000;
/// A command line is cut behind this many characters.
const MAX_LINE: usize = 200;

/// The processes, by number.
#[derive(Default)]
pub(crate) struct Forest {
    nodes: BTreeMap<ProcessId, Node>,
    children: BTreeMap<ProcessId, Vec<ProcessId>>,
    leaders: HashMap<ProcessId, ProcessId>,
    /// Processes and threads that are not kept.
    pub(crate) omitted: u64,
}

/// One process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    /// Escaped command line of the last program; that of the parent before the first.
    pub(crate) command: String,
    /// Escaped path of the last program.
    pub(crate) program: String,
    pub(crate) programs: u64,
    pub(crate) threads: u64,
    pub(crate) files: u64,
    pub(crate) net: u64,
    /// Acts to look at: denied, refused, delegated, tamper, gap.
    pub(crate) marks: u64,
    pub(crate) exit: Option<ExitHow>,
}

impl Forest {
    /// Takes the next event; acts that the filter leaves out are not counted.
    pub(crate) fn push(&mut self, event: &Event, filter: &Filter) {
        if let Kind::Spawn { parent, thread, .. } = &event.kind {
            self.spawn(event.process, *parent, *thread);
            return;
        }
        if matches!(event.kind, Kind::Exit(_)) && self.leaders.contains_key(&event.process) {
            return;
        }
        let leader = self.leader(event.process);
        let Some(node) = self.nodes.get_mut(&leader) else { return };
        let times = event.times.unwrap_or(1);
        match &event.kind {
            Kind::Exec(exec) if exec.outcome == Outcome::Ok => {
                node.programs += 1;
                node.program = exec.path.escaped();
                let command = if exec.argv.is_empty() { node.program.clone() } else { command_line(&exec.argv) };
                node.command = cut(command, MAX_LINE);
            }
            Kind::Exit(exit) => node.exit = Some(exit.how),
            _ if !filter.keeps(event) => {}
            Kind::File(_) => node.files = node.files.saturating_add(times),
            Kind::Net(_) => node.net = node.net.saturating_add(times),
            // What run times try in order to learn what there is, and do without, is listed and not marked.
            Kind::Refused(refused) if EXPECTED_REFUSALS.contains(&refused.call.as_str()) => {}
            Kind::Denied(_) | Kind::Tamper(_) | Kind::Delegated(_) | Kind::Refused(_) | Kind::Gap(_) => {
                node.marks = node.marks.saturating_add(times);
            }
            _ => {}
        }
    }

    fn spawn(&mut self, id: ProcessId, parent: ProcessId, thread: bool) {
        let parent = self.leader(parent);
        if thread && let Some(node) = self.nodes.get_mut(&parent) {
            node.threads += 1;
            if self.leaders.len() < MAX_THREADS {
                self.leaders.insert(id, parent);
            }
            return;
        }
        // A number that was there before, or a child older than its parent, is none that a recorder gives.
        if self.nodes.len() >= MAX_PROCESSES || self.nodes.contains_key(&id) || id <= parent {
            self.omitted += 1;
            return;
        }
        let inherited = self.nodes.get(&parent).cloned().unwrap_or_default();
        let node = Node { command: inherited.command, program: inherited.program, ..Node::default() };
        self.nodes.insert(id, node);
        self.children.entry(parent).or_default().push(id);
    }

    /// The process of a thread; a process is its own.
    pub(crate) fn leader(&self, id: ProcessId) -> ProcessId {
        self.leaders.get(&id).copied().unwrap_or(id)
    }

    pub(crate) fn node(&self, id: ProcessId) -> Option<&Node> {
        self.nodes.get(&self.leader(id))
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// How many programs were run.
    pub(crate) fn programs(&self) -> u64 {
        self.nodes.values().map(|node| node.programs).sum()
    }

    /// The children of a process, in order of creation; those of 0 are the roots.
    pub(crate) fn children(&self, id: ProcessId) -> &[ProcessId] {
        self.children.get(&id).map_or(&[], Vec::as_slice)
    }
}

impl Node {
    /// The command line, and whether it is that of the parent.
    pub(crate) fn title(&self) -> String {
        let command = if self.command.is_empty() { "(step)" } else { &self.command };
        if self.programs == 0 { format!("{command} (forked)") } else { command.to_owned() }
    }

    /// File name of the program.
    pub(crate) fn short_name(&self) -> &str {
        let name = self.program.rsplit('/').next().unwrap_or(&self.program);
        if name.is_empty() { "(step)" } else { name }
    }

    /// What it did, in counts; empty if nothing is worth a word.
    pub(crate) fn facts(&self) -> Vec<String> {
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
        facts
    }
}
