//! Whom a policy trusts: keys, identities, and the roots of trust that identities are believed by.
use super::error::{PolicyError, PolicyErrorKind as Kind};
use super::read::{glob, read};
use super::source::{Span, Text};
use super::{Key, PolicyFiles, SignerRule};
use crate::trust::{BuiltIn, Claim, Demands, Identity, SanRule, Trust};
use sekisho_attest::PublicKey;
use std::collections::BTreeMap;
use toml_edit::{Item, TableLike};

const KEY: &[&str] = &["path", "pem"];
const TRUST: &[&str] = &["path", "without"];
const IDENTITY: [&str; 4] = ["issuer", "identity", "identity_glob", "trust"];

/// Everybody whom a policy names, and by which name.
pub(super) struct Names {
    pub(super) keys: Vec<Key>,
    pub(super) identities: Vec<Identity>,
    pub(super) trusts: Vec<Trust>,
    pub(super) embedded_root: bool,
    named: Named,
}

/// What each name means: indices.
#[derive(Default)]
struct Named {
    keys: BTreeMap<String, usize>,
    identities: BTreeMap<String, usize>,
    trusts: BTreeMap<String, usize>,
}

impl Names {
    pub(super) fn read(
        source: Text<'_>,
        root: &dyn TableLike,
        files: &mut dyn PolicyFiles,
        trusted_root: Option<&str>,
    ) -> Result<Self, PolicyError> {
        if root.get("keys").is_none() && root.get("identities").is_none() {
            return Err(source.error(None, Kind::Missing("keys")));
        }
        let mut names = Self {
            keys: Vec::new(),
            identities: Vec::new(),
            trusts: Vec::new(),
            embedded_root: false,
            named: Named::default(),
        };
        each(source, root, "keys", &mut |name, entry, span| names.key(source, files, (name, entry, span)))?;
        each(source, root, "trust", &mut |name, entry, span| names.trust(source, files, (name, entry, span)))?;
        each(source, root, "identities", &mut |name, entry, span| {
            names.identity(source, trusted_root, (name, entry, span))
        })?;
        Ok(names)
    }

    fn key(&mut self, source: Text<'_>, files: &mut dyn PolicyFiles, (name, entry, span): Entry<'_>) -> Done {
        source.known_keys(entry, KEY)?;
        let pem = match (source.string(entry, "path")?, source.string(entry, "pem")?) {
            (Some((path, at)), None) => {
                let bytes = read(source, files, path, at.span())?;
                String::from_utf8(bytes).unwrap_or_default()
            }
            (None, Some((pem, _))) => pem.to_owned(),
            _ => return Err(source.error(span, Kind::Wrong { key: "keys", wanted: "given by `path` or by `pem`" })),
        };
        let public = PublicKey::from_pem(&pem)
            .map_err(|error| source.error(span, Kind::Key { name: name.to_owned(), error }))?;
        // A key has one place, however many names.
        let index = self.keys.iter().position(|k| k.public == public).unwrap_or_else(|| {
            self.keys.push(Key { name: name.to_owned(), public });
            self.keys.len() - 1
        });
        self.named.keys.insert(name.to_owned(), index);
        Ok(())
    }

    fn trust(&mut self, source: Text<'_>, files: &mut dyn PolicyFiles, (name, entry, span): Entry<'_>) -> Done {
        source.known_keys(entry, TRUST)?;
        if BuiltIn::from_name(name).is_some() {
            return Err(source.error(span, Kind::BuiltInTrust(name.to_owned())));
        }
        let path = source.string(entry, "path")?;
        let (path, at) = path.ok_or_else(|| source.error(span.clone(), Kind::Missing("path")))?;
        let mut demands = Demands { sct: true, log: true };
        for (word, at) in source.strings(entry, "without")?.unwrap_or_default() {
            match word {
                "sct" => demands.sct = false,
                "log" => demands.log = false,
                _ => return Err(source.error(at, Kind::Wrong { key: "without", wanted: "of \"sct\", \"log\"" })),
            }
        }
        let json = String::from_utf8(read(source, files, path, at.span())?).unwrap_or_default();
        let trust = Trust::new(&json, demands);
        self.add_trust(name, trust.map_err(|error| source.error(span, Kind::Trust { name: name.to_owned(), error }))?);
        Ok(())
    }

    fn add_trust(&mut self, name: &str, trust: Trust) -> usize {
        self.trusts.push(trust);
        self.named.trusts.insert(name.to_owned(), self.trusts.len() - 1);
        self.trusts.len() - 1
    }

    /// The root of trust of this name; the built-in ones are made when they are first named.
    fn trust_named(&mut self, name: &str, trusted_root: Option<&str>) -> Result<usize, Kind> {
        if let Some(index) = self.named.trusts.get(name) {
            return Ok(*index);
        }
        let undefined = || Kind::Undefined { key: "trust", name: name.to_owned() };
        let built_in = BuiltIn::from_name(name).ok_or_else(undefined)?;
        let trust = if let (BuiltIn::PublicGood, Some(json)) = (built_in, trusted_root) {
            Trust::new(json, built_in.demands())
        } else {
            self.embedded_root = true;
            Trust::built_in(built_in)
        };
        let trust = trust.map_err(|error| Kind::Trust { name: name.to_owned(), error })?;
        Ok(self.add_trust(name, trust))
    }

