//! What the step leaves behind: names that were written, followed through renames, hashed when nobody can write.
//!
//! Invariant: what is done in another view takes no name of ours away, and a file of ours counts as written there only if
//! it is the file that was written.
use sekisho_events::{Access, FileAct, FileType, Identity, PathBytes};
use std::collections::{BTreeSet, HashSet};

/// Names of files that the step wrote and that may still be there.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    names: BTreeSet<Vec<u8>>,
    /// The last rename: an exchange is told as two, one the inverse of the other, and leaves both names.
    last_rename: Option<(Vec<u8>, Vec<u8>)>,
    /// Names in other views, and what was written or moved there.
    elsewhere: BTreeSet<Vec<u8>>,
    written_elsewhere: HashSet<(u32, u32, u64)>,
}

impl Outputs {
    /// A file by this name was opened for writing, or made.
    fn touch(&mut self, path: &PathBytes) {
        if path.as_bytes().starts_with(b"/") && !is_pseudo(path.as_bytes()) && !self.names.contains(path.as_bytes()) {
            self.names.insert(path.as_bytes().to_vec());
        }
    }

    /// Follows an act that had its effect.
    pub(crate) fn follow(&mut self, act: &FileAct) {
        if act.namespace.is_some() {
            return self.follow_elsewhere(act);
        }
        let path = act.path.as_bytes();
        match act.access {
            Access::Create | Access::Write | Access::Truncate => self.touch(&act.path),
            Access::Delete => {
                self.names.remove(path);
            }
            Access::Rename => {
                let Some(to) = &act.to else { return };
                let inverse = self.last_rename.as_ref().is_some_and(|(a, b)| a == to.as_bytes() && b == path);
                self.last_rename = Some((path.to_vec(), to.as_bytes().to_vec()));
                if act.file_type == Some(FileType::Directory) {
                    self.move_directory(path, to.as_bytes(), inverse);
                } else {
                    if !inverse {
                        self.names.remove(path);
                    }
                    self.touch(to);
                }
            }
            Access::Link => {
                if let Some(to) = &act.to {
                    self.touch(to);
                }
            }
            _ => {}
        }
    }

    fn follow_elsewhere(&mut self, act: &FileAct) {
        let changed = match act.access {
            Access::Create | Access::Write | Access::Truncate => &act.path,
            Access::Rename | Access::Link => act.to.as_ref().unwrap_or(&act.path),
            _ => return,
        };
        self.elsewhere.insert(changed.as_bytes().to_vec());
        self.written_elsewhere.extend(act.identity.map(key));
        if act.file_type == Some(FileType::Directory) {
            let from = act.path.as_bytes();
            let moved: Vec<Vec<u8>> =
                below(&self.elsewhere, from).map(|name| [changed.as_bytes(), &name[from.len()..]].concat()).collect();
            self.elsewhere.extend(moved);
        }
    }

    /// `inverse`: it may be the second half of an exchange, after which there are names below both.
    fn move_directory(&mut self, from: &[u8], to: &[u8], inverse: bool) {
        let below: Vec<Vec<u8>> = below(&self.names, from).cloned().collect();
        for name in below {
            if !inverse {
                self.names.remove(&name);
            }
            self.names.insert([to, &name[from.len()..]].concat());
        }
    }

    /// All names, sorted, that may be of something that the step left behind; see [`Self::left`].
    pub(crate) fn names(&self) -> impl Iterator<Item = PathBytes> {
        self.names.union(&self.elsewhere).map(|name| PathBytes::from(name.as_slice()))
    }

    /// True if the step has left behind what one of these names leads to in our view.
    pub(crate) fn left(&self, name: &PathBytes, found: Identity) -> bool {
        self.names.contains(name.as_bytes()) || self.written_elsewhere.contains(&key(found))
    }
}

fn key(identity: Identity) -> (u32, u32, u64) {
    (identity.dev_major, identity.dev_minor, identity.ino)
}

fn below<'a>(names: &'a BTreeSet<Vec<u8>>, directory: &[u8]) -> impl Iterator<Item = &'a Vec<u8>> {
    let prefix = [directory, b"/"].concat();
    names.range(prefix.clone()..).take_while(move |name| name.starts_with(&prefix))
}

