//! What is to be released: files, all files of a directory, globs, and lists of digests.
//!
//! Invariant: of what is named, nothing is passed over. What has no content to be digested ends the command.
use crate::attesting::{digest, regular};
use crate::exit::{CliError, shown};
use crate::files;
use globset::{GlobBuilder, GlobMatcher};
use sekisho_events::{Digest, PathBytes};
use sekisho_verifier::Artifact;
use sha2::{Digest as _, Sha512};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

/// No more artifacts than this are judged at once.
const MAX_ARTIFACTS: usize = 100_000;
/// Longest list of digests.
const MAX_LIST_BYTES: u64 = 64 << 20;

/// All artifacts that the command line names, each with its digest.
pub fn named(paths: &[PathBuf], lists: &[PathBuf], with_sha512: bool) -> Result<Vec<Artifact>, CliError> {
    let mut out = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            out.push(of_input(path, with_sha512)?);
            continue;
        }
        for file in files_of(path)? {
            out.push(of_file(&file, with_sha512)?);
        }
    }
    for list in lists {
        out.extend(listed(list)?);
    }
    if out.len() > MAX_ARTIFACTS { Err(too_many()) } else { Ok(out) }
}

/// The files that one argument stands for, sorted.
fn files_of(path: &Path) -> Result<BTreeSet<PathBuf>, CliError> {
    let mut out = BTreeSet::new();
    match path.metadata() {
        Ok(meta) if meta.is_dir() => {
            below(path, &mut out)?;
            if out.is_empty() {
                return Err(CliError::new(format!("there is no file in {}", shown(path)))
                    .with_hint("name the directory that holds what is to be released"));
            }
        }
        Ok(_) => drop(out.insert(path.to_path_buf())),
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_glob(path) => {
            matching(path, &mut out)?;
            if out.is_empty() {
                return Err(CliError::new(format!("nothing matches {}", shown(path)))
                    .with_hint("globs: `*` stops at `/`, `**` does not; quote them, or the shell reads them first"));
            }
        }
        Err(error) => return Err(CliError::file("read", path, error)),
    }
    Ok(out)
}

fn is_glob(path: &Path) -> bool {
    path.as_os_str().as_bytes().iter().any(|b| b"*?[{".contains(b))
}

/// Every file below a directory. Links to files stand for these; a link to a directory is nobody's to judge.
fn below(directory: &Path, out: &mut BTreeSet<PathBuf>) -> Result<(), CliError> {
    let mut open = vec![directory.to_path_buf()];
    while let Some(directory) = open.pop() {
        for (path, kind) in entries(&directory)? {
            match kind {
                Kind::Directory => open.push(path),
                Kind::File => drop(out.insert(path)),
                Kind::LinkedDirectory => {
                    return Err(CliError::new(format!("{} is a symbolic link to a directory", shown(&path)))
                        .with_hint("name what is to be released file by file, or the directory behind the link"));
                }
            }
            if out.len() > MAX_ARTIFACTS {
                return Err(too_many());
            }
        }
    }
    Ok(())
}

enum Kind {
    /// Or something else that is found to be no file when it is opened.
    File,
    Directory,
    LinkedDirectory,
}

fn entries(directory: &Path) -> Result<Vec<(PathBuf, Kind)>, CliError> {
    let failed = |e| CliError::file("read", directory, e);
    let mut out = Vec::new();
    for entry in directory.read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let path = if directory == Path::new(".") { entry.file_name().into() } else { entry.path() };
        let kind = match (kind.is_dir(), kind.is_symlink() && path.is_dir()) {
            (true, _) => Kind::Directory,
            (_, true) => Kind::LinkedDirectory,
            _ => Kind::File,
        };
        out.push((path, kind));
    }
    Ok(out)
}

/// What a glob matches; a directory that it matches stands for all its files.
fn matching(glob: &Path, out: &mut BTreeSet<PathBuf>) -> Result<(), CliError> {
    let text = glob.to_str().ok_or_else(|| CliError::new(format!("{} is not UTF-8", shown(glob))))?;
    let built = GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build();
    let matcher = built.map_err(|_| CliError::new(format!("{} is not a glob", shown(glob))))?.compile_matcher();
    let fixed = |part: &Component<'_>| !is_glob(Path::new(part.as_os_str()));
    let root: PathBuf = glob.components().take_while(fixed).collect();
    let deepest = if text.contains("**") { usize::MAX } else { glob.components().count() };
    let root = if root.as_os_str().is_empty() { PathBuf::from(".") } else { root };
    if root.is_dir() { walk(&root, &matcher, deepest, out) } else { Ok(()) }
}

