//! The checks of one candidate, in their order; each gives what it found, or the reason to refuse.
use crate::candidate::Candidate;
use crate::check::Check;
use crate::claims;
use crate::policy::{Mode, Source, StepRule};
use crate::reason::{Reason, shown, some};
use sekisho_attest::{Descriptor, listing, timestamp};
use sekisho_events::Level;

/// How far ahead of ours a signer's clock may be, in seconds.
const SKEW_S: u64 = 300;

pub(crate) type Found = Result<String, Reason>;

/// Makes a check of a candidate. Those that are not of one candidate alone are made elsewhere.
pub(crate) fn check(check: Check, rule: &StepRule, candidate: &Candidate<'_>, now_s: u64) -> Found {
    match check {
        Check::Predicates => predicates(rule, candidate),
        Check::Agreement => agreement(rule, candidate),
        Check::Completeness => completeness(rule, candidate),
        Check::Coverage => coverage(rule, candidate),
        Check::Engine => engine(rule, candidate),
        Check::Status => status(rule, candidate),
        Check::Profile => profile(rule, candidate),
        Check::Mode => mode(rule, candidate),
        Check::Behaviour => behaviour(rule, candidate),
        Check::Freshness => freshness(rule, candidate, now_s),
        Check::Products => products(rule, candidate),
        Check::Materials => materials(rule, candidate),
        Check::Envelope
        | Check::Signature
        | Check::Statement
        | Check::Step
        | Check::Threshold
        | Check::Subject
        | Check::Chain
        | Check::Stated => Ok(String::new()),
    }
}

fn predicates(rule: &StepRule, candidate: &Candidate<'_>) -> Found {
    let missing: Vec<&str> = rule.predicates.iter().filter(|k| !candidate.kinds.contains(k)).copied().collect();
    if missing.is_empty() {
        return Ok(rule.predicates.join(", "));
    }
    let hint = if missing == ["verdict"] {
        "judge the recording: `sekisho run --profile P` or `sekisho attest --profile P`"
    } else {
        "use all lines that `sekisho attest` wrote"
    };
    let message = format!("of step {} there is no signed {}", shown(&rule.name), missing.join(", no "));
    Err(Reason::new("predicate-missing", message, hint))
}

fn agreement(rule: &StepRule, candidate: &Candidate<'_>) -> Found {
    let disagree = |what: String| {
        Reason::new(
            "statements-disagree",
            format!("the statements about step {} do not agree: {what}", shown(&rule.name)),
            "attest the recording anew, into a new file",
        )
    };
    for kind in &rule.predicates {
        if candidate.of_kind(kind).next().is_none() {
            return Err(disagree(format!("no {kind} is about the same run and the same products as the others")));
        }
    }
    let block = candidate.block;
    for citing in &candidate.statements {
        for cited in &citing.cites {
            let mut of_kind = candidate.of_kind(&cited.name).peekable();
            let wrong = match cited.name.as_str() {
                "recording.sekisho" => cited.sha256.to_hex() != block.recording.sha256,
                _ => of_kind.peek().is_some() && !of_kind.any(|s| s.payload == cited.sha256),
            };
            if wrong {
                return Err(disagree(format!("the {} cites another {}", citing.kind, shown(&cited.name))));
            }
        }
    }
    for link in candidate.of_kind("link") {
        let mut materials = link.materials.clone();
        materials.sort_unstable();
        let cut = block.materials.listed < block.materials.total;
        let found = listing(&materials, materials.len());
        if found.listed != block.materials.listed || (!cut && found != block.materials) {
            return Err(disagree("the link lists other materials than were counted".to_owned()));
        }
    }
    let subjects: Vec<Descriptor> = candidate.subjects.to_vec();
    if block.products.listed == block.products.total
        && block.products.total > 0
        && listing(&subjects, subjects.len()) != block.products
    {
        return Err(disagree("the subjects are other products than were counted".to_owned()));
    }
    Ok(format!("{} statements of run {}", candidate.statements.len(), shown(&block.run)))
}

