//! Tables of TOML with known keys, and values of the types that are asked for.
//! It does not know what the keys mean.

use std::ops::Range;
use std::time::Duration;

use tine_scheduler::config::units;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::names::suggest;
use super::source::{Mistake, Source, Spot};

/// What keys are called elsewhere, and here.
const FOREIGN: [(&str, &str); 18] = [
    ("command", "shell"),
    ("cmd", "shell"),
    ("comand", "shell"),
    ("run", "shell"),
    ("script", "shell"),
    ("args", "argv"),
    ("depends", "needs"),
    ("depends_on", "needs"),
    ("deps", "needs"),
    ("after", "needs"),
    ("sources", "inputs"),
    ("targets", "outputs"),
    ("dir", "cwd"),
    ("workdir", "cwd"),
    ("environment", "env"),
    ("mem", "memory"),
    ("cpus", "cores"),
    ("threads", "cores"),
];

/// What a value is, with its article.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A table, all of whose keys are known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    source: Source<'a>,
    table: &'a DeTable<'a>,
    what: &'a str,
    /// Where the table begins.
    start: usize,
}

/// A key and its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    source: Source<'a>,
    key: &'a str,
    pub(super) value: &'a Spanned<DeValue<'a>>,
}

/// A key of any name, and its value.
type Pair<'a> = (Spot<&'a str>, &'a Spanned<DeValue<'a>>);

impl<'a> Table<'a> {
    /// The table `value`, which is `what` to the user and has no other keys than these.
    pub(super) fn new(
        source: Source<'a>,
        value: &'a Spanned<DeValue<'a>>,
        what: &'a str,
        keys: &[&str],
    ) -> Result<Self, Mistake> {
        let DeValue::Table(table) = value.get_ref() else {
            let message = format!("{what} must be a table, not {}", kind(value.get_ref()));
            return Err(source.mistake(&value.span(), message));
        };
        Table { source, table, what, start: value.span().start }.checked(keys)
    }

    /// The whole of a file.
    pub(super) fn root(
        source: Source<'a>,
        table: &'a DeTable<'a>,
        keys: &[&str],
    ) -> Result<Self, Mistake> {
        Table { source, table, what: "a job file", start: 0 }.checked(keys)
    }

    fn checked(self, keys: &[&str]) -> Result<Self, Mistake> {
        let unknown = self.table.iter().filter(|(key, _)| !keys.contains(&key.get_ref().as_ref()));
        let Some((key, _)) = unknown.min_by_key(|(key, _)| key.span().start) else {
            return Ok(self);
        };
        let name: &str = key.get_ref();
        let mistake =
            self.source.mistake(&key.span(), format!("{} has no key `{name}`", self.what));
        let meant = FOREIGN.iter().find(|(foreign, own)| *foreign == name && keys.contains(own));
        if let Some((_, own)) = meant {
            return Err(mistake.help(format!("did you mean `{own}`?")));
        }
        Err(match suggest(name, keys.iter().copied()) {
            Some(help) => mistake.help(help),
            None => mistake,
        })
    }

    /// The entry of this key, where there is one.
    pub(super) fn get(&self, key: &'static str) -> Option<Entry<'a>> {
        let value = self.table.get(key)?;
        Some(Entry { source: self.source, key, value })
    }

    /// The entry of this key, which must be there.
    pub(super) fn need(&self, key: &'static str) -> Result<Entry<'a>, Mistake> {
        self.get(key).ok_or_else(|| {
            let span = self.header();
            self.source.mistake(&span, format!("{} has no `{key}`", self.what))
        })
    }

    /// The line that the table begins with.
    pub(super) fn header(&self) -> Range<usize> {
        let rest = self.source.text.get(self.start..).unwrap_or("");
        let line = rest.split('\n').next().unwrap_or("").trim_end();
        self.start..self.start + line.len()
    }
}

impl<'a> Entry<'a> {
    /// A mistake in the value.
    pub(super) fn mistake(&self, message: impl Into<String>) -> Mistake {
        self.source.mistake(&self.value.span(), message)
    }

    fn other(&self, wanted: &str) -> Mistake {
        let found = kind(self.value.get_ref());
        self.mistake(format!("`{}` must be {wanted}, not {found}", self.key))
    }

    /// A text.
    pub(super) fn text(&self) -> Result<&'a str, Mistake> {
        let DeValue::String(text) = self.value.get_ref() else { return Err(self.other("a text")) };
        check_text(self.source, text, &self.value.span())?;
        Ok(text)
    }

    /// Texts, or a single one.
    pub(super) fn texts(&self) -> Result<Vec<Spot<&'a str>>, Mistake> {
        let items = match self.value.get_ref() {
            DeValue::String(_) => {
                return Ok(vec![Spot { what: self.text()?, span: self.value.span() }]);
            }
            DeValue::Array(items) => items,
            _ => return Err(self.other("a list of texts")),
        };
        let text = |value: &'a Spanned<DeValue<'a>>| match value.get_ref() {
            DeValue::String(text) => {
                check_text(self.source, text, &value.span())?;
                Ok(Spot { what: text.as_ref(), span: value.span() })
            }
            other => {
                let message =
                    format!("`{}` must be a list of texts, not of {}", self.key, kind(other));
                Err(self.source.mistake(&value.span(), message))
            }
        };
        items.iter().map(text).collect()
    }

