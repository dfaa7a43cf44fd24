//! Who can act so that two profiles may judge it differently: one program, below one or two others, of every kind that their
//! rules tell apart.
use super::Sides;
use crate::classes::{TooManyClasses, classes};
use crate::glob::{Glob, Pattern};
use crate::matcher::Matcher;
use crate::rule::{Item, Rule};
use crate::vars::Vars;
use sekisho_events::{Event, Exec, Kind, PathBytes, ProcessId};
use std::collections::BTreeSet;

/// Most kinds of actors that are tried.
const MAX_ACTORS: usize = 50_000;

/// Somebody who acts: what ran above it, and what it runs; no program before the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) process: ProcessId,
    pub(super) above: Vec<Vec<u8>>,
    pub(super) program: Option<Vec<u8>>,
}

impl Who {
    /// Makes a matcher know of it.
    pub(super) fn enter(&self, matcher: &mut Matcher) {
        for path in self.above.iter().chain(&self.program) {
            let exec = Exec { path: PathBytes::new(path.clone()), ..Exec::default() };
            let event =
                Event { seq: 1, process: self.process, at_us: 0, times: None, kind: Kind::Exec(Box::new(exec)) };
            matcher.observe(&event);
        }
    }
}

/// One actor of each kind, the least special first.
///
/// What a rule allows it allows below more programs too, and what a rule forbids as well; so that a difference shows below
/// one program that makes it allowed and one that makes it forbidden, if it shows at all.
pub(super) fn actors(sides: &Sides<'_>, vars: &Vars) -> Result<Vec<Who>, TooManyClasses> {
    let anybody = sides.rules().any(|(side, n, rule)| sides.differs(side, n) && rule.process.is_empty());
    let programs = kinds(sides, vars, |r| &r.process, anybody)?;
    let lists = sides.rules().any(|(_, _, rule)| !rule.ancestor.is_empty());
    let above = if lists { kinds(sides, vars, |r| &r.ancestor, true)? } else { Vec::new() };
    let mut chains: Vec<Vec<Vec<u8>>> = vec![Vec::new()];
    chains.extend(above.iter().map(|a| vec![a.clone()]));
    for (i, a) in above.iter().enumerate() {
        chains.extend(above[i + 1..].iter().map(|b| vec![a.clone(), b.clone()]));
    }
    let mut programs: Vec<Option<Vec<u8>>> = programs.into_iter().map(Some).collect();
    if anybody {
        programs.push(None);
    }
    if chains.len().saturating_mul(programs.len()) > MAX_ACTORS {
        return Err(TooManyClasses);
    }
    let mut found = Vec::new();
    for program in programs {
        for above in &chains {
            // Before the first program nothing ran above it.
            if program.is_some() || above.is_empty() {
                let process = ProcessId(found.len() as u64 + 1);
                found.push(Who { process, above: above.clone(), program: program.clone() });
            }
        }
    }
    Ok(found)
}

/// A program of each kind; with `all`, of those that no rule names too.
fn kinds(
    sides: &Sides<'_>,
    vars: &Vars,
    list: impl Fn(&Rule) -> &[Item],
    all: bool,
) -> Result<Vec<Vec<u8>>, TooManyClasses> {
    let mut texts: Vec<(&str, bool)> = vec![("/**", all)];
    for (side, number, rule) in sides.rules() {
        texts.extend(list(rule).iter().map(|i| (i.text.as_str(), all || sides.differs(side, number))));
    }
    texts.sort_unstable_by_key(|(text, focus)| (*text, !focus));
    texts.dedup_by_key(|(text, _)| *text);
    let mut patterns: Vec<Pattern> = Vec::new();
    let mut focus = BTreeSet::new();
    for (text, wanted) in texts {
        let Some(pattern) = Glob::parse(text).ok().and_then(|g| g.bind(vars)) else { continue };
        if wanted {
            focus.insert(patterns.len() as u32);
        }
        patterns.push(pattern);
    }
    let mut found = classes(&patterns, Some(&focus))?;
    found.sort_by_key(|class| class.matched.len());
    Ok(found.into_iter().map(|class| class.path).collect())
}
