//! From lines of text to statements that a trusted key signed.
use crate::policy::Key;
use crate::reason::{Reason, shown};
use crate::verify::MAX_EVIDENCE_BYTES;
use sekisho_attest::dsse::Envelope;
use sekisho_attest::{Descriptor, PublicKey, RunBlock, Statement, VerdictBlock, names};
use sekisho_events::Digest;
use serde::Deserialize as _;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// How many signatures are tried at most, each with each key.
const MAX_TRIES: usize = 100_000;
/// How many bytes are hashed for that at most.
const MAX_HASHED_BYTES: usize = 512 << 20;

/// A statement of ours that at least one trusted key signed.
pub(crate) struct Signed {
    /// Short name of its kind.
    pub(crate) kind: &'static str,
    pub(crate) subjects: Vec<Descriptor>,
    pub(crate) block: RunBlock,
    /// Digest of the payload, by which others cite it.
    pub(crate) payload: Digest,
    /// Who signed it: indices into the policy's keys.
    pub(crate) signers: Vec<usize>,
    /// Other statements and the recording, by name and digest, as it cites them.
    pub(crate) cites: Vec<Descriptor>,
    /// Of a link.
    pub(crate) materials: Vec<Descriptor>,
    /// Of a verdict.
    pub(crate) verdict: Option<Said>,
}

/// What a verdict says.
pub(crate) struct Said {
    pub(crate) profile: Digest,
    pub(crate) profile_uri: String,
    pub(crate) block: VerdictBlock,
}

/// Check 1: every line is an envelope of an in-toto statement.
pub(crate) fn envelopes(bytes: &[u8]) -> Result<Vec<Envelope>, Reason> {
    let malformed = |line: usize, why: &str| {
        Reason::new(
            "evidence-malformed",
            format!("line {line} of the attestations is no DSSE envelope of an in-toto statement: {}", shown(why)),
            "use the file as `sekisho attest` or `sekisho run` wrote it, one envelope a line",
        )
    };
    if bytes.len() > MAX_EVIDENCE_BYTES {
        return Err(Reason::new(
            "evidence-too-large",
            format!("the attestations have more than {MAX_EVIDENCE_BYTES} bytes"),
            "give only the attestations of what is released",
        ));
    }
    let mut out = Vec::new();
    for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let envelope = Envelope::parse(line).map_err(|e| malformed(index + 1, &e.to_string()))?;
        if envelope.payload_type != names::PAYLOAD_TYPE {
            return Err(malformed(index + 1, &format!("payloadType is {}", envelope.payload_type)));
        }
        out.push(envelope);
    }
    if out.is_empty() {
        return Err(Reason::new(
            "evidence-missing",
            "there are no attestations",
            "`sekisho run --key KEY` or `sekisho attest` writes them",
        ));
    }
    Ok(out)
}

/// A payload and who signed it.
pub(crate) struct Payload {
    bytes: Vec<u8>,
    signers: Vec<usize>,
}

/// Check 2: payloads that a key of the policy signed; equal payloads are one, with the signatures of all.
pub(crate) fn payloads(envelopes: Vec<Envelope>, keys: &[Key]) -> Result<Vec<Payload>, Reason> {
    let public: Vec<&PublicKey> = keys.iter().map(|k| &k.public).collect();
    let mut index: HashMap<Digest, usize> = HashMap::new();
    let (mut out, mut hints): (Vec<Payload>, Vec<String>) = (Vec::new(), Vec::new());
    let (mut tries, mut hashed) = (0usize, 0usize);
    let total = envelopes.len();
    for envelope in envelopes {
        let here = envelope.signatures.len() * keys.len();
        tries = tries.saturating_add(here);
        hashed = hashed.saturating_add(here.saturating_mul(envelope.payload.len()));
        if tries > MAX_TRIES || hashed > MAX_HASHED_BYTES {
            return Err(Reason::new(
                "evidence-too-large",
                "the attestations have more signatures than are tried",
                "give only the attestations of what is released",
            ));
        }
        let signers = envelope.signers(&public);
        if signers.is_empty() {
            hints.extend(envelope.signatures.into_iter().filter_map(|s| s.keyid));
            continue;
        }
        let at = *index.entry(Digest::of(&envelope.payload)).or_insert_with(|| {
            out.push(Payload { bytes: envelope.payload, signers: Vec::new() });
            out.len() - 1
        });
        out[at].signers.extend(signers);
        out[at].signers.sort_unstable();
        out[at].signers.dedup();
    }
    if out.is_empty() {
        hints.sort_unstable();
        hints.dedup();
        let trusted = keys.iter().map(|k| format!("{} ({}…)", k.name, &k.public.id()[..16])).collect::<Vec<_>>();
        return Err(Reason::new(
            "signature-untrusted",
            format!(
                "none of {total} attestations carries a valid signature of a key of the policy ({}); they name the keys {}",
                crate::reason::some(trusted.iter().map(String::as_str)),
                crate::reason::some(hints.iter().map(String::as_str)),
            ),
            "add the signer's public key to [keys] if you trust it; if it is there, the attestations were altered",
        ));
    }
    Ok(out)
}

