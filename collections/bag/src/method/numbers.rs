//! Sums, means, deviations, and what is smallest and largest.
//! They do not know where the numbers come from.

use std::iter::Sum;

use serde::{Deserialize, Serialize};
use tine_collection::Tree;
use tine_delayed::Delayed;
use tine_scheduler::{Error, ErrorKind, Result, Value};

use crate::bag::Bag;
use crate::flow::{End, GO_ON, LookEnd, Opening, TakeEnd};

/// A number of which there are means: all of the standard library's, and references to them.
pub trait NumberLike {
    /// The nearest `f64`.
    fn to_f64(&self) -> f64;
}

macro_rules! numbers {
    ($($t:ty)*) => {
        $(impl NumberLike for $t {
            #[expect(clippy::allow_attributes, reason = "a macro for all types")]
            #[allow(clippy::cast_lossless)]
            fn to_f64(&self) -> f64 {
                *self as f64
            }
        })*
    };
}
numbers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);

/// How many numbers there are, their mean, and the sum of the squares of what they differ from it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Moments {
    n: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// One number more, by Welford's recurrence.
    fn add(&mut self, x: f64) {
        self.n += 1;
        let delta = x - self.mean;
        self.mean += delta / self.n as f64;
        self.squares += delta * (x - self.mean);
    }

    /// All of both, by the formula of Chan, Golub and LeVeque.
    fn merge(self, other: Moments) -> Moments {
        if self.n == 0 {
            return other;
        }
        if other.n == 0 {
            return self;
        }
        let n = self.n + other.n;
        let (delta, share) = (other.mean - self.mean, other.n as f64 / n as f64);
        let mean = self.mean + delta * share;
        let squares = self.squares + other.squares + delta * delta * self.n as f64 * share;
        Moments { n, mean, squares }
    }

    fn variance(self, ddof: u32) -> Result<f64> {
        if self.n <= u64::from(ddof) {
            let what = format!(
                "there is no variance of {} numbers with {ddof} degrees of freedom less",
                self.n
            );
            return Err(Error::new(ErrorKind::Task, what));
        }
        Ok(self.squares / (self.n - u64::from(ddof)) as f64)
    }
}

fn nothing(what: &str) -> Error {
    Error::new(ErrorKind::Task, format!("there is no {what} of a bag without elements"))
}

