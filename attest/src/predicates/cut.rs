//! Lists that are cut to a number of bytes, always at the same place, and say so.
use crate::run::Listing;
use sekisho_events::Digest;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// What the arguments of the step may take, in bytes of JSON.
const COMMAND_BYTES: usize = 4 << 10;

/// Keeps the first values that fit into `limit_bytes` of JSON. The listing's digest is over all of them, each as one
/// line of compact JSON.
pub(crate) fn cut(values: impl IntoIterator<Item = Value>, limit_bytes: usize) -> (Vec<Value>, Listing) {
    let (mut kept, mut bytes, mut total, mut hash) = (Vec::new(), 0, 0, Sha256::new());
    for value in values {
        let line = value.to_string();
        hash.update(&line);
        hash.update(b"\n");
        total += 1;
        bytes += line.len() + 1;
        if bytes <= limit_bytes {
            kept.push(value);
        }
    }
    let sha256 = Digest::new(hash.finalize().into()).to_hex();
    let listing = Listing { total, listed: kept.len() as u64, sha256 };
    (kept, listing)
}

/// The arguments of the step, escaped, as many as fit; the rest is in the recording.
pub(crate) fn command(arguments: &[sekisho_events::PathBytes]) -> (Vec<Value>, Listing) {
    let text = |a: &sekisho_events::PathBytes| a.as_str().map_or_else(|| a.escaped(), str::to_owned);
    cut(arguments.iter().map(|a| text(a).into()), COMMAND_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_at_its_limit_and_its_digest_covers_all() {
        let values = || (0..1000).map(Value::from);
        let (kept, listing) = cut(values(), 100);
        assert_eq!((listing.total, listing.listed), (1000, kept.len() as u64));
        assert!(kept.len() < 1000 && Value::from(kept).to_string().len() <= 101);
        assert_eq!(listing.sha256, cut(values(), 1 << 20).1.sha256);
        assert_ne!(listing.sha256, cut((0..1001).map(Value::from), 100).1.sha256);
    }
}
