//! `sekisho verify`.
use crate::args::{VerifyArgs, VerifyFormat};
use crate::artifacts;
use crate::attesting::load_key;
use crate::exit::{CliError, Exit};
use crate::files;
use crate::gate::{self, Evidence};
use crate::oci::{self, Reference};
use crate::trust::say_age;
use crate::ui::Ui;
use sekisho_attest::{Descriptor, SecretKey, Summary, SummaryError, file_uri, name_within};
use sekisho_events::{Digest, PathBytes};
use sekisho_verifier::{Artifact, Report, verify};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Runs the command.
pub fn run(args: &VerifyArgs, ui: &Ui) -> Result<Exit, CliError> {
    let now_s = gate::now(args.time.as_deref())?;
    let (policy, policy_sha256) = gate::policy(&args.policy, args.trusted_root.as_deref())?;
    if policy.embedded_root || args.trusted_root.is_some() {
        say_age(args.trusted_root.as_deref(), now_s, ui);
    }
    // What cannot be signed is said before anything is judged.
    let key = args.key.as_ref().map(|key| load_key(key, args.passphrase_file.as_deref(), ui)).transpose()?;
    let (images, paths) = images(&args.artifacts)?;
    if images.is_empty() && args.attestations.is_empty() {
        return Err(CliError::new("no attestations are named: --attestations ATT.jsonl")
            .with_hint("`sekisho attest` and `sekisho run` write them; only those of images are found without"));
    }
    let mut artifacts = artifacts::named(&paths, &args.sha256sums, policy.wants_sha512())?;
    let mut evidence = Evidence::read(&args.attestations)?;
    for image in &images {
        artifacts.push(look(image, &mut evidence, ui)?);
    }
    let report = verify(&evidence.bytes, &artifacts, &policy, now_s);
    if let Some((key, _)) = key {
        summarise(args, &report, &policy.properties(), policy_sha256, now_s, &key)?;
    }
    print(args, &report, &evidence, ui)?;
    Ok(if report.accepted { Exit::OK } else { Exit::NOT_CLEAN })
}

/// Those that are named by `oci://`, and all others.
fn images(named: &[PathBuf]) -> Result<(Vec<Reference>, Vec<PathBuf>), CliError> {
    let (images, paths): (Vec<PathBuf>, _) =
        named.iter().cloned().partition(|path| path.as_os_str().as_bytes().starts_with(b"oci://"));
    let parse = |path: &PathBuf| Reference::parse(&path.to_string_lossy());
    Ok((images.iter().map(parse).collect::<Result<_, _>>()?, paths))
}

/// An image as it is now, with what is attached to it.
fn look(image: &Reference, evidence: &mut Evidence, ui: &Ui) -> Result<Artifact, CliError> {
    let found = oci::find(image, *ui)?;
    ui.detail(&format!(
        "{} is sha256:{}, with {} papers attached",
        image.shown(),
        found.subject.sha256,
        found.papers.len()
    ));
    for (manifest, paper) in &found.papers {
        evidence.add(&format!("oci://{}/{} {manifest}", image.host, image.name), paper);
    }
    let path = PathBytes::from(format!("oci://{}", image.shown()).as_bytes());
    Ok(Artifact { path, sha256: found.subject.sha256, sha512: None })
}

/// Signs the decision in the forms that are asked for, and writes it: one DSSE envelope each.
fn summarise(
    args: &VerifyArgs,
    report: &Report,
    properties: &[&str],
    policy_sha256: Digest,
    decided_s: u64,
    key: &SecretKey,
) -> Result<(), CliError> {
    let named = |a: &Artifact| name_within(b"", a.path.as_bytes());
    let first = report.subjects.first().map(|a| file_uri(a.path.as_bytes())).unwrap_or_default();
    let summary = Summary {
        artifacts: report.subjects.iter().map(|a| Descriptor { name: named(a), sha256: a.sha256 }).collect(),
        accepted: report.accepted,
        reasons: report.reasons.iter().map(|r| r.code).collect(),
        resource: args.resource_uri.as_deref().unwrap_or(&first),
        policy: &file_uri(args.policy.as_os_str().as_bytes()),
        policy_sha256,
        inputs: report.evidence.iter().map(|e| (e.kind.as_str(), e.sha256)).collect(),
        decided_s,
        tool: env!("CARGO_PKG_VERSION"),
    };
    let failed = |e: SummaryError| CliError::new(e.to_string());
    if let Some(out) = &args.vsa {
        files::write(out, (summary.sign(key).map_err(failed)?.to_json() + "\n").as_bytes())?;
    }
    if let Some(out) = &args.svr {
        files::write(out, (summary.sign_properties(properties, key).map_err(failed)?.to_json() + "\n").as_bytes())?;
    }
    Ok(())
}

fn print(args: &VerifyArgs, report: &Report, evidence: &Evidence, ui: &Ui) -> Result<(), CliError> {
    let origin = |line| evidence.origin(line);
    let text = match (args.format, args.explain) {
        (VerifyFormat::Json, false) => sekisho_events::json::pretty(&report.to_json()),
        (VerifyFormat::Json, true) => sekisho_events::json::pretty(&report.to_explained_json(&origin)),
        (VerifyFormat::Text, false) => report.to_text(!ui.is_quiet() && (!report.accepted || ui.verbosity() > 0)),
        (VerifyFormat::Text, true) => report.to_explained_text(&origin),
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| CliError::file("write", Path::new("-"), e))
}
