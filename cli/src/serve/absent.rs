//! Without feature `serve`.
use crate::args::ReviewArgs;
use crate::exit::{CliError, Exit};
use crate::ui::Ui;

/// Says that this program was built without it.
pub fn run(_: &ReviewArgs, _: String, _: &Ui) -> Result<Exit, CliError> {
    Err(CliError::new("this sekisho was built without the review server")
        .with_hint("build it with feature `serve`, or leave --serve out"))
}
