//! Check 13, its third part: the profile is as a branch or tag that the policy names has it.
use crate::reason::{shown, some};
use globset::GlobMatcher;
use serde_json::Value;

/// Where a signed verdict says that its profile stood.
pub(crate) struct ProfileOrigin {
    reference: Option<String>,
    is_committed: bool,
    /// What a change under review was to go into, and whether the profile was the one from there.
    base: Option<(String, bool)>,
}

impl ProfileOrigin {
    /// From the annotation of a verdict; what it does not say is not so.
    pub(crate) fn read(said: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let base = said.get("base").map(|base| (text(&base["ref"]).unwrap_or_default(), base["state"] == "same"));
        Self { reference: text(&said["ref"]), is_committed: said["state"] == "committed", base }
    }
}

/// Why the profile is not one of these refs, if it is not; without refs nothing is demanded.
pub(crate) fn refused(refs: &[(String, GlobMatcher)], origin: Option<&ProfileOrigin>) -> Option<String> {
    if refs.is_empty() {
        return None;
    }
    let listed = |name: &str| refs.iter().any(|(_, glob)| glob.is_match(name));
    let Some(origin) = origin else { return Some("of which the verdict does not say where it stood".to_owned()) };
    match &origin.base {
        Some((base, false)) => return Some(format!("which is not the one of {}", shown(base))),
        Some((base, true)) if listed(base) => return None,
        _ if !origin.is_committed => return Some("which is not as it is committed".to_owned()),
        _ => {}
    }
    let stood = origin.reference.as_deref();
    if stood.is_some_and(listed) {
        return None;
    }
    let wanted = some(refs.iter().map(|(text, _)| text.as_str()));
    Some(format!("of {}, and {wanted} is demanded", shown(stood.unwrap_or("no branch or tag"))))
}
