//! Changing a file that somebody else may be changing too: one after the other, and each sees what the other wrote.
use crate::exit::CliError;
use crate::files;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::path::Path;

/// Does something while nobody else who asks for the same holds the file. The lock is on its directory (flock(2)), since the
/// file itself is replaced when it is written; it ends with the process, however that ends.
pub fn alone_with<T>(path: &Path, work: impl FnOnce() -> Result<T, CliError>) -> Result<T, CliError> {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let held = File::open(files::directory(&real)).map_err(|e| CliError::file("lock", path, e))?;
    // Some network file systems have no locks: what is written is whole all the same.
    let _ = flock(&held, FlockOperation::LockExclusive);
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_add_at_once_is_all_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("list");
        std::fs::write(&path, "").unwrap();
        std::thread::scope(|scope| {
            for name in ["a", "b", "c", "d"] {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..10 {
                        alone_with(path, || {
                            let text = std::fs::read_to_string(path).unwrap();
                            files::write(path, format!("{text}{name}").as_bytes())
                        })
                        .unwrap();
                    }
                });
            }
        });
        assert_eq!(std::fs::read_to_string(&path).unwrap().len(), 40);
    }
}
