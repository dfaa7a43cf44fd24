//! Rules on artifacts (in-toto specification 1.0, section 4.3.3), and their patterns.
use super::read::{Artifacts, Link};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Which artifacts of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Materials,
    Products,
}

impl Side {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Materials => "materials",
            Self::Products => "products",
        }
    }

    fn of(self, link: &Link) -> &Artifacts {
        match self {
            Self::Materials => &link.materials,
            Self::Products => &link.products,
        }
    }
}

/// What a rule says about an artifact that is not spoken for yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Create(String),
    Delete(String),
    Modify(String),
    Allow(String),
    Disallow(String),
    /// A file, not a pattern.
    Require(String),
    Match {
        pattern: String,
        source: String,
        side: Side,
        destination: String,
        step: String,
    },
}

impl Rule {
    /// Reads a rule: words, of which the keywords may have any case.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let words: Vec<&str> = value.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
        let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let [kind, pattern, ..] = words[..] else { return None };
        let pattern = pattern.to_owned();
        if lower[0] == "match" {
            return Self::read_match(&words[2..], &lower[2..], pattern);
        }
        if kind.is_empty() || words.len() != 2 {
            return None;
        }
        Some(match lower[0].as_str() {
            "create" => Self::Create(pattern),
            "delete" => Self::Delete(pattern),
            "modify" => Self::Modify(pattern),
            "allow" => Self::Allow(pattern),
            "disallow" => Self::Disallow(pattern),
            "require" => Self::Require(pattern),
            _ => return None,
        })
    }

    /// `[IN PREFIX] WITH MATERIALS|PRODUCTS [IN PREFIX] FROM STEP`.
    fn read_match(words: &[&str], lower: &[String], pattern: String) -> Option<Self> {
        let is = |at: usize, word: &str| lower.get(at).is_some_and(|w| w == word);
        let (source, with) = if is(0, "in") { (*words.get(1)?, 2) } else { ("", 0) };
        let side = match lower.get(with + 1)?.as_str() {
            "materials" => Side::Materials,
            "products" => Side::Products,
            _ => return None,
        };
        let (destination, from) = if is(with + 2, "in") { (*words.get(with + 3)?, with + 4) } else { ("", with + 2) };
        let step = words.get(from + 1)?;
        let whole = is(with, "with") && is(from, "from") && words.len() == from + 2;
        let (source, destination, step) = (source.to_owned(), destination.to_owned(), (*step).to_owned());
        whole.then_some(Self::Match { pattern, source, side, destination, step })
    }
}

/// Applies the rules of one side of a step, in their order. What no rule speaks of is allowed; the error is what a rule
/// forbids, or does not find.
pub(super) fn apply(rules: &[Rule], side: Side, link: &Link, all: &BTreeMap<&str, &Link>) -> Result<(), String> {
    let artifacts = side.of(link);
    let mut queue: BTreeSet<&str> = artifacts.keys().map(String::as_str).collect();
    let (materials, products) = (&link.materials, &link.products);
    for rule in rules {
        let matching =
            |pattern: &str| -> BTreeSet<&str> { queue.iter().copied().filter(|path| matches(pattern, path)).collect() };
        let spoken_for: BTreeSet<&str> = match rule {
            Rule::Create(p) => {
                matching(p).into_iter().filter(|a| products.contains_key(*a) && !materials.contains_key(*a)).collect()
            }
            Rule::Delete(p) => {
                matching(p).into_iter().filter(|a| materials.contains_key(*a) && !products.contains_key(*a)).collect()
            }
            Rule::Modify(p) => {
                let changed = |a: &&str| matches!((materials.get(*a), products.get(*a)), (Some(x), Some(y)) if x != y);
                matching(p).into_iter().filter(changed).collect()
            }
            Rule::Allow(p) => matching(p),
            Rule::Disallow(p) => match matching(p).first() {
                Some(artifact) => return Err(format!("DISALLOW {p} forbids {artifact}")),
                None => BTreeSet::new(),
            },
            Rule::Require(file) if queue.contains(file.as_str()) => BTreeSet::new(),
            Rule::Require(file) => return Err(format!("REQUIRE {file} finds no such file")),
            Rule::Match { pattern, source, side, destination, step } => {
                let Some(other) = all.get(step.as_str()).map(|link| side.of(link)) else { continue };
                let equal = |path: &&str| {
                    let below = below(source, path);
                    let there = below.filter(|below| matches(pattern, below)).map(|below| joined(destination, below));
                    there.is_some_and(|there| {
                        other.get(&there).is_some_and(|digests| artifacts.get(*path) == Some(digests))
                    })
                };
                queue.iter().copied().filter(equal).collect()
            }
        };
        queue.retain(|path| !spoken_for.contains(path));
    }
    Ok(())
}

