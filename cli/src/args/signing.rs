//! Options by which attestations are signed: common to `run` and `attest`.
use std::path::PathBuf;

/// Who signs, and in which form.
#[derive(Debug, clap::Args)]
pub struct SigningArgs {
    /// Sign attestations with this key (PKCS#8 PEM).
    #[arg(long, value_name = "K")]
    pub key: Option<PathBuf>,
    /// Write sigstore bundles, which cosign reads, in place of DSSE envelopes.
    #[arg(long, requires = "key")]
    pub bundle: bool,
}
