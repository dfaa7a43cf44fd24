//! `sekisho verify`.
use crate::args::{VerifyArgs, VerifyFormat};
use crate::attesting::{digest, digest_file};
use crate::exit::{CliError, Exit, shown};
use crate::files;
use crate::ui::Ui;
use sekisho_attest::timestamp;
use sekisho_events::PathBytes;
use sekisho_verifier::{Artifact, MAX_EVIDENCE_BYTES, Policy, ReadFailed, Report, verify};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Longest policy, and longest file that a policy names.
const MAX_POLICY_BYTES: u64 = 4 << 20;

/// Runs the command.
pub fn run(args: &VerifyArgs, ui: &Ui) -> Result<Exit, CliError> {
    let now_s = now(args.time.as_deref())?;
    let policy = policy(&args.policy)?;
    let artifacts = args.artifacts.iter().map(|path| artifact(path)).collect::<Result<Vec<_>, _>>()?;
    let evidence = evidence(&args.attestations)?;
    let report = verify(&evidence, &artifacts, &policy, now_s);
    print(&report, args.format, ui)?;
    Ok(if report.accepted { Exit::OK } else { Exit::NOT_CLEAN })
}

fn now(asked: Option<&str>) -> Result<u64, CliError> {
    match asked {
        Some(text) => timestamp::parse(text).ok_or_else(|| {
            CliError::new("--time is not a time such as 2026-11-20T00:00:00Z").with_hint("RFC 3339, UTC, whole seconds")
        }),
        None => match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Ok(since.as_secs()),
            Err(_) => Err(CliError::new("the clock of this machine is before 1970")),
        },
    }
}

/// Reads a policy; files that it names lie beside it.
fn policy(path: &Path) -> Result<Policy, CliError> {
    let text = files::read_text(path, MAX_POLICY_BYTES)?;
    let beside = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let read = |name: &str| {
        files::read(&beside.join(name), MAX_POLICY_BYTES).map_err(|error| {
            ReadFailed(match error {
                CliError::File { source, .. } => source.to_string(),
                other => other.to_string(),
            })
        })
    };
    Policy::parse(&text, read)
        .map_err(|error| CliError::new(format!("{}: {error}", shown(path))).with_hint("docs/policy.md names every key"))
}

fn artifact(path: &Path) -> Result<Artifact, CliError> {
    if path.as_os_str() == "-" {
        let found = digest(files::open(path)?).map_err(|e| CliError::file("read", path, e))?;
        return Ok(Artifact { path: PathBytes::from(&b"-"[..]), sha256: found.sha256 });
    }
    // Through a symbolic link, the file behind it is what is released.
    let real = path.canonicalize().map_err(|e| CliError::file("read", path, e))?;
    match digest_file(&real) {
        Ok(Some(found)) => Ok(Artifact { path: PathBytes::from(path.as_os_str().as_bytes()), sha256: found.sha256 }),
        Ok(None) => Err(CliError::new(format!("{} is not a regular file", shown(path)))
            .with_hint("name the files that are to be released, not their directory")),
        Err(e) => Err(CliError::file("read", path, e)),
    }
}

/// All evidence, or one byte more than is judged.
fn evidence(paths: &[impl AsRef<Path>]) -> Result<Vec<u8>, CliError> {
    let mut all = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let room = (MAX_EVIDENCE_BYTES + 1).saturating_sub(all.len()) as u64;
        files::open(path)?.take(room).read_to_end(&mut all).map_err(|e| CliError::file("read", path, e))?;
        if all.last().is_some_and(|b| *b != b'\n') {
            all.push(b'\n');
        }
    }
    Ok(all)
}

fn print(report: &Report, format: VerifyFormat, ui: &Ui) -> Result<(), CliError> {
    let text = match format {
        VerifyFormat::Json => sekisho_events::json::pretty(&report.to_json()),
        VerifyFormat::Text => report.to_text(!ui.is_quiet() && (!report.accepted || ui.verbosity() > 0)),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| CliError::file("write", Path::new("-"), e))
}