impl<T: Clone + 'static> Bag<T> {
    /// The sum of all elements; of none, the sum of nothing.
    ///
    /// ```
    /// use tine::prelude::*;
    /// assert_eq!(bag::range(5, 2).sum().compute()?, 10);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn sum(&self) -> Delayed<T>
    where
        T: Value + Sum<T>,
    {
        let add = |sum: &mut Option<T>, value: T, _: &_| {
            *sum = Some(match sum.take() {
                Some(sum) => [sum, value].into_iter().sum(),
                None => value,
            });
            GO_ON
        };
        let end = TakeEnd::new("sum-partial", |_: &Opening<'_>| Ok(None), add, Ok);
        let combine = |a: Option<T>, b: Option<T>| {
            Ok(match (a, b) {
                (Some(a), Some(b)) => Some([a, b].into_iter().sum()),
                (a, b) => a.or(b),
            })
        };
        let finish = |sum: Option<Option<T>>| {
            Ok(sum.flatten().unwrap_or_else(|| std::iter::empty::<T>().sum()))
        };
        self.reduced(end, Tree::new("sum", combine, finish).split_every(self.tree_width()))
    }

    /// The mean of all elements.
    ///
    /// ```
    /// use tine::prelude::*;
    /// assert_eq!(bag::range(5, 2).mean().compute()?, 2.0);
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// A bag without elements has none: that is an error of the task.
    #[track_caller]
    pub fn mean(&self) -> Delayed<f64>
    where
        T: NumberLike,
    {
        let add = |(sum, n): &mut (f64, u64), value: &T, _: &_| {
            *sum += value.to_f64();
            *n += 1;
            GO_ON
        };
        let end = LookEnd::new("mean-partial", |_: &Opening<'_>| Ok((0.0, 0)), add, Ok);
        let combine = |a: (f64, u64), b: (f64, u64)| Ok((a.0 + b.0, a.1 + b.1));
        let finish = |all: Option<(f64, u64)>| match all {
            Some((sum, n @ 1..)) => Ok(sum / n as f64),
            _ => Err(nothing("mean")),
        };
        self.reduced(end, Tree::new("mean", combine, finish).split_every(self.tree_width()))
    }

    /// The variance of all elements: the mean of the squares of what they differ from their mean,
    /// with the sum of squares divided by their number less `ddof`.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::range(5, 2);
    /// assert_eq!(compute((b.var(0), b.var(1)))?, (2.0, 2.5));
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// No more elements than `ddof`: that is an error of the task.
    #[track_caller]
    pub fn var(&self, ddof: u32) -> Delayed<f64>
    where
        T: NumberLike,
    {
        let finish = move |all: Option<Moments>| all.unwrap_or_default().variance(ddof);
        let tree = Tree::new("var", |a: Moments, b| Ok(a.merge(b)), finish);
        self.reduced(moments("var-partial"), tree.split_every(self.tree_width()))
    }

    /// The standard deviation: the square root of [`var`](Self::var).
    ///
    /// ```
    /// use tine::prelude::*;
    /// assert_eq!(bag::range(5, 2).std(0).compute()?, 2f64.sqrt());
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`var`](Self::var).
    #[track_caller]
    pub fn std(&self, ddof: u32) -> Delayed<f64>
    where
        T: NumberLike,
    {
        let finish =
            move |all: Option<Moments>| all.unwrap_or_default().variance(ddof).map(f64::sqrt);
        let tree = Tree::new("std", |a: Moments, b| Ok(a.merge(b)), finish);
        self.reduced(moments("std-partial"), tree.split_every(self.tree_width()))
    }

    /// The smallest element, the first of several. What compares with nothing, as NaN, is passed
    /// over.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::from_sequence([2.0, f64::NAN, 1.0]);
    /// assert_eq!(compute((b.min(), b.max()))?, (1.0, 2.0));
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// A bag without elements has none: that is an error of the task.
    #[track_caller]
    pub fn min(&self) -> Delayed<T>
    where
        T: Value + PartialOrd,
    {
        self.extreme(["min-partial", "min"], |new, old| new < old)
    }

    /// The largest element, the first of several. What compares with nothing, as NaN, is passed
    /// over.
    ///
    /// ```
    /// use tine::prelude::*;
    /// assert_eq!(bag::range(5, 2).max().compute()?, 4);
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// A bag without elements has none: that is an error of the task.
    #[track_caller]
    pub fn max(&self) -> Delayed<T>
    where
        T: Value + PartialOrd,
    {
        self.extreme(["max-partial", "max"], |new, old| new > old)
    }

    #[track_caller]
    fn extreme(&self, names: [&'static str; 2], wins: fn(&T, &T) -> bool) -> Delayed<T>
    where
        T: Value + PartialOrd,
    {
        let look = move |best: &mut Option<T>, value: &T, _: &_| {
            let better = match best {
                Some(best) => wins(value, best),
                None => value.partial_cmp(value).is_some(),
            };
            if better {
                *best = Some(value.clone());
            }
            GO_ON
        };
        let end = LookEnd::new(names[0], |_: &Opening<'_>| Ok(None), look, Ok);
        let combine = move |a: Option<T>, b: Option<T>| {
            Ok(match (a, b) {
                (Some(a), Some(b)) => Some(if wins(&b, &a) { b } else { a }),
                (a, b) => a.or(b),
            })
        };
        let finish = move |best: Option<Option<T>>| best.flatten().ok_or_else(|| nothing(names[1]));
        self.reduced(end, Tree::new(names[1], combine, finish).split_every(self.tree_width()))
    }
}

fn moments<T: NumberLike + Clone + 'static>(name: &'static str) -> impl End<In = T, Out = Moments> {
    let add = |all: &mut Moments, value: &T, _: &_| {
        all.add(value.to_f64());
        GO_ON
    };
    LookEnd::new(name, |_: &Opening<'_>| Ok(Moments::default()), add, Ok)
}
