//! Reading a policy: every key known, every name defined, every demand one that can be judged.
use super::error::{PolicyError, PolicyErrorKind as Kind};
use super::signers::Names;
use super::source::{Span, Spanned, Text};
use super::{MaterialRule, Mode, Policy, PolicyFiles, SignerRule, Source, StatementRule, StepRule};
use globset::{GlobBuilder, GlobMatcher};
use sekisho_attest::names;
use sekisho_events::{Digest, Level};
use toml_edit::{Document, Item, TableLike};

const ROOT: &[&str] = &["version", "artifacts_from", "keys", "identities", "trust", "steps", "statements"];
const STATEMENT: &[&str] = &["name", "predicate_type", "properties", "keys", "identities", "threshold"];
const REVIEWS: &[&str] = &["keys", "identities", "threshold"];
const MATERIAL: &[&str] = &["match", "from", "sha256", "stated"];
const STATED: &[&str] = &["predicate_type", "keys", "identities", "threshold"];
const STEP: &[&str] = &[
    "name",
    "keys",
    "identities",
    "threshold",
    "predicates",
    "profiles",
    "profile_refs",
    "reviews",
    "attributes",
    "mode",
    "level",
    "recorded",
    "engines",
    "toctou",
    "allow_incomplete",
    "allow_failed",
    "max_age",
    "products",
    "materials",
    "materials_only",
];

pub(super) fn policy(
    text: &str,
    files: &mut dyn PolicyFiles,
    trusted_root: Option<&str>,
) -> Result<Policy, PolicyError> {
    let source = Text(text);
    let document = Document::parse(text).map_err(|e| source.error(e.span(), Kind::Syntax(e.message().to_owned())))?;
    let root: &dyn TableLike = document.as_table();
    source.known_keys(root, ROOT)?;
    let version = root.get("version").ok_or_else(|| source.error(None, Kind::Missing("version")))?;
    if version.as_integer() != Some(1) {
        return Err(source.wrong(version, "version", "1, the only version there is"));
    }
    let names = Names::read(source, root, files, trusted_root)?;
    let mut reader = Reader { source, files, names, steps: Vec::new() };
    for (table, span) in source.tables(root, "steps")? {
        let step = reader.step(table, span)?;
        reader.steps.push(step);
    }
    let statements = reader.statements(root)?;
    let Reader { steps, names: Names { keys, identities, trusts, embedded_root, .. }, .. } = reader;
    if steps.is_empty() && statements.is_empty() {
        return Err(source.error(None, Kind::Missing("steps")));
    }
    let artifacts_from = match source.string(root, "artifacts_from")? {
        None => steps.len().saturating_sub(1),
        Some((name, item)) => steps.iter().position(|s| s.name == name).ok_or_else(|| {
            source.error(item.span(), Kind::Undefined { key: "artifacts_from", name: name.to_owned() })
        })?,
    };
    match loose(&steps, artifacts_from) {
        Some(step) => Err(source.error(None, Kind::Loose(step))),
        None => Ok(Policy { keys, identities, trusts, steps, statements, embedded_root, artifacts_from }),
    }
}

pub(super) fn read(
    source: Text<'_>,
    files: &mut dyn PolicyFiles,
    path: &str,
    span: Span,
) -> Result<Vec<u8>, PolicyError> {
    files.read(path).map_err(|why| source.error(span, Kind::File { path: path.to_owned(), why: why.0 }))
}

struct Reader<'t, 'f> {
    source: Text<'t>,
    files: &'f mut dyn PolicyFiles,
    names: Names,
    steps: Vec<StepRule>,
}

impl Reader<'_, '_> {
    fn step(&mut self, table: &dyn TableLike, span: Span) -> Result<StepRule, PolicyError> {
        let source = self.source;
        source.known_keys(table, STEP)?;
        let missing = |key| source.error(span.clone(), Kind::Missing(key));
        let (name, item) = source.string(table, "name")?.ok_or_else(|| missing("name"))?;
        if self.steps.iter().any(|s| s.name == name) {
            return Err(source.error(item.span(), Kind::SameStep(name.to_owned())));
        }
        let signers = self.names.signers(source, table, span.clone())?;
        let predicates = self.predicates(table)?;
        let verdict = predicates.contains(&"verdict");
        for key in ["profiles", "profile_refs", "reviews", "mode"] {
            if let Some(item) = table.get(key).filter(|_| !verdict) {
                return Err(source.error(item.span(), Kind::NeedsVerdict(key)));
            }
        }
        if verdict && table.get("profiles").is_none() && table.get("reviews").is_none() {
            return Err(missing("profiles"));
        }
        let materials = self.materials(table)?;
        if !materials.is_empty() && !predicates.contains(&"link") {
            return Err(source.error(span, Kind::NeedsLink));
        }
        let mode = self.word(table, "mode", "\"observe\", \"deny\" or \"kill\"", Mode::from_name)?;
        let level = self.word(table, "level", "\"exec\", \"files\" or \"deep\"", Level::from_name)?;
        let toctou = self.word(table, "toctou", "\"verified\", or left out", |w| (w == "verified").then_some(()))?;
        Ok(StepRule {
            name: name.to_owned(),
            signers,
            predicates,
            profiles: self.profiles(table)?,
            profile_refs: self.globs(table, "profile_refs")?,
            reviews: self.reviews(table)?,
            attributes: self.attributes(table, verdict)?,
            mode: mode.unwrap_or(Mode::Observe),
            level: level.unwrap_or(Level::Files),
            recorded: self.owned(table, "recorded")?,
            engines: self.owned(table, "engines")?,
            toctou_verified: toctou.is_some(),
            allow_incomplete: source.flag(table, "allow_incomplete")?,
            allow_failed: source.flag(table, "allow_failed")?,
            max_age_s: self.word(table, "max_age", "a time such as \"12h\" or \"30d\"", seconds)?,
            products: self.globs(table, "products")?,
            materials,
            materials_only: source.flag(table, "materials_only")?,
        })
    }

