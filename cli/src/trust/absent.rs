//! Roots of trust, where sekisho was built without sigstore: there is no use for any.
use crate::args::UpdateArgs;
use crate::exit::CliError;
use crate::ui::Ui;
use std::path::Path;

/// Says that there is none.
pub fn update(_: &UpdateArgs, _: &Ui) -> Result<(), CliError> {
    show(None).map(drop)
}

/// The same.
pub fn show(_: Option<&Path>) -> Result<String, CliError> {
    Err(CliError::new("this sekisho was built without sigstore, and trusts keys only"))
}
