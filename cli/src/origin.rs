//! Where a profile stands in version control: asked of git, in a way that runs nothing.
//!
//! Invariant: whatever the repository's configuration says, only git itself runs, it fetches nothing and writes nothing: its
//! plumbing reads refs and objects, hooks and monitors are off, no protocol is allowed, and no variable of ours reaches it.
use crate::args::OriginArgs;
use crate::exit::{CliError, shown};
use sekisho_events::{PathBytes, escape};
use sekisho_profiles::{Against, Base, Origin, Standing};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the text of `profile` stands, and whether it is that of what the change under review is to go into. `None` if it
/// is in no repository.
pub fn of(profile: &Path, text: &str, args: &OriginArgs) -> Result<Option<Origin>, CliError> {
    let wanted = match &args.base {
        Some(name) => Some(Wanted::named(name)?),
        None => Wanted::by_environment(),
    };
    let place = if profile.as_os_str() == "-" { None } else { Place::of(profile) };
    let Some(place) = place else {
        return match &args.base {
            Some(_) => Err(CliError::new(format!("--base: {} is in no git repository", shown(profile)))),
            None => Ok(None),
        };
    };
    let git = if place.is_nested && wanted.is_some() { None } else { Git::at(&place.top) };
    let mut origin = Origin {
        commit: None,
        path: PathBytes::new(place.path.as_os_str().as_bytes()),
        reference: None,
        state: Standing::Unknown,
        base: None,
    };
    let mut base = wanted.map(|wanted| (wanted.reference.clone(), Against::Unknown, None, wanted));
    if let Some(git) = git {
        origin.commit = git.commit("HEAD");
        origin.reference = git.reference(origin.commit.as_deref());
        origin.state = if place.is_linked {
            Standing::Linked
        } else {
            standing(&git, origin.commit.as_deref(), &place.path, text)
        };
        if let Some((reference, state, commit, wanted)) = &mut base
            && let Some((name, found)) = wanted.find(&git, origin.commit.as_deref())
        {
            if !place.is_linked {
                *state = against(&git, &found, origin.commit.as_deref(), &place.path, text);
            }
            (*reference, *commit) = (name, Some(found));
        }
    }
    origin.base = base.map(|(reference, state, commit, _)| Base {
        reference,
        commit,
        state,
        accepted: state != Against::Same && args.trust_changed_profile,
    });
    Ok(Some(origin))
}

/// How the text compares with the commit that is checked out.
fn standing(git: &Git, commit: Option<&str>, path: &Path, text: &str) -> Standing {
    match commit.map(|commit| git.file(commit, path)) {
        None | Some(Ok(None)) => Standing::Untracked,
        Some(Err(Unreadable)) => Standing::Unknown,
        Some(Ok(Some(found))) if found == text.as_bytes() => Standing::Committed,
        Some(Ok(Some(_))) => Standing::Modified,
    }
}

/// How the text compares with the base; where it differs, whether the base is where it came from.
fn against(git: &Git, base: &str, commit: Option<&str>, path: &Path, text: &str) -> Against {
    match git.file(base, path) {
        Err(Unreadable) => Against::Unknown,
        Ok(None) => Against::New,
        Ok(Some(found)) if found == text.as_bytes() => Against::Same,
        Ok(Some(_)) => {
            let fork = commit.and_then(|commit| git.line(&["merge-base", base, commit]));
            let before = fork.and_then(|fork| git.file(&fork, path).ok().flatten());
            if before.is_some_and(|b| b == text.as_bytes()) { Against::Outdated } else { Against::Changed }
        }
    }
}

/// Which commit a change under review is to go into.
struct Wanted {
    reference: String,
    fallback: Option<Fallback>,
}

/// Where the base is found if its branch is not in the clone.
enum Fallback {
    /// The first parent, if this merge of the change into its base is what is checked out.
    FirstParent(OsString),
    /// A commit that the CI server names.
    Commit(String),
}

impl Wanted {
    /// What a person names.
    fn named(name: &str) -> Result<Self, CliError> {
        if name.is_empty() || name.starts_with('-') {
            return Err(CliError::new(format!("--base: {} is no name of a commit", escape(name.as_bytes()))));
        }
        Ok(Self { reference: name.to_owned(), fallback: None })
    }