fn completeness(rule: &StepRule, candidate: &Candidate<'_>) -> Found {
    let block = candidate.block;
    let whole = block.complete && block.lost == 0 && block.gaps == 0;
    let found = format!("{} gaps, {} events lost", block.gaps, block.lost);
    match (whole, rule.allow_incomplete) {
        (true, _) => Ok(found),
        (false, true) => Ok(format!("incomplete, which the policy allows: {found}")),
        (false, false) => Err(Reason::new(
            "recording-incomplete",
            format!("the recording of step {} is not complete: {found}", shown(&rule.name)),
            "`sekisho show REC` names each gap; mend its cause and run the step again",
        )),
    }
}

fn coverage(rule: &StepRule, candidate: &Candidate<'_>) -> Found {
    let block = candidate.block;
    let weak = |message: String, hint: String| Err(Reason::new("coverage-too-low", message, hint));
    match block.level() {
        Some(level) if level >= rule.level => {}
        _ => {
            return weak(
                format!(
                    "step {} was recorded at level {}, and {} is demanded",
                    shown(&rule.name),
                    shown(&block.level),
                    rule.level.name()
                ),
                format!("run the step with `--level {}`", rule.level.name()),
            );
        }
    }
    let missing: Vec<&str> =
        rule.recorded.iter().filter(|c| !block.coverage.recorded.contains(c)).map(String::as_str).collect();
    if !missing.is_empty() {
        return weak(
            format!("step {}: not recorded: {}", shown(&rule.name), some(missing)),
            "use a level or an engine that records them: `sekisho doctor`".to_owned(),
        );
    }
    let classes = block.coverage.recorded.len();
    Ok(format!("level {}, {classes} classes of act", block.level().map_or("", Level::name)))
}

fn engine(rule: &StepRule, candidate: &Candidate<'_>) -> Found {
    let block = candidate.block;
    if !rule.engines.is_empty() && !rule.engines.contains(&block.engine) {
        return Err(Reason::new(
            "engine-not-trusted",
            format!("step {} was recorded by engine {}", shown(&rule.name), shown(&block.engine)),
            format!("run the step with `--engine {}`", shown(&rule.engines[0])),
        ));
    }
    if rule.toctou_verified && !block.is_toctou_verified() {
        return Err(Reason::new(
            "names-not-verified",
            format!(
                "step {}: some names could be changed while they were read, and were not confirmed",
                shown(&rule.name)
            ),
            "`sekisho show REC` marks them `racy`; use an engine that confirms names: `sekisho doctor`",
        ));
    }
    Ok(format!("{}, names {}", shown(&block.engine), shown(&block.toctou)))
}

fn status(rule: &StepRule, candidate: &Candidate<'_>) -> Found {
    let status = candidate.block.status;
    if status == 0 || rule.allow_failed {
        return Ok(format!("the step returned {status}"));
    }
    Err(Reason::new(
        "step-failed",
        format!("step {} failed with status {status}", shown(&rule.name)),
        "mend the step and run it again",
    ))
}

fn profile(rule: &StepRule, candidate: &Candidate<'_>) -> Found {
    let Some(said) = candidate.verdict().filter(|_| rule.wants_verdict()) else {
        return Ok(NOT_DEMANDED.to_owned());
    };
    if let Some(why) = crate::origin::refused(&rule.profile_refs, said.origin.as_ref()) {
        let message =
            format!("step {} was judged by the profile {} {why}", shown(&rule.name), shown(&said.profile_uri));
        return Err(Reason::new(
            "profile-origin",
            message,
            "run the step where one of `profile_refs` is checked out, with the profile as it is committed there",
        ));
    }
    // None listed: whatever is reviewed as demanded, which is looked at beside this.
    if rule.profiles.contains(&said.profile) || rule.profiles.is_empty() && rule.reviews.is_some() {
        return Ok(format!("sha256:{} from {}", said.profile, shown(&said.profile_uri)));
    }
    Err(Reason::new(
        "profile-not-allowed",
        format!(
            "step {} was judged by the profile {} with sha256 {}, which the policy does not list",
            shown(&rule.name),
            shown(&said.profile_uri),
            said.profile
        ),
        "judge by the reviewed profile; or, if this is its new reviewed version, add its sha256 to `profiles`",
    ))
}

