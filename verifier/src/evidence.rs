//! From envelopes and bundles to statements that somebody who is trusted signed.
use crate::claims::{self, Claim};
use crate::origin::ProfileOrigin;
use crate::paper::Paper;
use crate::policy::Policy;
use crate::reason::{Reason, shown, some};
use crate::signers::{Certified, Signers};
use crate::trust::Trust;
use sekisho_attest::{
    Descriptor, ForeignStatement, PublicKey, RunBlock, Statement, StatementError, VerdictBlock, names,
};
use sekisho_events::Digest;
use serde::Deserialize as _;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// How many signatures are tried at most, each with each key.
const MAX_TRIES: usize = 100_000;
/// How many bytes are hashed for that at most.
const MAX_HASHED_BYTES: usize = 512 << 20;

/// A statement of ours that somebody who is trusted signed.
pub(crate) struct Signed {
    /// Short name of its kind.
    pub(crate) kind: &'static str,
    pub(crate) subjects: Vec<Descriptor>,
    pub(crate) block: RunBlock,
    /// Digest of the payload, by which others cite it.
    pub(crate) payload: Digest,
    /// Who signed it.
    pub(crate) signers: Signers,
    /// Lines of the evidence where it stands, signed by them.
    pub(crate) lines: Vec<usize>,
    /// Other statements and the recording, by name and digest, as it cites them.
    pub(crate) cites: Vec<Descriptor>,
    /// Of a link.
    pub(crate) materials: Vec<Descriptor>,
    /// Of a verdict.
    pub(crate) verdict: Option<Said>,
    /// Of an attribute report.
    pub(crate) claims: Vec<Claim>,
}

/// What a verdict says.
pub(crate) struct Said {
    pub(crate) profile: Digest,
    pub(crate) profile_uri: String,
    /// Where the profile stood, as the signed verdict says it: `None` if it does not.
    pub(crate) origin: Option<ProfileOrigin>,
    pub(crate) block: VerdictBlock,
}

/// A payload and who signed it.
pub(crate) struct Payload {
    bytes: Vec<u8>,
    signers: Signers,
    lines: Vec<usize>,
}

/// Payloads by their bytes: equal ones are one, with the signatures of all.
#[derive(Default)]
struct Payloads {
    index: HashMap<Digest, usize>,
    all: Vec<Payload>,
}

impl Payloads {
    /// Those who signed it; `line` is another place where they did.
    fn signers(&mut self, bytes: Vec<u8>, line: usize) -> &mut Signers {
        let at = *self.index.entry(Digest::of(&bytes)).or_insert_with(|| {
            self.all.push(Payload { bytes, signers: Signers::default(), lines: Vec::new() });
            self.all.len() - 1
        });
        let payload = &mut self.all[at];
        if payload.lines.last() != Some(&line) {
            payload.lines.push(line);
        }
        &mut payload.signers
    }
}

/// Check 2: payloads that a key or an identity of the policy signed.
pub(crate) fn payloads(papers: Vec<(usize, Paper)>, policy: &Policy) -> Result<Vec<Payload>, Reason> {
    let public: Vec<&PublicKey> = policy.keys.iter().map(|k| &k.public).collect();
    let (mut out, mut strangers) = (Payloads::default(), Vec::new());
    let mut work = Work::default();
    let total = papers.len();
    for (line, paper) in papers {
        match paper {
            Paper::Envelope(envelope) => {
                work.add(envelope.signatures.len() * public.len(), envelope.payload.len())?;
                let by = envelope.signers(&public);
                if by.is_empty() {
                    strangers
                        .extend(envelope.signatures.into_iter().filter_map(|s| s.keyid).map(|id| format!("key {id}")));
                } else {
                    out.signers(envelope.payload, line).add_keys(&by);
                }
            }
            Paper::Certified(bundle) => {
                // Some ten signatures, of the certificates, the logs and the clocks.
                work.add(policy.trusts.len() * 10, bundle.len())?;
                if policy.trusts.is_empty() {
                    strangers.push("a certificate, and the policy trusts no identity".to_owned());
                }
                for (index, trust) in policy.trusts.iter().enumerate() {
                    match certified(trust, index, &bundle, policy) {
                        Ok((payload, signer)) => out.signers(payload, line).add_certified(signer),
                        Err(why) => strangers.push(why),
                    }
                }
            }
        }
    }
    if out.all.is_empty() { Err(untrusted(total, strangers, policy)) } else { Ok(out.all) }
}

