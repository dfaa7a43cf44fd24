//! Reading a profile: every key known, every value of its type, every error with its place.
use crate::act::{Act, PatternKind};
use crate::date::Date;
use crate::error::{ProfileError, ProfileErrorKind as Kind, Shown, SyntaxMessage, nearest};
use crate::glob::Glob;
use crate::net::{NamePattern, NetPattern};
use crate::profile::{Meta, Profile};
use crate::reviewed::Library;
use crate::rule::{Item, Repeated, Rule, Seen, first_repeated};
use sekisho_events::{Digest, Level, Mode};
use std::collections::BTreeMap;
use std::ops::Range;
use toml_edit::{Document, RawString, Table, Value};

/// Most rules that a profile may have.
pub(crate) const MAX_RULES: usize = 100_000;

const META_KEYS: &[&str] = &[
    "version",
    "name",
    "description",
    "include",
    "level",
    "mode",
    "refused",
    "judge_metadata",
    "require_review",
    "recordings",
];
const RULE_KEYS: &[&str] = &[
    "id",
    "process",
    "ancestor",
    "exec",
    "sha256",
    "read",
    "change",
    "write",
    "create",
    "delete",
    "rename",
    "link",
    "attributes",
    "mount",
    "list",
    "stat",
    "connect",
    "listen",
    "send",
    "resolve",
    "delegate",
    "restrict",
    "refused",
    "tamper",
    "deny",
    "errno",
    "required",
    "why",
    "reviewed_by",
    "reviewed_on",
    "expires",
    "seen",
];

/// Reads a profile in any form, with what it includes.
pub(crate) fn profile(text: &str, library: &Library) -> Result<Profile, ProfileError> {
    included(alone(text)?, text, library)
}

/// Adds what it includes to a profile that was read from a text with this `[profile]` table.
pub(crate) fn included(mut profile: Profile, text: &str, library: &Library) -> Result<Profile, ProfileError> {
    if profile.meta.include.is_empty() {
        return Ok(profile);
    }
    let mut found = BTreeMap::new();
    include(text, library, &mut Vec::new(), &mut found)?;
    for (name, rules) in found {
        for mut rule in rules {
            rule.id = format!("{name}/{}", rule.id);
            rule.from = Some(name.to_owned());
            profile.rules.push(rule);
        }
    }
    profile.normalise();
    Ok(profile)
}

/// Finds what a profile includes, and what that does: the rules of each once.
fn include(
    text: &str,
    library: &Library,
    above: &mut Vec<&'static str>,
    found: &mut BTreeMap<&'static str, Vec<Rule>>,
) -> Result<(), ProfileError> {
    let source = Source { text };
    let document = source.document()?;
    let Some(table) = document.as_table().get("profile").and_then(toml_edit::Item::as_table) else { return Ok(()) };
    let mut chosen: Vec<(&'static str, &'static str)> = Vec::new();
    source.list(table, "include", |text| {
        let (name, inner) = library.find(text)?;
        if above.contains(&name) {
            return Err(Kind::IncludeCycle(name, Shown::new(&above.join(", "))));
        }
        if chosen.iter().any(|(other, _)| *other == name) {
            return Err(Kind::IncludeTwice(Shown::new(name)));
        }
        if !library.is_pinned(text, inner) {
            return Err(Kind::IncludeDigest { name, shipped: Digest::of(inner.as_bytes()) });
        }
        chosen.push((name, inner));
        Ok(text.to_owned())
    })?;
    for (name, inner) in chosen {
        if found.contains_key(name) {
            continue;
        }
        let wrong = |e: ProfileError| source.error(None, Kind::InInclude(name, Box::new(e)));
        let profile = alone(inner).map_err(wrong)?;
        above.push(name);
        include(inner, library, above, found).map_err(wrong)?;
        above.pop();
        found.insert(name, profile.rules);
    }
    Ok(())
}