fn walk(root: &Path, matcher: &GlobMatcher, deepest: usize, out: &mut BTreeSet<PathBuf>) -> Result<(), CliError> {
    let mut open = vec![root.to_path_buf()];
    while let Some(directory) = open.pop() {
        for (path, kind) in entries(&directory)? {
            let matches = matcher.is_match(&path);
            match kind {
                Kind::Directory | Kind::LinkedDirectory if matches => below(&path, out)?,
                Kind::Directory if path.components().count() < deepest => open.push(path),
                Kind::File if matches => drop(out.insert(path)),
                _ => {}
            }
        }
    }
    Ok(())
}

fn too_many() -> CliError {
    CliError::new(format!("more than {MAX_ARTIFACTS} artifacts")).with_hint("verify them in several parts")
}

fn of_input(path: &Path, with_sha512: bool) -> Result<Artifact, CliError> {
    let mut sha512 = with_sha512.then(Sha512::new);
    let input = Beside { input: files::open(path)?, hash: sha512.as_mut() };
    let found = digest(input).map_err(|e| CliError::file("read", path, e))?;
    Ok(artifact(path, found.sha256, sha512))
}

fn of_file(path: &Path, with_sha512: bool) -> Result<Artifact, CliError> {
    let failed = |e| CliError::file("read", path, e);
    let mut sha512 = with_sha512.then(Sha512::new);
    // Through a symbolic link, the file behind it is what is released.
    let real = path.canonicalize().map_err(failed)?;
    let Some(file) = regular(&real).map_err(failed)? else {
        return Err(CliError::new(format!("{} is not a regular file", shown(path)))
            .with_hint("only files, and directories of them, can be released"));
    };
    let found = digest(Beside { input: file, hash: sha512.as_mut() }).map_err(failed)?;
    Ok(artifact(path, found.sha256, sha512))
}

fn artifact(path: &Path, sha256: Digest, sha512: Option<Sha512>) -> Artifact {
    let hex = |hash: Sha512| {
        hash.finalize().iter().fold(String::new(), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
    };
    Artifact { path: PathBytes::from(path.as_os_str().as_bytes()), sha256, sha512: sha512.map(hex) }
}

/// Passes on what is read, and hashes it on the way.
struct Beside<'h, R> {
    input: R,
    hash: Option<&'h mut Sha512>,
}

impl<R: io::Read> io::Read for Beside<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        if let Some(hash) = &mut self.hash {
            hash.update(&buffer[..n]);
        }
        Ok(n)
    }
}

/// The artifacts of a list as `sha256sum` writes it, with or without `--tag`: by digest, their files are not looked at.
fn listed(path: &Path) -> Result<Vec<Artifact>, CliError> {
    let bytes = files::read(path, MAX_LIST_BYTES)?;
    let mut out = Vec::new();
    for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let (sha256, name) = list_line(line).ok_or_else(|| {
            CliError::new(format!("line {} of {} is none that sha256sum writes", index + 1, shown(path)))
                .with_hint("`sha256sum FILE... > SHA256SUMS` writes such a list")
        })?;
        out.push(artifact(Path::new(OsStr::from_bytes(&name)), sha256, None));
    }
    if out.is_empty() { Err(CliError::new(format!("there is no digest in {}", shown(path)))) } else { Ok(out) }
}

/// `HEX  NAME`, `HEX *NAME` or `SHA256 (NAME) = HEX`, and before it a backslash if the name is escaped.
fn list_line(line: &[u8]) -> Option<(Digest, Vec<u8>)> {
    let (escaped, line) = line.strip_prefix(b"\\").map_or((false, line), |rest| (true, rest));
    let (hex, name) = if let Some(rest) = line.strip_prefix(b"SHA256 (") {
        let at = rest.len().checked_sub(64)?;
        (&rest[at..], rest[..at].strip_suffix(b") = ")?)
    } else {
        let (hex, rest) = line.split_at_checked(64)?;
        (hex, rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?)
    };
    let name = if escaped { unescape(name)? } else { name.to_vec() };
    let sha256 = Digest::from_hex(&std::str::from_utf8(hex).ok()?.to_ascii_lowercase())?;
    (!name.is_empty() && !name.contains(&0)).then_some((sha256, name))
}

