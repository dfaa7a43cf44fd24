//! in-toto runtime trace v0.1, with network entries in the shape proposed for v0.2 (in-toto/attestation, pull request
//! 568): `ip`, `hostname`, `port`, `protocol`, `invokingProcess`, and our `operation`, `outcome`, `times` beside.
use super::cut::cut;
use super::materials::{Materials, access};
use super::object;
use super::provenance::{cited, recording};
use crate::facts::{Network, Products, Program, RunFacts};
use crate::names::{BLOCK, BUILD_TYPE, MONITOR};
use crate::timestamp;
use sekisho_events::Digest;
use serde_json::{Map, Value, json};

const PROCESS_BYTES: usize = 10 << 10;
const NETWORK_BYTES: usize = 8 << 10;
const FILE_BYTES: usize = 16 << 10;
const NOTE_BYTES: usize = 2 << 10;

/// `link` and `provenance` are the digests of those statements' payloads.
pub(crate) fn runtime_trace(
    facts: &RunFacts,
    materials: &Materials,
    products: &Products,
    block: &Value,
    host: &str,
    (link, provenance): (Digest, Digest),
) -> Map<String, Value> {
    let (process, processes) = cut(facts.programs.iter().map(program), PROCESS_BYTES);
    let (network, endpoints) = cut(facts.network.iter().map(endpoint), NETWORK_BYTES);
    let read = materials.listed.iter().flat_map(super::materials::Listed::accesses);
    let written = products.subjects.iter().map(|s| access(&s.name, s.sha256, "write"));
    let (file_access, files) = cut(read.chain(written), FILE_BYTES);
    let (delegated, _) = cut(facts.delegated.iter().map(|to| to.as_str().into()), NOTE_BYTES);
    let gaps = facts.gaps.iter().map(|g| json!({"why": g.why.name(), "detail": shown(&g.detail)}));
    let (gaps, _) = cut(gaps, NOTE_BYTES);
    let run = block["run"].as_str().unwrap_or_default();
    object(json!({
        "monitor": {
            "type": MONITOR,
            "tracePolicy": {
                "level": facts.header.level.name(),
                "lists": {"process": processes, "network": endpoints, "fileAccess": files},
                "delegated": delegated,
                "gaps": gaps,
                "evidence": [recording(facts), cited("link", link), cited("provenance", provenance)],
                BLOCK: block,
            },
        },
        "monitoredProcess": {
            "hostID": host,
            "type": BUILD_TYPE,
            "event": format!("urn:sekisho:run:{run}"),
        },
        "monitorLog": {"process": process, "network": network, "fileAccess": file_access},
        "metadata": {
            "buildStartedOn": timestamp::format(facts.header.started_s),
            "buildFinishedOn": timestamp::format(facts.finished_s()),
        },
    }))
}

fn program(program: &Program) -> Value {
    let mut out = object(json!({"eventType": "exec", "processBinary": program.path.escaped()}));
    if let Some(sha256) = program.sha256 {
        out.insert("digest".into(), json!({"sha256": sha256.to_hex()}));
    }
    if !program.interpreters.is_empty() {
        let paths: Vec<Value> = program.interpreters.iter().map(|p| p.escaped().into()).collect();
        out.insert("interpreters".into(), paths.into());
    }
    out.insert("times".into(), program.times.into());
    out.into()
}

fn endpoint(network: &Network) -> Value {
    let mut out = Map::new();
    if let Some(address) = network.address {
        out.insert("ip".into(), address.to_string().into());
    }
    if let Some(host) = &network.host {
        out.insert("hostname".into(), shown(host).into());
    }
    // The proposal has ports from 1; 0 is an ephemeral one of ours.
    if let Some(port) = network.port.filter(|port| *port > 0) {
        out.insert("port".into(), port.into());
    }
    out.insert("protocol".into(), network.protocol.as_str().into());
    if let Some(path) = &network.path {
        out.insert("path".into(), path.escaped().into());
    }
    out.insert("invokingProcess".into(), json!({"processBinary": network.program.escaped()}));
    out.insert("operation".into(), network.operation.into());
    out.insert("outcome".into(), if network.effect { "ok" } else { "failed" }.into());
    out.insert("times".into(), network.times.into());
    out.into()
}

fn shown(text: &str) -> String {
    sekisho_events::escape(text.as_bytes())
}
