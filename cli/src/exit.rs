//! Exit statuses, and the errors that lead to one.
use sekisho_events::escape;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// An exit status (docs/interface.md, "Exit status").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub u8);

impl Exit {
    /// Done, clean, or accepted.
    pub const OK: Self = Self(0);
    /// Deviations, not complete, or refused.
    pub const NOT_CLEAN: Self = Self(1);
    /// Usage, input and output, bad profile, policy or trust.
    pub const CANNOT_JUDGE: Self = Self(2);
    /// `record`: the recorder could not do its work.
    pub const RECORDER_FAILED: Self = Self(125);

    /// What a failed command returns: for `record`, whose low statuses belong to the step, 125 in place of 2.
    pub fn for_command(self, is_record: bool) -> Self {
        if is_record && self == Self::CANNOT_JUDGE { Self::RECORDER_FAILED } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The reader of standard output went away: the command ends quietly.
    #[error("standard output was closed")]
    BrokenPipe,
    /// A file could not be opened, read or written.
    #[error("cannot {act} {}: {}", stream(act, .path), plain(.source))]
    File {
        /// `read`, `write`, `create`…
        act: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Anything else, with the exit status that it leads to.
    #[error("{message}")]
    Failed {
        /// What failed, on what: lower case, no full stop.
        message: String,
        /// The command or change that mends it.
        hint: Option<String>,
        /// The status.
        exit: Exit,
    },
}

impl CliError {
    /// An error that leads to status 2. `message` is escaped by the caller where it holds what the step chose.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Failed { message: without_numbers(message.into()), hint: None, exit: Exit::CANNOT_JUDGE }
    }

    /// The same with another status.
    #[must_use]
    pub fn with_exit(self, status: Exit) -> Self {
        match self {
            Self::Failed { message, hint, .. } => Self::Failed { message, hint, exit: status },
            other => Self::Failed { message: other.to_string(), hint: None, exit: status },
        }
    }

    /// The same with the command or change that mends it.
    #[must_use]
    pub fn with_hint(self, text: impl Into<String>) -> Self {
        let exit = self.exit();
        Self::Failed { message: self.to_string(), hint: Some(text.into()), exit }
    }

    /// A failed act on a file; a closed standard output becomes [`CliError::BrokenPipe`].
    pub fn file(act: &'static str, path: impl AsRef<Path>, source: std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        if source.kind() == std::io::ErrorKind::BrokenPipe && path.as_os_str() == "-" {
            return Self::BrokenPipe;
        }
        Self::File { act, path, source }
    }

    /// The status that it leads to.
    pub fn exit(&self) -> Exit {
        match self {
            Self::BrokenPipe => Exit::OK,
            Self::File { .. } => Exit::CANNOT_JUDGE,
            Self::Failed { exit, .. } => *exit,
        }
    }

    /// What mends it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Failed { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }
}

/// The path of an input for a person: escaped, and `-` by its meaning.
pub fn shown(path: &Path) -> String {
    if path.as_os_str() == "-" {
        return "standard input".to_owned();
    }
    escape(path.as_os_str().as_bytes())
}

/// The path of an output for a person: escaped, and `-` by its meaning.
pub fn shown_output(path: &Path) -> String {
    stream("write", path)
}

/// The path as a word of a command line that can be pasted into a shell; `-` stays.
pub fn word(path: &Path) -> String {
    let shown = escape(path.as_os_str().as_bytes());
    let plain = |c: char| c.is_alphanumeric() || "_-./+,:@%=".contains(c);
    if !shown.is_empty() && shown.chars().all(plain) {
        return shown;
    }
    if shown.as_bytes() == path.as_os_str().as_bytes() {
        return format!("'{}'", shown.replace('\'', r"'\''"));
    }
    // Escapes of bash, zsh and POSIX 2024.
    format!("$'{}'", shown.replace('\'', r"\'"))
}

/// A path, or the standard stream that `-` is for this act.
fn stream(act: &str, path: &Path) -> String {
    match (path.as_os_str() == "-", act) {
        (true, "read") => "standard input".to_owned(),
        (true, _) => "standard output".to_owned(),
        (false, _) => shown(path),
    }
}

/// Takes out each ` (os error N)` that Rust appends to the system's words.
fn without_numbers(mut text: String) -> String {
    while let Some(at) = text.find(" (os error ") {
        let Some(end) = text[at..].find(')') else { break };
        text.replace_range(at..=at + end, "");
    }
    text
}

/// The system's words, beginning with a small letter.
fn plain(error: &std::io::Error) -> String {
    let mut text = without_numbers(error.to_string());
    // Where tempfile says the name of a file that nobody has asked for.
    text.truncate(text.find(" at path ").unwrap_or(text.len()));
    if text.chars().nth(1).is_some_and(char::is_lowercase)
        && let Some(first) = text.get_mut(0..1)
    {
        first.make_ascii_lowercase();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn a_word_can_be_pasted_whatever_is_in_it() {
        let of = |bytes: &[u8]| word(Path::new(OsStr::from_bytes(bytes)));
        assert_eq!(of(b"sekisho-out/recording.sekisho"), "sekisho-out/recording.sekisho");
        assert_eq!(of(b"-"), "-");
        assert_eq!(of(b"it's mine"), r"'it'\''s mine'");
        assert_eq!(of(b"a\nb'\xff"), r"$'a\x0ab\'\xff'");
    }

    #[test]
    fn numbers_of_errors_are_no_words() {
        assert_eq!(CliError::new("a: No (os error 2), b (os error 13)").to_string(), "a: No, b");
    }
}
