//! Input and output by name: `-` is a standard stream, and a regular file appears whole or not at all.
use crate::exit::CliError;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use std::fs::{File, Permissions};
use std::io::{self, BufReader, Read, Write};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::NamedTempFile;

/// True once standard input was opened: what was read from it is gone.
static STDIN_IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Opens a file, or standard input for `-`.
pub fn open(path: &Path) -> Result<Box<dyn Read>, CliError> {
    if path.as_os_str() == "-" {
        if STDIN_IS_TAKEN.swap(true, Ordering::Relaxed) {
            return Err(CliError::new("standard input (`-`) stands for one file only").with_hint("name the others"));
        }
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|e| CliError::file("read", path, e))?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(CliError::file("read", path, io::Error::from(io::ErrorKind::IsADirectory)));
    }
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}

/// Reads a whole file of at most `limit_bytes`, or standard input for `-`.
pub fn read(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    open(path)?.take(limit_bytes + 1).read_to_end(&mut bytes).map_err(|e| CliError::file("read", path, e))?;
    if bytes.len() as u64 > limit_bytes {
        return Err(CliError::new(format!("{} is larger than {limit_bytes} bytes", crate::exit::shown(path))));
    }
    Ok(bytes)
}

/// Reads a whole text file of at most `limit_bytes`; what is not UTF-8 is an error.
pub fn read_text(path: &Path, limit_bytes: u64) -> Result<String, CliError> {
    String::from_utf8(read(path, limit_bytes)?)
        .map_err(|_| CliError::new(format!("{} is not UTF-8 text", crate::exit::shown(path))))
}

/// An output that becomes visible under its name only when [`Output::commit`] has put it on the disk. Dropped
/// before that, it leaves nothing behind. Standard output, devices and pipes are written straight away.
pub struct Output {
    path: PathBuf,
    to: To,
}

enum To {
    Stdout(io::Stdout),
    Direct(File),
    /// Without a name until it is whole (open(2), `O_TMPFILE`): a killed recorder leaves nothing behind, and a hostile
    /// step finds nothing to write to.
    Unnamed {
        file: File,
        target: PathBuf,
        mode: u32,
    },
    /// Where the file system has no unnamed files.
    Temporary {
        file: NamedTempFile,
        target: PathBuf,
    },
}

impl Output {
    /// Begins an output with the permissions that the umask leaves of 0666.
    pub fn create(path: &Path) -> Result<Self, CliError> {
        Self::create_with_mode(path, 0o666)
    }

    /// Begins an output with the permissions that the umask leaves of `mode`.
    pub fn create_with_mode(path: &Path, mode: u32) -> Result<Self, CliError> {
        let to = Self::open(path, mode).map_err(|e| CliError::file("write", path, e))?;
        Ok(Self { path: path.to_path_buf(), to })
    }

    /// The same, for a command beside whose output a step runs: if `-` is named, standard output is this output's alone,
    /// and what the step prints goes to standard error.
    pub fn beside_a_step(path: &Path) -> Result<Self, CliError> {
        if path.as_os_str() != "-" {
            return Self::create(path);
        }
        let file = Self::take_stdout().map_err(|e| CliError::file("write", path, e))?;
        Ok(Self { path: path.to_path_buf(), to: To::Direct(file) })
    }

    fn take_stdout() -> io::Result<File> {
        let own = rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?;
        rustix::stdio::dup2_stdout(io::stderr())?;
        Ok(own.into())
    }

    fn open(path: &Path, mode: u32) -> io::Result<To> {
        if path.as_os_str() == "-" {
            return Ok(To::Stdout(io::stdout()));
        }
        let target = match path.metadata() {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            // Renaming over a device or a pipe would replace it.
            Ok(found) if !found.is_file() => return Ok(To::Direct(File::options().write(true).open(path)?)),
            // Through a symbolic link, the file behind it is the one that is meant.
            Ok(_) => path.canonicalize()?,
            Err(_) => path.to_path_buf(),
        };
        let unnamed = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        if let Ok(file) = rustix::fs::open(directory(&target), unnamed, Mode::from_raw_mode(mode)) {
            return Ok(To::Unnamed { file: file.into(), target, mode });
        }
        let file = tempfile::Builder::new()
            .prefix(".sekisho-")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(directory(&target))?;
        Ok(To::Temporary { file, target })
    }

