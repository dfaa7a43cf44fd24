//! Variables in the words of a case.
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// Values of variables.
#[derive(Debug, Default)]
pub struct Words {
    known: BTreeMap<String, String>,
    dir: PathBuf,
}

impl Words {
    /// None yet; `dir` is where `{sha:FILE}` looks for relative names.
    pub fn new(dir: PathBuf) -> Self {
        let mut words = Self { known: BTreeMap::new(), dir };
        let shown = words.dir.display().to_string();
        words.set("dir", &shown);
        words
    }

    /// Gives a variable its value.
    pub fn set(&mut self, name: impl Into<String>, value: &(impl ToString + ?Sized)) {
        self.known.insert(name.into(), value.to_string());
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.known.get(name).map(String::as_str)
    }

    /// Takes `NAME VALUE` lines of a step's output as `out.NAME`.
    pub fn learn(&mut self, stdout: &[u8]) {
        for line in String::from_utf8_lossy(stdout).lines() {
            if let Some((name, value)) = line.split_once(' ') {
                self.set(format!("out.{name}"), value);
            }
        }
    }

    /// The text with its variables replaced; an unknown one stays as it is, and so matches nothing.
    pub fn fill(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, tail) = rest.split_at(at);
            out.push_str(before);
            let Some(end) = tail.find('}') else { break };
            let name = &tail[1..end];
            let value = match name.strip_prefix("sha:") {
                Some(file) => self.sha256(&self.fill_names(file)),
                None => self.known.get(name).cloned(),
            };
            out.push_str(&value.unwrap_or_else(|| tail[..=end].to_owned()));
            rest = &tail[end + 1..];
        }
        out.push_str(rest);
        out
    }

    fn fill_names(&self, file: &str) -> String {
        match file.strip_prefix("$tracees/") {
            Some(name) => format!("{}/{name}", self.get("tracees").unwrap_or("")),
            None => file.to_owned(),
        }
    }

    /// What sha256sum(1) says: another program than the one under test.
    fn sha256(&self, file: &str) -> Option<String> {
        let out = Command::new("sha256sum").arg("--").arg(self.dir.join(file)).output().ok()?;
        let text = String::from_utf8(out.stdout).ok()?;
        text.trim_start_matches('\\').split_whitespace().next().map(str::to_owned)
    }

    /// All texts of a pattern filled.
    pub fn fill_value(&self, value: &Value) -> Value {
        match value {
            Value::String(s) => Value::String(self.fill(s)),
            Value::Array(a) => Value::Array(a.iter().map(|v| self.fill_value(v)).collect()),
            Value::Object(o) => Value::Object(o.iter().map(|(k, v)| (k.clone(), self.fill_value(v))).collect()),
            other => other.clone(),
        }
    }
}
