//! `compute`: lazy values to values, however they are nested.
//! It does not know what a collection is made of: each asks, and each takes what it asked for.

use std::collections::BTreeMap;

use tine_scheduler::{Result, Scheduler, current};

use crate::answer::{Answer, Request};

/// What [`compute`] can be given: lazy values, references to them, tuples of up to eight, vectors,
/// arrays, slices, options and `BTreeMap`s of them, nested as you like. Plain numbers, strings,
/// `bool`, `char` and `()` among them pass through as they are; another plain value becomes lazy by
/// `tine::delayed(value)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a lazy value, so it cannot be computed",
    label = "not a lazy value, nor a tuple or vector of lazy values",
    note = "what can be computed: `Delayed<T>` and the collections, `&x`, `(a, b)`, `vec![a, b]`",
    note = "a plain value among lazy ones: wrap it in `tine::delayed(value)`"
)]
pub trait Compute {
    /// What it becomes.
    type Output;

    /// Asks for the results that it needs.
    fn ask(&self, request: &mut Request);

    /// Takes its results: as many as it asked for, in the same order.
    ///
    /// # Errors
    /// A result that cannot be read.
    fn answer(&self, answer: &mut Answer) -> Result<Self::Output>;
}

/// Computes lazy values together: what they share is computed once.
///
/// The scheduler is the one in force here: the innermost `tine::with`, else `TINE_SCHEDULER`, else
/// the default.
///
/// ```
/// use tine::prelude::*;
/// let squares = tine::map(0..10, |x| x * x);
/// let lowest = squares.map(|v| v.into_iter().min());
/// let highest = squares.map(|v| v.into_iter().max());
/// assert_eq!(compute((&lowest, &highest))?, (Some(0), Some(81)));
/// # Ok::<(), tine::Error>(())
/// ```
///
/// # Errors
/// The error that one of them carries (the one created first), or the failed task that is first in
/// static order, whatever the number of workers.
pub fn compute<C: Compute>(what: C) -> Result<C::Output> {
    compute_with(what, &*current()?)
}

/// Computes lazy values together with this scheduler.
///
/// # Errors
/// As [`compute`].
pub fn compute_with<C: Compute>(what: C, scheduler: &dyn Scheduler) -> Result<C::Output> {
    let mut request = Request::default();
    what.ask(&mut request);
    what.answer(&mut request.run(scheduler)?)
}

impl<C: Compute + ?Sized> Compute for &C {
    type Output = C::Output;

    fn ask(&self, request: &mut Request) {
        (**self).ask(request);
    }

    fn answer(&self, answer: &mut Answer) -> Result<C::Output> {
        (**self).answer(answer)
    }
}

impl<C: Compute> Compute for [C] {
    type Output = Vec<C::Output>;

    fn ask(&self, request: &mut Request) {
        self.iter().for_each(|c| c.ask(request));
    }

    fn answer(&self, answer: &mut Answer) -> Result<Self::Output> {
        self.iter().map(|c| c.answer(answer)).collect()
    }
}

impl<C: Compute> Compute for Vec<C> {
    type Output = Vec<C::Output>;

    fn ask(&self, request: &mut Request) {
        self.as_slice().ask(request);
    }

    fn answer(&self, answer: &mut Answer) -> Result<Self::Output> {
        self.as_slice().answer(answer)
    }
}

impl<C: Compute, const N: usize> Compute for [C; N] {
    type Output = [C::Output; N];

    fn ask(&self, request: &mut Request) {
        self.as_slice().ask(request);
    }

    fn answer(&self, answer: &mut Answer) -> Result<Self::Output> {
        let values = self.as_slice().answer(answer)?;
        Ok(values.try_into().unwrap_or_else(|_| unreachable!("as many results as elements")))
    }
}

impl<C: Compute> Compute for Option<C> {
    type Output = Option<C::Output>;

    fn ask(&self, request: &mut Request) {
        self.iter().for_each(|c| c.ask(request));
    }

    fn answer(&self, answer: &mut Answer) -> Result<Self::Output> {
        self.as_ref().map(|c| c.answer(answer)).transpose()
    }
}

impl<K: Ord + Clone, C: Compute> Compute for BTreeMap<K, C> {
    type Output = BTreeMap<K, C::Output>;

    fn ask(&self, request: &mut Request) {
        self.values().for_each(|c| c.ask(request));
    }

    fn answer(&self, answer: &mut Answer) -> Result<Self::Output> {
        self.iter().map(|(k, c)| Ok((k.clone(), c.answer(answer)?))).collect()
    }
}

/// Tuples: each part asks, each part answers.
macro_rules! tuple {
    ($($c:ident $i:tt),+) => {
        impl<$($c: Compute),+> Compute for ($($c,)+) {
            type Output = ($($c::Output,)+);

            fn ask(&self, request: &mut Request) {
                $(self.$i.ask(request);)+
            }

            fn answer(&self, answer: &mut Answer) -> Result<Self::Output> {
                Ok(($(self.$i.answer(answer)?,)+))
            }
        }
    };
}
tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// Plain values: nothing to ask for.
macro_rules! plain {
    ($($t:ty)*) => {
        $(impl Compute for $t {
            type Output = $t;

            fn ask(&self, _: &mut Request) {}

            fn answer(&self, _: &mut Answer) -> Result<$t> {
                Ok(self.clone())
            }
        })*
    };
}
plain!(() bool char String i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64);

impl Compute for str {
    type Output = String;

    fn ask(&self, _: &mut Request) {}

    fn answer(&self, _: &mut Answer) -> Result<String> {
        Ok(self.to_owned())
    }
}
