//! Where a profile stands in version control.
mod git;
mod place;
mod wanted;

use crate::args::OriginArgs;
use crate::exit::{CliError, shown};
use git::{Git, Unreadable};
use place::Place;
use sekisho_events::PathBytes;
use sekisho_profiles::{Against, Base, Origin, Standing};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use wanted::Wanted;

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

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
