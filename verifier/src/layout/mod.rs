//! Supply chains by a classic in-toto layout (in-toto specification 1.0, section 5.2): who may do which step, and how
//! what one step leaves is what the next one takes.
//!
//! Invariant: no command of a layout is ever run. A layout that demands inspections is refused, unless the caller
//! renounces them by name of the option. Layouts within layouts are refused.
mod metadata;
mod read;
mod rules;

use crate::reason::{Reason, shown, some};
use crate::verify::Artifact;
use metadata::Document;
use read::{Layout, Link, Step};
use rules::{Side, apply};
use sekisho_attest::PublicKey;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What came out of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutCheck {
    /// `layout`, `signature`, `expiry`, `inspections`, `functionaries`, `rules`, `artifacts`.
    pub id: &'static str,
    /// Of which step.
    pub step: Option<String>,
    /// What was found; empty if it failed.
    pub detail: String,
}

/// What came out of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutReport {
    /// What was held against the last step.
    pub subjects: Vec<Artifact>,
    /// The checks that passed, in their order.
    pub passed: Vec<LayoutCheck>,
    /// Why it is refused: the first check that failed.
    pub refused: Option<Reason>,
}

impl LayoutReport {
    /// True if all checks passed.
    pub fn accepted(&self) -> bool {
        self.refused.is_none()
    }

    /// For scripts (docs/interface.md).
    pub fn to_json(&self) -> Value {
        let subject = |a: &Artifact| json!({"path": a.path.escaped(), "sha256": a.sha256.to_hex()});
        let check = |c: &LayoutCheck| match &c.step {
            Some(step) => json!({"id": c.id, "step": step, "ok": true, "detail": c.detail}),
            None => json!({"id": c.id, "ok": true, "detail": c.detail}),
        };
        let reason = |r: &Reason| json!({"code": r.code, "message": r.message, "hint": r.hint});
        json!({
            "version": 1,
            "accepted": self.accepted(),
            "subjects": self.subjects.iter().map(subject).collect::<Vec<_>>(),
            "steps": self.passed.iter().map(check).collect::<Vec<_>>(),
            "reasons": self.refused.iter().map(reason).collect::<Vec<_>>(),
        })
    }

    /// For a person.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for artifact in &self.subjects {
            let word = if self.accepted() { "accepted" } else { "refused " };
            let _ = writeln!(out, "{word}  {}  sha256:{}", artifact.path.escaped(), artifact.sha256);
        }
        if self.subjects.is_empty() {
            out.push_str(if self.accepted() { "accepted  the steps\n" } else { "refused   the steps\n" });
        }
        for check in &self.passed {
            let step = check.step.as_ref().map_or_else(String::new, |step| format!("{}: ", shown(step)));
            let _ = writeln!(out, "  {:<14} ok  {step}{}", check.id, check.detail);
        }
        if let Some(reason) = &self.refused {
            let _ = writeln!(out, "  {}: {}\n  hint: {}", reason.code, reason.message, reason.hint);
        }
        out
    }
}

/// What is judged, and by what.
#[derive(Clone, Copy, Debug)]
pub struct LayoutInput<'a> {
    /// The layout.
    pub layout: &'a [u8],
    /// Who must have signed it: all of them.
    pub owners: &'a [PublicKey],
    /// Links: name of the file, content. For a step count those that are called as in-toto calls them, `STEP.KEYID.link` with
    /// the first eight digits of a functionary's key; a file that is no link is passed over.
    pub links: &'a [(String, Vec<u8>)],
    /// What must be products of the last step.
    pub artifacts: &'a [Artifact],
    /// Renounces what a layout's inspections would show.
    pub skip_inspections: bool,
    /// The time, in seconds since the epoch.
    pub now_s: u64,
}

/// Judges links, and artifacts, by a layout.
pub fn verify_layout(input: &LayoutInput<'_>) -> LayoutReport {
    let mut passed = Vec::new();
    let refused = judge(input, &mut passed).err();
    LayoutReport { subjects: input.artifacts.to_vec(), passed, refused }
}

fn judge(input: &LayoutInput<'_>, passed: &mut Vec<LayoutCheck>) -> Result<(), Reason> {
    let mut pass = |id, step: Option<&Step>, detail: String| {
        passed.push(LayoutCheck { id, step: step.map(|s| s.name.clone()), detail });
    };
    let document = Document::parse(input.layout).map_err(|why| malformed(&why))?;
    pass("signature", None, signature(&document, input.owners)?);
    let layout = Layout::read(&document.signed).map_err(malformed)?;
    pass("layout", None, format!("{} steps, {} inspections", layout.steps.len(), layout.inspections.len()));
    if input.now_s > layout.expires_s {
        return Err(Reason::new(
            "layout-expired",
            format!("the layout expired at {}", shown(&layout.expires)),
            "take the newer layout, or let its owner sign it with another `expires`",
        ));
    }
    pass("expiry", None, format!("until {}", shown(&layout.expires)));
    pass("inspections", None, inspections(&layout, input.skip_inspections)?);
    let documents = links(input.links);
    let mut by_step: BTreeMap<&str, &Link> = BTreeMap::new();
    for step in &layout.steps {
        let (link, signers) = functionaries(step, &layout, &documents)?;
        by_step.insert(&step.name, link);
        pass("functionaries", Some(step), format!("signed by {}", some(signers.iter().map(String::as_str))));
    }
    for step in &layout.steps {
        rules(step, &by_step)?;
        pass("rules", Some(step), format!("{} and {}", step.materials.len(), step.products.len()));
    }
    if let (false, Some(last)) = (input.artifacts.is_empty(), layout.steps.last()) {
        artifacts(input.artifacts, last, by_step[last.name.as_str()])?;
        pass(
            "artifacts",
            Some(last),
            format!("{} of {}", input.artifacts.len(), by_step[last.name.as_str()].products.len()),
        );
    }
    Ok(())
}

