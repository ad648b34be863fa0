//! Settings: what they are called, where they come from, and which source wins.
//! It does not know what the engine does with them.
//!
//! A later source wins over an earlier one:
//!
//! 1. the defaults, in [`SETTINGS`];
//! 2. `/etc/tine/*.toml`;
//! 3. `~/.config/tine/*.toml` (or below `XDG_CONFIG_HOME`);
//! 4. what `TINE_CONFIG` names: a file, or a folder of them;
//! 5. environment variables: `TINE_DELAYED__PURE=true` is `delayed.pure`;
//! 6. [`set`], for the calls inside it.
//!
//! Files of one folder are read in alphabetical order. Keys are nested with dots, or with tables in
//! TOML; `-` and `_` are one character. A value in the environment is read as TOML would (`True`
//! and `False` too), and is text where that fails; an empty variable counts as none. What a call or
//! [`with`](crate::with) says stands above all of this.
//!
//! A key that is not in the table is an error in a file and in [`set`]. In the environment it is
//! kept, for whoever asks for it, unless it looks like a misspelt setting. `TINE_CONFIG` and
//! `TINE_RERUN` are no settings: they say where settings are, and what to run.
//!
//! Sources are read once, at the first question; [`refresh`] reads them again.

mod environment;
mod file;
mod known;
mod layers;
mod sources;
pub mod units;

use std::any::type_name;
use std::cell::RefCell;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use layers::{Layers, Source};
use sources::Sources;

pub use known::{Kind, SETTINGS, Setting};

/// What was read, or why it could not be. Written in the few instructions of an assignment only, so
/// that a fork in another thread cannot copy it locked in any other moment.
static BASE: RwLock<Option<Result<Arc<Layers>>>> = RwLock::new(None);

thread_local! {
    static SCOPES: RefCell<Vec<Arc<Layers>>> = const { RefCell::new(Vec::new()) };
}

/// A setting that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// Its key, with dots and dashes.
    pub key: String,
    /// Its value, as it would stand in a file.
    pub value: String,
    /// Who says so: `the defaults`, a file with line and column, an environment variable, or
    /// `config::set`.
    pub source: String,
}

/// Returns all settings that are in force here, by key, those that nobody has set left out.
///
/// # Errors
/// A source that cannot be read.
///
/// ```
/// use tine_scheduler::config;
/// let all = config::set("workers", 3, config::all)??;
/// let workers = all.iter().find(|s| s.key == "workers").expect("it is set");
/// assert_eq!((workers.value.as_str(), workers.source.as_str()), ("3", "config::set"));
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
pub fn all() -> Result<Vec<InForce>> {
    let layers = in_force()?;
    let one = |(key, value, source): (&str, &toml::Value, &Source)| InForce {
        key: key.to_owned(),
        value: layers::show(value),
        source: source.to_string(),
    };
    Ok(layers.all().map(one).collect())
}

/// Returns the value of a setting.
///
/// # Errors
/// A key that nobody has set and that has no default (the nearest key is named), a value of another
/// type, or a source that cannot be read.
///
/// ```
/// use tine_scheduler::config;
/// config::set("workers", 3, || assert_eq!(config::get::<usize>("workers").unwrap(), 3))?;
/// let e = config::get::<bool>("delayed.puer").unwrap_err();
/// assert!(e.message().contains("`delayed.pure`"));
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
pub fn get<T: DeserializeOwned>(key: &str) -> Result<T> {
    let layers = in_force()?;
    find(&layers, key)?.ok_or_else(|| layers.missing(key))
}

/// Returns the value of a setting, or `default` where nobody has set it and it has no default.
///
/// # Errors
/// A value of another type, or a source that cannot be read.
pub fn get_or<T: DeserializeOwned>(key: &str, default: T) -> Result<T> {
    Ok(find(&*in_force()?, key)?.unwrap_or(default))
}

