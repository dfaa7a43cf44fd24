//! `sekisho verify`.
use crate::args::{VerifyArgs, VerifyFormat};
use crate::attesting::{digest, regular};
use crate::exit::{CliError, Exit, shown};
use crate::files;
use crate::ui::Ui;
use sekisho_attest::timestamp;
use sekisho_events::PathBytes;
use sekisho_verifier::{Artifact, EMBEDDED_ROOT_DATE, MAX_EVIDENCE_BYTES, Policy, ReadFailed, Report, verify};
use sha2::{Digest as _, Sha512};
use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Longest policy, and longest file that a policy names.
const MAX_POLICY_BYTES: u64 = 4 << 20;

/// Runs the command.
pub fn run(args: &VerifyArgs, ui: &Ui) -> Result<Exit, CliError> {
    let now_s = now(args.time.as_deref())?;
    let policy = policy(&args.policy, args.trusted_root.as_deref())?;
    if policy.embedded_root {
        say_age(now_s, ui);
    }
    let artifacts =
        args.artifacts.iter().map(|path| artifact(path, policy.wants_sha512())).collect::<Result<Vec<_>, _>>()?;
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

/// Says how old the embedded roots of trust are: keys of sigstore change about once a year.
fn say_age(now_s: u64, ui: &Ui) {
    const OLD_S: u64 = 400 * 86400;
    let fetched_s = timestamp::parse(&format!("{EMBEDDED_ROOT_DATE}T00:00:00Z")).unwrap_or(0);
    if now_s > fetched_s + OLD_S {
        ui.warn(&format!(
            "the embedded trusted root is of {EMBEDDED_ROOT_DATE}: what was signed with newer keys of sigstore is refused; --trusted-root FILE takes a newer one"
        ));
    } else if ui.verbosity() > 0 {
        ui.note(&format!("the embedded trusted root is of {EMBEDDED_ROOT_DATE}"));
    }
}

/// Reads a policy; files that it names lie beside it.
fn policy(path: &Path, trusted_root: Option<&Path>) -> Result<Policy, CliError> {
    let text = files::read_text(path, MAX_POLICY_BYTES)?;
    let root = trusted_root.map(|root| files::read_text(root, MAX_POLICY_BYTES)).transpose()?;
    let beside = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let read = |name: &str| {
        files::read(&beside.join(name), MAX_POLICY_BYTES).map_err(|error| {
            ReadFailed(match error {
                CliError::File { source, .. } => source.to_string(),
                other => other.to_string(),
            })
        })
    };
    let parsed = match &root {
        Some(root) => Policy::parse_with_root(&text, read, root),
        None => Policy::parse(&text, read),
    };
    parsed
        .map_err(|error| CliError::new(format!("{}: {error}", shown(path))).with_hint("docs/policy.md names every key"))
}

fn artifact(path: &Path, with_sha512: bool) -> Result<Artifact, CliError> {
    let mut sha512 = with_sha512.then(Sha512::new);
    let named = |sha256, sha512: Option<Sha512>| Artifact {
        path: PathBytes::from(path.as_os_str().as_bytes()),
        sha256,
        sha512: sha512.map(|hash| hex(&hash.finalize())),
    };
    if path.as_os_str() == "-" {
        let input = Beside { input: files::open(path)?, hash: sha512.as_mut() };
        let found = digest(input).map_err(|e| CliError::file("read", path, e))?;
        return Ok(named(found.sha256, sha512));
    }
    // Through a symbolic link, the file behind it is what is released.
    let real = path.canonicalize().map_err(|e| CliError::file("read", path, e))?;
    let found = match regular(&real) {
        Ok(Some(file)) => digest(Beside { input: file, hash: sha512.as_mut() }).map(Some),
        Ok(None) => Ok(None),
        Err(e) => Err(e),
    };
    match found {
        Ok(Some(found)) => Ok(named(found.sha256, sha512)),
        Ok(None) => Err(CliError::new(format!("{} is not a regular file", shown(path)))
            .with_hint("name the files that are to be released, not their directory")),
        Err(e) => Err(CliError::file("read", path, e)),
    }
}

/// Passes on what is read, and hashes it on the way.
struct Beside<'h, R> {
    input: R,
    hash: Option<&'h mut Sha512>,
}

impl<R: io::Read> io::Read for Beside<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        if let Some(hash) = &mut self.hash {
            hash.update(&buffer[..n]);
        }
        Ok(n)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// All evidence, or one byte more than is judged.
fn evidence(paths: &[impl AsRef<Path>]) -> Result<Vec<u8>, CliError> {
    let mut all = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let room = (MAX_EVIDENCE_BYTES + 1).saturating_sub(all.len()) as u64;
        let begin = all.len();
        files::open(path)?.take(room).read_to_end(&mut all).map_err(|e| CliError::file("read", path, e))?;
        on_one_line(&mut all[begin..]);
        if all.last().is_some_and(|b| *b != b'\n') {
            all.push(b'\n');
        }
    }
    Ok(all)
}

/// A bundle that is printed over several lines becomes one. Line breaks within JSON stand between its tokens only, so that
/// spaces in their place change nothing.
fn on_one_line(file: &mut [u8]) {
    let first = file.trim_ascii_start().split(|b| *b == b'\n').next().unwrap_or_default();
    if first.starts_with(b"{") && !first.trim_ascii_end().ends_with(b"}") {
        for byte in file.iter_mut().filter(|b| **b == b'\n') {
            *byte = b' ';
        }
    }
}

fn print(report: &Report, format: VerifyFormat, ui: &Ui) -> Result<(), CliError> {
    let text = match format {
        VerifyFormat::Json => sekisho_events::json::pretty(&report.to_json()),
        VerifyFormat::Text => report.to_text(!ui.is_quiet() && (!report.accepted || ui.verbosity() > 0)),
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| CliError::file("write", Path::new("-"), e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_over_several_lines_becomes_one_and_lines_stay_lines() {
        let of = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            on_one_line(&mut bytes);
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(of("\n{\n  \"a\": 1\n}\n"), " {   \"a\": 1 } ");
        for same in ["{\"a\":1}\n{\"a\":2}\n", "{\"a\":1} \r\n{\n", "x\n{\n", ""] {
            assert_eq!(of(same), same);
        }
    }
}
