//! The predicates that one run gives. Each has only the fields of its specification; what we add stands in objects
//! that the specification leaves open (docs/attestations.md).
pub(crate) mod attributes;
pub(crate) mod cut;
pub(crate) mod link;
pub(crate) mod materials;
pub(crate) mod provenance;
pub(crate) mod runtime_trace;
pub(crate) mod verdict;

use serde_json::{Map, Value};

/// The fields of an object made by `json!`.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
