//! Layouts and links as values. What is not understood is refused.
use super::metadata::bytes_of;
use super::rules::Rule;
use sekisho_attest::PublicKey;
use sekisho_attest::timestamp;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Digests of artifacts by path and algorithm.
pub(super) type Artifacts = BTreeMap<String, BTreeMap<String, String>>;

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) materials: Artifacts,
    pub(super) products: Artifacts,
}

impl Link {
    pub(super) fn read(signed: &Map<String, Value>) -> Option<Self> {
        Some(Self {
            name: text(signed, "name")?.to_owned(),
            materials: artifacts(signed.get("materials")?)?,
            products: artifacts(signed.get("products")?)?,
        })
    }
}

fn artifacts(value: &Value) -> Option<Artifacts> {
    let digests = |value: &Value| {
        let digests = value.as_object().filter(|d| !d.is_empty())?;
        let one = |(algorithm, hex): (&String, &Value)| Some((algorithm.clone(), hex.as_str()?.to_owned()));
        digests.iter().map(one).collect::<Option<BTreeMap<String, String>>>()
    };
    value.as_object()?.iter().map(|(path, value)| Some((path.clone(), digests(value)?))).collect()
}

/// A step of a layout.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: String,
    /// Names of keys.
    pub(super) functionaries: Vec<String>,
    pub(super) threshold: u64,
    pub(super) materials: Vec<Rule>,
    pub(super) products: Vec<Rule>,
}

/// A layout.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) expires: String,
    pub(super) expires_s: u64,
    /// Keys of functionaries by their names; `None` for a kind that is not verified here.
    pub(super) keys: BTreeMap<String, Option<PublicKey>>,
    pub(super) steps: Vec<Step>,
    /// Names of inspections.
    pub(super) inspections: Vec<String>,
}

impl Layout {
    /// The error names what is missing, or not as it should be.
    pub(super) fn read(signed: &Map<String, Value>) -> Result<Self, &'static str> {
        let known = ["_type", "expires", "inspect", "keys", "readme", "steps"];
        if signed.keys().any(|key| !known.contains(&key.as_str())) {
            return Err("it has a key that is not known");
        }
        let expires = text(signed, "expires").ok_or("expires")?.to_owned();
        let expires_s = timestamp::parse(&expires).ok_or("expires is not a time such as 2026-11-20T00:00:00Z")?;
        let keys = signed.get("keys").and_then(Value::as_object).ok_or("keys")?;
        let keys = keys.iter().map(|(id, key)| (id.clone(), public_key(key))).collect();
        let steps = list(signed, "steps").ok_or("steps")?.iter().map(step).collect::<Option<Vec<_>>>();
        let steps = steps.ok_or("a step")?;
        if steps.is_empty() {
            return Err("it has no steps");
        }
        let inspection = |value: &Value| Some(text(value.as_object()?, "name")?.to_owned());
        let inspections = list(signed, "inspect").ok_or("inspect")?.iter().map(inspection).collect::<Option<Vec<_>>>();
        let inspections = inspections.ok_or("an inspection")?;
        let names: BTreeSet<&String> = steps.iter().map(|s| &s.name).chain(&inspections).collect();
        if names.len() != steps.len() + inspections.len() {
            return Err("two steps or inspections of one name");
        }
        Ok(Self { expires, expires_s, keys, steps, inspections })
    }
}

fn step(value: &Value) -> Option<Step> {
    let object = value.as_object().filter(|o| text(o, "_type") == Some("step"))?;
    let rules = |key: &str| list(object, key)?.iter().map(Rule::read).collect::<Option<Vec<_>>>();
    let functionaries = list(object, "pubkeys")?.iter().map(|id| Some(id.as_str()?.to_owned()));
    Some(Step {
        name: text(object, "name").filter(|name| !name.is_empty())?.to_owned(),
        functionaries: functionaries.collect::<Option<_>>()?,
        threshold: object.get("threshold")?.as_u64().filter(|n| *n > 0)?,
        materials: rules("expected_materials")?,
        products: rules("expected_products")?,
    })
}

fn public_key(value: &Value) -> Option<PublicKey> {
    let public = value.get("keyval")?.get("public")?.as_str()?;
    if value.get("keytype")?.as_str()? == "ed25519" {
        return PublicKey::from_ed25519(&bytes_of(public)?.try_into().ok()?).ok();
    }
    PublicKey::from_pem(public).ok()
}

fn text<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    object.get(key)?.as_str()
}

fn list<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v Vec<Value>> {
    object.get(key)?.as_array()
}
