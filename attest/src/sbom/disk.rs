//! What is asked of the disk when the step has ended, to name packages.
use std::ffi::OsString;
use std::path::Path;

/// The disk, as far as packages are named by it. Nothing that it says changes a digest.
pub trait Disk {
    /// The content of a regular file; `None` if there is none, it is too long, or cannot be read.
    fn read(&self, path: &Path) -> Option<Vec<u8>>;
    /// The names in a directory, in any order; none if there is no such directory.
    fn names(&self, directory: &Path) -> Vec<OsString>;
    /// True if this is a symbolic link to that.
    fn is_link(&self, path: &Path, to: &str) -> bool;
}
