//! `sekisho attest`.
use crate::args::AttestArgs;
use crate::attesting::{self, Request};
use crate::exit::{CliError, Exit, shown};
use crate::ui::Ui;

/// Runs the command.
pub fn run(args: &AttestArgs, ui: &Ui) -> Result<Exit, CliError> {
    if args.profile.is_some() {
        return Err(CliError::new("`attest --profile` is not built yet"));
    }
    let request = Request {
        recording: &args.recording,
        key: &args.key,
        products: &args.product,
        verdict: None,
        step: args.step.as_deref(),
        output: &args.output,
        append: args.append,
    };
    let attested = attesting::attest(&request, ui)?;
    ui.note(&format!(
        "signed {} statements about {} of {} products into {} with key {}",
        attested.statements,
        attested.subjects,
        attested.products,
        shown(&args.output),
        &attested.key_id[..16],
    ));
    if !attested.complete {
        ui.warn(
            "the recording is not complete, the attestations say so, and a policy refuses them unless it allows that",
        );
    }
    Ok(Exit::OK)
}
