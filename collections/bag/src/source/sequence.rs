//! `bag::from_sequence`: values that are there already.
//! It does not know what they are.

use std::sync::Arc;

use tine_scheduler::Result;

use crate::bag::Bag;
use crate::flow::{Opening, Sink, Source};

/// Values in this process's memory, which workers inherit.
struct Sequence<T> {
    all: Arc<Vec<T>>,
    bounds: Vec<usize>,
}

/// A bag of values that are there already.
///
/// Up to 100 of them are a partition each; more are `sqrt(n) / 10` to a partition. To have it
/// otherwise, say how many partitions by [`repartition`](Bag::repartition), which costs nothing
/// here. Workers inherit the values: nothing is copied before it flows.
///
/// ```
/// use tine::prelude::*;
/// let b = bag::from_sequence([1, 2, 3, 4, 5, 6]).repartition(2);
/// assert_eq!(b.npartitions(), 2);
/// assert_eq!(b.head(2, 1)?, [1, 2]);
/// # Ok::<(), tine::Error>(())
/// ```
#[track_caller]
pub fn from_sequence<I>(values: I) -> Bag<I::Item>
where
    I: IntoIterator,
    I::Item: Clone + Send + Sync + 'static,
{
    let all: Vec<_> = values.into_iter().collect();
    let size =
        if all.len() <= 100 { 1 } else { ((all.len() as f64).sqrt() / 10.0).ceil() as usize };
    let parts = all.len().div_ceil(size).max(1);
    let bounds = (0..=parts).map(|i| (i * size).min(all.len())).collect();
    Bag::of_source(Sequence { all: Arc::new(all), bounds })
}

impl<T: Clone + Send + Sync + 'static> Source for Sequence<T> {
    type Item = T;

    fn name(&self) -> &'static str {
        "sequence"
    }

    fn blocks(&self) -> u32 {
        (self.bounds.len() - 1) as u32
    }

    fn pour(&self, opening: &Opening<'_>, down: &mut Box<dyn Sink<T>>) -> Result<()> {
        let at = opening.block as usize;
        let first = self.bounds[at];
        for (i, value) in self.all[first..self.bounds[at + 1]].iter().enumerate() {
            if down.look(value).is_break() {
                opening.reading.stopped_at(|| format!("element {}", first + i));
                break;
            }
        }
        Ok(())
    }
}
