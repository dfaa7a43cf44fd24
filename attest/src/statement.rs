//! in-toto Statement v1 and its ResourceDescriptor (in-toto/attestation, spec/v1, version 1.1).
use crate::names::{STATEMENT_TYPE, STATEMENT_TYPE_V0_1};
use crate::strict_json::{self, StrictError};
use sekisho_events::Digest;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// No statement has more subjects than this.
pub(crate) const MAX_SUBJECTS: usize = 100_000;

/// Why a payload is no statement that we judge by.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Not JSON, or not with one meaning.
    #[error("not strict JSON: {0}")]
    Json(#[from] StrictError),
    /// A field is missing or of another type.
    #[error("{0} is missing or not what the specification says")]
    Field(&'static str),
    /// Another version of the statement, or something else.
    #[error("_type is not {STATEMENT_TYPE}")]
    Type,
    /// A subject without SHA-256, or with a digest that we do not compute.
    #[error("subject {0} has no digest of exactly sha256 and 64 lower-case hex digits")]
    Digest(usize),
    /// Two subjects of one name.
    #[error("two subjects have the same name")]
    SameName,
    /// More than [`MAX_SUBJECTS`].
    #[error("{0} subjects, not 1 to {MAX_SUBJECTS}")]
    Subjects(usize),
}

/// A file by name and content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Descriptor {
    /// Relative to the workspace where it lies within, else absolute.
    pub name: String,
    /// Of its content.
    pub sha256: Digest,
}

impl Descriptor {
    /// As ResourceDescriptor.
    pub fn to_json(&self) -> Value {
        json!({"name": self.name, "digest": {"sha256": self.sha256.to_hex()}})
    }

    /// Reads a ResourceDescriptor that has a name and exactly a SHA-256 digest.
    pub fn from_json(value: &Value) -> Option<Self> {
        let name = value.get("name")?.as_str()?.to_owned();
        let digest = value.get("digest")?.as_object()?;
        let sha256 = Digest::from_hex(digest.get("sha256")?.as_str()?)?;
        (digest.len() == 1).then_some(Self { name, sha256 })
    }
}

/// A statement: a predicate about subjects.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it is about; never empty, names unique.
    pub subjects: Vec<Descriptor>,
    /// Which kind of predicate.
    pub predicate_type: String,
    /// What is said.
    pub predicate: Map<String, Value>,
}

impl Statement {
    /// Reads a statement from the bytes that were verified.
    pub fn parse(payload: &[u8]) -> Result<Self, StatementError> {
        Self::strict(ForeignStatement::parse(payload)?)
    }

    /// The same of one that was read already: as strict as [`Statement::parse`].
    pub fn strict(foreign: ForeignStatement) -> Result<Self, StatementError> {
        if foreign.statement_type != STATEMENT_TYPE {
            return Err(StatementError::Type);
        }
        let subjects = subjects(&foreign.subjects)?;
        Ok(Self { subjects, predicate_type: foreign.predicate_type, predicate: foreign.predicate })
    }

    /// The payload to be signed.
    pub fn to_payload(&self) -> Vec<u8> {
        let subjects: Vec<Value> = self.subjects.iter().map(Descriptor::to_json).collect();
        json!({
            "_type": STATEMENT_TYPE,
            "subject": subjects,
            "predicateType": self.predicate_type,
            "predicate": self.predicate,
        })
        .to_string()
        .into_bytes()
    }
}

/// A statement as other tools write it too: `_type` in version 0.1 or 1, subjects with digests of any algorithm.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignStatement {
    statement_type: String,
    subjects: Vec<Value>,
    /// Which kind of predicate.
    pub predicate_type: String,
    /// What is said.
    pub predicate: Map<String, Value>,
}

