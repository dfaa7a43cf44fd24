//! The disk, as far as a bill of materials asks it for the names of packages.
use crate::attesting::regular;
use sekisho_attest::sbom::Disk;
use std::ffi::OsString;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Longest list of a package manager that is read.
const MAX_LIST_BYTES: u64 = 64 << 20;

/// This machine's, as it is now.
pub struct RealDisk;

impl Disk for RealDisk {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let file = regular(path).ok().flatten()?;
        let mut bytes = Vec::new();
        file.take(MAX_LIST_BYTES + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= MAX_LIST_BYTES).then_some(bytes)
    }

    fn names(&self, directory: &Path) -> Vec<OsString> {
        let entries = std::fs::read_dir(directory).into_iter().flatten();
        entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect()
    }

    fn is_link(&self, path: &Path, to: &str) -> bool {
        std::fs::read_link(path).is_ok_and(|target| target.as_os_str() == to)
    }
}

/// What the file is called where the whole is cited.
pub fn name(path: &Path) -> &[u8] {
    match path.file_name() {
        Some(name) if name != "-" => name.as_bytes(),
        _ => b"sbom.cdx.json",
    }
}
