//! Images, where sekisho was built without the network.
use super::{Attached, Found, Piece, Reference, Subject};
use crate::exit::CliError;
use crate::ui::Ui;

fn refused() -> CliError {
    CliError::new("this sekisho was built without sigstore and the network, and asks no registry")
        .with_hint("build it with feature `sigstore`, or give the attestations as files")
}

/// Says that it cannot be.
pub fn subject(_: &Reference, _: Ui) -> Result<Subject, CliError> {
    Err(refused())
}

/// The same.
pub fn attach(_: &Reference, _: &Subject, _: &[Piece], _: Ui) -> Result<Attached, CliError> {
    Err(refused())
}

/// The same.
pub fn find(_: &Reference, _: Ui) -> Result<Found, CliError> {
    Err(refused())
}