    fn identity(&mut self, source: Text<'_>, trusted_root: Option<&str>, (name, entry, span): Entry<'_>) -> Done {
        let claim_keys = Claim::ALL.iter().map(|(_, key)| *key);
        source.known_keys(entry, &IDENTITY.into_iter().chain(claim_keys).collect::<Vec<_>>())?;
        let issuer = source.string(entry, "issuer")?;
        let (issuer, _) = issuer.ok_or_else(|| source.error(span.clone(), Kind::Missing("issuer")))?;
        let san = match (source.string(entry, "identity")?, source.string(entry, "identity_glob")?) {
            (Some((exact, _)), None) => SanRule::Exact(exact.to_owned()),
            (None, Some((text, item))) => SanRule::Glob(text.to_owned(), glob(source, text, item.span())?),
            _ => {
                let wanted = "given by `identity` or by `identity_glob`";
                return Err(source.error(span, Kind::Wrong { key: "identities", wanted }));
            }
        };
        let mut claims = Vec::new();
        for (claim, key) in Claim::ALL {
            if let Some(values) = one_or_several(source, entry, key)? {
                claims.push((claim, values));
            }
        }
        let (trust, at) = match source.string(entry, "trust")? {
            Some((trust, item)) => (trust, item.span()),
            None => ("sigstore", span),
        };
        let trust = self.trust_named(trust, trusted_root).map_err(|kind| source.error(at, kind))?;
        self.identities.push(Identity { name: name.to_owned(), issuer: issuer.to_owned(), san, claims, trust });
        self.named.identities.insert(name.to_owned(), self.identities.len() - 1);
        Ok(())
    }

    /// Who may sign: `keys`, `identities` and `threshold` of a table, at least one signer.
    pub(super) fn signers(
        &self,
        source: Text<'_>,
        table: &dyn TableLike,
        span: Span,
    ) -> Result<SignerRule, PolicyError> {
        let keys = named(source, table, "keys", &self.named.keys)?;
        let identities = named(source, table, "identities", &self.named.identities)?;
        if keys.is_empty() && identities.is_empty() {
            return Err(source.error(span, Kind::Missing("keys")));
        }
        let threshold = threshold(source, table, keys.len() + identities.len())?;
        Ok(SignerRule { keys, identities, threshold })
    }
}

type Entry<'t> = (&'t str, &'t dyn TableLike, Span);
type Done = Result<(), PolicyError>;

/// Every `[key.NAME]`.
fn each(
    source: Text<'_>,
    root: &dyn TableLike,
    key: &'static str,
    read: &mut dyn FnMut(&str, &dyn TableLike, Span) -> Done,
) -> Done {
    let Some(item) = root.get(key) else { return Ok(()) };
    let wanted = match key {
        "keys" => "tables: [keys.NAME]",
        "trust" => "tables: [trust.NAME]",
        _ => "tables: [identities.NAME]",
    };
    let table = item.as_table_like().ok_or_else(|| source.wrong(item, key, wanted))?;
    for (name, item) in table.iter() {
        let entry = item.as_table_like().ok_or_else(|| source.wrong(item, key, wanted))?;
        read(name, entry, table.key(name).and_then(toml_edit::Key::span))?;
    }
    Ok(())
}

fn named(
    source: Text<'_>,
    table: &dyn TableLike,
    key: &'static str,
    names: &BTreeMap<String, usize>,
) -> Result<Vec<usize>, PolicyError> {
    let mut out = Vec::new();
    for (name, span) in source.strings(table, key)?.unwrap_or_default() {
        let undefined = || Kind::Undefined { key, name: name.to_owned() };
        out.push(*names.get(name).ok_or_else(|| source.error(span, undefined()))?);
    }
    out.sort_unstable();
    out.dedup();
    Ok(out)
}

fn threshold(source: Text<'_>, table: &dyn TableLike, signers: usize) -> Result<usize, PolicyError> {
    let Some(item) = table.get("threshold") else { return Ok(1) };
    let threshold = item.as_integer().filter(|n| *n >= 1);
    let threshold = threshold.ok_or_else(|| source.wrong(item, "threshold", "a whole number from 1"))?;
    match usize::try_from(threshold) {
        Ok(n) if n <= signers => Ok(n),
        _ => Err(source.error(item.span(), Kind::Threshold { threshold, signers })),
    }
}

fn one_or_several(
    source: Text<'_>,
    table: &dyn TableLike,
    key: &'static str,
) -> Result<Option<Vec<String>>, PolicyError> {
    match table.get(key).map(Item::as_str) {
        Some(Some(one)) => Ok(Some(vec![one.to_owned()])),
        _ => Ok(source.strings(table, key)?.map(|all| all.into_iter().map(|(text, _)| text.to_owned()).collect())),
    }
}
