//! What `$WORKSPACE`, `$HOME`, `$TMP` and `$UID` stand for in one recording.
use sekisho_events::Header;

/// A variable at the start of a path pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Var {
    /// The directory that the step works in.
    Workspace,
    /// The home directory of the step's user.
    Home,
    /// The directory for temporary files.
    Tmp,
}

impl Var {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Workspace, Self::Home, Self::Tmp];

    /// The name as it stands in a profile, without `$`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Workspace => "WORKSPACE",
            Self::Home => "HOME",
            Self::Tmp => "TMP",
        }
    }
}

/// Values of the variables. A variable without value matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vars {
    workspace: Option<Vec<u8>>,
    home: Option<Vec<u8>>,
    tmp: Option<Vec<u8>>,
    uid: u32,
}

impl Vars {
    /// The variables of a recording.
    pub fn from_header(header: &Header) -> Self {
        let home = header.home.as_ref().map(sekisho_events::PathBytes::as_bytes);
        Self::new(Some(header.workspace.as_bytes()), home, Some(header.tmp.as_bytes()), header.uid)
    }

    /// Variables with these values. `/`, a relative path and one with `.` or `..` in it are no value: a rule for all
    /// below them would be a rule for all.
    pub fn new(workspace: Option<&[u8]>, home: Option<&[u8]>, tmp: Option<&[u8]>, uid: u32) -> Self {
        let clean = |path: Option<&[u8]>| path.and_then(usable);
        Self { workspace: clean(workspace), home: clean(home), tmp: clean(tmp), uid }
    }

    /// The value of a variable.
    pub fn get(&self, var: Var) -> Option<&[u8]> {
        match var {
            Var::Workspace => self.workspace.as_deref(),
            Var::Home => self.home.as_deref(),
            Var::Tmp => self.tmp.as_deref(),
        }
    }

    /// The value of `$UID`.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The variable with the longest value that `path` is, or lies below, and what is left of the path (empty, or
    /// beginning with `/`).
    pub fn shorten<'p>(&self, path: &'p [u8]) -> (Option<Var>, &'p [u8]) {
        let mut best: (Option<Var>, &[u8]) = (None, path);
        for var in Var::ALL {
            let Some(rest) = self.get(var).and_then(|value| path.strip_prefix(value)) else { continue };
            if (rest.is_empty() || rest[0] == b'/') && rest.len() < best.1.len() {
                best = (Some(var), rest);
            }
        }
        best
    }
}

/// The path without trailing slashes, if it is absolute, plain, and not the root.
fn usable(path: &[u8]) -> Option<Vec<u8>> {
    let mut path = path;
    while let Some(shorter) = path.strip_suffix(b"/") {
        path = shorter;
    }
    let plain = path.strip_prefix(b"/")?.split(|b| *b == b'/').all(|c| !matches!(c, b"" | b"." | b".."));
    plain.then(|| path.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_variable_names_a_path() {
        let vars = Vars::new(Some(b"/home/u/w"), Some(b"/home/u"), Some(b"/tmp/"), 7);
        assert_eq!(vars.shorten(b"/home/u/w/a.c"), (Some(Var::Workspace), &b"/a.c"[..]));
        assert_eq!(vars.shorten(b"/home/u/wide"), (Some(Var::Home), &b"/wide"[..]));
        assert_eq!(vars.shorten(b"/tmp"), (Some(Var::Tmp), &b""[..]));
        assert_eq!(vars.shorten(b"/etc/passwd"), (None, &b"/etc/passwd"[..]));
    }

    #[test]
    fn the_root_is_no_value() {
        let vars = Vars::new(Some(b"/"), Some(b"home"), Some(b"/tmp/../etc"), 0);
        assert!(Var::ALL.into_iter().all(|v| vars.get(v).is_none()));
    }
}
