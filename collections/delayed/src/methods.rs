//! What can be done with a lazy value: map, zip, item, catch.
//! They do not know how the value is made.

use std::error::Error as StdError;

use tine_scheduler::{Error, ErrorKind, Value};

use crate::arg::IntoArg;
use crate::call::Call;
use crate::delayed::Delayed;
use crate::name;
use crate::purity::Purity;

impl<T: Value> Delayed<T> {
    /// The value that `f` makes of this one.
    ///
    /// `f` gets the value as its own. Where several tasks use it, that is a copy; a closure that
    /// only looks at it does without by [`map_ref`](Self::map_ref).
    ///
    /// ```
    /// use tine::prelude::*;
    /// let v = tine::delayed(vec![3, 1, 2]);
    /// let first = v.map(|v| v[0]);
    /// let long = v.map(|v| v.len() > 2);
    /// assert_eq!(compute((&first, &long))?, (3, true));
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn map<R, F>(&self, f: F) -> Delayed<R>
    where
        T: Clone,
        R: Value,
        F: Fn(T) -> R + Send + Sync + 'static,
    {
        let mut call = Call::new(name::of::<F>("map"), Purity::Default, &f);
        let arg = call.input(self);
        call.finish(arg, move |arg, r| Ok(f(arg.take(r)?)))
    }

    /// The value that `f` makes of a look at this one.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let text = tine::delayed("to be or not".to_owned());
    /// assert_eq!(text.map_ref(|t| t.split(' ').count()).compute()?, 4);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn map_ref<R, F>(&self, f: F) -> Delayed<R>
    where
        R: Value,
        F: Fn(&T) -> R + Send + Sync + 'static,
    {
        let mut call = Call::new(name::of::<F>("map"), Purity::Default, &f);
        let arg = call.input(self);
        call.finish(arg, move |arg, r| Ok(f(&*arg.lend(r)?)))
    }

    /// The value that `f` makes of this one; its error is the error of the task.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let n = tine::delayed("12".to_owned()).try_map(|s| s.parse::<i64>());
    /// assert_eq!(n.compute()?, 12);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn try_map<R, E, F>(&self, f: F) -> Delayed<R>
    where
        T: Clone,
        R: Value,
        E: Into<Box<dyn StdError + Send + Sync>>,
        F: Fn(T) -> Result<R, E> + Send + Sync + 'static,
    {
        let mut call = Call::new(name::of::<F>("map"), Purity::Default, &f);
        let arg = call.input(self);
        call.finish(arg, move |arg, r| f(arg.take(r)?).map_err(Error::from_task))
    }

    /// This value and another as a pair.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let pair = tine::delayed(1).zip(tine::delayed('a'));
    /// assert_eq!(pair.compute()?, (1, 'a'));
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn zip<B>(&self, other: impl IntoArg<B>) -> Delayed<(T, B)>
    where
        T: Clone,
        B: Value + Clone,
    {
        let pair = |a: T, b: B| (a, b);
        let mut call = Call::new("zip", Purity::Pure, &pair);
        let args = (call.input(self), other.into_arg(&mut call));
        call.finish(args, move |(a, b), r| Ok(pair(a.take(r)?, b.take(r)?)))
    }

    /// The value, or why there is none: whatever befalls its task, the death of its process
    /// included, is handed over as an `Err`, and the run goes on.
    ///
    /// ```no_run
    /// use tine::prelude::*;
    /// #[delayed]
    /// fn risky(x: i64) -> Result<i64, String> {
    ///     if x == 1 { Err(format!("{x} is unlucky")) } else { Ok(x) }
    /// }
    /// let all: Vec<_> = (0..3).map(|x| risky(x).catch()).collect();
    /// let results = compute(&all)?;
    /// assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 2);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn catch(&self) -> Delayed<Result<T, Error>>
    where
        T: Clone,
    {
        let outcome = |r: Result<T, Error>| r;
        let mut call = Call::new("catch", Purity::Pure, &outcome);
        call.note(self.input().clone().catching());
        call.finish((), move |(), r| Ok(outcome(r.caught()?)))
    }
}

impl<T: Value + Clone> Delayed<Vec<T>> {
    /// Element `i`. The same element asked for twice is one task.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let a = tine::delayed(vec![10, 20]);
    /// assert_eq!((a.item(0) + a.item(1)).compute()?, 30);
    /// assert_eq!(a.item(2).compute().unwrap_err().message(), "item 2 of a list of 2");
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn item(&self, i: impl IntoArg<usize>) -> Delayed<T> {
        let get = |list: &Vec<T>, i: usize| {
            list.get(i).cloned().ok_or_else(|| {
                Error::new(ErrorKind::Task, format!("item {i} of a list of {}", list.len()))
            })
        };
        let mut call = Call::new("item", Purity::Pure, &get);
        let args = (call.input(self), i.into_arg(&mut call));
        call.finish(args, move |(list, i), r| get(&*list.lend(r)?, i.take(r)?))
    }
}