pub(crate) const NOT_DEMANDED: &str = "not demanded";

fn mode(rule: &StepRule, candidate: &Candidate<'_>) -> Found {
    let Some(said) = candidate.verdict().filter(|_| rule.wants_verdict()) else {
        return Ok(NOT_DEMANDED.to_owned());
    };
    let block = candidate.block;
    // A verdict may not claim more than the recording: enforced was this profile, in this mode.
    let mode = Mode::from_name(&said.block.mode).filter(|mode| {
        let enforced = block.enforced_profile.as_deref() == Some(&said.profile.to_hex()) && block.mode == mode.name();
        *mode == Mode::Observe || enforced
    });
    match mode {
        Some(mode) if mode >= rule.mode => Ok(mode.name().to_owned()),
        _ => Err(Reason::new(
            "mode-too-weak",
            format!(
                "step {}: the profile was in force as {}, and {} is demanded",
                shown(&rule.name),
                shown(&said.block.mode),
                rule.mode.name()
            ),
            format!("run the step with `--profile P --mode {}`", rule.mode.name()),
        )),
    }
}

fn behaviour(rule: &StepRule, candidate: &Candidate<'_>) -> Found {
    let judged = judged_clean(rule, candidate)?;
    if rule.attributes.is_empty() {
        return Ok(judged);
    }
    Ok(format!("{judged}; {}", claims::demanded(rule, candidate)?))
}

fn judged_clean(rule: &StepRule, candidate: &Candidate<'_>) -> Found {
    let Some(said) = candidate.verdict().filter(|_| rule.wants_verdict()) else {
        return Ok(NOT_DEMANDED.to_owned());
    };
    let verdict = &said.block;
    // An incomplete recording is never clean; where the policy allows it, the deviations alone decide.
    let clean = verdict.clean || (rule.allow_incomplete && !candidate.block.complete && verdict.listing.total == 0);
    if clean {
        return Ok("no deviation from the profile".to_owned());
    }
    let what: Vec<String> = verdict
        .deviations
        .iter()
        .map(|d| format!("{} by {}", d["what"].as_str().unwrap_or("?"), d["process"].as_str().unwrap_or("?")))
        .collect();
    Err(Reason::new(
        "behaviour-deviates",
        format!(
            "step {} did what the profile does not allow, {} deviation{}: {}",
            shown(&rule.name),
            verdict.listing.total,
            if verdict.listing.total == 1 { "" } else { "s" },
            some(what.iter().map(String::as_str))
        ),
        "find out why: `sekisho diff --profile P REC`; if it is right, `sekisho review P REC`, and run the step again",
    ))
}

fn freshness(rule: &StepRule, candidate: &Candidate<'_>, now_s: u64) -> Found {
    let block = candidate.block;
    let times = timestamp::parse(&block.started).zip(timestamp::parse(&block.finished));
    let Some((_, finished)) = times.filter(|(started, finished)| started <= finished) else {
        return Err(Reason::new(
            "time-malformed",
            format!(
                "step {}: its times are {} and {}",
                shown(&rule.name),
                shown(&block.started),
                shown(&block.finished)
            ),
            "attest the recording again",
        ));
    };
    if finished > now_s.saturating_add(SKEW_S) {
        return Err(Reason::new(
            "from-the-future",
            format!(
                "step {} ended at {}, and now it is {}",
                shown(&rule.name),
                block.finished,
                timestamp::format(now_s)
            ),
            "set the clock of this machine, or of the one that ran the step",
        ));
    }
    match rule.max_age_s {
        Some(max) if finished.saturating_add(max) < now_s => Err(Reason::new(
            "too-old",
            format!("step {} ended at {}, longer ago than the policy allows", shown(&rule.name), block.finished),
            "run the step again",
        )),
        _ => Ok(format!("ended at {}", block.finished)),
    }
}

