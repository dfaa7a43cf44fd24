//! `sekisho attest`.
use crate::args::AttestArgs;
use crate::attesting::{self, Request};
use crate::exit::{CliError, Exit, shown};
use crate::judging;
use crate::profiled::Loaded;
use crate::ui::Ui;
use sekisho_profiles::DiffReport;

/// Runs the command.
pub fn run(args: &AttestArgs, ui: &Ui) -> Result<Exit, CliError> {
    let verdict = match &args.profile {
        Some(path) => Some(judging::judge(&args.recording, &Loaded::read(path)?)?),
        None => None,
    };
    let verdict_json = verdict.as_ref().map(DiffReport::to_json);
    let request = Request {
        recording: &args.recording,
        key: &args.key,
        products: &args.product,
        verdict: verdict_json.as_ref(),
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
    if verdict.is_some_and(|v| !v.clean) {
        ui.warn("the verdict is not clean, and the attestations say so: a policy refuses them");
    }
    Ok(Exit::OK)
}