/// Runs `scope` with a setting changed, on this thread; scopes nest, and end by a panic too.
///
/// # Errors
/// A key that is no setting, or a value that it cannot have; `scope` is not run then.
///
/// ```
/// use tine_scheduler::config;
/// let inner = config::set("delayed.pure", true, || config::get::<bool>("delayed.pure"))??;
/// assert!(inner);
/// assert!(config::set("delayed.pure", "perhaps", || ()).is_err());
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
pub fn set<V: Serialize, R>(key: &str, value: V, scope: impl FnOnce() -> R) -> Result<R> {
    let value = toml::Value::try_from(value).map_err(|e| {
        Error::new(ErrorKind::Config, format!("`{key}` cannot be set to this value: {e}"))
    })?;
    let mut layers = Layers::clone(&*in_force()?);
    layers.insert_known(key, value, &Source::Set)?;
    SCOPES.with_borrow_mut(|s| s.push(Arc::new(layers)));
    let _leave = Leave;
    Ok(scope())
}

/// Reads files and environment again; for whoever has changed them while the program runs.
///
/// # Errors
/// A source that cannot be read; the settings that were in force stay.
pub fn refresh() -> Result<()> {
    let fresh = Layers::load(&Sources::of_this_process())?;
    *BASE.write().unwrap_or_else(PoisonError::into_inner) = Some(Ok(Arc::new(fresh)));
    Ok(())
}

/// Returns the name of the scheduler that settings ask for, from `scheduler = ".."` in a file,
/// `TINE_SCHEDULER`, or [`set`]; whether there is one of that name is for others to say.
///
/// # Errors
/// A source that cannot be read.
pub fn scheduler_name() -> Result<Option<String>> {
    find(&*in_force()?, "scheduler")
}

/// Returns the number of workers that settings ask for, from `workers = ..` in a file,
/// `TINE_WORKERS`, or [`set`].
///
/// # Errors
/// A source that cannot be read.
pub fn workers() -> Result<Option<usize>> {
    find(&*in_force()?, "workers")
}

/// Returns a size that settings ask for, in bytes.
///
/// # Errors
/// A value that is no size, or a source that cannot be read.
pub(crate) fn size(key: &str) -> Result<Option<u64>> {
    match find::<toml::Value>(&*in_force()?, key)? {
        Some(toml::Value::Integer(n)) => Ok(u64::try_from(n).ok()),
        Some(toml::Value::String(text)) => units::parse_bytes(&text).map(Some),
        Some(_) | None => Ok(None),
    }
}

/// Returns whether settings ask for tasks to be ended that make no progress: `stall = "kill"`. What
/// cannot be read does not ask for it: it is read when a run is on, which must not end by that.
pub(crate) fn kills_stalled() -> bool {
    let stall = in_force().and_then(|layers| find::<String>(&layers, "stall"));
    stall.is_ok_and(|stall| stall.as_deref() == Some("kill"))
}

/// Returns the value of a setting that is a duration, where it is set: text such as `"500 ms"`, or a
/// number of seconds.
pub(crate) fn duration(key: &str) -> Result<Option<Duration>> {
    let Some(value) = find::<toml::Value>(&*in_force()?, key)? else { return Ok(None) };
    let text = value.as_str().map_or_else(|| layers::show(&value), str::to_owned);
    let parsed = units::parse_timedelta(&text);
    let bad = |e: Error| Error::new(ErrorKind::Config, format!("`{key}`: {}", e.message()));
    parsed.map(Some).map_err(bad)
}

/// Takes the innermost scope away again.
struct Leave;

impl Drop for Leave {
    fn drop(&mut self) {
        SCOPES.with_borrow_mut(|s| drop(s.pop()));
    }
}

fn in_force() -> Result<Arc<Layers>> {
    if let Some(layers) = SCOPES.with_borrow(|s| s.last().cloned()) {
        return Ok(layers);
    }
    if let Some(read) = &*BASE.read().unwrap_or_else(PoisonError::into_inner) {
        return read.clone();
    }
    let read = Layers::load(&Sources::of_this_process()).map(Arc::new);
    BASE.write().unwrap_or_else(PoisonError::into_inner).get_or_insert(read).clone()
}

fn find<T: DeserializeOwned>(layers: &Layers, key: &str) -> Result<Option<T>> {
    let Some((value, source)) = layers.lookup(key) else { return Ok(None) };
    let shown = layers::show(&value);
    value.try_into().map(Some).map_err(|e| {
        let why = format!("`{key}` is {shown} in {source}, not a {}: {e}", type_name::<T>());
        Error::new(ErrorKind::Config, why.trim_end())
    })
}

#[cfg(test)]
mod tests;