/// Reads a profile in any form, without what it includes.
pub(crate) fn alone(text: &str) -> Result<Profile, ProfileError> {
    Source { text }.alone()
}

/// A text and where it stands.
type Spanned = (String, Option<Range<usize>>);

#[derive(Clone, Copy)]
pub(crate) struct Source<'t> {
    pub(crate) text: &'t str,
}

impl<'t> Source<'t> {
    pub(crate) fn document(self) -> Result<Document<&'t str>, ProfileError> {
        Document::parse(self.text).map_err(|e| self.error(e.span(), Kind::Syntax(SyntaxMessage::new(e.message()))))
    }

    pub(crate) fn alone(self) -> Result<Profile, ProfileError> {
        self.refuse_markers()?;
        let document = self.document()?;
        let root = document.as_table();
        self.known_keys(root, &["profile", "rule"])?;
        let mut profile = Profile { trailing: self.comment(Some(document.trailing())), ..Profile::default() };
        let (_, item) =
            root.get_key_value("profile").ok_or_else(|| self.error(None, Kind::MissingKey { key: "profile" }))?;
        let table = item
            .as_table()
            .ok_or_else(|| self.error(item.span(), Kind::WrongType { key: "profile", wanted: "a table: [profile]" }))?;
        profile.meta = self.meta(table)?;
        if let Some(item) = root.get("rule") {
            let rules = item.as_array_of_tables().ok_or_else(|| {
                self.error(item.span(), Kind::WrongType { key: "rule", wanted: "an array of tables: [[rule]]" })
            })?;
            self.rules(rules, &mut profile)?;
        }
        profile.normalise();
        Ok(profile)
    }

    fn error(self, span: Option<Range<usize>>, kind: Kind) -> ProfileError {
        ProfileError::at(self.text, span, kind)
    }

    fn refuse_markers(self) -> Result<(), ProfileError> {
        for (i, line) in self.text.lines().enumerate() {
            if ["<<<<<<< ", ">>>>>>> ", "||||||| "].iter().any(|m| line.starts_with(m)) || line == "=======" {
                return Err(ProfileError { line: i + 1, column: 1, kind: Kind::ConflictMarker });
            }
        }
        Ok(())
    }

    fn known_keys(self, table: &Table, known: &'static [&'static str]) -> Result<(), ProfileError> {
        for (key, _) in table {
            if !known.contains(&key) {
                let span = table.key(key).and_then(toml_edit::Key::span);
                return Err(self.error(span, Kind::UnknownKey { key: Shown::new(key), nearest: nearest(key, known) }));
            }
        }
        Ok(())
    }

    /// Comment lines of the text before or behind something.
    pub(crate) fn comment(self, raw: Option<&RawString>) -> Vec<String> {
        let text = raw.and_then(|r| r.as_str().or_else(|| r.span().and_then(|s| self.text.get(s)))).unwrap_or("");
        text.lines().map(str::trim).filter(|l| l.starts_with('#')).map(str::to_owned).collect()
    }

    /// Comments of a table: above its head, above each key, and behind each value.
    fn comments(self, table: &Table, head: &str) -> BTreeMap<String, Vec<String>> {
        let mut all = BTreeMap::new();
        let mut above = self.comment(table.decor().prefix());
        above.extend(self.comment(table.decor().suffix()));
        all.insert(head.to_owned(), above);
        for (key, item) in table {
            let mut lines = self.comment(table.key(key).and_then(|k| k.leaf_decor().prefix()));
            if let Some(value) = item.as_value() {
                lines.extend(self.comment(value.decor().prefix()));
                lines.extend(self.comment(value.decor().suffix()));
                if let Some(array) = value.as_array() {
                    lines.extend(self.comment(Some(array.trailing())).split_off(self.tail_comments(value)));
                }
            }
            // The short form and the long form of a list are one key each.
            all.insert(key.to_owned(), lines);
        }
        all.retain(|_, lines| !lines.is_empty());
        all
    }

    /// How many comments behind the last item belong to that item: one, if it stands in the same line.
    fn tail_comments(self, value: &Value) -> usize {
        let Some(array) = value.as_array().filter(|a| !a.is_empty()) else { return 0 };
        let raw = array.trailing();
        let text = raw.as_str().or_else(|| raw.span().and_then(|s| self.text.get(s))).unwrap_or("");
        usize::from(text.lines().next().is_some_and(|l| l.trim().starts_with('#')))
    }

    fn value<'v>(
        self,
        table: &'v Table,
        key: &'static str,
        wanted: &'static str,
    ) -> Result<Option<&'v Value>, ProfileError> {
        let Some(item) = table.get(key) else { return Ok(None) };
        item.as_value().map(Some).ok_or_else(|| self.error(item.span(), Kind::WrongType { key, wanted }))
    }

    fn text(self, table: &Table, key: &'static str) -> Result<Option<Spanned>, ProfileError> {
        let wanted = "a string";
        let Some(value) = self.value(table, key, wanted)? else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| self.error(value.span(), Kind::WrongType { key, wanted }))?;
        Ok(Some((text.to_owned(), value.span())))
    }

    fn flag(self, table: &Table, key: &'static str) -> Result<bool, ProfileError> {
        let wanted = "true or false";
        let Some(value) = self.value(table, key, wanted)? else { return Ok(false) };
        value.as_bool().ok_or_else(|| self.error(value.span(), Kind::WrongType { key, wanted }))
    }

    fn date(self, table: &Table, key: &'static str) -> Result<Option<Date>, ProfileError> {
        let Some(value) = self.value(table, key, "a date")? else { return Ok(None) };
        let text = value.as_str().map(str::to_owned).or_else(|| value.as_datetime().map(ToString::to_string));
        let date = text.and_then(|t| Date::parse(&t));
        date.map(Some).ok_or_else(|| self.error(value.span(), Kind::Date(key)))
    }

    fn word<T>(
        self,
        table: &Table,
        key: &'static str,
        allowed: Vec<&'static str>,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ProfileError> {
        let Some((word, span)) = self.text(table, key)? else { return Ok(None) };
        match find(&word) {
            Some(value) => Ok(Some(value)),
            None => Err(self.error(span, Kind::Word { key, word: Shown::new(&word), allowed })),
        }
    }

    /// A list of strings, each checked, with the comments above it and in its line.
    fn list(
        self,
        table: &Table,
        key: &'static str,
        mut check: impl FnMut(&str) -> Result<String, Kind>,
    ) -> Result<Vec<Item>, ProfileError> {
        let wanted = "a list of strings";
        let Some(value) = self.value(table, key, wanted)? else { return Ok(Vec::new()) };
        let wrong = |span| self.error(span, Kind::WrongType { key, wanted });
        let array = value.as_array().ok_or_else(|| wrong(value.span()))?;
        let mut items: Vec<Item> = Vec::new();
        for value in array {
            let text = value.as_str().ok_or_else(|| wrong(value.span()))?;
            let text = check(text).map_err(|kind| self.error(value.span(), kind))?;
            let mut comment = self.comment(value.decor().prefix());
            if let (true, Some(last)) = (self.same_line(value.decor().prefix()), items.last_mut()) {
                last.comment.push(comment.remove(0));
            }
            comment.extend(self.comment(value.decor().suffix()));
            items.push(Item { text, comment });
        }
        if self.tail_comments(value) == 1
            && let Some(last) = items.last_mut()
        {
            last.comment.extend(self.comment(Some(array.trailing())).into_iter().take(1));
        }
        Ok(items)
    }

    /// True if the text begins with a comment before its first line break.
    fn same_line(self, raw: Option<&RawString>) -> bool {
        let text = raw.and_then(|r| r.as_str().or_else(|| r.span().and_then(|s| self.text.get(s)))).unwrap_or("");
        text.contains('\n') && text.lines().next().is_some_and(|l| l.trim().starts_with('#'))
    }

    fn meta(self, table: &Table) -> Result<Meta, ProfileError> {
        self.known_keys(table, META_KEYS)?;
        let missing = |key| self.error(table.span(), Kind::MissingKey { key });
        let number = |key: &'static str| -> Result<Option<i64>, ProfileError> {
            let wanted = "a whole number";
            let Some(value) = self.value(table, key, wanted)? else { return Ok(None) };
            value.as_integer().map(Some).ok_or_else(|| self.error(value.span(), Kind::WrongType { key, wanted }))
        };
        let version = number("version")?.ok_or_else(|| missing("version"))?;
        if version != 1 {
            return Err(self.error(table.get("version").and_then(toml_edit::Item::span), Kind::Version(version)));
        }
        let levels = [Level::Exec, Level::Files, Level::Deep].map(Level::name).to_vec();
        let modes = [Mode::Observe, Mode::Deny, Mode::Kill].map(Mode::name).to_vec();
        let recordings = number("recordings")?.map(|n| {
            let span = table.get("recordings").and_then(toml_edit::Item::span);
            u32::try_from(n)
                .map_err(|_| self.error(span, Kind::WrongType { key: "recordings", wanted: "a whole number" }))
        });
        let refused = if table.contains_key("refused") { Some(self.list(table, "refused", word)?) } else { None };
        Ok(Meta {
            name: self.text(table, "name")?.ok_or_else(|| missing("name"))?.0,
            description: self.text(table, "description")?.map(|t| t.0),
            include: self.list(table, "include", pinned)?,
            level: self.word(table, "level", levels, Level::from_name)?,
            mode: self.word(table, "mode", modes, Mode::from_name)?,
            refused,
            judge_metadata: self.flag(table, "judge_metadata")?,
            require_review: self.flag(table, "require_review")?,
            recordings: recordings.transpose()?,
            comments: self.comments(table, "profile"),
        })
    }

    /// Adds the rules of these tables; no two may be called the same, or say the same.
    pub(crate) fn rules(self, tables: &toml_edit::ArrayOfTables, profile: &mut Profile) -> Result<(), ProfileError> {
        if profile.rules.len() + tables.len() > MAX_RULES {
            return Err(self.error(tables.span(), Kind::TooMany(MAX_RULES)));
        }
        let mut rules = Vec::with_capacity(tables.len());
        for table in tables {
            rules.push(self.rule(table)?);
        }
        if let Some(Repeated { first, again, by_name }) = first_repeated(&rules) {
            let (table, name) = (tables.get(again), Shown::new(&rules[first].id));
            if by_name {
                let line = self.error(tables.get(first).and_then(Table::span), Kind::Empty).line;
                let span = table.and_then(|t| t.get("id")).and_then(toml_edit::Item::span);
                return Err(self.error(span, Kind::DuplicateId(name, line)));
            }
            return Err(self.error(table.and_then(Table::span), Kind::DuplicateRule(name)));
        }
        profile.rules.append(&mut rules);
        Ok(())
    }

    fn rule(self, table: &Table) -> Result<Rule, ProfileError> {
        self.known_keys(table, RULE_KEYS)?;
        let (id, span) =
            self.text(table, "id")?.ok_or_else(|| self.error(table.span(), Kind::MissingKey { key: "id" }))?;
        if !is_id(&id) {
            return Err(self.error(span, Kind::BadId(Shown::new(&id))));
        }
        let mut rule = Rule::new(id);
        rule.process = self.list(table, "process", path)?;
        rule.ancestor = self.list(table, "ancestor", path)?;
        rule.sha256 = self.list(table, "sha256", digest)?;
        for act in Act::ALL {
            let list = self.list(table, act.key(), |text| pattern(act, text))?;
            if !list.is_empty() {
                rule.acts.insert(act, list);
            }
        }
        for item in self.list(table, "change", path)? {
            for act in Act::CHANGE {
                rule.acts.entry(act).or_default().push(item.clone());
            }
        }
        rule.deny = self.flag(table, "deny")?;
        rule.required = self.flag(table, "required")?;
        rule.errno = self.word(
            table,
            "errno",
            vec!["EACCES", "EPERM", "ENOENT", "any other errno(3) name"],
            sekisho_events::errno::number,
        )?;
        rule.why = self.text(table, "why")?.map(|t| t.0);
        rule.reviewed_by = self.text(table, "reviewed_by")?.map(|t| t.0);
        rule.reviewed_on = self.date(table, "reviewed_on")?;
        rule.expires = self.date(table, "expires")?;
        rule.seen = self.word(table, "seen", vec!["N of M"], Seen::parse)?;
        rule.comments = self.comments(table, "");
        self.check_rule(table, &rule)?;
        rule.normalise();
        Ok(rule)
    }

    fn check_rule(self, table: &Table, rule: &Rule) -> Result<(), ProfileError> {
        let conflict = |key: &'static str, why| {
            let span = table.key(key).and_then(toml_edit::Key::span);
            Err(self.error(span, Kind::Conflict(key, why)))
        };
        if rule.acts.is_empty() {
            return Err(self.error(table.span(), Kind::Empty));
        }
        conflicting(rule).map_or(Ok(()), |(key, why)| conflict(key, why))
    }
}