    /// What a CI job says of itself, if it is that of a change under review.
    fn by_environment() -> Option<Self> {
        const BRANCHES: [&str; 7] = [
            "GITHUB_BASE_REF",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
            "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
            "SYSTEM_PULLREQUEST_TARGETBRANCH",
            "BITBUCKET_PR_DESTINATION_BRANCH",
            "CI_COMMIT_TARGET_BRANCH",
            "CHANGE_TARGET",
        ];
        let branch = BRANCHES.iter().find_map(|name| variable(name))?;
        let branch = branch.to_string_lossy();
        let branch = branch.strip_prefix("refs/heads/").unwrap_or(&branch);
        let merged = variable("GITHUB_REF").is_some_and(|r| r.as_bytes().ends_with(b"/merge"));
        let fallback = match variable("GITHUB_SHA") {
            Some(sha) if merged => Some(Fallback::FirstParent(sha)),
            _ => variable("CI_MERGE_REQUEST_DIFF_BASE_SHA").and_then(|s| s.into_string().ok()).map(Fallback::Commit),
        };
        Some(Self { reference: format!("refs/remotes/origin/{branch}"), fallback })
    }

    /// The commit, and by which name it was found.
    fn find(&self, git: &Git, head: Option<&str>) -> Option<(String, String)> {
        if let Some(commit) = git.commit(&self.reference) {
            return Some((self.reference.clone(), commit));
        }
        let commit = match self.fallback.as_ref()? {
            Fallback::FirstParent(merge) if head.is_some_and(|head| OsStr::new(head) == merge.as_os_str()) => {
                git.commit("HEAD^2")?;
                git.commit("HEAD^1")?
            }
            Fallback::Commit(commit) if is_object(commit) => git.commit(commit)?,
            _ => return None,
        };
        Some((self.reference.clone(), commit))
    }
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Where a profile is, by the names that lead there.
struct Place {
    /// The work tree.
    top: PathBuf,
    /// The profile in it.
    path: PathBuf,
    /// True if a symbolic link of the work tree is on the way.
    is_linked: bool,
    /// True if the work tree is in another one.
    is_nested: bool,
}

impl Place {
    fn of(profile: &Path) -> Option<Self> {
        // By the names as they were given: what a link in the work tree leads to may be outside of it.
        let named = std::path::absolute(profile).ok()?;
        let mut above = named.ancestors().skip(1).filter(|dir| dir.join(".git").symlink_metadata().is_ok());
        let mut rest = None;
        while rest.is_none() {
            let dir = above.next()?;
            rest = named.strip_prefix(dir).ok().and_then(folded).map(|path| (dir, path));
        }
        let (dir, path) = rest?;
        let top = dir.canonicalize().ok()?;
        let is_linked = named.canonicalize().ok()? != top.join(&path);
        let is_nested = above.any(|outer| outer.canonicalize().is_ok_and(|outer| outer != top));
        Some(Self { top, path, is_linked, is_nested })
    }
}

/// A path without `.` and `..`; `None` if it leads out.
fn folded(path: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::CurDir => {}
            Component::ParentDir => out.pop().then_some(())?,
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(out)
}

/// An object that is there and cannot be read, or a question that git did not answer.
struct Unreadable;

/// Git, in one work tree.
struct Git {
    program: PathBuf,
    top: PathBuf,
}

impl Git {
    /// `None` if there is no git, or if it takes another directory for the top of the work tree.
    fn at(top: &Path) -> Option<Self> {
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
    fn line(&self, words: &[&str]) -> Option<String> {
        let said = String::from_utf8(self.ask(words)?).ok()?;
        Some(said.trim_end_matches('\n').to_owned()).filter(|line| !line.is_empty() && !line.contains('\n'))
    }

    /// The commit that a name stands for.
    fn commit(&self, name: &str) -> Option<String> {
        self.line(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]).filter(|found| is_object(found))
    }

    /// The branch that is checked out; where none is, what the CI job says this commit to be.
    fn reference(&self, commit: Option<&str>) -> Option<String> {
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
    fn file(&self, commit: &str, path: &Path) -> Result<Option<Vec<u8>>, Unreadable> {
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
fn is_object(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_folded_and_does_not_lead_out() {
        for (path, want) in [("a/./b", Some("a/b")), ("a/../b", Some("b")), ("../b", None), ("a/../../b", None)] {
            assert_eq!(folded(Path::new(path)).as_deref(), want.map(Path::new), "{path}");
        }
    }

    #[test]
    fn only_whole_digests_name_objects() {
        assert!(is_object(&"a".repeat(40)) && is_object(&"0".repeat(64)));
        assert!(!is_object("HEAD") && !is_object(&"g".repeat(40)) && !is_object(&"a".repeat(41)));
    }
}
