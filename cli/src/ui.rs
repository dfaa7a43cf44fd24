//! What is said to a person: always on standard error.
use crate::exit::CliError;
use std::io::{IsTerminal as _, Write as _};

/// How much is said, and whether with colour.
#[derive(Clone, Copy, Debug)]
pub struct Ui {
    quiet: bool,
    verbose: u8,
    stderr_colour: bool,
    stdout_colour: bool,
}

impl Ui {
    /// Reads `NO_COLOR`, `CI`, `TERM`, and whether the streams are terminals.
    pub fn new(quiet: bool, verbose: u8) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let allowed = !set("NO_COLOR") && !set("CI") && std::env::var_os("TERM").is_none_or(|t| t != "dumb");
        Self {
            quiet,
            verbose,
            stderr_colour: allowed && std::io::stderr().is_terminal(),
            stdout_colour: allowed && std::io::stdout().is_terminal(),
        }
    }

    /// True if only errors and the asked-for output are wanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// How often `-v` was given.
    pub fn verbosity(&self) -> u8 {
        self.verbose
    }

    /// True if text on standard error may have colour.
    pub fn colour(&self) -> bool {
        self.stderr_colour
    }

    /// True if text on standard output may have colour.
    pub fn stdout_colour(&self) -> bool {
        self.stdout_colour
    }

    /// Says something, unless quiet. The caller has escaped what the step chose.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.line("", text);
        }
    }

    /// A further line of something said, unless quiet.
    pub fn plain(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// Says something that must not be overlooked, even if quiet.
    pub fn warn(&self, text: &str) {
        self.line("\x1b[33m", text);
    }

    /// Says something only with `-v`.
    pub fn detail(&self, text: &str) {
        if self.verbose > 0 && !self.quiet {
            self.line("\x1b[2m", text);
        }
    }

    /// Says what failed, and what mends it.
    pub fn error(&self, error: &CliError) {
        self.line("\x1b[31m", &error.to_string());
        if let Some(hint) = error.hint() {
            self.line("", &format!("hint: {hint}"));
        }
    }

    /// Without a standard error there is nobody to tell.
    fn line(&self, colour: &str, text: &str) {
        let mut out = std::io::stderr().lock();
        let _ = if self.stderr_colour && !colour.is_empty() {
            writeln!(out, "{colour}sekisho:\x1b[0m {text}")
        } else {
            writeln!(out, "sekisho: {text}")
        };
    }
}
