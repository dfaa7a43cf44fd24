//! SLSA provenance v1: what was asked for, and what was really read to make it.
use super::cut::command;
use super::materials::Materials;
use super::object;
use crate::facts::RunFacts;
use crate::names::{BLOCK, BUILD_TYPE, PAYLOAD_TYPE, RECORDING_MEDIA_TYPE};
use crate::timestamp;
use sekisho_events::Digest;
use serde_json::{Map, Value, json};

/// `link` is the digest of the link statement's payload.
pub(crate) fn provenance(
    facts: &RunFacts,
    materials: &Materials,
    block: &Value,
    builder: &str,
    link: Digest,
) -> Map<String, Value> {
    let (command, arguments) = command(&facts.header.command);
    let dependencies: Vec<Value> = materials.listed.iter().map(super::materials::Listed::dependency).collect();
    let run = block["run"].as_str().unwrap_or_default();
    object(json!({
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {"command": command, "step": facts.step()},
            "internalParameters": {"arguments": arguments, BLOCK: block},
            "resolvedDependencies": dependencies,
        },
        "runDetails": {
            "builder": {"id": builder, "version": {"recorder": facts.header.tool}},
            "metadata": {
                "invocationId": format!("urn:sekisho:run:{run}"),
                "startedOn": timestamp::format(facts.header.started_s),
                "finishedOn": timestamp::format(facts.finished_s()),
            },
            "byproducts": [recording(facts), cited("link", link)],
        },
    }))
}

/// The recording, by digest.
pub(crate) fn recording(facts: &RunFacts) -> Value {
    json!({
        "name": crate::facts::RECORDING_NAME,
        "digest": {"sha256": facts.recording_sha256.to_hex()},
        "mediaType": RECORDING_MEDIA_TYPE,
        "annotations": {"root": facts.trailer.root.to_hex()},
    })
}

/// Another statement of the same run, by the digest of its payload.
pub(crate) fn cited(name: &str, payload: Digest) -> Value {
    json!({"name": name, "digest": {"sha256": payload.to_hex()}, "mediaType": PAYLOAD_TYPE})
}
