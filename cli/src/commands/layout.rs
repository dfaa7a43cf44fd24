//! `sekisho layout`.
use crate::args::{LayoutArgs, VerifyFormat};
use crate::artifacts;
use crate::exit::{CliError, Exit, shown};
use crate::files;
use crate::gate;
use crate::ui::Ui;
use sekisho_attest::PublicKey;
use sekisho_verifier::{LayoutInput, verify_layout};
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::Path;

/// Longest layout, link or key that is read.
const MAX_FILE_BYTES: u64 = 16 << 20;
/// No directory has more links.
const MAX_LINKS: usize = 10_000;

/// Runs the command.
pub fn run(args: &LayoutArgs, _: &Ui) -> Result<Exit, CliError> {
    let now_s = gate::now(args.time.as_deref())?;
    let owners = args.key.iter().map(|path| owner(path)).collect::<Result<Vec<_>, _>>()?;
    let layout = files::read(&args.layout, MAX_FILE_BYTES)?;
    let links = links(&args.links)?;
    let artifacts = artifacts::named(&args.artifacts, &[], false)?;
    let report = verify_layout(&LayoutInput {
        layout: &layout,
        owners: &owners,
        links: &links,
        artifacts: &artifacts,
        skip_inspections: args.skip_inspections,
        now_s,
    });
    let text = match args.format {
        VerifyFormat::Json => sekisho_events::json::pretty(&report.to_json()),
        VerifyFormat::Text => report.to_text(),
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| CliError::file("write", Path::new("-"), e))?;
    Ok(if report.accepted() { Exit::OK } else { Exit::NOT_CLEAN })
}

fn owner(path: &Path) -> Result<PublicKey, CliError> {
    let pem = files::read_text(path, MAX_FILE_BYTES)?;
    PublicKey::from_pem(&pem).map_err(|e| CliError::new(format!("{}: {e}", shown(path))))
}

/// The files of a directory whose names end in `.link`, by name.
fn links(directory: &Path) -> Result<Vec<(String, Vec<u8>)>, CliError> {
    let failed = |e| CliError::file("read", directory, e);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if let (Some("link"), Some(name)) = (Path::new(&name).extension().and_then(OsStr::to_str), name.to_str()) {
            names.push(name.to_owned());
        }
    }
    if names.len() > MAX_LINKS {
        return Err(CliError::new(format!("{} has more than {MAX_LINKS} links", shown(directory))));
    }
    names.sort_unstable();
    let read = |name: String| Ok((name.clone(), files::read(&directory.join(name), MAX_FILE_BYTES)?));
    names.into_iter().map(read).collect()
}
