//! The command line of `sekisho review`.
use super::duration;
use std::path::PathBuf;
use std::time::Duration;

/// `sekisho review`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho review sekisho.toml sekisho-out/recording.sekisho
  sekisho review sekisho.toml monday.rec tuesday.rec --serve

Exit status: 0 all decided and allowed, 1 some refused or left for later, 2 cannot judge.")]
pub struct ReviewArgs {
    /// The profile; accepted deviations are written to it.
    #[arg(value_name = "P")]
    pub profile: PathBuf,
    /// Recordings: what several of them did is asked about once.
    #[arg(value_name = "REC", required = true)]
    pub recordings: Vec<PathBuf>,
    /// Who reviews [default: $USER].
    #[arg(long, value_name = "NAME")]
    pub reviewer: Option<String>,
    /// Accept every deviation, each as narrowly as a rule can say it, without asking.
    #[arg(long, requires = "reason")]
    pub accept_all: bool,
    /// Why all of them are accepted.
    #[arg(long, value_name = "TEXT", requires = "accept_all")]
    pub reason: Option<String>,
    /// Review in a browser on this machine, by a link that opens once.
    #[arg(long, conflicts_with = "accept_all")]
    pub serve: bool,
    /// Where the browser finds it, on 127.0.0.1 [default: a free port].
    #[arg(long, value_name = "PORT", requires = "serve", default_value = "0", hide_default_value = true)]
    pub port: u16,
    /// End when nobody has asked for anything for so long.
    #[arg(long, value_name = "TIME", requires = "serve", value_parser = duration, default_value = "30m")]
    pub idle: Duration,
}