    /// The items of a list, or the value where it is none.
    pub(super) fn items(&self) -> Vec<Entry<'a>> {
        match self.value.get_ref() {
            DeValue::Array(items) => items.iter().map(|value| Entry { value, ..*self }).collect(),
            _ => vec![*self],
        }
    }

    /// A whole number in a range.
    pub(super) fn whole(&self, least: i64, most: i64) -> Result<i64, Mistake> {
        let wanted = || format!("a whole number from {least} to {most}");
        let DeValue::Integer(n) = self.value.get_ref() else { return Err(self.other(&wanted())) };
        let parsed = i64::from_str_radix(n.as_str(), n.radix()).ok();
        parsed
            .filter(|n| (least..=most).contains(n))
            .ok_or_else(|| self.mistake(format!("`{}` must be {}", self.key, wanted())))
    }

    /// A duration above zero: a text with a unit, or a number of seconds.
    pub(super) fn duration(&self) -> Result<Duration, Mistake> {
        let wanted = "a duration, such as \"90s\" or \"2h\"";
        let text = self.number_or_text(wanted)?;
        match units::parse_timedelta(text) {
            Ok(time) if !time.is_zero() => Ok(time),
            Ok(_) => Err(self.mistake(format!("`{}` must be above zero", self.key))),
            Err(e) => Err(self.mistake(format!("`{}`: {}", self.key, e.message()))),
        }
    }

    /// A size above zero: a text with a unit, or a number of bytes.
    pub(super) fn bytes(&self) -> Result<u64, Mistake> {
        let text = self.number_or_text("a size, such as \"200MiB\" or \"4GB\"")?;
        match units::parse_bytes(text) {
            Ok(0) => Err(self.mistake(format!("`{}` must be above zero", self.key))),
            Ok(bytes) => Ok(bytes),
            Err(e) => Err(self.mistake(format!("`{}`: {}", self.key, e.message()))),
        }
    }

    fn number_or_text(&self, wanted: &str) -> Result<&'a str, Mistake> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text),
            DeValue::Integer(n) if n.radix() == 10 => Ok(n.as_str()),
            DeValue::Float(n) => Ok(n.as_str()),
            _ => Err(self.other(wanted)),
        }
    }

    /// The keys and values of a table, as they stand in the file.
    pub(super) fn pairs(&self) -> Result<Vec<Pair<'a>>, Mistake> {
        let DeValue::Table(table) = self.value.get_ref() else { return Err(self.other("a table")) };
        let mut pairs: Vec<_> = table
            .iter()
            .map(|(key, value)| (Spot { what: key.get_ref().as_ref(), span: key.span() }, value))
            .collect();
        pairs.sort_by_key(|(key, _)| key.span.start);
        Ok(pairs)
    }
}

/// No program can be given a text with a NUL in it.
fn check_text(source: Source<'_>, text: &str, span: &Range<usize>) -> Result<(), Mistake> {
    match text.contains('\0') {
        true => Err(source.mistake(span, "a text with a NUL in it cannot be given to a program")),
        false => Ok(()),
    }
}
