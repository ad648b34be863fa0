//! Many lazy values as one: `collect` into `Delayed<Vec<T>>`, and `sum`.
//! They do not know where the values come from.

use std::iter::Sum;
use std::panic::Location;

use tine_scheduler::Value;

use crate::call::Call;
use crate::delayed::Delayed;
use crate::purity::Purity;

impl<T: Value + Clone> Delayed<Vec<T>> {
    /// The vector of `parts`, as one task.
    #[track_caller]
    pub(crate) fn gathered(parts: &[Delayed<T>]) -> Self {
        gather("collect", parts, Location::caller(), |all| all)
    }
}

/// One task over `parts`: what `f` makes of the vector.
fn gather<T, R, F>(
    name: &'static str,
    parts: &[Delayed<T>],
    place: &'static Location<'static>,
    f: F,
) -> Delayed<R>
where
    T: Value + Clone,
    R: Value,
    F: Fn(Vec<T>) -> R + Send + Sync + 'static,
{
    let mut call = Call::at(name, Purity::Pure, &f, place);
    let all = call.list(parts.iter());
    call.finish(all, move |all, r| Ok(f(all.take(r)?)))
}

/// Where the user is: `collect` and `sum` of the standard library do not say who called them, so
/// that the place of the first part stands for them.
fn place_of<T>(
    parts: &[Delayed<T>],
    here: &'static Location<'static>,
) -> &'static Location<'static> {
    parts.first().and_then(|p| p.input().node().place()).unwrap_or(here)
}

/// ```
/// use tine::prelude::*;
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
/// let all: Delayed<Vec<i64>> = (0..3).map(inc).collect();
/// assert_eq!(all.compute()?, [1, 2, 3]);
/// # Ok::<(), tine::Error>(())
/// ```
impl<T: Value + Clone> FromIterator<Delayed<T>> for Delayed<Vec<T>> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = Delayed<T>>>(parts: I) -> Self {
        let parts: Vec<_> = parts.into_iter().collect();
        gather("collect", &parts, place_of(&parts, Location::caller()), |all| all)
    }
}

impl<'a, T: Value + Clone> FromIterator<&'a Delayed<T>> for Delayed<Vec<T>> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = &'a Delayed<T>>>(parts: I) -> Self {
        parts.into_iter().cloned().collect()
    }
}

/// The sum as one task, however many parts there are.
impl<T: Value + Clone + Sum<T>> Sum<Delayed<T>> for Delayed<T> {
    #[track_caller]
    fn sum<I: Iterator<Item = Delayed<T>>>(parts: I) -> Self {
        let parts: Vec<_> = parts.collect();
        let place = place_of(&parts, Location::caller());
        gather("sum", &parts, place, |all| all.into_iter().sum())
    }
}

impl<'a, T: Value + Clone + Sum<T>> Sum<&'a Delayed<T>> for Delayed<T> {
    #[track_caller]
    fn sum<I: Iterator<Item = &'a Delayed<T>>>(parts: I) -> Self {
        parts.cloned().sum()
    }
}
