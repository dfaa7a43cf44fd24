//! The command lines by which a recording becomes paper: `attest`, `attach`, `sbom`.
use super::{OriginArgs, SigningArgs};
use clap::ArgGroup;
use std::path::PathBuf;

/// `sekisho attest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho attest sekisho.rec --key release.key --product 'dist/*' --profile sekisho.toml
  sekisho attest sekisho.rec --key release.key --product 'dist/*' --sbom sbom.cdx.json
  sekisho attest sekisho.rec --key release.key --product 'dist/*' --link links
  sekisho attest sekisho.rec --keyless --identity-token token.jwt --product 'dist/*'
  sekisho attest sekisho.rec --keyless --product 'image/blobs/sha256/*' --oci registry.example/app:v1")]
#[command(group(ArgGroup::new("by").required(true).args(["key", "keyless", "signer"])))]
pub struct AttestArgs {
    /// The recording.
    #[arg(value_name = "REC")]
    pub recording: PathBuf,
    /// Who signs.
    #[command(flatten)]
    pub signing: SigningArgs,
    /// Files that the step produced: subjects of the attestations. May be given several times.
    #[arg(long, value_name = "GLOB")]
    pub product: Vec<String>,
    /// Judge by this profile, and attest the verdict too.
    #[arg(long, value_name = "P")]
    pub profile: Option<PathBuf>,
    /// Whose profile it has to be.
    #[command(flatten)]
    pub origin: OriginArgs,
    /// Name of the step, if the recording has none [default: build].
    #[arg(long, value_name = "NAME")]
    pub step: Option<String>,
    /// One DSSE envelope or sigstore bundle a line.
    #[arg(short, long, value_name = "ATT.jsonl", default_value = "attestations.jsonl")]
    pub output: PathBuf,
    /// Also write what the step read as a bill of materials into this file, and attest it.
    #[arg(long, value_name = "BOM.json", conflicts_with = "signer")]
    pub sbom: Option<PathBuf>,
    /// Also write a link as in-toto-verify reads it beside a layout, into this directory.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["keyless", "signer"])]
    pub link: Option<PathBuf>,
    /// Add to the attestations that stand there: several steps, one bundle.
    #[arg(long)]
    pub append: bool,
    /// Attach them also to this image, whose manifest the step must have made (see `sekisho attach`).
    #[arg(long, value_name = "IMAGE")]
    pub oci: Option<String>,
}

/// `sekisho sbom`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho sbom sekisho.rec
  sekisho sbom sekisho.rec -o - | jq -r '.components[].purl // empty'

Run it where the step ran, before anything is installed or removed: packages are named by what is installed.
`attest --sbom` also signs it.")]
pub struct SbomArgs {
    /// The recording.
    #[arg(value_name = "REC", default_value = "sekisho.rec")]
    pub recording: PathBuf,
    /// CycloneDX 1.6, JSON.
    #[arg(short, long, value_name = "BOM.json", default_value = "sbom.cdx.json")]
    pub output: PathBuf,
}

/// `sekisho attach`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sekisho attach registry.example/app:v1 --attestations sekisho-out/attestations.jsonl
  sekisho verify oci://registry.example/app:v1 --policy policy.toml

Bundles become referrers (OCI 1.1; where the registry has none, under the tag sha256-HEX), envelopes layers under sha256-HEX.att.
Every statement must name the image's manifest as a subject. Names and passwords are those of `docker login`.")]
pub struct AttachArgs {
    /// HOST/NAME:TAG or HOST/NAME@sha256:HEX.
    #[arg(value_name = "IMAGE")]
    pub image: String,
    /// Attestations: DSSE envelopes or sigstore bundles, one a line. May be given several times.
    #[arg(long, value_name = "ATT.jsonl", default_value = "attestations.jsonl")]
    pub attestations: Vec<PathBuf>,
}
