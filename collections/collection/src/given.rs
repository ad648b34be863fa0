//! Values that are there before the run, as bodies of tasks that never run.
//! They do not know which node they belong to.

use std::marker::PhantomData;
use std::sync::Arc;

use tine_scheduler::{
    Datum, Error, ErrorKind, Finished, Portable, Result, TaskBody, TaskContext, TypeTag, Value,
};

/// A value that is there before the run.
pub(crate) struct Given<T> {
    datum: Datum,
    of: PhantomData<fn() -> T>,
}

impl<T: Value> Given<T> {
    /// The body of a task that is this value.
    pub(crate) fn body(datum: Datum) -> Arc<dyn TaskBody> {
        Arc::new(Given::<T> { datum, of: PhantomData })
    }
}

impl<T: Value> TaskBody for Given<T> {
    fn run(&self, _task: &TaskContext<'_>) -> Result<Finished> {
        Err(Error::new(ErrorKind::Corrupt, "a given value was run as a task"))
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<T>()
    }

    fn datum(&self) -> Option<&Datum> {
        Some(&self.datum)
    }

    fn portable(&self) -> Option<Portable<Arc<dyn TaskBody>>> {
        Portable::of_datum::<T>(&self.datum)
    }
}
