//! What the step itself listens on: a message there stays inside the tree.
use sekisho_events::{NetAct, PathBytes};
use std::collections::HashSet;

/// Ports and socket paths that a process of the tree has bound.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    ports: HashSet<(String, u16)>,
    paths: HashSet<PathBytes>,
}

impl Listeners {
    /// Remembers a bound or listening socket.
    pub(crate) fn add(&mut self, act: &NetAct) {
        if let Some(port) = act.port {
            self.ports.insert((act.protocol.clone(), port));
        }
        if let Some(path) = &act.path {
            self.paths.insert(path.clone());
        }
    }

    /// Remembers a FIFO that the step made.
    pub(crate) fn add_path(&mut self, path: &PathBytes) {
        self.paths.insert(path.clone());
    }

    /// True if somebody in the tree has bound this port.
    pub(crate) fn has_port(&self, protocol: &str, port: u16) -> bool {
        self.ports.contains(&(protocol.to_owned(), port))
    }

    /// True if somebody in the tree has bound this path or abstract name.
    pub(crate) fn has_path(&self, path: &PathBytes) -> bool {
        self.paths.contains(path)
    }
}
