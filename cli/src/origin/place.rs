//! Where a profile lies in a work tree, by the names that lead there.
use std::path::{Component, Path, PathBuf};

/// A profile in a work tree.
pub(super) struct Place {
    /// The work tree.
    pub(super) top: PathBuf,
    /// The profile in it.
    pub(super) path: PathBuf,
    /// True if a symbolic link of the work tree is on the way.
    pub(super) is_linked: bool,
    /// True if the work tree is in another one.
    pub(super) is_nested: bool,
}

impl Place {
    pub(super) fn of(profile: &Path) -> Option<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_folded_and_does_not_lead_out() {
        for (path, want) in [("a/./b", Some("a/b")), ("a/../b", Some("b")), ("../b", None), ("a/../../b", None)] {
            assert_eq!(folded(Path::new(path)).as_deref(), want.map(Path::new), "{path}");
        }
    }
}