    /// Gives it another name, in the same directory. What is written as it comes has its name already.
    #[must_use]
    pub fn renamed(mut self, path: &Path) -> Self {
        if let To::Unnamed { target, .. } | To::Temporary { target, .. } = &mut self.to {
            path.clone_into(target);
            path.clone_into(&mut self.path);
        }
        self
    }

    /// Puts the bytes on the disk and gives them their name.
    pub fn commit(self) -> Result<(), CliError> {
        let path = self.path;
        Self::finish(self.to).map_err(|e| CliError::file("write", path, e))
    }

    fn finish(to: To) -> io::Result<()> {
        match to {
            To::Stdout(mut out) => out.flush(),
            To::Direct(mut file) => file.flush(),
            To::Unnamed { file, target, mode } => {
                file.sync_all()?;
                give_name(&file, &target, mode)?;
                let _ = File::open(directory(&target)).and_then(|d| d.sync_all());
                Ok(())
            }
            To::Temporary { file, target } => {
                file.as_file().sync_all()?;
                file.persist(&target).map_err(|e| e.error)?;
                // The name is durable when its directory is; some file systems cannot.
                let _ = File::open(directory(&target)).and_then(|d| d.sync_all());
                Ok(())
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Stdout(out) => out.write(bytes),
            To::Direct(file) | To::Unnamed { file, .. } => file.write(bytes),
            To::Temporary { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Stdout(out) => out.flush(),
            To::Direct(file) | To::Unnamed { file, .. } => file.flush(),
            To::Temporary { file, .. } => file.flush(),
        }
    }
}

/// Writes a whole output atomically, or to standard output for `-`.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let mut out = Output::create(path)?;
    out.write_all(bytes).map_err(|e| CliError::file("write", path, e))?;
    out.commit()
}

/// Names an unnamed file: at once where nothing has the name yet; else first beside its target, then over it, so that
/// there is never no file or half a file. The place of the first name is reserved by a temporary file of its own.
fn give_name(file: &File, target: &Path, mode: u32) -> io::Result<()> {
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    match rustix::fs::linkat(CWD, &link, CWD, target, AtFlags::SYMLINK_FOLLOW) {
        Err(rustix::io::Errno::EXIST) => {}
        done => return Ok(done?),
    }
    let named = tempfile::Builder::new().prefix(".sekisho-").permissions(Permissions::from_mode(mode)).make_in(
        directory(target),
        |path| {
            rustix::fs::linkat(CWD, &link, CWD, path, AtFlags::SYMLINK_FOLLOW)?;
            Ok(())
        },
    )?;
    named.into_temp_path().persist(target).map_err(|e| e.error)
}

/// The directory that a file is in.
pub fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_output_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        write(&path, b"old").unwrap();
        let mut out = Output::create(&path).unwrap();
        out.write_all(b"new").unwrap();
        drop(out);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_symbolic_link_stays_and_its_file_changes() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        std::fs::write(&real, b"old").unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        write(&link, b"new").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read(&real).unwrap(), b"new");
    }

    #[test]
    fn a_device_is_written_and_not_replaced() {
        write(Path::new("/dev/null"), b"gone").unwrap();
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
        assert!(write(Path::new("/dev/full"), b"no room").is_err());
    }

    #[test]
    fn a_file_over_the_limit_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big");
        std::fs::write(&path, b"12345").unwrap();
        assert!(read(&path, 4).is_err());
        assert_eq!(read(&path, 5).unwrap(), b"12345");
    }
}
