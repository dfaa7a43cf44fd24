//! The command lines of `sekisho verify` and `sekisho policy`.
use clap::{ArgGroup, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Forms of `verify`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VerifyFormat {
    /// For a person.
    Text,
    /// For scripts.
    Json,
}

/// `sekisho verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho verify dist/app --attestations sekisho-out/attestations.jsonl --policy policy.toml
  sekisho verify dist --explain --attestations sekisho-out/attestations.jsonl --policy policy.toml
  sekisho verify --sha256sums SHA256SUMS --attestations sekisho-out/attestations.jsonl --policy policy.toml
  sekisho verify oci://registry.example/app:v1 --policy policy.toml
  sekisho verify 'dist/*.deb' --vsa summary.json --key gate.key --attestations a.jsonl --policy policy.toml

Exit status: 0 accepted, 1 refused (malformed evidence too), 2 cannot judge: usage, I/O, bad policy or trust.")]
#[command(group(ArgGroup::new("signed").multiple(true).args(["vsa", "svr"])))]
pub struct VerifyArgs {
    /// What is to be released: files, directories (all files in them), globs, and images as oci://HOST/NAME:TAG.
    #[arg(value_name = "ARTIFACT", required_unless_present = "sha256sums")]
    pub artifacts: Vec<PathBuf>,
    /// Judge the files of this list, as sha256sum writes it, by their digests alone. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub sha256sums: Vec<PathBuf>,
    /// Attestations: DSSE envelopes or sigstore bundles, one a line, or one bundle a file. May be given several times. Those
    /// attached to images are found without.
    #[arg(long, value_name = "ATT.jsonl")]
    pub attestations: Vec<PathBuf>,
    /// What is demanded, and of whom.
    #[arg(long, value_name = "POLICY.toml")]
    pub policy: PathBuf,
    /// The root of trust of the public sigstore instance (trusted_root.json) [default: the embedded one].
    #[arg(long, value_name = "FILE")]
    pub trusted_root: Option<PathBuf>,
    /// Judge freshness as of this time (RFC 3339) [default: now].
    #[arg(long, value_name = "TIME")]
    pub time: Option<String>,
    /// Say which statement, where and by whom, each check rests on.
    #[arg(long)]
    pub explain: bool,
    /// Write the decision, accepted or refused, as a signed verification summary.
    #[arg(long, value_name = "OUT", requires = "key")]
    pub vsa: Option<PathBuf>,
    /// Write which properties were verified, none if refused, as a signed simple verification result.
    #[arg(long, value_name = "OUT", requires = "key")]
    pub svr: Option<PathBuf>,
    /// Sign the summary or result with this key.
    #[arg(long, value_name = "K", requires = "signed")]
    pub key: Option<PathBuf>,
    /// The passphrase of an encrypted key [default: $SEKISHO_PASSPHRASE, $COSIGN_PASSWORD, or asked for].
    #[arg(long, value_name = "FILE", requires = "key")]
    pub passphrase_file: Option<PathBuf>,
    /// What the artifacts are called in the summary, such as a package URL [default: file: and the first one's name].
    #[arg(long, value_name = "URI", requires = "vsa")]
    pub resource_uri: Option<String>,
    /// In which form.
    #[arg(long, value_enum, default_value_t = VerifyFormat::Text)]
    pub format: VerifyFormat,
}

/// `sekisho policy`.
#[derive(Debug, clap::Args)]
pub struct PolicyArgs {
    /// What to do with a policy.
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// The subcommands of `sekisho policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Say what of a policy is a mistake, or demands less than it seems to.
    #[command(after_help = "Example:
  sekisho policy lint policy.toml

Exit status: 0 nothing but notes; 1 warnings (with --strict notes too); 2 the policy cannot be used.")]
    Lint {
        /// The policy.
        #[arg(value_name = "POLICY.toml", default_value = "policy.toml")]
        policy: PathBuf,
        /// Notes count as well.
        #[arg(long)]
        strict: bool,
    },
    /// Judge the cases of a folder: those whose names end in _fail are to be refused, all others accepted.
    #[command(after_help = "Example:
  sekisho policy test cases --policy policy.toml

A case is a folder with attestations.jsonl, artifact (a file, or a directory of files), and where wanted now (a time),
reason (the code of the first reason), policy.toml (in place of --policy).
Exit status: 0 all as expected, 1 not all, 2 a case cannot be judged.")]
    Test {
        /// The folder of cases.
        #[arg(value_name = "DIR")]
        cases: PathBuf,
        /// The policy of cases that have none of their own.
        #[arg(long, value_name = "POLICY.toml")]
        policy: Option<PathBuf>,
    },
}