impl ForeignStatement {
    /// Reads a statement from the bytes that were verified.
    pub fn parse(payload: &[u8]) -> Result<Self, StatementError> {
        let Value::Object(mut object) = strict_json::parse(payload)? else {
            return Err(StatementError::Field("statement"));
        };
        let known = [STATEMENT_TYPE, STATEMENT_TYPE_V0_1];
        let statement_type = object.get("_type").and_then(Value::as_str).filter(|t| known.contains(t));
        let statement_type = statement_type.ok_or(StatementError::Type)?.to_owned();
        let Some(Value::Array(subjects)) = object.remove("subject") else {
            return Err(StatementError::Field("subject"));
        };
        let Some(Value::String(predicate_type)) = object.remove("predicateType") else {
            return Err(StatementError::Field("predicateType"));
        };
        let predicate = match object.remove("predicate") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(predicate)) => predicate,
            Some(_) => return Err(StatementError::Field("predicate")),
        };
        Ok(Self { statement_type, subjects, predicate_type, predicate })
    }

    /// The digests of each subject by algorithm, in lower-case hex; 1 to [`MAX_SUBJECTS`].
    pub fn digests(&self) -> Result<Vec<BTreeMap<String, String>>, StatementError> {
        if self.subjects.is_empty() || self.subjects.len() > MAX_SUBJECTS {
            return Err(StatementError::Subjects(self.subjects.len()));
        }
        let of = |(index, subject): (usize, &Value)| {
            let digests = subject.get("digest").and_then(Value::as_object).filter(|d| !d.is_empty());
            let digests = digests.ok_or(StatementError::Digest(index))?;
            let one = |(algorithm, hex): (&String, &Value)| Some((algorithm.clone(), hex.as_str()?.to_owned()));
            digests.iter().map(one).collect::<Option<_>>().ok_or(StatementError::Digest(index))
        };
        self.subjects.iter().enumerate().map(of).collect()
    }
}

fn subjects(list: &[Value]) -> Result<Vec<Descriptor>, StatementError> {
    if list.is_empty() || list.len() > MAX_SUBJECTS {
        return Err(StatementError::Subjects(list.len()));
    }
    let mut names = BTreeSet::new();
    let mut out = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        // A name may be left out (statement.md); such a subject matches by digest only.
        let mut value = value.clone();
        let object = value.as_object_mut().ok_or(StatementError::Field("subject"))?;
        object.entry("name").or_insert_with(|| "_".into());
        let subject = Descriptor::from_json(&value).ok_or(StatementError::Digest(index))?;
        if subject.name != "_" && !names.insert(subject.name.clone()) {
            return Err(StatementError::SameName);
        }
        out.push(subject);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut value = json!({
            "_type": STATEMENT_TYPE,
            "subject": [{"name": "app", "digest": {"sha256": "0".repeat(64)}}],
            "predicateType": "https://example.com/p",
            "predicate": {"a": 1},
        });
        change(&mut value);
        value.to_string().into_bytes()
    }

    #[test]
    fn a_statement_survives_its_bytes() {
        let statement = Statement::parse(&payload(|_| ())).unwrap();
        assert_eq!(Statement::parse(&statement.to_payload()).unwrap(), statement);
    }

    #[test]
    fn a_statement_of_another_tool_has_digests_of_any_algorithm() {
        let mixed = payload(|v| {
            v["_type"] = json!(STATEMENT_TYPE_V0_1);
            v["subject"] = json!([{"digest": {"sha512": "00", "gitCommit": "11"}}]);
        });
        let foreign = ForeignStatement::parse(&mixed).unwrap();
        assert_eq!(foreign.digests().unwrap()[0]["sha512"], "00");
        assert!(Statement::strict(foreign).is_err());
        for bad in [json!([]), json!([1]), json!([{"digest": {}}]), json!([{"digest": {"sha256": 1}}])] {
            let foreign = ForeignStatement::parse(&payload(|v| v["subject"] = bad.clone())).unwrap();
            assert!(foreign.digests().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        type Change = fn(&mut Value);
        let changes: [Change; 13] = [
            |v| v["_type"] = json!("https://in-toto.io/Statement/v0.1"),
            |v| v["subject"] = json!([]),
            |v| v["subject"] = json!({}),
            |v| v["subject"] = json!(["app"]),
            |v| v["subject"][0]["digest"] = json!({}),
            |v| v["subject"][0]["digest"]["sha256"] = json!("0".repeat(63)),
            |v| v["subject"][0]["digest"]["sha256"] = json!("A".repeat(64)),
            |v| v["subject"][0]["digest"]["sha1"] = json!("00"),
            |v| v["subject"][0]["name"] = json!(1),
            |v| v["subject"] = json!([v["subject"][0], v["subject"][0]]),
            |v| v["predicateType"] = json!(null),
            |v| v["predicate"] = json!([]),
            |v| *v = json!("statement"),
        ];
        for (index, change) in changes.into_iter().enumerate() {
            assert!(Statement::parse(&payload(change)).is_err(), "change {index}");
        }
    }
}
