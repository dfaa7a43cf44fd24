//! in-toto link v0.3: the step's name, command, materials; its products are the subjects.
use super::cut::command;
use super::materials::Materials;
use super::object;
use crate::facts::RunFacts;
use crate::names::BLOCK;
use serde_json::{Map, Value, json};

pub(crate) fn link(facts: &RunFacts, materials: &Materials, block: &Value) -> Map<String, Value> {
    let (command, arguments) = command(&facts.header.command);
    let materials: Vec<Value> = materials.listed.iter().map(|l| l.file.to_json()).collect();
    object(json!({
        "name": facts.step(),
        "command": command,
        "materials": materials,
        "byproducts": {"return-value": facts.trailer.status},
        "environment": {"arguments": arguments, BLOCK: block},
    }))
}
