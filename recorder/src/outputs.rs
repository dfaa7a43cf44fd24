//! What the step leaves behind: names that were written, followed through renames, hashed when nobody can write.
use sekisho_events::{Access, FileAct, FileType, PathBytes};
use std::collections::BTreeSet;

/// Names of files that the step wrote and that may still be there.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    names: BTreeSet<Vec<u8>>,
    /// The last rename: an exchange is told as two, one the inverse of the other, and leaves both names.
    last_rename: Option<(Vec<u8>, Vec<u8>)>,
}

impl Outputs {
    /// A file by this name was opened for writing, or made.
    pub(crate) fn touch(&mut self, path: &PathBytes) {
        if path.as_bytes().starts_with(b"/") && !is_pseudo(path.as_bytes()) && !self.names.contains(path.as_bytes()) {
            self.names.insert(path.as_bytes().to_vec());
        }
    }

    /// Follows an act that had its effect.
    pub(crate) fn follow(&mut self, act: &FileAct) {
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

    /// `inverse`: it may be the second half of an exchange, after which there are names below both.
    fn move_directory(&mut self, from: &[u8], to: &[u8], inverse: bool) {
        let prefix = [from, b"/"].concat();
        let below: Vec<Vec<u8>> =
            self.names.range(prefix.clone()..).take_while(|n| n.starts_with(&prefix)).cloned().collect();
        for name in below {
            if !inverse {
                self.names.remove(&name);
            }
            self.names.insert([to, &name[from.len()..]].concat());
        }
    }

    /// All names, sorted.
    pub(crate) fn into_names(self) -> impl Iterator<Item = PathBytes> {
        self.names.into_iter().map(PathBytes::new)
    }
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

    fn names(outputs: Outputs) -> Vec<String> {
        outputs.into_names().map(|n| n.escaped()).collect()
    }

    /// EVASION C15: RENAME_EXCHANGE.
    #[test]
    fn an_exchange_leaves_both_names() {
        let mut outputs = Outputs::default();
        outputs.follow(&act(Access::Create, "/w/a", None));
        outputs.follow(&act(Access::Create, "/w/b", None));
        outputs.follow(&act(Access::Rename, "/w/a", Some("/w/b")));
        outputs.follow(&act(Access::Rename, "/w/b", Some("/w/a")));
        assert_eq!(names(outputs), ["/w/a", "/w/b"]);
    }

    #[test]
    fn a_staged_file_ends_under_its_new_name() {
        let mut outputs = Outputs::default();
        outputs.follow(&act(Access::Create, "/w/a.tmp", None));
        outputs.follow(&act(Access::Rename, "/w/a.tmp", Some("/w/a")));
        assert_eq!(names(outputs), ["/w/a"]);
    }

    #[test]
    fn what_lies_in_a_renamed_directory_moves_with_it() {
        let mut outputs = Outputs::default();
        outputs.follow(&act(Access::Create, "/w/new/x", None));
        outputs.follow(&act(Access::Create, "/w/newer", None));
        let mut rename = act(Access::Rename, "/w/new", Some("/w/out"));
        rename.file_type = Some(FileType::Directory);
        outputs.follow(&rename);
        assert_eq!(names(outputs), ["/w/newer", "/w/out/x"]);
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
        assert_eq!(names(outputs), ["/w/a/x", "/w/b/x"]);
    }

    #[test]
    fn a_deleted_file_is_not_left_behind() {
        let mut outputs = Outputs::default();
        outputs.follow(&act(Access::Create, "/w/a", None));
        outputs.follow(&act(Access::Delete, "/w/a", None));
        assert!(names(outputs).is_empty());
    }
}
