//! One command under `sekisho`, for tests that are no cases.
use crate::cage::{Caged, Ended, Ground, Ran, User};
use crate::places;
use crate::recording::Recording;
use std::ffi::OsString;
use std::path::PathBuf;

/// A place and a recording.
#[derive(Debug)]
pub struct Step {
    /// Where it runs.
    pub ground: Ground,
    options: Vec<OsString>,
    cage: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Option<PathBuf>,
}

impl Step {
    /// A fresh place for this user.
    pub fn new(user: User) -> Self {
        Self { ground: Ground::new(user), options: Vec::new(), cage: Vec::new(), env: Vec::new(), stdin: None }
    }

    /// As whoever runs the tests.
    pub fn plain() -> Self {
        Self::new(User::available()[0])
    }

    /// A further option of `sekisho record`.
    #[must_use]
    pub fn option(mut self, option: impl Into<OsString>) -> Self {
        self.options.push(option.into());
        self
    }

    /// A further option of the cage.
    #[must_use]
    pub fn cage(mut self, option: impl Into<OsString>) -> Self {
        self.cage.push(option.into());
        self
    }

    /// A variable in the recorder's environment, and so in the step's.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// A file as standard input.
    #[must_use]
    pub fn stdin(mut self, file: PathBuf) -> Self {
        self.stdin = Some(file);
        self
    }

    /// Where the recording is.
    pub fn rec(&self) -> PathBuf {
        self.ground.path("rec")
    }

    /// Runs `sekisho record` on the command; the recording if there is one.
    pub fn record<I: Into<OsString>>(&self, command: impl IntoIterator<Item = I>) -> (Ran, Option<Recording>) {
        let mut words: Vec<OsString> = vec![places::sekisho().into(), "record".into(), "-o".into(), self.rec().into()];
        words.extend(self.options.iter().cloned());
        words.push("--".into());
        words.extend(command.into_iter().map(Into::into));
        let ran = self.run(words);
        let recording = Recording::load(&self.rec());
        (ran, recording)
    }

    /// Runs any command in the place.
    pub fn run<I: Into<OsString>>(&self, command: impl IntoIterator<Item = I>) -> Ran {
        let mut caged = Caged::new(&self.ground, command).options(self.cage.iter().cloned());
        for (name, value) in &self.env {
            caged = caged.env(name, value);
        }
        if let Some(file) = &self.stdin {
            caged = caged.stdin(file.clone());
        }
        caged.run()
    }

    /// Runs `sekisho` with these words.
    pub fn sekisho<I: Into<OsString>>(&self, words: impl IntoIterator<Item = I>) -> Ran {
        let all = std::iter::once(OsString::from(places::sekisho())).chain(words.into_iter().map(Into::into));
        self.run(all)
    }

    /// The same, which must end with this status.
    ///
    /// # Panics
    /// If it does not.
    pub fn sekisho_ends<I: Into<OsString>>(&self, status: i32, words: impl IntoIterator<Item = I>) -> Ran {
        let ran = self.sekisho(words);
        assert_eq!(ran.ended, Ended::Exit(status), "{}", ran.said());
        ran
    }
}

/// Runs a test once for every user that there is.
pub fn as_each_user(test: impl Fn(User)) {
    User::available().into_iter().for_each(test);
}

/// The path of a tracee.
pub fn tracee(name: &str) -> String {
    places::tracees().join(name).display().to_string()
}
