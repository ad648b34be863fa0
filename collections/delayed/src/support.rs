//! What `#[delayed]` writes calls of.
//! It does not know the functions that they are for.

use tine_scheduler::{Lent, Result, Value};

use crate::arg::{Arg, Args, Reader};
use crate::call::Call;
use crate::delayed::Delayed;

/// A `Result`, whatever alias it is written by.
pub trait ResultLike {
    /// The type of what is `Ok`.
    type Ok;
}

impl<T, E> ResultLike for std::result::Result<T, E> {
    type Ok = T;
}

/// [`Arg::take`], for a type that is named first: a wrong one is then told at its own place.
///
/// # Errors
/// An input that cannot be read.
pub fn take<P: Value + Clone>(arg: &Arg<P>, reader: &Reader<'_>) -> Result<P> {
    arg.take(reader)
}

/// [`Arg::lend`], for a type that is named first.
///
/// # Errors
/// An input that cannot be read.
pub fn lend<'a, P: Value>(arg: &'a Arg<P>, reader: &Reader<'a>) -> Result<Lent<'a, P>> {
    arg.lend(reader)
}

/// [`Call::finish`], for a type that is named first.
pub fn finish<A, R, F>(call: Call, args: A, run: F) -> Delayed<R>
where
    A: Args,
    R: Value,
    F: Fn(&A, &Reader<'_>) -> Result<R> + Send + Sync + 'static,
{
    call.finish(args, run)
}