/// Verifies a bundle under a root of trust, and finds the identities that its certificate is of.
fn certified(trust: &Trust, index: usize, bundle: &str, policy: &Policy) -> Result<(Vec<u8>, Certified), String> {
    let (payload, certificate) = trust.verify(bundle)?;
    let (mut identities, mut mismatch) = (Vec::new(), String::new());
    for (at, identity) in policy.identities.iter().enumerate().filter(|(_, i)| i.trust == index) {
        match identity.mismatch(&certificate) {
            None => identities.push(at),
            Some(why) => mismatch = format!("{}: {why}", identity.name),
        }
    }
    if identities.is_empty() { Err(mismatch) } else { Ok((payload, Certified { certificate, identities })) }
}

/// How much is verified at most, so that a heap of evidence cannot hold the gate for hours.
#[derive(Default)]
struct Work {
    tries: usize,
    hashed: usize,
}

impl Work {
    fn add(&mut self, tries: usize, bytes: usize) -> Result<(), Reason> {
        self.tries = self.tries.saturating_add(tries);
        self.hashed = self.hashed.saturating_add(tries.saturating_mul(bytes));
        if self.tries > MAX_TRIES || self.hashed > MAX_HASHED_BYTES {
            return Err(Reason::new(
                "evidence-too-large",
                "the attestations have more signatures than are tried",
                "give only the attestations of what is released",
            ));
        }
        Ok(())
    }
}

fn untrusted(total: usize, mut strangers: Vec<String>, policy: &Policy) -> Reason {
    strangers.sort_unstable();
    strangers.dedup();
    let keys = policy.keys.iter().map(|k| format!("key {} ({}…)", k.name, &k.public.id()[..16]));
    let trusted: Vec<String> = keys.chain(policy.identities.iter().map(|i| format!("identity {}", i.name))).collect();
    Reason::new(
        "signature-untrusted",
        format!(
            "none of {total} attestations carries a valid signature of whom the policy trusts ({}); they are signed by: {}",
            some(trusted.iter().map(String::as_str)),
            some(strangers.iter().map(String::as_str)),
        ),
        "add the signer to [keys] or [identities] if you trust it; if it is there, the attestations were altered",
    )
}

/// A statement of another kind, or another tool's of the same kind.
pub(crate) struct Foreign {
    pub(crate) predicate_type: String,
    /// Of each subject, by algorithm.
    pub(crate) subjects: Vec<BTreeMap<String, String>>,
    pub(crate) signers: Signers,
    /// Digest of the payload.
    pub(crate) payload: Digest,
    /// Lines of the evidence where it stands.
    pub(crate) lines: Vec<usize>,
    /// What it says came out, where its kind says that, and it is nothing good.
    pub(crate) failed: Option<String>,
    /// What it says that was verified: the levels of a verification summary, the properties of a simple result.
    pub(crate) verified: Vec<String>,
}

/// The result that a statement tells, if it is of a kind that tells one and it did not pass.
fn failed(statement: &ForeignStatement) -> Option<String> {
    let of = |version: &str| statement.predicate_type.starts_with(version);
    let (key, good): (&str, &[&str]) = if of("https://slsa.dev/verification_summary/") {
        ("verificationResult", &["PASSED"])
    } else if of("https://in-toto.io/attestation/test-result/") {
        ("result", &["PASSED", "WARNED"])
    } else {
        return None;
    };
    let said = statement.predicate.get(key).and_then(Value::as_str).unwrap_or("nothing");
    (!good.contains(&said)).then(|| said.to_owned())
}

/// The properties that a statement of one of these kinds lists, and the attributes of an attribute report.
fn verified(statement: &ForeignStatement) -> Vec<String> {
    let of = |version: &str| statement.predicate_type.starts_with(version);
    if statement.predicate_type == names::ATTRIBUTE_REPORT {
        return claims::unconditional(&statement.predicate);
    }
    let key = if of("https://slsa.dev/verification_summary/") {
        "verifiedLevels"
    } else if of("https://in-toto.io/attestation/svr/") {
        "properties"
    } else {
        return Vec::new();
    };
    let listed = statement.predicate.get(key).and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(|property| property.as_str().map(str::to_owned)).collect()
}

