//! `sekisho-conformance`: what sekisho signs and accepts, asked in the protocol of sigstore's conformance suite
//! (sigstore/sigstore-conformance, docs/cli_protocol.md). `scripts/conformance` asks all of it.
//!
//! Exit status: 0 signed or verified, 1 not.
#![forbid(unsafe_code)]
use clap::Parser;
use sekisho_attest::PublicKey;
use sekisho_events::{Digest, escape};
use sekisho_verifier::{BuiltIn, By, Content, Demands, Trust};
use sigstore_sign::oidc::IdentityToken;
use sigstore_sign::trust_root::SigningConfig;
use sigstore_sign::{SigningContext, SigningServices, SigstoreInstance};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Longest file that is read.
const MAX_BYTES: u64 = 1 << 30;

/// The protocol.
#[derive(Parser)]
#[command(name = "sekisho-conformance", version)]
enum Command {
    /// Sign a file, or an in-toto statement.
    SignBundle(Sign),
    /// Verify a bundle.
    VerifyBundle(Verify),
}

#[derive(clap::Args)]
struct Sign {
    /// By sigstore's staging instance.
    #[arg(long)]
    staging: bool,
    /// The file is an in-toto statement.
    #[arg(long)]
    in_toto: bool,
    /// An OpenID token.
    #[arg(long)]
    identity_token: String,
    /// Where the bundle goes.
    #[arg(long)]
    bundle: PathBuf,
    /// The root of trust that goes with the services: it must be a usable one.
    #[arg(long)]
    trusted_root: Option<PathBuf>,
    /// By the services of this configuration.
    #[arg(long)]
    signing_config: Option<PathBuf>,
    /// What is signed.
    file: PathBuf,
}

#[derive(clap::Args)]
struct Verify {
    /// By the root of trust of sigstore's staging instance.
    #[arg(long)]
    staging: bool,
    /// The bundle.
    #[arg(long)]
    bundle: PathBuf,
    /// Who must have signed.
    #[arg(long, requires = "certificate_oidc_issuer", required_unless_present = "key", conflicts_with = "key")]
    certificate_identity: Option<String>,
    /// Who vouches for the signer.
    #[arg(long, requires = "certificate_identity")]
    certificate_oidc_issuer: Option<String>,
    /// The key that must have signed.
    #[arg(long)]
    key: Option<PathBuf>,
    /// By this root of trust.
    #[arg(long)]
    trusted_root: Option<PathBuf>,
    /// A file, or `sha256:` and its digest.
    file_or_digest: PathBuf,
}

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::SignBundle(args) => sign(&args),
        Command::VerifyBundle(args) => verify(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sekisho-conformance: {}", escape(error.to_string().as_bytes()));
            ExitCode::FAILURE
        }
    }
}

fn verify(args: &Verify) -> Done<()> {
    let trust = trust(args.trusted_root.as_deref(), args.staging)?;
    let bundle = text(&args.bundle)?;
    let key = args.key.as_deref().map(text).transpose()?.map(|pem| PublicKey::from_pem(&pem)).transpose()?;
    let by = match (&key, &args.certificate_identity, &args.certificate_oidc_issuer) {
        (Some(key), ..) => By::Key(key),
        (None, Some(san), Some(issuer)) => By::Identity { issuer, san },
        _ => return Err("nobody is named who must have signed".into()),
    };
    match digest(&args.file_or_digest) {
        Some(sha256) => Ok(trust.signs(&bundle, Content::Sha256(sha256), by)?),
        None => Ok(trust.signs(&bundle, Content::Bytes(&read(&args.file_or_digest)?), by)?),
    }
}

/// The digest that an argument is; what is a path on the disk is none.
fn digest(argument: &Path) -> Option<Digest> {
    Digest::from_hex(argument.to_str()?.strip_prefix("sha256:")?).filter(|_| !argument.exists())
}

fn sign(args: &Sign) -> Done<()> {
    let services = match &args.signing_config {
        Some(path) => SigningServices::from_signing_config(&SigningConfig::from_json(&text(path)?)?)?,
        None if args.staging => SigningServices::from_embedded(SigstoreInstance::Staging)?,
        None => SigningServices::from_embedded(SigstoreInstance::PublicGood)?,
    };
    if let Some(root) = &args.trusted_root {
        trust(Some(root), args.staging)?;
    }
    let token = IdentityToken::from_jwt(&args.identity_token)?;
    let signer = SigningContext::new(services).signer(token);
    let content = read(&args.file)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let signed = runtime.block_on(async {
        if args.in_toto { signer.sign_raw_statement(&content).await } else { signer.sign(&content).await }
    })?;
    std::fs::write(&args.bundle, signed.to_json()?)?;
    Ok(())
}

fn trust(root: Option<&Path>, staging: bool) -> Done<Trust> {
    let demands = Demands { sct: true, log: true };
    Ok(match root {
        Some(path) => Trust::new(&text(path)?, demands)?,
        None if staging => Trust::built_in(BuiltIn::Staging)?,
        None => Trust::built_in(BuiltIn::PublicGood)?,
    })
}

fn read(path: &Path) -> Done<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let bytes = path.metadata().map_err(|e| failed(&e))?.len();
    if bytes > MAX_BYTES {
        return Err(failed(&"too large").into());
    }
    Ok(std::fs::read(path).map_err(|e| failed(&e))?)
}

fn text(path: &Path) -> Done<String> {
    Ok(String::from_utf8(read(path)?)?)
}
