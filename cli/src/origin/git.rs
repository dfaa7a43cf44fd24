//! Git, asked in a way that runs nothing.
//!
//! Invariant: whatever the repository's configuration says, only git itself runs, it fetches nothing and writes nothing: its
//! plumbing reads refs and objects, hooks and monitors are off, no protocol is allowed, and no variable of ours reaches it.
use super::variable;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An object that is there and cannot be read, or a question that git did not answer.
pub(super) struct Unreadable;

/// Git, in one work tree.
pub(super) struct Git {
    program: PathBuf,
    top: PathBuf,
}

impl Git {
    /// `None` if there is no git, or if it takes another directory for the top of the work tree.
    pub(super) fn at(top: &Path) -> Option<Self> {
        let directories = std::env::var_os("PATH")?;
        let mut programs = std::env::split_paths(&directories).filter(|d| d.is_absolute()).map(|d| d.join("git"));
        let git = Self { program: programs.find(|p| p.is_file())?, top: top.to_path_buf() };
        let mut said = git.ask(&["rev-parse", "--show-toplevel"])?;
        said.pop_if(|last| *last == b'\n');
        (Path::new(&OsString::from_vec(said)) == top).then_some(git)
    }

    /// What a command prints, if it succeeds.
    fn ask(&self, words: &[&str]) -> Option<Vec<u8>> {
        self.ask_of(words, &[])
    }

    fn ask_of(&self, words: &[&str], paths: &[&Path]) -> Option<Vec<u8>> {
        let quiet = ["core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never", "safe.directory=*"];
        let mut command = Command::new(&self.program);
        command.args(["--no-pager", "--no-optional-locks", "--no-replace-objects", "--literal-pathspecs"]);
        command.args(quiet.iter().flat_map(|setting| ["-c", setting]));
        command.env_clear().envs(
            [
                ("GIT_CONFIG_NOSYSTEM", "1"),
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("GIT_NO_LAZY_FETCH", "1"),
                ("GIT_ALLOW_PROTOCOL", "none"),
                ("GIT_TERMINAL_PROMPT", "0"),
                ("LC_ALL", "C"),
            ]
            .iter()
            .copied(),
        );
        command.args(words).args(paths).current_dir(&self.top).stdin(Stdio::null()).stderr(Stdio::null());
        let output = command.output().ok()?;
        output.status.success().then_some(output.stdout)
    }

    /// One line without its end.
    pub(super) fn line(&self, words: &[&str]) -> Option<String> {
        let said = String::from_utf8(self.ask(words)?).ok()?;
        Some(said.trim_end_matches('\n').to_owned()).filter(|line| !line.is_empty() && !line.contains('\n'))
    }

    /// The commit that a name stands for.
    pub(super) fn commit(&self, name: &str) -> Option<String> {
        self.line(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]).filter(|found| is_object(found))
    }

    /// The branch that is checked out; where none is, what the CI job says this commit to be.
    pub(super) fn reference(&self, commit: Option<&str>) -> Option<String> {
        if let Some(branch) = self.line(&["symbolic-ref", "--quiet", "HEAD"]) {
            return Some(branch);
        }
        let is_this = |name| variable(name).is_some_and(|sha| commit.is_some_and(|c| sha == OsStr::new(c)));
        let text = |name| variable(name).and_then(|value| value.into_string().ok());
        if is_this("GITHUB_SHA") {
            return text("GITHUB_REF");
        }
        if !is_this("CI_COMMIT_SHA") {
            return None;
        }
        let tag = text("CI_COMMIT_TAG").map(|tag| format!("refs/tags/{tag}"));
        tag.or_else(|| text("CI_COMMIT_BRANCH").map(|branch| format!("refs/heads/{branch}")))
    }

    /// The content of a regular file of a commit, as it is stored.
    pub(super) fn file(&self, commit: &str, path: &Path) -> Result<Option<Vec<u8>>, Unreadable> {
        let row = self.ask_of(&["ls-tree", "-z", "--full-tree", commit, "--"], &[path]).ok_or(Unreadable)?;
        let row = String::from_utf8_lossy(&row);
        // `100644 blob OBJECT\tPATH\0`; a link is 120000, another repository 160000.
        let mut words = row.split(['\t', ' ']);
        let (mode, _, object) = (words.next(), words.next(), words.next());
        match (mode, object) {
            (Some("100644" | "100755"), Some(object)) if is_object(object) => {
                self.ask(&["cat-file", "blob", object]).map(Some).ok_or(Unreadable)
            }
            _ => Ok(None),
        }
    }
}

/// True for the name of an object: SHA-1 or SHA-256 in hex.
pub(super) fn is_object(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_digests_name_objects() {
        assert!(is_object(&"a".repeat(40)) && is_object(&"0".repeat(64)));
        assert!(!is_object("HEAD") && !is_object(&"g".repeat(40)) && !is_object(&"a".repeat(41)));
    }
}