/// Check 3: what was signed has one meaning. Gives the statements of ours, and the others.
pub(crate) fn statements(payloads: Vec<Payload>) -> Result<(Vec<Signed>, Vec<Foreign>), Reason> {
    let (mut out, mut others) = (Vec::new(), Vec::new());
    for payload in payloads {
        let wrong = |e: StatementError| malformed(&e.to_string());
        let statement = ForeignStatement::parse(&payload.bytes).map_err(wrong)?;
        if let Some((kind, block)) = ours(&statement)? {
            out.push(signed(kind, block, Statement::strict(statement).map_err(wrong)?, payload)?);
        } else {
            let subjects = statement.digests().map_err(wrong)?;
            others.push(Foreign {
                failed: failed(&statement),
                verified: verified(&statement),
                predicate_type: statement.predicate_type,
                subjects,
                signers: payload.signers,
                payload: Digest::of(&payload.bytes),
                lines: payload.lines,
            });
        }
    }
    Ok((out, others))
}

pub(crate) fn malformed(why: &str) -> Reason {
    Reason::new(
        "statement-malformed",
        format!("a signed statement cannot be understood: {}", shown(why)),
        "attest the recording again with this version of sekisho, or verify with the version that attested it",
    )
}

/// The kind and run block of a statement of ours; `None` if it is of another kind, or another tool's of the same kind.
fn ours(statement: &ForeignStatement) -> Result<Option<(&'static str, RunBlock)>, Reason> {
    let report = ("attributes", names::ATTRIBUTE_REPORT);
    let mut known = names::KINDS.iter().chain([&report]);
    let Some((kind, _)) = known.find(|(_, uri)| *uri == statement.predicate_type) else {
        return Ok(None);
    };
    let predicate = &statement.predicate;
    let open = match *kind {
        "link" => predicate.get("environment"),
        "provenance" => at(predicate, &["buildDefinition", "internalParameters"]),
        "runtime-trace" => at(predicate, &["monitor", "tracePolicy"]),
        "attributes" => at(predicate, &["producer", "annotations"]),
        _ => at(predicate, &["policy", "annotations"]),
    };
    let Some(block) = open.and_then(|open| open.get(names::BLOCK)) else { return Ok(None) };
    let block = RunBlock::deserialize(block).map_err(|e| malformed(&format!("{kind}: {e}")))?;
    if block.version != 1 {
        return Err(malformed(&format!("{kind}: version {} of the run block is not known", block.version)));
    }
    Ok(Some((kind, block)))
}

fn signed(kind: &'static str, block: RunBlock, statement: Statement, payload: Payload) -> Result<Signed, Reason> {
    let predicate = &statement.predicate;
    let step = match kind {
        "link" => predicate.get("name"),
        "provenance" => at(predicate, &["buildDefinition", "externalParameters", "step"]),
        _ => None,
    };
    if step.is_some_and(|step| step.as_str() != Some(&block.step)) {
        return Err(malformed(&format!("{kind}: two names for one step")));
    }
    let materials = if kind == "link" { descriptors(predicate.get("materials"), kind)? } else { Vec::new() };
    let cites = match kind {
        "provenance" => descriptors(at(predicate, &["runDetails", "byproducts"]), kind)?,
        "runtime-trace" => descriptors(at(predicate, &["monitor", "tracePolicy", "evidence"]), kind)?,
        "verdict" => descriptors(predicate.get("inputAttestations"), kind)?,
        "attributes" => claims::evidence(predicate)?,
        _ => Vec::new(),
    };
    let verdict = if kind == "verdict" { Some(said(predicate)?) } else { None };
    let claims = if kind == "attributes" { claims::claims(predicate)? } else { Vec::new() };
    Ok(Signed {
        kind,
        subjects: statement.subjects,
        block,
        payload: Digest::of(&payload.bytes),
        signers: payload.signers,
        lines: payload.lines,
        cites,
        materials,
        verdict,
        claims,
    })
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
        origin: at(predicate, &["policy", "annotations", "profile"]).map(ProfileOrigin::read),
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

pub(crate) fn at<'v>(object: &'v Map<String, Value>, path: &[&str]) -> Option<&'v Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(object.get(*first)?, |value, key| value.get(*key))
}
