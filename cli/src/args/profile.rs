//! The command lines of `sekisho profile`.
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

/// `sekisho profile`.
#[derive(Debug, clap::Args)]
pub struct ProfileArgs {
    /// What to do with a profile.
    #[command(subcommand)]
    pub command: ProfileCommand,
}

/// The subcommands of `sekisho profile`.
#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Write a profile that accepts these recordings, generalised for a person to review.
    #[command(after_help = "Example:
  sekisho profile new monday.rec tuesday.rec -o sekisho.toml")]
    New {
        /// Recordings of good runs.
        #[arg(value_name = "REC", required = true)]
        recordings: Vec<PathBuf>,
        /// The profile.
        #[arg(short, long, value_name = "P", default_value = "sekisho.toml")]
        output: PathBuf,
        /// Replace a profile that is there.
        #[arg(long)]
        force: bool,
        /// What the profile is called [default: the name of the workspace].
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Write every rule out; include no shipped abstraction.
        #[arg(long)]
        no_include: bool,
    },
    /// Add hosts that other tools' lists allow: allowed-endpoints of Harden-Runner, lock files of npm and cargo; writes P.
    #[command(after_help = "Examples:
  sekisho profile import .github/workflows/build.yml
  sekisho profile import package-lock.json Cargo.lock -o sekisho.toml
  sekisho profile import endpoints.txt --by /usr/bin/curl -o -")]
    Import {
        /// Lists: what is named package-lock.json, npm-shrinkwrap.json or Cargo.lock is that, all else has endpoints.
        #[arg(value_name = "FILE", required = true)]
        lists: Vec<PathBuf>,
        /// What they are, whatever their names.
        #[arg(long, value_name = "KIND", value_enum)]
        from: Option<ImportKind>,
        /// Programs that may reach the hosts [default: npm's or cargo's; for endpoints any].
        #[arg(long, value_name = "PROGRAM")]
        by: Vec<String>,
        /// The profile; made if it is not there.
        #[arg(short, long, value_name = "P", default_value = "sekisho.toml")]
        output: PathBuf,
    },
    /// Add what further good runs did, and count in how many runs each rule was seen; writes P.
    #[command(after_help = "Example:
  sekisho profile merge sekisho.toml wednesday.rec")]
    Merge {
        /// The profile.
        #[arg(value_name = "P")]
        profile: PathBuf,
        /// Recordings of good runs.
        #[arg(value_name = "REC", required = true)]
        recordings: Vec<PathBuf>,
    },
    /// Print the change that would allow what these recordings did, as a profile fragment.
    #[command(after_help = "Example:
  sekisho profile suggest sekisho.toml failed.rec")]
    Suggest {
        /// The profile.
        #[arg(value_name = "P")]
        profile: PathBuf,
        /// Recordings.
        #[arg(value_name = "REC", required = true)]
        recordings: Vec<PathBuf>,
    },
    /// Say what the profile would have done to these recordings, mode by mode.
    #[command(after_help = "Example:
  sekisho profile simulate sekisho.toml monday.rec tuesday.rec")]
    Simulate {
        /// The profile.
        #[arg(value_name = "P")]
        profile: PathBuf,
        /// Recordings.
        #[arg(value_name = "REC", required = true)]
        recordings: Vec<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Point out rules that are too wide, expired, without a reason or never used.
    #[command(after_help = "Example:
  sekisho profile lint sekisho.toml
  sekisho profile lint sekisho.toml monday.rec tuesday.rec

Exit status: 0 no errors, 1 errors (with --strict, warnings too), 2 cannot judge.")]
    Lint {
        /// The profile.
        #[arg(value_name = "P", default_value = "sekisho.toml")]
        profile: PathBuf,
        /// Recordings: rules and includes that none of them needed are pointed out too.
        #[arg(value_name = "REC")]
        recordings: Vec<PathBuf>,
        /// Take warnings for errors.
        #[arg(long)]
        strict: bool,
    },
    /// Rewrite the profile in its canonical form.
    #[command(after_help = "Examples:
  sekisho profile fmt sekisho.toml
  sekisho profile fmt --check sekisho.toml")]
    Fmt {
        /// Change nothing; exit 1 if the form is not canonical.
        #[arg(long)]
        check: bool,
        /// The profile.
        #[arg(value_name = "P", default_value = "sekisho.toml")]
        profile: PathBuf,
    },
    /// Print the profile in the language of another enforcer, and say what that cannot express.
    #[command(after_help = "Example:
  sekisho profile export sekisho.toml --to seccomp > seccomp.json")]
    Export {
        /// The profile.
        #[arg(value_name = "P", default_value = "sekisho.toml")]
        profile: PathBuf,
        /// In which language.
        #[arg(long, value_name = "KIND", value_enum)]
        to: ExportKind,
    },
    /// List the abstractions that profiles can include, each as it is written there; or print one.
    #[command(after_help = "Examples:
  sekisho profile reviewed
  sekisho profile reviewed gcc")]
    Reviewed {
        /// Which one to print.
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
    /// Say what became possible between two profiles, and what no longer is, each with a witness.
    #[command(after_help = "Examples:
  sekisho profile diff old.toml sekisho.toml
  git show origin/main:sekisho.toml | sekisho profile diff - sekisho.toml

Exit status: 0 both mean the same, 1 they differ, 2 cannot judge.")]
    Diff {
        /// The profile as it was.
        #[arg(value_name = "BEFORE")]
        before: PathBuf,
        /// The profile as it is to be.
        #[arg(value_name = "AFTER")]
        after: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Sign the profile as one of those who reviewed it: adds a signature to those beside it.
    #[command(after_help = "Examples:
  sekisho profile sign sekisho.toml --key dana.key
  sekisho profile sign sekisho.toml --key dana.key --signatures reviews/sekisho.sig")]
    Sign {
        /// The profile.
        #[arg(value_name = "P")]
        profile: PathBuf,
        /// The reviewer's private key.
        #[arg(long, value_name = "K")]
        key: PathBuf,
        /// The passphrase of an encrypted key [default: $SEKISHO_PASSPHRASE, $COSIGN_PASSWORD, or asked for].
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// The signatures, one DSSE envelope [default: P.sig].
        #[arg(long, value_name = "FILE")]
        signatures: Option<PathBuf>,
    },
    /// Say whether enough of those who are to review the profile have signed it.
    #[command(after_help = "Example:
  sekisho profile verify sekisho.toml --key dana.pub --key kim.pub --key lee.pub --threshold 2

Exit status: 0 accepted, 1 refused, 2 cannot judge.")]
    Verify {
        /// The profile.
        #[arg(value_name = "P")]
        profile: PathBuf,
        /// Public keys of reviewers.
        #[arg(long = "key", value_name = "PUB", required = true)]
        keys: Vec<PathBuf>,
        /// How many of them must have signed [default: all].
        #[arg(long, value_name = "N")]
        threshold: Option<usize>,
        /// The signatures, one DSSE envelope [default: P.sig].
        #[arg(long, value_name = "FILE")]
        signatures: Option<PathBuf>,
    },
    /// Say which rule allows or denies an act, and why.
    #[command(after_help = "Example:
  sekisho profile explain sekisho.toml 'connect tcp 203.0.113.7:443'")]
    Explain {
        /// The profile.
        #[arg(value_name = "P")]
        profile: PathBuf,
        /// The act, as `diff` shows it under `what`.
        #[arg(value_name = "ACT")]
        act: String,
        /// The program that does it, by its path.
        #[arg(long, value_name = "PROGRAM")]
        by: Option<String>,
    },
}

/// Languages of `profile export`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportKind {
    /// OCI seccomp profile.
    Seccomp,
    /// AppArmor profile.
    Apparmor,
    /// Kubernetes NetworkPolicy.
    Networkpolicy,
    /// CiliumNetworkPolicy.
    Cilium,
    /// Landlock ruleset.
    Landlock,
}

/// Lists of `profile import`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportKind {
    /// Harden-Runner's allowed-endpoints, alone or in a workflow.
    Endpoints,
    /// package-lock.json.
    Npm,
    /// Cargo.lock.
    Cargo,
}