fn is_pseudo(path: &[u8]) -> bool {
    path.starts_with(b"/dev/") && !path.starts_with(b"/dev/shm/")
        || path.starts_with(b"/proc/")
        || path.starts_with(b"/sys/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(access: Access, path: &str, to: Option<&str>) -> FileAct {
        FileAct { to: to.map(PathBytes::from), ..FileAct::new(access, path) }
    }

    fn names(outputs: &Outputs) -> Vec<String> {
        outputs.names().map(|n| n.escaped()).collect()
    }

    /// EVASION C15: RENAME_EXCHANGE.
    #[test]
    fn an_exchange_leaves_both_names() {
        let mut outputs = Outputs::default();
        outputs.follow(&act(Access::Create, "/w/a", None));
        outputs.follow(&act(Access::Create, "/w/b", None));
        outputs.follow(&act(Access::Rename, "/w/a", Some("/w/b")));
        outputs.follow(&act(Access::Rename, "/w/b", Some("/w/a")));
        assert_eq!(names(&outputs), ["/w/a", "/w/b"]);
    }

    #[test]
    fn a_staged_file_ends_under_its_new_name() {
        let mut outputs = Outputs::default();
        outputs.follow(&act(Access::Create, "/w/a.tmp", None));
        outputs.follow(&act(Access::Rename, "/w/a.tmp", Some("/w/a")));
        assert_eq!(names(&outputs), ["/w/a"]);
    }

    #[test]
    fn what_lies_in_a_renamed_directory_moves_with_it() {
        let mut outputs = Outputs::default();
        outputs.follow(&act(Access::Create, "/w/new/x", None));
        outputs.follow(&act(Access::Create, "/w/newer", None));
        let mut rename = act(Access::Rename, "/w/new", Some("/w/out"));
        rename.file_type = Some(FileType::Directory);
        outputs.follow(&rename);
        assert_eq!(names(&outputs), ["/w/newer", "/w/out/x"]);
    }

    #[test]
    fn an_exchange_of_directories_leaves_the_names_below_both() {
        let mut outputs = Outputs::default();
        outputs.follow(&act(Access::Create, "/w/a/x", None));
        outputs.follow(&act(Access::Create, "/w/b/x", None));
        for (from, to) in [("/w/a", "/w/b"), ("/w/b", "/w/a")] {
            let mut rename = act(Access::Rename, from, Some(to));
            rename.file_type = Some(FileType::Directory);
            outputs.follow(&rename);
        }
        assert_eq!(names(&outputs), ["/w/a/x", "/w/b/x"]);
    }

    #[test]
    fn what_is_done_in_another_view_takes_no_name_away_and_makes_no_other_file_an_output() {
        let file = |ino| Identity { dev_major: 8, dev_minor: 1, ino, mount: 7 };
        let there = |access, path: &str, to, ino| FileAct {
            namespace: Some(0),
            identity: Some(file(ino)),
            ..act(access, path, to)
        };
        let mut outputs = Outputs::default();
        outputs.follow(&act(Access::Create, "/w/app", None));
        outputs.follow(&there(Access::Create, "/w/app", None, 2));
        outputs.follow(&there(Access::Delete, "/w/app", None, 2));
        outputs.follow(&there(Access::Write, "/w/stale", None, 3));
        outputs.follow(&there(Access::Rename, "/w/x", Some("/w/y"), 4));
        assert_eq!(names(&outputs), ["/w/app", "/w/stale", "/w/y"]);
        assert!(outputs.left(&"/w/app".into(), file(1)));
        assert!(!outputs.left(&"/w/stale".into(), file(9)) && outputs.left(&"/w/stale".into(), file(3)));
        assert!(outputs.left(&"/w/y".into(), file(4)));
    }

    #[test]
    fn a_deleted_file_is_not_left_behind() {
        let mut outputs = Outputs::default();
        outputs.follow(&act(Access::Create, "/w/a", None));
        outputs.follow(&act(Access::Delete, "/w/a", None));
        assert!(names(&outputs).is_empty());
    }
}
