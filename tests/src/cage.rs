//! Runs one command in a cage of its own: session, mounts, limits, time (tests/tracees/cage.c).
use crate::places;
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Who runs the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// Uid 0.
    Root,
    /// Nobody in particular.
    Ordinary,
}

impl User {
    /// Name in tables and in `users` of a case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Ordinary => "user",
        }
    }

    /// Those that this process can be.
    pub fn available() -> Vec<Self> {
        if places::uid() == 0 { vec![Self::Root, Self::Ordinary] } else { vec![Self::Ordinary] }
    }
}

/// Temporary directory of one run: `work` (the step's), `home`, `tmp`, and files of the runner beside them.
#[derive(Debug)]
pub struct Ground {
    dir: tempfile::TempDir,
    user: User,
}

impl Ground {
    /// A fresh one, owned by the user of the step, with dummy files in HOME.
    pub fn new(user: User) -> Self {
        let dir = tempfile::Builder::new().prefix("sekisho-e2e-").tempdir().expect("make a temporary directory");
        let ground = Self { dir, user };
        for name in ["work", "home", "home/.ssh", "tmp"] {
            std::fs::create_dir(ground.path(name)).expect("make a directory");
            ground.give(&ground.path(name));
        }
        std::fs::write(ground.path("home/.ssh/id_dummy"), "dummy, not a key\n").expect("write a dummy");
        ground.give(&ground.path("home/.ssh/id_dummy"));
        ground.give(ground.dir.path());
        std::fs::set_permissions(ground.dir.path(), PermissionsExt::from_mode(0o755)).expect("chmod");
        ground
    }

    fn give(&self, path: &Path) {
        if places::uid() == 0 && self.user == User::Ordinary {
            chown(path, Some(places::ORDINARY_UID), Some(places::ORDINARY_UID)).expect("chown");
        }
    }

    /// A path in it, symbolic links of the temporary directory itself resolved.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().expect("it is there").join(name)
    }

    /// Where the step works.
    pub fn work(&self) -> PathBuf {
        self.path("work")
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // Directories that a step has made deeper than PATH_MAX or without permission are beyond remove_dir_all.
        let _ = Command::new("rm").arg("-rf").arg(self.dir.path().join("work")).stderr(Stdio::null()).status();
    }
}

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By exit.
    Exit(i32),
    /// By a signal.
    Signal(i32),
    /// At its time limit.
    Timeout,
    /// The cage itself could not be made.
    NotStarted,
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    /// How the command itself ended.
    pub ended: Ended,
    /// What still ran a while after it had ended; all of it is gone now.
    pub survivors: u32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Ran {
    /// Its last words on standard error: why it could not.
    pub fn last_words(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        text.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("").to_owned()
    }

    /// Standard error as text.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// A command for the cage.
#[derive(Debug)]
pub struct Caged<'a> {
    ground: &'a Ground,
    options: Vec<OsString>,
    command: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Option<PathBuf>,
}

impl<'a> Caged<'a> {
    /// A command and its arguments; the program is looked for in [`places::PATH`].
    pub fn new<I: Into<OsString>>(ground: &'a Ground, command: impl IntoIterator<Item = I>) -> Self {
        let command = command.into_iter().map(Into::into).collect();
        Self { ground, options: Vec::new(), command, env: Vec::new(), stdin: None }
    }

    /// Further options of the cage.
    #[must_use]
    pub fn options<I: Into<OsString>>(mut self, options: impl IntoIterator<Item = I>) -> Self {
        self.options.extend(options.into_iter().map(Into::into));
        self
    }

    /// A further environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// A file as standard input, in place of `/dev/null`.
    #[must_use]
    pub fn stdin(mut self, file: PathBuf) -> Self {
        self.stdin = Some(file);
        self
    }

    /// Runs it to its end.
    pub fn run(self) -> Ran {
        let ground = self.ground;
        let (out, err, status) = (ground.path("stdout"), ground.path("stderr"), ground.path("status"));
        let _ = std::fs::remove_file(&status);
        let create = |p: &Path| Stdio::from(File::create(p).expect("create a file for output"));
        let input = self.stdin.map_or_else(Stdio::null, |p| Stdio::from(File::open(p).expect("open the input")));
        let mut cage = Command::new(places::tracees().join("cage"));
        cage.args(&self.options).arg("--status").arg(&status);
        if places::uid() == 0 && ground.user == User::Ordinary {
            cage.args(["--uid", &places::ORDINARY_UID.to_string()]);
        }
        cage.arg("--").args(&self.command);
        cage.env_clear().env("PATH", places::PATH).env("LANG", "C").env("HOME", ground.path("home"));
        cage.env("TMPDIR", ground.path("tmp")).envs(self.env);
        cage.current_dir(ground.work()).stdin(input).stdout(create(&out)).stderr(create(&err));
        let left = cage.status().expect("run the cage");
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let number = |word: &str| text.lines().find_map(|l| l.strip_prefix(word)?.trim().parse().ok());
        let ended = match (number("exit "), number("signal ")) {
            (Some(n), _) => Ended::Exit(n),
            (_, Some(n)) => Ended::Signal(n),
            _ if text.contains("timeout") => Ended::Timeout,
            _ if left.code() == Some(77) => Ended::Exit(77),
            _ => Ended::NotStarted,
        };
        let survivors = u32::try_from(number("survivors ").unwrap_or(0)).unwrap_or(0);
        let read = |p: &Path| std::fs::read(p).unwrap_or_default();
        Ran { ended, survivors, stdout: read(&out), stderr: read(&err) }
    }
}
