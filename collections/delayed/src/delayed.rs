//! `Delayed<T>`: a handle on a value that is not computed yet.
//! It does not know how the value is made: a node does.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use tine_collection::{Answer, Collection, Compute, Input, Node, Request};
use tine_scheduler::{Error, Result, Value};

/// A value of type `T` that will be computed: the result of a function call that was written down
/// and not run.
///
/// A handle of the size of two pointers; cloning it shares the one task behind it. There is no
/// `PartialEq`, `PartialOrd` or `Index`: what they return would have to be computed first. Compare
/// and index by [`map`](Delayed::map): `x.map(|v| v > 3)`, `v.map(|v| v[0])`.
///
/// ```
/// use tine::prelude::*;
/// let x = tine::delayed(3);
/// let y = (&x + 1) * x.map(|v| v * 10);
/// assert_eq!(y.compute()?, 120);
/// # Ok::<(), tine::Error>(())
/// ```
#[must_use = "a Delayed value is lazy and does nothing until it is computed"]
pub struct Delayed<T> {
    input: Input,
    of: PhantomData<fn() -> T>,
}

/// Makes a value lazy, so that it can be mixed with what is lazy already. Workers inherit it:
/// nothing is copied.
///
/// ```
/// use tine::prelude::*;
/// let x = tine::delayed(20);
/// assert_eq!((x + 22).compute()?, 42);
/// # Ok::<(), tine::Error>(())
/// ```
#[track_caller]
pub fn delayed<T: Value>(value: T) -> Delayed<T> {
    Delayed::of(Node::value("value", Location::caller(), value))
}

impl<T> Delayed<T> {
    /// The value that `node`, a single task, makes. `T` must be the type that it finishes with.
    pub fn of(node: Arc<Node>) -> Self {
        Self::from_input(Input::of(node))
    }

    /// One result of a node, as a value. `T` must be its type.
    pub fn from_input(input: Input) -> Self {
        Delayed { input, of: PhantomData }
    }

    /// A value that was built wrongly: `compute` returns `error` with the caller's place.
    ///
    /// ```
    /// use tine::prelude::*;
    /// use tine::{Delayed, Error, ErrorKind};
    /// let bad = Delayed::<i64>::failed(Error::new(ErrorKind::Build, "no such column: `x`"));
    /// let sum = bad + 1; // no panic
    /// assert_eq!(sum.check().unwrap_err().kind(), ErrorKind::Build);
    /// ```
    #[track_caller]
    pub fn failed(error: Error) -> Self {
        Self::of(Node::failed(error.created(Location::caller())))
    }

    /// What another node takes as input to get this value.
    pub fn input(&self) -> &Input {
        &self.input
    }
}

impl<T> Clone for Delayed<T> {
    fn clone(&self) -> Self {
        Self::from_input(self.input.clone())
    }
}

impl<T> fmt::Debug for Delayed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.input.node().name().unwrap_or("failed");
        write!(f, "Delayed<{}>({what})", std::any::type_name::<T>())
    }
}

impl<T: Value> Compute for Delayed<T> {
    type Output = T;

    fn ask(&self, request: &mut Request) {
        request.want(self.input.clone());
    }

    fn answer(&self, answer: &mut Answer) -> Result<T> {
        answer.take()
    }
}

impl<T: Value> Collection for Delayed<T> {
    fn held(&self, answer: &mut Answer) -> Result<Self> {
        Ok(Self::of(answer.hold::<T>()?))
    }
}
