//! Settings laid over each other: for every dotted key the value that wins, and whose it is.
//! It reads no file and no environment.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use toml::{Table, Value};

use super::known::{self, SETTINGS};
use super::sources::Sources;
use super::{environment, file};
use crate::error::{Error, ErrorKind, Result};

/// Where a value was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In the table of settings.
    Default,
    /// At a line and a column of a file, both from 1.
    File { path: PathBuf, line: usize, column: usize },
    /// By an environment variable.
    Environment(String),
    /// By `config::set`.
    Set,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("the defaults"),
            Source::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Source::Environment(name) => write!(f, "the environment variable {name}"),
            Source::Set => f.write_str("config::set"),
        }
    }
}

/// The settings in force: values that are no tables, by dotted key.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    leaves: BTreeMap<String, (Value, Source)>,
}

impl Layers {
    /// Reads all sources, the lowest first.
    pub(super) fn load(sources: &Sources) -> Result<Self> {
        let mut layers = Layers::default();
        for setting in SETTINGS {
            if let Some(text) = setting.default {
                layers.insert(setting.key, environment::literal(text), &Source::Default);
            }
        }
        for path in file::list(sources)? {
            file::read(&path, &mut layers)?;
        }
        environment::read(&sources.environment, &mut layers)?;
        Ok(layers)
    }

    /// Sets a key, or, with a table, all that is in it.
    pub(super) fn insert(&mut self, key: &str, value: Value, source: &Source) {
        let key = canonical(key);
        if let Value::Table(table) = value {
            for (name, part) in table {
                self.insert(&format!("{key}.{name}"), part, source);
            }
            return;
        }
        // What was a table there is a value now, and what was a value above is a table.
        let below = format!("{key}.");
        self.leaves.retain(|k, _| !k.starts_with(&below) && !key.starts_with(&format!("{k}.")));
        self.leaves.insert(key, (value, source.clone()));
    }

    /// Sets a key that must be a setting, or a table of such, to what it can be.
    pub(super) fn insert_known(&mut self, key: &str, value: Value, source: &Source) -> Result<()> {
        let key = canonical(key);
        if let Value::Table(table) = value {
            for (name, part) in table {
                self.insert_known(&format!("{key}.{name}"), part, source)?;
            }
            return Ok(());
        }
        if let Some(why) = known::objection(&key, &value) {
            return Err(Error::new(ErrorKind::Config, format!("{source}: {why}")));
        }
        self.insert(&key, value, source);
        Ok(())
    }

    /// Returns the value of a key, or the table of all keys below it, and whose it is.
    pub(super) fn lookup(&self, key: &str) -> Option<(Value, &Source)> {
        let key = canonical(key);
        if let Some((value, source)) = self.leaves.get(&key) {
            return Some((value.clone(), source));
        }
        let below = format!("{key}.");
        let mut table = Table::new();
        let mut from = None;
        for (name, (value, source)) in self.leaves.range(below.clone()..) {
            let Some(rest) = name.strip_prefix(&below) else { break };
            put(&mut table, rest, value.clone());
            from.get_or_insert(source);
        }
        from.map(|source| (Value::Table(table), source))
    }

    /// Every key that is set, with its value and whose it is, in alphabetical order.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Value, &Source)> {
        self.leaves.iter().map(|(key, (value, source))| (key.as_str(), value, source))
    }

    /// Returns the error of asking for a key that nobody has set.
    pub(super) fn missing(&self, key: &str) -> Error {
        let canonical = canonical(key);
        let message = match known::setting(&canonical) {
            Some(setting) => format!(
                "`{key}` is not set and has no default ({}): set it in a file, by the variable \
                 {}, or ask with `get_or`",
                setting.meaning,
                environment::variable(setting.key)
            ),
            None => {
                let set = self.leaves.keys().map(String::as_str);
                let near = known::nearest(&canonical, set.chain(SETTINGS.iter().map(|s| s.key)));
                let near = near.expect("there are settings");
                format!("nothing is set under `{key}`; the nearest key is `{near}`")
            }
        };
        Error::new(ErrorKind::Config, message)
    }
}

/// Puts a value under a dotted name; no leaf lies below another.
fn put(table: &mut Table, name: &str, value: Value) {
    match name.split_once('.') {
        None => {
            table.insert(name.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = table.entry(first).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// `-` and `_` are one character.
fn canonical(key: &str) -> String {
    key.replace('_', "-")
}

/// Returns a value as it would stand in a file.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Integer(n) => n.to_string(),
        Value::Float(x) => format!("{x:?}"),
        Value::Boolean(b) => b.to_string(),
        Value::Datetime(d) => d.to_string(),
        Value::Array(list) => {
            let parts: Vec<String> = list.iter().map(show).collect();
            format!("[{}]", parts.join(", "))
        }
        Value::Table(table) => {
            let parts: Vec<String> =
                table.iter().map(|(k, v)| format!("{k} = {}", show(v))).collect();
            format!("{{{}}}", parts.join(", "))
        }
    }
}
