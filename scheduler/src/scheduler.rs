//! The one way to run a graph: `trait Scheduler`, and which scheduler is in force here.
//! It does not know how any of them works.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use crate::arena::copied;
use crate::codec;
use crate::config;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Graph, Key, TaskId};
use crate::observer::Observer;
use crate::plan::Plan;
use crate::run::{Serial, Threads};
use crate::store::KeptBlock;
use crate::value::{Datum, Value};

/// Something that can run a plan.
pub trait Scheduler: Send + Sync + fmt::Debug {
    /// Its name: `serial`, `threads`, `processes`.
    fn name(&self) -> &'static str;

    /// Runs the tasks of `plan`, telling `observers`, and returns what it was asked for.
    ///
    /// # Errors
    /// The failed task that is first in static order, whatever the number of workers.
    fn run(&self, plan: &Plan<'_>, observers: &[Arc<dyn Observer>]) -> Result<Outputs>;
}

/// The results of a run, in the order in which they were asked for.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    values: Vec<Output>,
}

/// One result.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    /// A few bytes.
    Bytes(Vec<u8>),
    /// A value in memory, or in the arena.
    Datum(Datum),
}

impl Outputs {
    pub(crate) fn new(values: Vec<Output>) -> Self {
        Outputs { values }
    }

    /// The blocks that the results lie in.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &KeptBlock> {
        let stored = self.values.iter().filter_map(|v| match v {
            Output::Datum(Datum::Stored(stored)) => Some(stored.kept()),
            _ => None,
        });
        stored.flatten().map(AsRef::as_ref)
    }

    /// How many results there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Result `i`.
    ///
    /// # Errors
    /// A result of another type.
    ///
    /// # Panics
    /// If `i` is not below [`len`](Self::len).
    pub fn get<T: Value + Clone>(&self, i: usize) -> Result<T> {
        match &self.values[i] {
            Output::Bytes(bytes) => codec::decode(bytes),
            Output::Datum(Datum::Memory(any)) => downcast(any.as_ref()).cloned(),
            Output::Datum(Datum::Stored(stored)) => stored.get(),
        }
    }

    /// Result `i` as an owned value, without a clone where this is its only holder.
    ///
    /// # Errors
    /// A result of another type.
    ///
    /// # Panics
    /// If `i` is not below [`len`](Self::len), or was taken before.
    pub fn take<T: Value>(&mut self, i: usize) -> Result<T> {
        match std::mem::replace(&mut self.values[i], Output::Bytes(Vec::new())) {
            Output::Bytes(bytes) => codec::decode(&bytes),
            Output::Datum(Datum::Memory(any)) => {
                let shared = any.downcast::<T>().map_err(|_| wrong_type::<T>())?;
                match Arc::try_unwrap(shared) {
                    Ok(value) => Ok(value),
                    Err(shared) => {
                        copied(|| codec::encode(&*shared, |bytes, _| codec::decode(bytes)))?
                    }
                }
            }
            Output::Datum(Datum::Stored(stored)) => stored.get(),
        }
    }

    /// Result `i` as a value for further graphs, where it stays where it is.
    ///
    /// # Errors
    /// A result of another type.
    ///
    /// # Panics
    /// If `i` is not below [`len`](Self::len).
    pub fn datum<T: Value>(&self, i: usize) -> Result<Datum> {
        Ok(match &self.values[i] {
            Output::Bytes(bytes) => Datum::Memory(Arc::new(codec::decode::<T>(bytes)?)),
            Output::Datum(datum) => datum.clone(),
        })
    }
}

fn downcast<T: 'static>(any: &(dyn Any + Send + Sync)) -> Result<&T> {
    any.downcast_ref().ok_or_else(wrong_type::<T>)
}

fn wrong_type<T>() -> Error {
    let name = std::any::type_name::<T>();
    Error::new(ErrorKind::TypeMismatch, format!("the result is not of type {name}"))
}

/// Runs what `keys` need, and returns their values in that order, as Dask's `get(dsk, keys)` does.
///
/// # Errors
/// An unknown key, a cycle, or the failed task that is first in static order.
pub fn get<K: Into<Key>>(
    graph: &Graph,
    keys: impl IntoIterator<Item = K>,
    scheduler: &dyn Scheduler,
) -> Result<Outputs> {
    let outputs: Vec<TaskId> = graph.find_all(keys)?;
    scheduler.run(&Plan::new(graph, &outputs)?, &observers())
}

thread_local! {
    static SCHEDULERS: RefCell<Vec<Arc<dyn Scheduler>>> = const { RefCell::new(Vec::new()) };
    static OBSERVERS: RefCell<Vec<Arc<dyn Observer>>> = const { RefCell::new(Vec::new()) };
}

/// Leaves aside the observers that a worker process has inherited with its thread: they are the
/// program's, with its files and its locks. No destructor of theirs may run here.
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub(crate) fn forget_inherited_observers() {
    OBSERVERS.with_borrow_mut(|all| std::mem::forget(std::mem::take(all)));
}

/// Takes what was pushed away again, also when the scope is left by a panic.
struct Scope(fn());

impl Drop for Scope {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Runs `scope` with `scheduler` in force on this thread.
pub fn with<R>(scheduler: impl Scheduler + 'static, scope: impl FnOnce() -> R) -> R {
    SCHEDULERS.with_borrow_mut(|s| s.push(Arc::new(scheduler)));
    let _leave = Scope(|| SCHEDULERS.with_borrow_mut(|s| drop(s.pop())));
    scope()
}

/// Runs `scope` with `observer` told of every run that this thread starts in it.
pub fn observe<R>(observer: Arc<dyn Observer>, scope: impl FnOnce() -> R) -> R {
    OBSERVERS.with_borrow_mut(|s| s.push(observer));
    let _leave = Scope(|| OBSERVERS.with_borrow_mut(|s| drop(s.pop())));
    scope()
}

/// The observers in force on this thread.
pub fn observers() -> Vec<Arc<dyn Observer>> {
    OBSERVERS.with_borrow(Clone::clone)
}

/// The scheduler in force on this thread: the innermost [`with`], else the setting `scheduler`
/// (`TINE_SCHEDULER`), else processes, or threads where there is no fork.
///
/// # Errors
/// A setting that names no scheduler.
pub fn current() -> Result<Arc<dyn Scheduler>> {
    if let Some(s) = SCHEDULERS.with_borrow(|s| s.last().cloned()) {
        return Ok(s);
    }
    match config::scheduler_name()? {
        Some(name) => by_name(&name),
        None => Ok(default_scheduler()),
    }
}

/// The scheduler of this name.
///
/// # Errors
/// A name that is none.
pub fn by_name(name: &str) -> Result<Arc<dyn Scheduler>> {
    match name {
        "serial" | "sync" | "synchronous" | "single-threaded" => Ok(Arc::new(Serial::new())),
        "threads" | "threading" => Ok(Arc::new(Threads::new())),
        #[cfg(all(target_os = "linux", not(tine_portable)))]
        "processes" | "multiprocessing" => Ok(Arc::new(crate::run::Processes::new())),
        _ => Err(Error::new(
            ErrorKind::Config,
            format!("there is no scheduler `{name}`: take `processes`, `threads` or `serial`"),
        )),
    }
}

#[cfg(all(target_os = "linux", not(tine_portable)))]
fn default_scheduler() -> Arc<dyn Scheduler> {
    Arc::new(crate::run::Processes::new())
}

#[cfg(any(not(target_os = "linux"), tine_portable))]
fn default_scheduler() -> Arc<dyn Scheduler> {
    Arc::new(Threads::new())
}
