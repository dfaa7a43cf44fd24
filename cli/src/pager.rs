//! Long text on a terminal goes through a pager.
use std::io::{IsTerminal as _, Write};
use std::process::{Child, Command, Stdio};

/// Where text for a person goes.
pub enum Pager {
    /// Standard output is no terminal, or no pager is wanted or there.
    Plain(std::io::Stdout),
    /// A running pager.
    Running(Child),
}

impl Pager {
    /// Starts `$PAGER`, or `less -R`, if standard output is a terminal. An empty `PAGER` or `cat` means none.
    pub fn start() -> Self {
        let plain = || Self::Plain(std::io::stdout());
        if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
            return plain();
        }
        let mut command = match std::env::var_os("PAGER") {
            Some(pager) if pager.is_empty() || pager == "cat" => return plain(),
            Some(pager) => {
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(pager);
                shell
            }
            None => Command::new("less"),
        };
        // F: quit if it fits one screen; R: colours; X: leave it on the screen (as git does).
        if std::env::var_os("LESS").is_none() {
            command.env("LESS", "FRX");
        }
        command.stdin(Stdio::piped()).spawn().map_or_else(|_| plain(), Self::Running)
    }

    /// Waits until the reader has left the pager.
    pub fn finish(self) {
        if let Self::Running(mut child) = self {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Running(child) => match &mut child.stdin {
                Some(stdin) => stdin.write(bytes),
                None => Err(std::io::ErrorKind::BrokenPipe.into()),
            },
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Running(child) => child.stdin.as_mut().map_or(Ok(()), Write::flush),
        }
    }
}
