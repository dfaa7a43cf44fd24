//! The command line: every command, option and default (docs/interface.md, "Commands").
mod attesting;
mod layout;
mod origin;
mod profile;
mod review;
mod signing;
mod trust;
mod verifying;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub use attesting::{AttachArgs, AttestArgs, SbomArgs};
pub use layout::LayoutArgs;
pub use origin::OriginArgs;
pub use profile::{ExportKind, ImportKind, ProfileArgs, ProfileCommand};
pub use review::ReviewArgs;
pub use signing::{SignerArgs, SigningArgs};
#[cfg(feature = "sigstore")]
pub use trust::Instance;
pub use trust::{TrustArgs, TrustCommand, UpdateArgs};
pub use verifying::{PolicyArgs, PolicyCommand, VerifyArgs, VerifyFormat};

/// Records what a build step does, compares it with a reviewed profile, attests it, and verifies that before release.
#[derive(Debug, Parser)]
#[command(name = "sekisho", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Begin with:
  sekisho run -- make                          record a build; without a profile nothing is judged
  sekisho profile new sekisho-out/recording.sekisho
                                               write sekisho.toml from what was seen; review it, commit it
  sekisho run --key release.key -- make        record, compare with sekisho.toml, attest

Exit status: 0 clean or accepted, 1 not clean or refused, 2 cannot judge. `record` returns the step's own.")]
pub struct Args {
    /// Say nothing but errors.
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Say more; twice for still more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Record a step, compare it with the profile, attest it: the whole loop for CI.
    Run(RunArgs),
    /// Record a step, and nothing else; returns the step's own status.
    Record(RecordArgs),
    /// Show a recording as text or JSON.
    Show(ShowArgs),
    /// Write a recording as one HTML page.
    Report(ReportArgs),
    /// Make, grow, test and convert profiles.
    Profile(ProfileArgs),
    /// Compare a recording with a profile, or with another recording.
    Diff(DiffArgs),
    /// Accept or refuse each deviation with a reason; writes the profile.
    Review(ReviewArgs),
    /// Write signed in-toto attestations of a recording.
    Attest(AttestArgs),
    /// Attach attestations to an image or other artifact in a registry, where `verify` and cosign find them.
    Attach(AttachArgs),
    /// Write what a step read as a bill of materials (CycloneDX), by package.
    Sbom(SbomArgs),
    /// Accept or refuse artifacts for release by their attestations and a policy.
    Verify(VerifyArgs),
    /// Accept or refuse the steps of a supply chain by a classic in-toto layout.
    Layout(LayoutArgs),
    /// Look for mistakes in a release policy, and test it by cases.
    Policy(PolicyArgs),
    /// Fetch a root of trust by TUF, and say how old one is.
    Trust(TrustArgs),
    /// Make a signing key.
    Keygen(KeygenArgs),
    /// Hold a key for another user, and sign with it what recordings say.
    Signer(SignerArgs),
    /// Say what this kernel and container allow, and what to do about it.
    Doctor(DoctorArgs),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    /// Write manual pages into a directory.
    Man(ManArgs),
}

/// What happens to an act that the profile does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// It happens, is recorded, and is reported as a deviation.
    Observe,
    /// The call fails before it has any effect, and the attempt is recorded.
    Deny,
    /// The whole step dies.
    Kill,
}

impl From<Mode> for sekisho_events::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Observe => Self::Observe,
            Mode::Deny => Self::Deny,
            Mode::Kill => Self::Kill,
        }
    }
}

/// How much is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Processes and programs only.
    Exec,
    /// Also every open, creation, deletion, rename, link, metadata change, mount and network call.
    Files,
    /// Also stat, access, readlink and directory listing.
    Deep,
}

impl From<Level> for sekisho_events::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Exec => Self::Exec,
            Level::Files => Self::Files,
            Level::Deep => Self::Deep,
        }
    }
}