/// True for a name of a rule.
pub(crate) fn is_id(id: &str) -> bool {
    let good = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    good && id.len() <= 64 && id.starts_with(|c: char| c.is_ascii_lowercase())
}

/// A key that has no meaning in this rule, and why.
pub(crate) fn conflicting(rule: &Rule) -> Option<(&'static str, &'static str)> {
    if rule.errno.is_some() && !rule.deny {
        return Some(("errno", "in a rule that allows"));
    }
    if rule.required && rule.deny {
        return Some(("required", "in a rule that forbids"));
    }
    let pinned = !rule.sha256.is_empty() && !rule.acts.contains_key(&Act::Exec);
    pinned.then_some(("sha256", "without exec"))
}

pub(crate) fn path(text: &str) -> Result<String, Kind> {
    Glob::parse(text).map(|_| text.to_owned()).map_err(Kind::Glob)
}

fn word(text: &str) -> Result<String, Kind> {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/' | b'.');
    if !text.is_empty() && text.bytes().all(good) {
        return Ok(text.to_owned());
    }
    Err(Kind::Word { key: "refused", word: Shown::new(text), allowed: vec!["names of calls"] })
}

/// `NAME@sha256:DIGEST`.
fn pinned(text: &str) -> Result<String, Kind> {
    crate::reviewed::split(text).map(|_| text.to_owned()).ok_or(Kind::Include)
}

