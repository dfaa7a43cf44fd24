//! The processes of a recording and what each did, in counts. Threads count for their process.
use crate::Filter;
use crate::phrase::{command_line, cut};
use sekisho_events::{Digest, Event, ExitHow, Kind, Outcome, ProcessId};
use sekisho_profiles::EXPECTED_REFUSALS;
use std::collections::{BTreeMap, HashMap};

/// More processes than this are counted, not kept.
const MAX_PROCESSES: usize = 50_000;
/// Threads beyond this number are counted, their acts are not told apart.
const MAX_THREADS: usize = 200_000;
/// A command line is cut behind this many characters.
const MAX_LINE: usize = 200;
/// Programs that one process ran before its last are kept up to this number.
const MAX_EARLIER: usize = 8;

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
    /// Who made it.
    pub(crate) parent: ProcessId,
    /// When it began and ended, in microseconds; without an end it was there to the last.
    pub(crate) began_us: u64,
    pub(crate) ended_us: Option<u64>,
    /// When it began to run its last program.
    pub(crate) program_us: u64,
    /// Digest of its last program.
    pub(crate) sha256: Option<Digest>,
    /// Programs that it ran before the last, and since when.
    pub(crate) earlier: Vec<(u64, String)>,
}

impl Forest {
    /// Takes the next event; acts that the filter leaves out are not counted.
    pub(crate) fn push(&mut self, event: &Event, filter: &mut Filter) {
        let keeps = filter.keeps(event);
        if let Kind::Spawn { parent, thread, .. } = &event.kind {
            self.spawn(event, *parent, *thread);
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
                if node.programs > 0 && node.earlier.len() < MAX_EARLIER {
                    node.earlier.push((node.program_us, std::mem::take(&mut node.program)));
                }
                node.programs += 1;
                (node.program_us, node.sha256) = (event.at_us, exec.sha256);
                node.program = exec.path.escaped();
                let command = if exec.argv.is_empty() { node.program.clone() } else { command_line(&exec.argv) };
                node.command = cut(command, MAX_LINE);
            }
            Kind::Exit(exit) => (node.exit, node.ended_us) = (Some(exit.how), Some(event.at_us)),
            _ if !keeps => {}
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

    fn spawn(&mut self, event: &Event, parent: ProcessId, thread: bool) {
        let id = event.process;
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
        let mut node = Node { parent, began_us: event.at_us, program_us: event.at_us, ..Node::default() };
        if let Some(parent) = self.nodes.get(&parent) {
            (node.command, node.program, node.sha256) = (parent.command.clone(), parent.program.clone(), parent.sha256);
        }
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

    /// Every process that is kept, by rising number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ProcessId, &Node)> {
        self.nodes.iter().map(|(id, node)| (*id, node))
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
