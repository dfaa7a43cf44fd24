//! Who runs what: the programs of all live processes and what ran above them, from spawn, exec and exit events.
use sekisho_events::{Event, Exec, Kind, PathBytes, ProcessId};
use std::collections::HashMap;
use std::sync::Arc;

/// How many programs of its ancestry are remembered of a process.
const MAX_DEPTH: u32 = 64;

/// A program that a process runs, and what it came from.
#[derive(Debug)]
pub struct Image {
    /// Path of the program.
    pub path: PathBytes,
    /// Its arguments.
    pub argv: Vec<PathBytes>,
    /// What ran before: in the same process, or in the one that made it.
    pub above: Option<Arc<Image>>,
    depth: u32,
    /// Script or other first file that the kernel was asked to run, if not the program itself.
    pub script: Option<PathBytes>,
}

impl Image {
    fn of(exec: &Exec, above: Option<Arc<Self>>) -> Arc<Self> {
        // A chain of programs that replace each other for ever must not grow for ever.
        let above = above.and_then(|a| if a.depth >= MAX_DEPTH { a.above.clone() } else { Some(a) });
        let depth = above.as_ref().map_or(1, |a| a.depth + 1);
        let script = exec.interpreters.first().map(|i| i.path.clone()).filter(|p| *p != exec.path);
        Arc::new(Self { path: exec.path.clone(), argv: exec.argv.clone(), above, depth, script })
    }

    /// This program, then what ran above it.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |i| i.above.as_deref())
    }

    /// Names of the programs from the outermost to this one.
    pub fn ancestry(&self) -> Vec<PathBytes> {
        let mut names: Vec<PathBytes> = self.chain().map(|i| PathBytes::new(i.path.file_name())).collect();
        names.reverse();
        names
    }
}

/// The table.
#[derive(Debug, Default)]
pub struct Processes {
    live: HashMap<ProcessId, Option<Arc<Image>>>,
}

impl Processes {
    /// Hears of an event.
    pub fn observe(&mut self, event: &Event) {
        match &event.kind {
            Kind::Spawn { parent, .. } => {
                let image = self.image(*parent).cloned();
                self.live.insert(event.process, image);
            }
            Kind::Exec(exec) if exec.outcome.is_effect() => {
                let above = self.live.get(&event.process).cloned().flatten();
                self.live.insert(event.process, Some(Image::of(exec, above)));
            }
            Kind::Exit(_) => {
                self.live.remove(&event.process);
            }
            _ => {}
        }
    }

    /// What a process runs; `None` before the first program.
    pub fn image(&self, process: ProcessId) -> Option<&Arc<Image>> {
        self.live.get(&process)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_events::SpawnHow;

    fn spawn(seq: u64, parent: u64, process: u64, thread: bool) -> Event {
        let kind = Kind::Spawn { parent: ProcessId(parent), how: SpawnHow::Fork, thread };
        Event { seq, process: ProcessId(process), at_us: 0, times: None, kind }
    }

    fn exec(seq: u64, process: u64, path: &str) -> Event {
        let exec = Exec { path: path.into(), ..Exec::default() };
        Event { seq, process: ProcessId(process), at_us: 0, times: None, kind: Kind::Exec(Box::new(exec)) }
    }

    #[test]
    fn a_child_runs_its_parents_program_until_it_runs_its_own() {
        let mut table = Processes::default();
        for event in [spawn(1, 0, 1, false), exec(2, 1, "/bin/make"), spawn(3, 1, 2, false)] {
            table.observe(&event);
        }
        assert_eq!(table.image(ProcessId(2)).unwrap().path, "/bin/make".into());
        table.observe(&exec(4, 2, "/bin/sh"));
        table.observe(&spawn(5, 2, 3, true));
        let names = table.image(ProcessId(3)).unwrap().ancestry();
        assert_eq!(names, [PathBytes::from("make"), PathBytes::from("sh")]);
    }

    #[test]
    fn programs_that_replace_each_other_for_ever_are_forgotten() {
        let mut table = Processes::default();
        table.observe(&spawn(1, 0, 1, false));
        for seq in 2..5000 {
            table.observe(&exec(seq, 1, "/bin/sh"));
        }
        assert!(table.image(ProcessId(1)).unwrap().ancestry().len() <= MAX_DEPTH as usize);
    }
}
