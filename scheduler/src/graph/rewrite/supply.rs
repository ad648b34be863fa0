//! Supply: values that are there already, in the place of the tasks that would make them.
//! It does not know where they come from.

use std::fmt;
use std::sync::Arc;

use super::super::body::{Given, TaskBody};
use super::super::{Graph, Key};
use super::assemble::select;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Datum, Value};

/// A value for a key.
#[derive(Clone)]
pub struct Supply {
    key: Key,
    body: Arc<Given>,
}

impl Supply {
    /// This value, under this key.
    pub fn value<T: Value>(key: impl Into<Key>, value: T) -> Self {
        Supply { key: key.into(), body: Arc::new(Given::memory(value)) }
    }

    /// This value of type `T`, which stays where it is, under this key.
    pub fn datum<T: Value>(key: impl Into<Key>, datum: Datum) -> Self {
        Supply { key: key.into(), body: Arc::new(Given::datum_of::<T>(datum)) }
    }
}

impl fmt::Debug for Supply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Supply({}: {:?})", self.key, self.body.output_type())
    }
}

impl Graph {
    /// Returns the graph in which these keys are values, so that what only they needed is not run.
    ///
    /// This is how results that are in a cache, or were persisted, get into a graph.
    ///
    /// ```
    /// use tine_scheduler::{Graph, Serial, Supply, get};
    /// let mut g = Graph::builder();
    /// g.task("x", None::<&str>, || -> i64 { panic!("slow") });
    /// g.task("y", ["x"], |x: &i64| x + 1);
    /// let graph = g.build()?.with_values([Supply::value("x", 41i64)])?;
    /// assert_eq!(get(&graph, ["y"], &Serial::new())?.get::<i64>(0)?, 42);
    /// # Ok::<(), tine_scheduler::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::UnknownKey`], or [`ErrorKind::TypeMismatch`] for a value of another type than
    /// the task has.
    pub fn with_values(&self, values: impl IntoIterator<Item = Supply>) -> Result<Graph> {
        let mut graph = select(self, |_| true);
        for supply in values {
            let task = graph.find_all([&supply.key])?[0];
            let (have, want) = (supply.body.output_type(), graph.body(task).output_type());
            if have != want {
                let message = format!("the value is of type {have:?}, but the task gives {want:?}");
                let error = Error::new(ErrorKind::TypeMismatch, message);
                return Err(error.in_task(&supply.key, Some(graph.created_at(task))));
            }
            graph.bodies[task.index()] = supply.body;
            graph.spans[task.index()].1 = 0;
        }
        Ok(graph)
    }
}