fn unescape(name: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut bytes) = (Vec::new(), name.iter());
    while let Some(byte) = bytes.next() {
        out.push(match (byte, (*byte == b'\\').then(|| bytes.next())) {
            (_, Some(Some(b'n'))) => b'\n',
            (_, Some(Some(b'r'))) => b'\r',
            (_, Some(Some(b'\\'))) => b'\\',
            (_, Some(_)) => return None,
            (byte, None) => *byte,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("dist/sub")).unwrap();
        for file in ["dist/a.gz", "dist/b.zip", "dist/sub/c.gz"] {
            std::fs::write(dir.path().join(file), file).unwrap();
        }
        dir
    }

    fn names(dir: &Path, argument: &str) -> Result<Vec<String>, CliError> {
        let named = named(&[dir.join(argument)], &[], false)?;
        let prefix = dir.as_os_str().len() + 1;
        Ok(named.iter().map(|a| String::from_utf8(a.path.as_bytes()[prefix..].to_vec()).unwrap()).collect())
    }

    #[test]
    fn a_directory_is_all_its_files_and_a_glob_what_it_matches() {
        let dir = tree();
        let of = |argument| names(dir.path(), argument).unwrap();
        assert_eq!(of("dist"), ["dist/a.gz", "dist/b.zip", "dist/sub/c.gz"]);
        assert_eq!(of("dist/*.gz"), ["dist/a.gz"]);
        assert_eq!(of("dist/**/*.gz"), ["dist/a.gz", "dist/sub/c.gz"]);
        assert_eq!(of("dist/s*"), ["dist/sub/c.gz"], "a directory stands for its files");
        assert_eq!(of("d*/{a,b}.*"), ["dist/a.gz", "dist/b.zip"]);
        for none in ["dist/*.tar", "nowhere/*", "dist/nothing"] {
            assert!(names(dir.path(), none).is_err(), "{none}");
        }
    }

    #[test]
    fn a_file_whose_name_looks_like_a_glob_is_that_file() {
        let dir = tree();
        std::fs::write(dir.path().join("dist/*.gz"), "star").unwrap();
        assert_eq!(names(dir.path(), "dist/*.gz").unwrap(), ["dist/*.gz"]);
    }

    #[test]
    fn links_stand_for_files_and_what_is_no_file_is_not_passed_over() {
        let dir = tree();
        std::os::unix::fs::symlink("a.gz", dir.path().join("dist/link")).unwrap();
        let found = named(&[dir.path().join("dist")], &[], true).unwrap();
        assert_eq!((found.len(), found[0].sha256), (4, found[2].sha256));
        assert_eq!(found[0].sha512.as_ref().map(String::len), Some(128));
        std::os::unix::fs::symlink("sub", dir.path().join("dist/more")).unwrap();
        assert!(names(dir.path(), "dist").unwrap_err().to_string().contains("symbolic link to a directory"));
        std::fs::remove_file(dir.path().join("dist/more")).unwrap();
        std::os::unix::fs::symlink("nothing", dir.path().join("dist/dangling")).unwrap();
        assert!(names(dir.path(), "dist").is_err());
        std::fs::remove_file(dir.path().join("dist/dangling")).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(dir.path().join("dist/socket")).unwrap();
        assert!(names(dir.path(), "dist").unwrap_err().to_string().contains("not a regular file"));
        drop(socket);
        std::fs::create_dir(dir.path().join("empty")).unwrap();
        assert!(names(dir.path(), "empty").is_err());
    }

    /// GNU coreutils, sha256sum(1): both forms, and names with line breaks.
    #[test]
    fn lists_of_digests_are_read_as_sha256sum_writes_them() {
        let hex = Digest::of(b"x").to_hex();
        let read = |line: String| list_line(line.as_bytes()).map(|(_, name)| String::from_utf8(name).unwrap());
        assert_eq!(read(format!("{hex}  dist/a b")).unwrap(), "dist/a b");
        assert_eq!(read(format!("{hex} *a")).unwrap(), "a");
        assert_eq!(read(format!("SHA256 (a) (b) = {hex}")).unwrap(), "a) (b");
        assert_eq!(read(format!("\\{hex}  a\\nb\\\\")).unwrap(), "a\nb\\");
        for bad in [hex.clone(), format!("{hex} a"), format!("{}  a", &hex[1..]), format!("\\{hex}  a\\x"), "x".into()]
        {
            assert_eq!(read(bad.clone()), None, "{bad}");
        }
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("SHA256SUMS");
        std::fs::write(&list, format!("{hex}  a\r\n\n{hex}  b\n")).unwrap();
        let found = named(&[], std::slice::from_ref(&list), true).unwrap();
        assert_eq!((found.len(), found[1].path.as_bytes(), &found[1].sha512), (2, &b"b"[..], &None));
        std::fs::write(&list, format!("{hex}  a\nhello\n")).unwrap();
        assert!(named(&[], std::slice::from_ref(&list), true).unwrap_err().to_string().contains("line 2"));
        std::fs::write(&list, "").unwrap();
        assert!(named(&[], &[list], true).is_err());
    }
}
