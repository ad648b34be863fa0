//! Any function or closure as a task, without a macro: `call`, `map`, and their `try_` forms.
//! They do not know what the function does.

use std::error::Error as StdError;
use std::sync::Arc;

use tine_scheduler::{Error, Value};

use crate::arg::IntoArg;
use crate::call::Call;
use crate::delayed::Delayed;
use crate::name;
use crate::purity::Purity;

/// Calls `f` lazily: any function or closure, by any arguments that its parameters can be given.
///
/// The tasks are named after a function, and `call` after a closure. What `f` returns is the value,
/// a `Result` too; to have its error fail the task, use [`try_call`]. Parameters are owned; for a
/// function that borrows, write `#[delayed]` before it, or a closure: `|xs: Vec<_>| total(&xs)`.
///
/// ```
/// use tine::prelude::*;
/// let t = tine::delayed(3);
/// let m = tine::call(i64::max, (&t, 5));
/// let s = tine::call(|a, b, c| a + b + c, (&t, &m, 1));
/// assert_eq!(s.compute()?, 9);
/// # Ok::<(), tine::Error>(())
/// ```
///
/// A closure must own what it uses: share large things by `Arc`.
///
/// ```
/// use std::sync::Arc;
/// use tine::prelude::*;
/// let table = Arc::new(vec![2, 4, 8]);
/// let looked_up = tine::call(move |i: usize| table[i], (tine::delayed(1),));
/// assert_eq!(looked_up.compute()?, 4);
/// # Ok::<(), tine::Error>(())
/// ```
#[track_caller]
pub fn call<F, A, P, R>(f: F, args: A) -> Delayed<R>
where
    A: CallWith<F, P, R>,
{
    args.call_with(f)
}

/// Calls a function lazily that may fail: its error is the error of the task.
///
/// ```
/// use tine::prelude::*;
/// let n = tine::try_call(|s: String| s.parse::<i64>(), ("x",));
/// let error = n.compute().unwrap_err();
/// assert_eq!(error.message(), "invalid digit found in string");
/// assert_eq!(error.type_name(), Some("core::num::error::ParseIntError"));
/// ```
#[track_caller]
pub fn try_call<F, A, P, R, E>(f: F, args: A) -> Delayed<R>
where
    A: TryCallWith<F, P, R, E>,
{
    args.try_call_with(f)
}

/// Arguments that `F` can be called with: tuples of up to eight, each part for its parameter.
#[diagnostic::on_unimplemented(
    message = "`{F}` cannot be called with `{Self}`",
    label = "arguments are given as a tuple, one part a parameter: `(x, y)`; a single one as `(x,)`",
    note = "each part is a value, a `Delayed`, or a reference to one, of the parameter's type",
    note = "parameters are owned; for a function that borrows, write a closure: \
            `|xs: Vec<i64>| total(&xs)`"
)]
pub trait CallWith<F, P, R> {
    /// Calls `f` lazily.
    #[track_caller]
    fn call_with(self, f: F) -> Delayed<R>;
}

/// Arguments that a fallible `F` can be called with.
#[diagnostic::on_unimplemented(
    message = "`{F}` cannot be called with `{Self}`",
    label = "arguments are given as a tuple, one part a parameter: `(x, y)`; a single one as `(x,)`",
    note = "each part is a value, a `Delayed`, or a reference to one, of the parameter's type; the \
            function returns a `Result`"
)]
pub trait TryCallWith<F, P, R, E> {
    /// Calls `f` lazily.
    #[track_caller]
    fn try_call_with(self, f: F) -> Delayed<R>;
}