pub(crate) fn digest(text: &str) -> Result<String, Kind> {
    Digest::from_hex(text).map(Digest::to_hex).ok_or(Kind::Digest)
}

pub(crate) fn pattern(act: Act, text: &str) -> Result<String, Kind> {
    match act.pattern_kind() {
        PatternKind::Path => path(text),
        PatternKind::Net => NetPattern::parse(text).map(|p| p.to_string()).map_err(Kind::Net),
        PatternKind::Name => NamePattern::parse(text).map(|p| p.to_string()).map_err(Kind::Net),
        PatternKind::Delegate => match text.split_once(':') {
            Some(("unix" | "fifo", rest)) if !rest.starts_with('@') => path(rest).map(|_| text.to_owned()),
            Some((_, rest)) if !rest.is_empty() => Ok(text.to_owned()),
            _ => Err(Kind::Net(crate::net::NetError::Form)),
        },
        PatternKind::Word if act == Act::Restrict => {
            const WORDS: [&str; 4] = ["seccomp", "landlock", "namespace", "chroot"];
            if WORDS.contains(&text) {
                return Ok(text.to_owned());
            }
            Err(Kind::Word { key: "restrict", word: Shown::new(text), allowed: WORDS.to_vec() })
        }
        PatternKind::Word => word(text),
    }
}