/// How a step is recorded: common to `run` and `record`.
#[derive(Debug, clap::Args)]
pub struct RecordingArgs {
    /// How much is watched.
    #[arg(long, value_enum, default_value_t = Level::Files)]
    pub level: Level,
    /// How it is watched: `auto`, or the name of an engine (see `sekisho doctor`).
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub engine: String,
    /// The directory that profiles call $WORKSPACE [default: the current directory].
    #[arg(long, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// End the step after this long: 90, 90s, 10m, 2h.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub time_limit: Option<Duration>,
    /// How long to wait for processes that outlive the step's first one.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10s")]
    pub grace: Duration,
    /// The step and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

/// `sekisho run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho run -- make
  sekisho run --mode deny --key release.key --product 'dist/*' -- npm run build
  sekisho run --keyless --product 'dist/*' -- npm run build    in a CI job that has an identity
  sekisho run --append --out sekisho-out -- bash -e script.sh    several steps of a job, one directory

Writes recording.sekisho, verdict.json, attestations.jsonl (with --key, --keyless or --signer), sbom.cdx.json (with --sbom) and report.html
into the output directory.
Exit status: 0 step 0, clean, complete; 1 not clean or not complete; 2 cannot judge; the step's own if it failed.")]
pub struct RunArgs {
    /// The reviewed profile [default: sekisho.toml, if there is one].
    #[arg(long, value_name = "P")]
    pub profile: Option<PathBuf>,
    /// What happens to an act that the profile does not allow [default: the profile's own, or observe].
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
    /// Whose profile it has to be.
    #[command(flatten)]
    pub origin: OriginArgs,
    /// Who signs attestations; without it there are none.
    #[command(flatten)]
    pub signing: SigningArgs,
    /// Files that the step is to produce: subjects of the attestations. May be given several times.
    #[arg(long, value_name = "GLOB")]
    pub product: Vec<String>,
    /// Name of the step, for policies that chain several.
    #[arg(long, value_name = "NAME")]
    pub step: Option<String>,
    /// Where results go.
    #[arg(long, value_name = "DIR", default_value = "sekisho-out")]
    pub out: PathBuf,
    /// Also write what the step read as a bill of materials, and attest it with the rest.
    #[arg(long, conflicts_with = "signer")]
    pub sbom: bool,
    /// Add this step to a directory that holds others: each its own recording, one bundle.
    #[arg(long)]
    pub append: bool,
    /// How it is recorded.
    #[command(flatten)]
    pub recording: RecordingArgs,
}

/// `sekisho record`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho record -- make -j4
  sekisho record -o build.rec --level deep -- cargo build

Exit status: the step's own; 128+n if signal n ended it; 125 the recorder could not do its work, 126 cannot execute,
127 not found.")]
pub struct RecordArgs {
    /// The recording.
    #[arg(short, long, value_name = "REC", default_value = "sekisho.rec")]
    pub output: PathBuf,
    /// Enforce this profile while recording.
    #[arg(long, value_name = "P")]
    pub profile: Option<PathBuf>,
    /// What happens to an act that the profile does not allow [default: the profile's own, or observe].
    #[arg(long, value_enum, requires = "profile")]
    pub mode: Option<Mode>,
    /// How it is recorded.
    #[command(flatten)]
    pub recording: RecordingArgs,
}

/// Forms of `show`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// Acts grouped by process.
    Text,
    /// The process tree.
    Tree,
    /// One JSON document.
    Json,
    /// One JSON object a line, streamed.
    Jsonl,
    /// Processes as trace events, for Perfetto and Chrome's tracing.
    Trace,
}

/// `sekisho show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho show sekisho.rec | less
  sekisho show sekisho.rec --format tree
  sekisho show sekisho.rec --path '*/.ssh/*'
  sekisho show sekisho.rec --process curl --kind net
  sekisho show sekisho.rec --format trace > build.json
  sekisho show sekisho.rec --format jsonl | jq -c 'select(.kind == \"net\")'

Exit status: 0 shown, also if the recording is cut (it says so); 2 cannot read, or altered.")]
pub struct ShowArgs {
    /// The recording.
    #[arg(value_name = "REC", default_value = "sekisho.rec")]
    pub recording: PathBuf,
    /// In which form.
    #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
    pub format: ShowFormat,
    /// Only acts of the process with this number, or of those that run this program (a name or path; `*` for any text).
    #[arg(long, value_name = "N|PROGRAM")]
    pub process: Option<String>,
    /// Only events of this kind. May be given several times.
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(sekisho_events::Kind::NAMES))]
    pub kind: Vec<String>,
    /// Only these acts on files or on the network. May be given several times.
    #[arg(long, value_name = "ACT", value_parser = acts())]
    pub act: Vec<String>,
    /// Only acts on paths and names that match; `*` also crosses directories. With `!` before it: that do not.
    #[arg(long, value_name = "GLOB")]
    pub path: Option<String>,
    /// Only acts to hosts whose name or address matches.
    #[arg(long, value_name = "GLOB")]
    pub host: Option<String>,
    /// Only what happened this long after the beginning, or later.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub since: Option<Duration>,
}

