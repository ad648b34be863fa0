//! How a job is run: what its entry says, and where it is silent the defaults of the file.
//! It does not know what is run.

use std::time::Duration;

use super::braces::Text;
use super::keys::{Entry, Table};
use super::matrix::scalar;
use super::resolve::{Place, Resolver};
use super::source::Mistake;

/// Keys of jobs that `[defaults]` has as well.
pub(super) const SHARED: [&str; 10] =
    ["env", "cwd", "timeout", "retries", "backoff", "memory", "cores", "priority", "tags", "fresh"];

/// The most slots, and the most retries, that can be asked for.
const MOST_CORES: i64 = 65_535;
const MOST_RETRIES: i64 = 200;

/// How it is found out that the files of a job are what they were when it was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fresh {
    /// By their sizes and the times at which they were changed.
    #[default]
    Mtime,
    /// By what is in them.
    Content,
    /// Not at all: the job runs whenever it is asked for.
    Never,
}

/// How a job is run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Environment variables beside those of tine.
    pub(crate) env: Vec<(String, Text)>,
    /// Its current directory.
    pub(crate) cwd: Option<Text>,
    /// How long an attempt may take.
    pub(crate) timeout: Option<Duration>,
    /// Attempts after the first.
    pub(crate) retries: Option<u8>,
    /// The pause before the first retry.
    pub(crate) backoff: Option<Duration>,
    /// Bytes that are set aside for it, and that it may not have more of.
    pub(crate) memory: Option<u64>,
    /// Slots that it takes.
    pub(crate) cores: u32,
    /// Higher ones start first.
    pub(crate) priority: i32,
    /// What it can be chosen by.
    pub(crate) tags: Vec<String>,
    /// How changes are found.
    pub(crate) fresh: Fresh,
}

/// An entry, and the defaults behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layered<'a> {
    pub(super) job: Table<'a>,
    pub(super) defaults: Option<Table<'a>>,
}

impl<'a> Layered<'a> {
    fn get(&self, key: &'static str) -> Option<Entry<'a>> {
        self.job.get(key).or_else(|| self.defaults.and_then(|d| d.get(key)))
    }
}

impl Settings {
    /// Reads the keys that are [`SHARED`].
    pub(super) fn read(tables: Layered<'_>, names: &Resolver<'_>) -> Result<Self, Mistake> {
        let get = |key| tables.get(key);
        let cwd = match get("cwd") {
            Some(entry) => {
                let text = entry.text()?;
                Some(names.text(text, &entry.value.span(), "cwd", Place::Start)?)
            }
            None => None,
        };
        let whole = |key, least, most| get(key).map(|e| e.whole(least, most)).transpose();
        let retries = whole("retries", 0, MOST_RETRIES)?;
        let cores = whole("cores", 1, MOST_CORES)?;
        let priority = whole("priority", i32::MIN.into(), i32::MAX.into())?;
        let tags = get("tags").map(|e| e.texts()).transpose()?.unwrap_or_default();
        Ok(Settings {
            env: environment(tables, names)?,
            cwd,
            timeout: get("timeout").map(|e| e.duration()).transpose()?,
            retries: retries.map(|n| u8::try_from(n).expect("at most 200")),
            backoff: get("backoff").map(|e| e.duration()).transpose()?,
            memory: get("memory").map(|e| e.bytes()).transpose()?,
            cores: cores.map_or(1, |n| u32::try_from(n).expect("in the range")),
            priority: priority.map_or(0, |n| i32::try_from(n).expect("in the range")),
            tags: tags.into_iter().map(|t| t.what.to_owned()).collect(),
            fresh: get("fresh").map(fresh).transpose()?.unwrap_or_default(),
        })
    }
}

fn fresh(entry: Entry<'_>) -> Result<Fresh, Mistake> {
    match entry.text()? {
        "mtime" => Ok(Fresh::Mtime),
        "content" => Ok(Fresh::Content),
        "never" => Ok(Fresh::Never),
        other => Err(entry
            .mistake(format!("`fresh` cannot be `{other}`"))
            .help("write \"mtime\", \"content\" or \"never\"")),
    }
}

/// The variables of the defaults, then those of the job, each name once.
fn environment(tables: Layered<'_>, names: &Resolver<'_>) -> Result<Vec<(String, Text)>, Mistake> {
    let mut env: Vec<(String, Text)> = Vec::new();
    for table in tables.defaults.iter().chain([&tables.job]) {
        let Some(entry) = table.get("env") else { continue };
        for (name, value) in entry.pairs()? {
            if name.what.is_empty() || name.what.contains(['=', '\0']) {
                let message =
                    format!("`{}` cannot be the name of a variable", name.what.escape_debug());
                return Err(names.source.mistake(&name.span, message));
            }
            let text = scalar(names.source, name.what, value)?;
            let text = names.text(&text, &value.span(), "env", Place::Start)?;
            env.retain(|(n, _)| n != name.what);
            env.push((name.what.to_owned(), text));
        }
    }
    Ok(env)
}
