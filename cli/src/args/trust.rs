//! The command line of `sekisho trust`.
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

/// `sekisho trust`.
#[derive(Debug, clap::Args)]
pub struct TrustArgs {
    /// What to do with a root of trust.
    #[command(subcommand)]
    pub command: TrustCommand,
}

/// The subcommands of `sekisho trust`.
#[derive(Debug, Subcommand)]
pub enum TrustCommand {
    /// Fetch the present root of trust of a sigstore instance, verified by TUF.
    #[command(after_help = "Examples:
  sekisho trust update
  sekisho trust update --instance github -o github_root.json
  sekisho trust update --repository https://tuf.example --root root.json --signing-config signing_config.json

Nothing is taken into use by itself: `verify --trusted-root`, `--keyless --trusted-root`, or a policy names the file.
Exit status: 0 written; 1 the repository is refused: not signed, expired, older than last time; 2 no answer, usage, input and output.")]
    Update(UpdateArgs),
    /// Say whom a root of trust names, since when, and how old it is.
    #[command(after_help = "Examples:
  sekisho trust show
  sekisho trust show trusted_root.json")]
    Show {
        /// The root of trust [default: the embedded one].
        #[arg(value_name = "TRUSTED_ROOT.json")]
        root: Option<PathBuf>,
    },
}

/// `sekisho trust update`.
#[derive(Debug, clap::Args)]
pub struct UpdateArgs {
    /// Whose: sigstore's public instance, or GitHub's for private repositories.
    #[arg(long, value_enum, default_value_t = Instance::Sigstore)]
    pub instance: Instance,
    /// Another instance's TUF repository: https, or this machine.
    #[arg(long, value_name = "URL", requires = "root", conflicts_with = "instance")]
    pub repository: Option<String>,
    /// The TUF root (root.json) by which that repository is believed.
    #[arg(long, value_name = "ROOT.json", requires = "repository")]
    pub root: Option<PathBuf>,
    /// Where the root of trust goes.
    #[arg(short, long, value_name = "TRUSTED_ROOT.json", default_value = "trusted_root.json")]
    pub output: PathBuf,
    /// Also write by which services the instance signs, for `--keyless --signing-config`.
    #[arg(long, value_name = "FILE")]
    pub signing_config: Option<PathBuf>,
    /// What was verified last time, older than which nothing is accepted [default: the output's name and .tuf].
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// Instances whose TUF root is embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Instance {
    /// The public-good instance.
    Sigstore,
    /// GitHub's own.
    Github,
}
