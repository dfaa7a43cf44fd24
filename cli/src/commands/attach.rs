//! `sekisho attach`.
use crate::args::AttachArgs;
use crate::exit::{CliError, Exit};
use crate::files;
use crate::oci::{self, Attached, Reference, Subject};
use crate::ui::Ui;
use std::path::Path;

/// Longest file of attestations that is attached to one image.
const MAX_BYTES: u64 = 64 << 20;

/// Runs the command.
pub fn run(args: &AttachArgs, ui: &Ui) -> Result<Exit, CliError> {
    let image = Reference::parse(&args.image)?;
    let subject = oci::subject(&image, *ui)?;
    let mut pieces = Vec::new();
    // What cannot be attached is said before anything is.
    for path in &args.attestations {
        pieces.extend(oci::pieces(&files::read(path, MAX_BYTES)?, path, subject.sha256)?);
    }
    say(oci::attach(&image, &subject, &pieces, *ui)?, &image, &subject, ui);
    Ok(Exit::OK)
}

/// Attaches what was written a moment ago.
pub fn written(lines: &str, path: &Path, image: &Reference, subject: &Subject, ui: &Ui) -> Result<(), CliError> {
    let pieces = oci::pieces(lines.as_bytes(), path, subject.sha256)?;
    say(oci::attach(image, subject, &pieces, *ui)?, image, subject, ui);
    Ok(())
}

fn say(attached: Attached, image: &Reference, subject: &Subject, ui: &Ui) {
    let Attached { bundles, envelopes } = attached;
    let form = |n: usize, what: &str| if n == 0 { None } else { Some(format!("{n} {what}")) };
    let forms = [form(bundles, "as referrers"), form(envelopes, "in cosign's layout")];
    let forms: Vec<String> = forms.into_iter().flatten().collect();
    ui.note(&format!("attached {} to {}, sha256:{}", forms.join(", "), image.shown(), subject.sha256));
}