fn products(rule: &StepRule, candidate: &Candidate<'_>) -> Found {
    if rule.products.is_empty() {
        return Ok(NOT_DEMANDED.to_owned());
    }
    let names = || candidate.subjects.iter().map(|s| s.name.as_str());
    let matched = |name: &&str| rule.products.iter().any(|(_, glob)| glob.is_match(name));
    let extra: Vec<&str> = names().filter(|name| !matched(name)).collect();
    if !extra.is_empty() {
        return Err(Reason::new(
            "product-unexpected",
            format!("step {} has products that the policy does not expect: {}", shown(&rule.name), some(extra)),
            "attest only what is released (`--product GLOB`), or add a pattern to `products`",
        ));
    }
    let absent = rule.products.iter().filter(|(_, glob)| !names().any(|name| glob.is_match(name)));
    let absent: Vec<&str> = absent.map(|(pattern, _)| pattern.as_str()).collect();
    if absent.is_empty() {
        return Ok(format!("{} products, all expected", candidate.subjects.len()));
    }
    Err(Reason::new(
        "product-missing",
        format!("step {} has no product that matches {}", shown(&rule.name), some(absent)),
        "attest the product (`--product GLOB`), or correct `products`",
    ))
}

/// What can be said of materials without another step's evidence.
fn materials(rule: &StepRule, candidate: &Candidate<'_>) -> Found {
    if rule.materials.is_empty() && !rule.materials_only {
        return Ok(NOT_DEMANDED.to_owned());
    }
    let block = candidate.block;
    if block.materials.listed < block.materials.total {
        return Err(Reason::new(
            "materials-cut",
            format!(
                "step {} lists {} of {} materials, so that its demands on materials cannot be judged",
                shown(&rule.name),
                block.materials.listed,
                block.materials.total
            ),
            "split the step, or leave out its `materials`",
        ));
    }
    if block.undigested > 0 {
        return Err(Reason::new(
            "materials-without-digest",
            format!("step {} read {} files whose content is not known", shown(&rule.name), block.undigested),
            "`sekisho show REC` names them and says why; run the step again",
        ));
    }
    let materials = candidate.materials();
    for demand in &rule.materials {
        let matching: Vec<&Descriptor> = materials.iter().filter(|m| demand.glob.is_match(&m.name)).collect();
        if matching.is_empty() && !matches!(demand.source, Source::Any) {
            return Err(Reason::new(
                "material-missing",
                format!("step {} read nothing that matches {}", shown(&rule.name), shown(&demand.pattern)),
                "correct `match`, or run the step where it reads what it is to read",
            ));
        }
        if let Source::Digests(digests) = &demand.source
            && let Some(other) = matching.iter().find(|m| !digests.contains(&m.sha256))
        {
            return Err(Reason::new(
                "material-exchanged",
                format!("step {} read {} with sha256 {}", shown(&rule.name), shown(&other.name), other.sha256),
                "find out who changed it; if it is right, add its sha256 to the rule",
            ));
        }
    }
    if rule.materials_only {
        let free = |m: &&Descriptor| {
            !m.name.starts_with('/') && !rule.materials.iter().any(|demand| demand.glob.is_match(&m.name))
        };
        let extra: Vec<&str> = materials.iter().filter(free).map(|m| m.name.as_str()).collect();
        if !extra.is_empty() {
            return Err(Reason::new(
                "material-unexpected",
                format!("step {} read files that no rule names: {}", shown(&rule.name), some(extra)),
                "find out why; if it is right, add a `materials` rule",
            ));
        }
    }
    Ok(format!("{} materials", materials.len()))
}
