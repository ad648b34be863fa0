//! Arguments: what a parameter may be given, and how the task reads it when it runs.
//! They do not know the function.

mod args;
mod lists;
mod tuples;

use std::cell::Cell;
use std::fmt;

use tine_scheduler::{Error, Lent, Portable, Result, TaskContext, Value};

pub use args::{Args, Carried};

use crate::call::Call;
use crate::delayed::Delayed;

/// What can be given where a task takes a `P`.
///
/// | given | for |
/// |---|---|
/// | a `P`, or `&P` (cloned) | `P` |
/// | `Delayed<P>`, `&Delayed<P>` | `P` |
/// | `Vec`, `&Vec`, `&[..]`, `[..; N]` of `Delayed<T>`, or slices and arrays of `T` | `Vec<T>` |
/// | a tuple of up to four, some of them lazy | a tuple |
/// | `&str` | `String` |
///
/// A collection that can be an argument implements it by means of [`Call`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be given where the task takes `{P}`",
    label = "needs a `{P}` that serde can write and read, or a lazy one",
    note = "what can be given: a `{P}`, a `Delayed<{P}>`, or a reference to one; a vector of \
            `Delayed<T>` for `Vec<T>`; `&str` for `String`",
    note = "a value of another type is converted before, a lazy one by `.map(..)`: \
            `x.map(i64::from)`",
    note = "a value that is given must implement serde's `Serialize` and `DeserializeOwned`; what \
            does not can be captured by a closure: `tine::call(move |x| .., (x,))`"
)]
pub trait IntoArg<P> {
    /// Notes what the task needs for this argument, and returns how it reads it.
    fn into_arg(self, call: &mut Call) -> Arg<P>;
}

/// How a running task gets one argument.
pub struct Arg<P>(Source<P>);

enum Source<P> {
    /// A constant.
    Value(P),
    /// The next input.
    Input,
    /// Put together from the next inputs; and how another process can do that, where it can.
    Built(Box<Build<P>>, Option<Portable<Box<Build<P>>>>),
}

type Build<P> = dyn Fn(&Reader<'_>) -> Result<P> + Send + Sync;

impl<P> Arg<P> {
    pub(crate) fn value(value: P) -> Self {
        Arg(Source::Value(value))
    }

    pub(crate) fn input() -> Self {
        Arg(Source::Input)
    }

    /// An argument that is put together from inputs when the task runs.
    pub fn built(build: impl Fn(&Reader<'_>) -> Result<P> + Send + Sync + 'static) -> Self {
        Arg(Source::Built(Box::new(build), None))
    }
}

impl<P: 'static> Arg<P> {
    /// As [`built`](Self::built), by a function that captures nothing, of a number that it is given.
    pub(crate) fn portable<F>(n: usize, build: F) -> Self
    where
        F: Fn(usize, &Reader<'_>) -> Result<P> + Send + Sync + 'static,
    {
        let how = Portable::new(&build, &(), &n, |build: F, (), n: usize| {
            Ok(Box::new(move |reader: &Reader<'_>| build(n, reader)) as Box<Build<P>>)
        });
        Arg(Source::Built(Box::new(move |reader| build(n, reader)), how))
    }
}

impl<P: Value> Arg<P> {
    /// The argument as an owned value.
    ///
    /// # Errors
    /// An input that cannot be read.
    pub fn take(&self, reader: &Reader<'_>) -> Result<P>
    where
        P: Clone,
    {
        match &self.0 {
            Source::Value(value) => Ok(value.clone()),
            Source::Input => reader.task.take(reader.step()),
            Source::Built(build, _) => build(reader),
        }
    }

    /// The argument as it is, for as long as the task runs.
    ///
    /// # Errors
    /// An input that cannot be read.
    pub fn lend<'a>(&'a self, reader: &Reader<'a>) -> Result<Lent<'a, P>> {
        match &self.0 {
            Source::Value(value) => Ok(Lent::Borrowed(value)),
            Source::Input => reader.task.input(reader.step()),
            Source::Built(build, _) => build(reader).map(Lent::Owned),
        }
    }
}

impl<P> fmt::Debug for Arg<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Source::Value(_) => "Arg(value)",
            Source::Input => "Arg(input)",
            Source::Built(..) => "Arg(built)",
        })
    }
}

/// Goes through the inputs of a running task, in the order in which the arguments noted them.
pub struct Reader<'a> {
    task: &'a TaskContext<'a>,
    next: Cell<usize>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(task: &'a TaskContext<'a>) -> Self {
        Reader { task, next: Cell::new(0) }
    }

    fn step(&self) -> usize {
        self.next.replace(self.next.get() + 1)
    }

    /// The next input as an owned value.
    ///
    /// # Errors
    /// An input that cannot be read.
    pub fn take<T: Value + Clone>(&self) -> Result<T> {
        self.task.take(self.step())
    }

    /// The next input, or why there is none.
    pub(crate) fn caught<T: Value + Clone>(&self) -> Result<std::result::Result<T, Error>> {
        Ok(self.task.caught::<T>(self.step())?.map(|lent| match lent {
            Lent::Owned(value) => value,
            Lent::Borrowed(value) => value.clone(),
        }))
    }
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader(at {} of {})", self.next.get(), self.task.len())
    }
}

// None of these overlap with `P for P`: `P` would have to be `Delayed<P>`, `&P` or `Vec<P>`.
#[diagnostic::do_not_recommend]
impl<P: Value> IntoArg<P> for P {
    fn into_arg(self, call: &mut Call) -> Arg<P> {
        call.value(self)
    }
}

#[diagnostic::do_not_recommend]
impl<P: Value + Clone> IntoArg<P> for &P {
    fn into_arg(self, call: &mut Call) -> Arg<P> {
        call.value(self.clone())
    }
}

impl<T: Value> IntoArg<T> for Delayed<T> {
    fn into_arg(self, call: &mut Call) -> Arg<T> {
        call.input(&self)
    }
}

impl<T: Value> IntoArg<T> for &Delayed<T> {
    fn into_arg(self, call: &mut Call) -> Arg<T> {
        call.input(self)
    }
}

impl IntoArg<String> for &str {
    fn into_arg(self, call: &mut Call) -> Arg<String> {
        call.value(self.to_owned())
    }
}