macro_rules! call_with {
    ($($p:ident $x:ident $i:tt),*) => {
        impl<Func, Ret, $($p, $x),*> CallWith<Func, ($($p,)*), Ret> for ($($x,)*)
        where
            $($x: IntoArg<$p>, $p: Value + Clone,)*
            Func: Fn($($p),*) -> Ret + Send + Sync + 'static,
            Ret: Value,
        {
            #[track_caller]
            fn call_with(self, f: Func) -> Delayed<Ret> {
                let mut call = Call::new(name::of::<Func>("call"), Purity::Default, &f);
                let args = ($(self.$i.into_arg(&mut call),)*);
                let _ = &mut call; // the tuple may be empty
                call.finish(args, move |_args, _r| Ok(f($(_args.$i.take(_r)?),*)))
            }
        }

        impl<Func, Ret, Err, $($p, $x),*> TryCallWith<Func, ($($p,)*), Ret, Err> for ($($x,)*)
        where
            $($x: IntoArg<$p>, $p: Value + Clone,)*
            Func: Fn($($p),*) -> Result<Ret, Err> + Send + Sync + 'static,
            Ret: Value,
            Err: Into<Box<dyn StdError + Send + Sync>>,
        {
            #[track_caller]
            fn try_call_with(self, f: Func) -> Delayed<Ret> {
                let mut call = Call::new(name::of::<Func>("call"), Purity::Default, &f);
                let args = ($(self.$i.into_arg(&mut call),)*);
                let _ = &mut call; // the tuple may be empty
                call.finish(args, move |_args, _r| {
                    f($(_args.$i.take(_r)?),*).map_err(Error::from_task)
                })
            }
        }
    };
}
call_with!();
call_with!(A X1 0);
call_with!(A X1 0, B X2 1);
call_with!(A X1 0, B X2 1, C X3 2);
call_with!(A X1 0, B X2 1, C X3 2, D X4 3);
call_with!(A X1 0, B X2 1, C X3 2, D X4 3, E X5 4);
call_with!(A X1 0, B X2 1, C X3 2, D X4 3, E X5 4, G X6 5);
call_with!(A X1 0, B X2 1, C X3 2, D X4 3, E X5 4, G X6 5, H X7 6);
call_with!(A X1 0, B X2 1, C X3 2, D X4 3, E X5 4, G X6 5, H X7 6, I X8 7);

/// Calls `f` lazily on each item, which may be lazy itself: one task an item, and the vector.
///
/// ```
/// use tine::prelude::*;
/// let squares = tine::map(0..10, |x| x * x);
/// assert_eq!(squares.compute()?, [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
/// # Ok::<(), tine::Error>(())
/// ```
#[track_caller]
pub fn map<I, P, R, F>(items: I, f: F) -> Delayed<Vec<R>>
where
    I: IntoIterator,
    I::Item: IntoArg<P>,
    P: Value + Clone,
    R: Value + Clone,
    F: Fn(P) -> R + Send + Sync + 'static,
{
    let name = name::of::<F>("map");
    let f = Shared::new(f);
    let mut parts = Vec::new();
    for item in items {
        let mut call = f.call(name);
        let arg = item.into_arg(&mut call);
        parts.push(call.finish_shared(arg, f.0.clone(), |f: &F, arg, r| Ok(f(arg.take(r)?))));
    }
    Delayed::gathered(&parts)
}

/// Calls a function lazily that may fail on each item: its error is the error of the item's task.
///
/// ```
/// use tine::prelude::*;
/// let numbers = tine::try_map(["1", "2", "x"], |s: String| s.parse::<i64>());
/// assert_eq!(numbers.compute().unwrap_err().message(), "invalid digit found in string");
/// ```
#[track_caller]
pub fn try_map<I, P, R, E, F>(items: I, f: F) -> Delayed<Vec<R>>
where
    I: IntoIterator,
    I::Item: IntoArg<P>,
    P: Value + Clone,
    R: Value + Clone,
    F: Fn(P) -> Result<R, E> + Send + Sync + 'static,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let name = name::of::<F>("map");
    let f = Shared::new(f);
    let mut parts = Vec::new();
    for item in items {
        let mut call = f.call(name);
        let arg = item.into_arg(&mut call);
        let run = |f: &F, arg: &crate::Arg<P>, r: &crate::Reader<'_>| {
            f(arg.take(r)?).map_err(Error::from_task)
        };
        parts.push(call.finish_shared(arg, f.0.clone(), run));
    }
    Delayed::gathered(&parts)
}

/// One function for many tasks.
struct Shared<F>(Arc<F>);

impl<F: 'static> Shared<F> {
    fn new(f: F) -> Self {
        Shared(Arc::new(f))
    }

    #[track_caller]
    fn call(&self, name: &'static str) -> Call {
        Call::new(name, Purity::Default, &*self.0)
    }
}