/// The path below a prefix, which stands with a slash or without; all of it where there is none.
fn below<'p>(prefix: &str, path: &'p str) -> Option<&'p str> {
    if prefix.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(prefix)?;
    if prefix.ends_with('/') { Some(rest) } else { rest.strip_prefix('/') }
}

fn joined(prefix: &str, path: &str) -> String {
    match prefix {
        "" => path.to_owned(),
        _ if prefix.ends_with('/') => format!("{prefix}{path}"),
        _ => format!("{prefix}/{path}"),
    }
}

/// Patterns of a shell, where `*` also crosses `/` (Python's fnmatch): `*`, `?`, `[set]`, `[!set]`.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on if what follows the last star does not fit here.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p + 1, t));
            p += 1;
            continue;
        }
        match one(&pattern[p..], text[t]) {
            Some(width) => (p, t) = (p + width, t + 1),
            None => match &mut star {
                Some((after, from)) => {
                    *from += 1;
                    (p, t) = (*after, *from);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// How much of the pattern stands for this character, if it begins with something that does.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['[', rest @ ..] => {
            let negated = rest.first() == Some(&'!');
            let begin = usize::from(negated);
            // A bracket that comes first is one of the set.
            let Some(end) = rest.iter().skip(begin + 1).position(|c| *c == ']').map(|at| at + begin + 1) else {
                return (c == '[').then_some(1);
            };
            (in_set(&rest[begin..end], c) != negated).then_some(end + 2)
        }
        [first, ..] => (*first == c).then_some(1),
        [] => None,
    }
}

fn in_set(mut set: &[char], c: char) -> bool {
    while let Some(first) = set.first() {
        if let [low, '-', high, ..] = set {
            if (*low..=*high).contains(&c) {
                return true;
            }
            set = &set[3..];
        } else {
            if *first == c {
                return true;
            }
            set = &set[1..];
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// docs.python.org, fnmatch.
    #[test]
    fn patterns_are_pythons() {
        for (pattern, text) in [
            ("*", "a/b"),
            ("a*c", "abcbc"),
            ("?.o", "é.o"),
            ("[a-c]x", "bx"),
            ("[!a]x", "bx"),
            ("[]]", "]"),
            ("[!]]", "a"),
            ("[a", "[a"),
            ("[-a]", "-"),
            ("", ""),
            ("**", ""),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("a", "b"), ("?", ""), ("*.o", "a.c"), ("[a-c]", "d"), ("[!a]", "a"), ("[c-a]", "b"), ("", "a"), ("a", "")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
        assert!(!matches(&"*a".repeat(60), &"a".repeat(59)), "and quickly");
    }

    #[test]
    fn rules_are_read_whole_or_not_at_all() {
        let read = |words: Value| Rule::read(&words);
        assert_eq!(read(json!(["create", "a"])), Some(Rule::Create("a".into())));
        let with = json!(["match", "*", "IN", "x", "with", "PRODUCTS", "in", "y", "FROM", "Build"]);
        let expected = Rule::Match {
            pattern: "*".into(),
            source: "x".into(),
            side: Side::Products,
            destination: "y".into(),
            step: "Build".into(),
        };
        assert_eq!(read(with), Some(expected));
        for bad in [
            json!([]),
            json!(["CREATE"]),
            json!(["CREATE", "a", "b"]),
            json!(["PERMIT", "a"]),
            json!(["MATCH", "a"]),
            json!(["MATCH", "a", "WITH", "LINKS", "FROM", "b"]),
            json!(["MATCH", "a", "WITH", "PRODUCTS", "FROM", "b", "c"]),
            json!(["MATCH", "a", "IN", "b", "FROM", "c", "WITH", "PRODUCTS"]),
            json!(["CREATE", 1]),
            json!("CREATE a"),
        ] {
            assert_eq!(read(bad.clone()), None, "{bad}");
        }
    }
}