/// Check 3: what was signed has one meaning. Gives the statements of ours, and the number of others.
pub(crate) fn statements(payloads: Vec<Payload>) -> Result<(Vec<Signed>, usize), Reason> {
    let (mut out, mut others) = (Vec::new(), 0);
    for payload in payloads {
        let statement = Statement::parse(&payload.bytes).map_err(|e| malformed(&e.to_string()))?;
        match signed(statement, &payload)? {
            Some(signed) => out.push(signed),
            None => others += 1,
        }
    }
    Ok((out, others))
}

fn malformed(why: &str) -> Reason {
    Reason::new(
        "statement-malformed",
        format!("a signed statement cannot be understood: {}", shown(why)),
        "attest the recording again with this version of sekisho, or verify with the version that attested it",
    )
}

/// Reads a statement of ours; `None` if it is of another kind, or another tool's of the same kind.
fn signed(statement: Statement, payload: &Payload) -> Result<Option<Signed>, Reason> {
    let Some((kind, _)) = names::KINDS.iter().find(|(_, uri)| *uri == statement.predicate_type) else {
        return Ok(None);
    };
    let predicate = &statement.predicate;
    let open = match *kind {
        "link" => predicate.get("environment"),
        "provenance" => at(predicate, &["buildDefinition", "internalParameters"]),
        "runtime-trace" => at(predicate, &["monitor", "tracePolicy"]),
        _ => at(predicate, &["policy", "annotations"]),
    };
    let Some(block) = open.and_then(|open| open.get(names::BLOCK)) else { return Ok(None) };
    let block = RunBlock::deserialize(block).map_err(|e| malformed(&format!("{kind}: {e}")))?;
    if block.version != 1 {
        return Err(malformed(&format!("{kind}: version {} of the run block is not known", block.version)));
    }
    let step = match *kind {
        "link" => predicate.get("name"),
        "provenance" => at(predicate, &["buildDefinition", "externalParameters", "step"]),
        _ => None,
    };
    if step.is_some_and(|step| step.as_str() != Some(&block.step)) {
        return Err(malformed(&format!("{kind}: two names for one step")));
    }
    let materials = if *kind == "link" { descriptors(predicate.get("materials"), kind)? } else { Vec::new() };
    let cites = match *kind {
        "provenance" => descriptors(at(predicate, &["runDetails", "byproducts"]), kind)?,
        "runtime-trace" => descriptors(at(predicate, &["monitor", "tracePolicy", "evidence"]), kind)?,
        "verdict" => descriptors(predicate.get("inputAttestations"), kind)?,
        _ => Vec::new(),
    };
    let verdict = if *kind == "verdict" { Some(said(predicate)?) } else { None };
    Ok(Some(Signed {
        kind,
        subjects: statement.subjects,
        block,
        payload: Digest::of(&payload.bytes),
        signers: payload.signers.clone(),
        cites,
        materials,
        verdict,
    }))
}

fn said(predicate: &Map<String, Value>) -> Result<Said, Reason> {
    let wrong = |what: &str| malformed(&format!("verdict: {what}"));
    if at(predicate, &["verifier", "id"]).and_then(Value::as_str) != Some(names::DIFF_VERIFIER) {
        return Err(wrong("verifier.id is not ours"));
    }
    let block = at(predicate, &["policy", "annotations", "verdict"]).ok_or_else(|| wrong("no verdict"))?;
    let block = VerdictBlock::deserialize(block).map_err(|e| wrong(&e.to_string()))?;
    let passed = match predicate.get("verificationResult").and_then(Value::as_str) {
        Some("PASSED") => true,
        Some("FAILED") => false,
        _ => return Err(wrong("verificationResult is neither PASSED nor FAILED")),
    };
    if passed != block.clean || (block.clean && block.listing.total > 0) {
        return Err(wrong("it contradicts itself"));
    }
    let digest = at(predicate, &["policy", "digest"]).and_then(Value::as_object).filter(|d| d.len() == 1);
    let profile = digest.and_then(|d| Digest::from_hex(d.get("sha256")?.as_str()?));
    Ok(Said {
        profile: profile.ok_or_else(|| wrong("policy.digest is not one sha256"))?,
        profile_uri: at(predicate, &["policy", "uri"]).and_then(Value::as_str).unwrap_or_default().to_owned(),
        block,
    })
}

fn descriptors(list: Option<&Value>, kind: &str) -> Result<Vec<Descriptor>, Reason> {
    let list = list.and_then(Value::as_array);
    let list = list.ok_or_else(|| malformed(&format!("{kind}: a list of files is missing")))?;
    let read = |value| Descriptor::from_json(value).ok_or_else(|| malformed(&format!("{kind}: a file without sha256")));
    list.iter().map(read).collect()
}

fn at<'v>(object: &'v Map<String, Value>, path: &[&str]) -> Option<&'v Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(object.get(*first)?, |value, key| value.get(*key))
}
