//! The command line of `sekisho layout`.
use super::VerifyFormat;
use std::path::PathBuf;

/// `sekisho layout`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho layout root.layout --key owner.pub --links links
  sekisho layout root.layout dist/app --key owner.pub --links links --skip-inspections

Links are what in-toto-run and `sekisho attest --link` write. Commands of inspections are never run.
Exit status: 0 accepted, 1 refused (malformed evidence too), 2 cannot judge: usage, I/O, a bad key.")]
pub struct LayoutArgs {
    /// The layout, as in-toto 1.0 has it.
    #[arg(value_name = "LAYOUT")]
    pub layout: PathBuf,
    /// What must be products of the layout's last step: files, directories (all files in them), globs.
    #[arg(value_name = "ARTIFACT")]
    pub artifacts: Vec<PathBuf>,
    /// The public key of an owner of the layout. May be given several times: all of them must have signed it.
    #[arg(long, value_name = "PUB", required = true)]
    pub key: Vec<PathBuf>,
    /// The directory of the links: files whose names end in .link.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub links: PathBuf,
    /// Renounce what the layout's inspections would show.
    #[arg(long)]
    pub skip_inspections: bool,
    /// Judge as of this time (RFC 3339) [default: now].
    #[arg(long, value_name = "TIME")]
    pub time: Option<String>,
    /// In which form.
    #[arg(long, value_enum, default_value_t = VerifyFormat::Text)]
    pub format: VerifyFormat,
}