fn malformed(why: &str) -> Reason {
    let hint = "use a layout as in-toto 1.0 has it, signed in its first form or in a DSSE envelope";
    Reason::new("layout-malformed", format!("the layout cannot be understood: {}", shown(why)), hint)
}

fn signature(document: &Document, owners: &[PublicKey]) -> Result<String, Reason> {
    if !document.is("layout") {
        return Err(malformed("_type is not layout"));
    }
    let missing: Vec<String> = owners.iter().filter(|o| !document.is_signed_by(o)).map(PublicKey::id).collect();
    if missing.is_empty() && !owners.is_empty() {
        return Ok(format!("signed by all of {} owners", owners.len()));
    }
    Err(Reason::new(
        "layout-untrusted",
        format!("the layout has no valid signature of: {}", some(missing.iter().map(String::as_str))),
        "name the keys of its owners with --key, all of whom must have signed it; if they did, it was altered",
    ))
}

fn inspections(layout: &Layout, skip: bool) -> Result<String, Reason> {
    if layout.inspections.is_empty() {
        return Ok("none".to_owned());
    }
    let names = some(layout.inspections.iter().map(String::as_str));
    if skip {
        return Ok(format!("not made, as asked: {names}"));
    }
    Err(Reason::new(
        "inspection-not-made",
        format!("the layout demands inspections, whose commands are not run here: {names}"),
        "renounce them with --skip-inspections, and name the artifacts: they are held against the last step's products",
    ))
}

/// A file that may be a link: what it says, and its signatures.
struct Signed<'a> {
    file: &'a str,
    document: Document,
    /// `None` if it is a layout in place of a link.
    link: Option<Link>,
}

fn links(files: &[(String, Vec<u8>)]) -> Vec<Signed<'_>> {
    files.iter().filter_map(|(file, bytes)| signed(file, bytes)).collect()
}

fn signed<'a>(file: &'a str, bytes: &[u8]) -> Option<Signed<'a>> {
    let document = Document::parse(bytes).ok()?;
    let link = if document.is("link") { Some(Link::read(&document.signed)?) } else { None };
    (link.is_some() || document.is("layout")).then_some(Signed { file, document, link })
}

/// The link of a step, and the keys that signed it: as many as are demanded, who all say the same.
fn functionaries<'l>(
    step: &Step,
    layout: &Layout,
    links: &'l [Signed<'_>],
) -> Result<(&'l Link, BTreeSet<String>), Reason> {
    let keys: Vec<&PublicKey> = step.functionaries.iter().filter_map(|id| layout.keys.get(id)?.as_ref()).collect();
    let called = |id: &String| format!("{}.{}.link", step.name, id.get(..8).unwrap_or(id));
    let files: BTreeSet<String> = step.functionaries.iter().map(called).collect();
    let (mut found, mut signers): (Option<&Link>, _) = (None, BTreeSet::new());
    for signed in links.iter().filter(|signed| files.contains(signed.file)) {
        let by: Vec<String> = keys.iter().filter(|k| signed.document.is_signed_by(k)).map(|k| k.id()).collect();
        let Some(link) = &signed.link else { continue };
        if by.is_empty() || link.name != step.name {
            continue;
        }
        if found.is_some_and(|other| (&other.materials, &other.products) != (&link.materials, &link.products)) {
            return Err(Reason::new(
                "links-disagree",
                format!("the links of step {} do not have the same materials and products", shown(&step.name)),
                "give only the links of the run that is released; if they are, its functionaries saw different things",
            ));
        }
        found = Some(link);
        signers.extend(by);
    }
    match found {
        Some(link) if signers.len() as u64 >= step.threshold => Ok((link, signers)),
        _ => Err(missing(step, keys.len(), signers.len(), links)),
    }
}

fn missing(step: &Step, known: usize, signed: usize, links: &[Signed<'_>]) -> Reason {
    let name = shown(&step.name);
    let mut message = format!(
        "step {name} needs links of {} of its functionaries, and has {signed}; {known} of {} keys can be used",
        step.threshold,
        step.functionaries.len(),
    );
    if links.iter().any(|s| s.link.is_none()) {
        message.push_str("; layouts in place of links are not followed");
    }
    Reason::new(
        "link-missing",
        message,
        "give the directory with --links; Ed25519, P-256 and P-384 are verified, RSA and GPG are not",
    )
}

fn rules(step: &Step, all: &BTreeMap<&str, &Link>) -> Result<(), Reason> {
    for (side, rules) in [(Side::Materials, &step.materials), (Side::Products, &step.products)] {
        apply(rules, side, all[step.name.as_str()], all).map_err(|what| {
            Reason::new(
                "rule-violated",
                format!("{} of step {}: {}", side.name(), shown(&step.name), shown(&what)),
                "the link lists all artifacts; if that file belongs there, a rule before this one must speak of it",
            )
        })?;
    }
    Ok(())
}

fn artifacts(artifacts: &[Artifact], last: &Step, link: &Link) -> Result<(), Reason> {
    let digests: BTreeSet<&str> = link.products.values().filter_map(|d| d.get("sha256").map(String::as_str)).collect();
    let other = artifacts.iter().find(|a| !digests.contains(a.sha256.to_hex().as_str()));
    let Some(artifact) = other else { return Ok(()) };
    Err(Reason::new(
        "subject-not-attested",
        format!(
            "{} with sha256 {} is no product of step {}",
            artifact.path.escaped(),
            artifact.sha256,
            shown(&last.name)
        ),
        "release a file that the last step's link lists, by this very content",
    ))
}