    /// What is demanded of every artifact beside the steps.
    fn statements(&self, root: &dyn TableLike) -> Result<Vec<StatementRule>, PolicyError> {
        let source = self.source;
        let mut out: Vec<StatementRule> = Vec::new();
        for (table, span) in source.tables(root, "statements")? {
            source.known_keys(table, STATEMENT)?;
            let missing = |key| source.error(span.clone(), Kind::Missing(key));
            let (kind, _) = source.string(table, "predicate_type")?.ok_or_else(|| missing("predicate_type"))?;
            let (name, item) = source.string(table, "name")?.ok_or_else(|| missing("name"))?;
            let taken = out.iter().any(|s| s.name == name) || self.steps.iter().any(|s| s.name == name);
            if taken {
                return Err(source.error(item.span(), Kind::SameStep(name.to_owned())));
            }
            let signers = self.names.signers(source, table, span)?;
            let properties = self.owned(table, "properties")?;
            out.push(StatementRule { name: name.to_owned(), predicate_type: kind.to_owned(), properties, signers });
        }
        Ok(out)
    }

    fn predicates(&self, table: &dyn TableLike) -> Result<Vec<&'static str>, PolicyError> {
        let all = || names::KINDS.iter().map(|(short, _)| *short);
        let Some(wanted) = self.source.strings(table, "predicates")? else { return Ok(all().collect()) };
        for (word, span) in &wanted {
            if !all().any(|short| short == *word) {
                let wanted = "of \"link\", \"provenance\", \"runtime-trace\", \"verdict\"";
                return Err(self.source.error(span.clone(), Kind::Wrong { key: "predicates", wanted }));
            }
        }
        Ok(all().filter(|short| wanted.iter().any(|(word, _)| word == short)).collect())
    }

    /// Attributes that we know how to judge.
    fn attributes(&self, table: &dyn TableLike, verdict: bool) -> Result<Vec<&'static str>, PolicyError> {
        let known = |(word, span): (&str, Span)| {
            let found = names::ATTRIBUTES.into_iter().find(|name| *name == word);
            let wanted = "of \"SEKISHO_RECORDING_COMPLETE\", \"SEKISHO_NO_NETWORK\", \"SEKISHO_INPUTS_DIGESTED\", \"SEKISHO_INPUTS_IN_PROFILE\"";
            let wrong = Kind::Wrong { key: "attributes", wanted };
            match found {
                // Of which profile, only the verdict tells.
                Some(names::ATTRIBUTE_INPUTS_IN_PROFILE) if !verdict => {
                    Err(self.source.error(span, Kind::NeedsVerdict("SEKISHO_INPUTS_IN_PROFILE")))
                }
                found => found.ok_or_else(|| self.source.error(span, wrong)),
            }
        };
        self.source.strings(table, "attributes")?.unwrap_or_default().into_iter().map(known).collect()
    }

    /// Digests, given as such or by a profile's file.
    fn profiles(&mut self, table: &dyn TableLike) -> Result<Vec<Digest>, PolicyError> {
        let source = self.source;
        let mut out = Vec::new();
        for (text, span) in source.strings(table, "profiles")?.unwrap_or_default() {
            out.push(match Digest::from_hex(text) {
                Some(digest) => digest,
                None => Digest::of(&read(source, self.files, text, span)?),
            });
        }
        Ok(out)
    }

    /// Who must have signed the review of the profile.
    fn reviews(&self, table: &dyn TableLike) -> Result<Option<SignerRule>, PolicyError> {
        let Some(item) = table.get("reviews") else { return Ok(None) };
        let wanted = "a table: reviews = { keys = [\"NAME\"], threshold = 1 }";
        let inner = item.as_table_like().ok_or_else(|| self.source.wrong(item, "reviews", wanted))?;
        self.source.known_keys(inner, REVIEWS)?;
        self.names.signers(self.source, inner, item.span()).map(Some)
    }

    fn materials(&self, table: &dyn TableLike) -> Result<Vec<MaterialRule>, PolicyError> {
        let source = self.source;
        let mut rules = Vec::new();
        for (rule, span) in source.tables(table, "materials")? {
            source.known_keys(rule, MATERIAL)?;
            let (pattern, item) =
                source.string(rule, "match")?.ok_or_else(|| source.error(span, Kind::Missing("match")))?;
            let from = source.string(rule, "from")?;
            let digests = source.strings(rule, "sha256")?;
            let stated = rule.get("stated").map(|item| (item, self.stated(item, pattern)));
            let source_of = match (from, digests, stated) {
                (None, None, None) => Source::Any,
                (None, None, Some((_, stated))) => Source::Stated(Box::new(stated?)),
                (_, _, Some((item, _))) => {
                    return Err(source.wrong(item, "stated", "without `from` and `sha256`: a material has one source"));
                }
                (Some((name, item)), None, None) => {
                    let index = self.steps.iter().position(|s| s.name == name);
                    let undefined = Kind::Undefined { key: "from", name: name.to_owned() };
                    Source::Step(index.ok_or_else(|| source.error(item.span(), undefined))?)
                }
                (None, Some(digests), None) => Source::Digests(self.digests(digests)?),
                (Some((_, item)), Some(_), None) => {
                    return Err(source.wrong(item, "from", "without `sha256`: a material has one source"));
                }
            };
            let glob = self.glob(pattern, item.span())?;
            rules.push(MaterialRule { pattern: pattern.to_owned(), glob, source: source_of });
        }
        Ok(rules)
    }

    /// What must be stated of materials, by whom.
    fn stated(&self, item: &Item, pattern: &str) -> Result<StatementRule, PolicyError> {
        let source = self.source;
        let wanted = "a table: stated = { predicate_type = \"…\", identities = [\"NAME\"] }";
        let inner = item.as_table_like().ok_or_else(|| source.wrong(item, "stated", wanted))?;
        source.known_keys(inner, STATED)?;
        let missing = || source.error(item.span(), Kind::Missing("predicate_type"));
        let (kind, _) = source.string(inner, "predicate_type")?.ok_or_else(missing)?;
        let signers = self.names.signers(source, inner, item.span())?;
        let (name, predicate_type) = (pattern.to_owned(), kind.to_owned());
        Ok(StatementRule { name, predicate_type, properties: Vec::new(), signers })
    }

    fn digests(&self, texts: Vec<Spanned<&str>>) -> Result<Vec<Digest>, PolicyError> {
        let wanted = "a list of digests of 64 lower-case hex digits";
        let digest = |(text, span)| {
            Digest::from_hex(text).ok_or_else(|| self.source.error(span, Kind::Wrong { key: "sha256", wanted }))
        };
        texts.into_iter().map(digest).collect()
    }

    fn globs(&self, table: &dyn TableLike, key: &'static str) -> Result<Vec<(String, GlobMatcher)>, PolicyError> {
        let texts = self.source.strings(table, key)?.unwrap_or_default();
        texts.into_iter().map(|(text, span)| Ok((text.to_owned(), self.glob(text, span)?))).collect()
    }

    fn glob(&self, text: &str, span: Span) -> Result<GlobMatcher, PolicyError> {
        glob(self.source, text, span)
    }

    fn owned(&self, table: &dyn TableLike, key: &'static str) -> Result<Vec<String>, PolicyError> {
        let texts = self.source.strings(table, key)?.unwrap_or_default();
        Ok(texts.into_iter().map(|(text, _)| text.to_owned()).collect())
    }

    fn word<T>(
        &self,
        table: &dyn TableLike,
        key: &'static str,
        wanted: &'static str,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, PolicyError> {
        let Some((word, item)) = self.source.string(table, key)? else { return Ok(None) };
        find(word).map(Some).ok_or_else(|| self.source.wrong(item, key, wanted))
    }
}

/// All of a text is matched; `*` stops at `/`, `**` does not.
pub(super) fn glob(source: Text<'_>, text: &str, span: Span) -> Result<GlobMatcher, PolicyError> {
    let built = GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build();
    built.map(|g| g.compile_matcher()).map_err(|_| source.error(span, Kind::Glob(text.to_owned())))
}

/// `90s`, `10m`, `12h`, `30d`; zero is none.
fn seconds(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let unit_s = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        _ => return None,
    };
    number.checked_mul(unit_s).filter(|s| *s > 0 && !text.starts_with('+'))
}

/// A step that `from` rules do not join, in either direction, with the step whose products are released.
fn loose(steps: &[StepRule], artifacts_from: usize) -> Option<String> {
    let mut joined = vec![false; steps.len()];
    *joined.get_mut(artifacts_from)? = true;
    for _ in steps {
        for (index, step) in steps.iter().enumerate() {
            for rule in &step.materials {
                if let Source::Step(from) = rule.source {
                    let either = joined[index] || joined[from];
                    (joined[index], joined[from]) = (either, either);
                }
            }
        }
    }
    joined.iter().position(|j| !j).map(|index| steps[index].name.clone())
}
