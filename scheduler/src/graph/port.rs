//! Typed doors of a task's result: how another body borrows it, and hands it over.
//! It does not know who stands on the other side.

use std::any::Any;
use std::sync::Arc;

use crate::codec;
use crate::context::{Finished, Lent, TaskContext};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{TypeTag, Value};

/// An input that was lent without knowing its type.
pub(super) enum Loan<'a> {
    /// In memory already.
    Borrowed(&'a (dyn Any + Send + Sync)),
    /// Decoded for this task.
    Owned(Arc<dyn Any + Send + Sync>),
    /// There is no value: the task that makes it failed.
    Failed(Box<Error>),
}

/// A result inside a fused task.
pub(super) enum Held {
    /// A few bytes, for types that are stored inline.
    Bytes(Vec<u8>),
    /// A value in memory.
    Memory(Arc<dyn Any + Send + Sync>),
}

/// What a body that runs others inside itself must know of the type of a value.
///
/// A [`TaskBody`](crate::TaskBody) that returns the port of its result can be fused with others.
#[derive(Clone, Copy)]
pub struct Port {
    tag: TypeTag,
    lend: for<'a> fn(&TaskContext<'a>, usize) -> Result<Loan<'a>>,
    finish: fn(&TaskContext<'_>, Held) -> Result<Finished>,
}

impl Port {
    /// The port of values of type `T`.
    pub fn of<T: Value>() -> Self {
        Port { tag: TypeTag::of::<T>(), lend: lend::<T>, finish: finish::<T> }
    }

    /// Whether both are of the same type.
    pub(super) fn is_same(&self, other: &Port) -> bool {
        self.tag == other.tag
    }

    /// Borrows input `i` of `task`.
    pub(super) fn lend<'a>(&self, task: &TaskContext<'a>, i: usize) -> Result<Loan<'a>> {
        (self.lend)(task, i)
    }

    /// Hands `value` over as the result of `task`.
    pub(super) fn finish(&self, task: &TaskContext<'_>, value: Held) -> Result<Finished> {
        (self.finish)(task, value)
    }
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Port({:?})", self.tag)
    }
}

fn lend<'a, T: Value>(task: &TaskContext<'a>, i: usize) -> Result<Loan<'a>> {
    Ok(match task.caught::<T>(i)? {
        Ok(Lent::Borrowed(value)) => Loan::Borrowed(value),
        Ok(Lent::Owned(value)) => Loan::Owned(Arc::new(value)),
        Err(error) => Loan::Failed(Box::new(error)),
    })
}

fn finish<T: Value>(task: &TaskContext<'_>, value: Held) -> Result<Finished> {
    let corrupt = |what: &str| Error::new(ErrorKind::Corrupt, format!("a fused result {what}"));
    match value {
        Held::Bytes(bytes) => task.finish(codec::decode::<T>(&bytes)?),
        Held::Memory(any) => {
            let shared = any.downcast::<T>().map_err(|_| corrupt("is of another type"))?;
            let value = Arc::try_unwrap(shared).map_err(|_| corrupt("has a second holder"))?;
            task.finish(value)
        }
    }
}
