//! Options by which attestations are signed, common to `run` and `attest`, and the command line of the signer.
use clap::ArgGroup;
use std::path::PathBuf;

/// Who signs, and in which form.
#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("held").args(["key", "signer"])))]
pub struct SigningArgs {
    /// Sign attestations with this key (PKCS#8 PEM, or cosign's own).
    #[arg(long, value_name = "K")]
    pub key: Option<PathBuf>,
    /// The passphrase of an encrypted key [default: $SEKISHO_PASSPHRASE, $COSIGN_PASSWORD, or asked for].
    #[arg(long, value_name = "FILE", requires = "key")]
    pub passphrase_file: Option<PathBuf>,
    /// Write sigstore bundles, which cosign reads, in place of DSSE envelopes.
    #[arg(long, requires = "held")]
    pub bundle: bool,
    /// Have them signed by the `sekisho signer` that listens at this socket: a user of its own holds the key.
    #[arg(long, value_name = "SOCKET", conflicts_with_all = ["key", "keyless"])]
    pub signer: Option<PathBuf>,
    /// Sign as whom an OpenID token names: of this CI job, or given. Sigstore's services issue a certificate, log and
    /// time each signature; bundles are written.
    #[arg(long, conflicts_with = "key")]
    pub keyless: bool,
    /// The token [default: $SEKISHO_IDENTITY_TOKEN, $SIGSTORE_ID_TOKEN, or what GitHub, GitLab, Buildkite, CircleCI give the job].
    #[arg(long, value_name = "FILE", requires = "keyless")]
    pub identity_token: Option<PathBuf>,
    /// The services (signing_config.json) [default: sigstore's public instance].
    #[arg(long, value_name = "FILE", requires = "keyless")]
    pub signing_config: Option<PathBuf>,
    /// The root of trust (trusted_root.json) by which new bundles are checked [default: the embedded one for the public
    /// instance, none for others].
    #[arg(long, value_name = "FILE", requires = "keyless")]
    pub trusted_root: Option<PathBuf>,
    /// Also attest what the recording proves that the step kept to (in-toto SCAI): complete, no network, inputs known by
    /// digest, inputs as the profile allows.
    #[arg(long)]
    pub scai: bool,
}

/// `sekisho signer`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho signer --key /etc/sekisho/release.key --socket /run/sekisho/signer.sock --client ci
  sekisho attest sekisho.rec --signer /run/sekisho/signer.sock --product 'dist/*'

Run it as a user of its own, from the service manager: docs/signer.md has a unit, and says what it protects.")]
pub struct SignerArgs {
    /// The private key: a file that nobody else can read, or one in a token
    /// (`pkcs11:token=LABEL;object=LABEL?module-path=MODULE.so&pin-source=FILE`).
    #[arg(long, value_name = "K")]
    pub key: PathBuf,
    /// The passphrase of an encrypted key, or the PIN of a token [default: $SEKISHO_PASSPHRASE, $COSIGN_PASSWORD, or asked for].
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Where it listens: a UNIX socket, which is made.
    #[arg(long, value_name = "SOCKET")]
    pub socket: PathBuf,
    /// For whom it signs: the user, by name or number, who records. May be given several times.
    #[arg(long, value_name = "USER", required = true)]
    pub client: Vec<String>,
}
