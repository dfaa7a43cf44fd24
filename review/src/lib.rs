//! Renderings of a recording and of its verdict: text, tree, HTML, SARIF, Markdown.
//!
//! Invariant: everything that the step chose (paths, arguments, names, addresses) is escaped for the medium before it
//! is written; what is left out for its size is counted and said; same input, same bytes.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod claim;
mod evidence;
mod filter;
mod forest;
mod junit;
mod markdown;
mod numbers;
mod page;
mod phrase;
mod pulse;
mod sarif;
mod summary;
mod text;
mod trace;
mod tree;

pub use claim::{Claim, Ending};
pub use filter::{Filter, Who};
pub use junit::junit;
pub use markdown::markdown;
pub use page::{page, page_data, served_page};
pub use phrase::{Phrase, command_line, phrase};
pub use sarif::sarif;
pub use summary::Summary;
pub use text::text;
pub use trace::trace;
pub use tree::tree;

/// Why a recording could not be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShowError {
    /// The recording cannot be read, or is altered.
    #[error(transparent)]
    Log(#[from] sekisho_events::LogError),
    /// The output cannot be written.
    #[error("{0}")]
    Out(std::io::Error),
}