/// `sekisho report`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho report sekisho.rec
  sekisho report sekisho.rec --profile sekisho.toml -o build.html")]
pub struct ReportArgs {
    /// The recording.
    #[arg(value_name = "REC", default_value = "sekisho.rec")]
    pub recording: PathBuf,
    /// Judge by this profile, and show the verdict first.
    #[arg(long, value_name = "P")]
    pub profile: Option<PathBuf>,
    /// Whose profile it has to be.
    #[command(flatten)]
    pub origin: OriginArgs,
    /// A recording from before: the page shows what is new since, and what is gone.
    #[arg(long, value_name = "REC")]
    pub before: Option<PathBuf>,
    /// The page.
    #[arg(short, long, value_name = "FILE.html", default_value = "report.html")]
    pub output: PathBuf,
}

/// Forms of `diff`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For a person.
    Text,
    /// For scripts.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// For a comment on a change request.
    Markdown,
    /// JUnit XML, for CI servers: each deviation is a test that failed.
    Junit,
}

/// `sekisho diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho diff --profile sekisho.toml sekisho.rec
  sekisho diff before.rec after.rec --format markdown

Exit status: 0 clean, 1 deviations or not complete, 2 cannot judge.")]
pub struct DiffArgs {
    /// The profile [default with one recording: sekisho.toml].
    #[arg(long, value_name = "P")]
    pub profile: Option<PathBuf>,
    /// Whose profile it has to be.
    #[command(flatten)]
    pub origin: OriginArgs,
    /// One recording against the profile, or two against each other.
    #[arg(value_name = "REC", required = true, num_args = 1..=2)]
    pub recordings: Vec<PathBuf>,
    /// In which form.
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub format: DiffFormat,
}

/// `sekisho keygen`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho keygen release               writes release.key (PKCS#8 PEM, mode 0600) and release.pub (SPKI PEM)
  sekisho keygen release --encrypt     the same, behind a passphrase")]
pub struct KeygenArgs {
    /// NAME.key and NAME.pub are written, never overwritten.
    #[arg(value_name = "NAME")]
    pub name: PathBuf,
    /// Which signature scheme.
    #[arg(long, value_enum, default_value_t = KeyAlgorithm::Ed25519)]
    pub algorithm: KeyAlgorithm,
    /// Put the private key behind a passphrase, which is asked for, or in $SEKISHO_PASSPHRASE.
    #[arg(long)]
    pub encrypt: bool,
    /// The passphrase.
    #[arg(long, value_name = "FILE", requires = "encrypt")]
    pub passphrase_file: Option<PathBuf>,
}

/// Signature schemes of `keygen`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyAlgorithm {
    /// Ed25519.
    Ed25519,
    /// ECDSA over P-256 with SHA-256.
    P256,
    /// ECDSA over P-384 with SHA-384.
    P384,
}

/// Forms of `doctor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    /// For a person.
    Text,
    /// For scripts.
    Json,
}

/// `sekisho doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho doctor
  sekisho doctor --format json")]
pub struct DoctorArgs {
    /// In which form.
    #[arg(long, value_enum, default_value_t = DoctorFormat::Text)]
    pub format: DoctorFormat,
}

/// `sekisho completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  sekisho completions bash > ~/.local/share/bash-completion/completions/sekisho")]
pub struct CompletionsArgs {
    /// For which shell.
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: clap_complete::Shell,
}

/// `sekisho man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  sekisho man ~/.local/share/man/man1")]
pub struct ManArgs {
    /// Where the pages go.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// Names of acts on files and on the network.
fn acts() -> PossibleValuesParser {
    let files = sekisho_events::Access::ALL.iter().map(|a| a.name());
    let net = sekisho_events::NetOp::ALL.iter().map(|o| o.name());
    PossibleValuesParser::new(files.chain(net).collect::<Vec<_>>())
}

/// Parses `90`, `90s`, `10m`, `2h`, `500ms`; zero is refused.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = text[..digits].parse().map_err(|_| "expected a number and a unit, such as 90s, 10m, 2h")?;
    let unit_ms: u64 = match &text[digits..] {
        "ms" => 1,
        "" | "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        other => return Err(format!("unknown unit `{other}`: use ms, s, m or h")),
    };
    match number.checked_mul(unit_ms) {
        Some(0) | None => Err("must be more than zero and fit in 64 bits of milliseconds".to_owned()),
        Some(ms) => Ok(Duration::from_millis(ms)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn durations_have_units_and_are_not_zero() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        for bad in ["", "0", "-1", "1d", "s", "99999999999999999999", "18446744073709551615h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
