//! What a change under review is to go into, by its name or as a CI job says it.
use super::git::{Git, is_object};
use super::variable;
use crate::exit::CliError;
use sekisho_events::escape;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

/// Which commit a change under review is to go into.
pub(super) struct Wanted {
    pub(super) reference: String,
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
    pub(super) fn named(name: &str) -> Result<Self, CliError> {
        if name.is_empty() || name.starts_with('-') {
            return Err(CliError::new(format!("--base: {} is no name of a commit", escape(name.as_bytes()))));
        }
        Ok(Self { reference: name.to_owned(), fallback: None })
    }

    /// What a CI job says of itself, if it is that of a change under review.
    pub(super) fn by_environment() -> Option<Self> {
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
    pub(super) fn find(&self, git: &Git, head: Option<&str>) -> Option<(String, String)> {
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
