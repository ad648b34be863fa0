//! `fold_by`: a fold for every key, without moving elements.
//! It does not know how the results of partitions are put together.

use std::hash::Hash;

use tine_scheduler::Value;

use super::keyed::Names;
use crate::bag::Bag;
use crate::flow::{GO_ON, Reading};
use crate::hash::Map;

const NAMES: Names =
    Names { partial: "fold_by-partial", combine: "fold_by-combine", source: "fold_by" };

impl<T: Clone + 'static> Bag<T> {
    /// For every key, what is left when `step` has taken in all elements with that key.
    ///
    /// Elements stay where they are: each partition folds its own, and what comes out is put
    /// together by `merge`, earlier partitions first. `init` must not change what it is merged
    /// with. This is what to take where [`group_by`](Self::group_by) and a fold of each group
    /// would do: it moves results instead of elements. Keys are in no order that matters, and in
    /// one partition for every 8 of this bag.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::from_sequence([("Alice", 1), ("Bob", 2), ("Alice", 3)]);
    /// let totals = b.fold_by(|(name, _)| name.to_string(), 0, |sum, (_, n)| sum + n, |a, b| a + b);
    /// let mut totals = totals.compute()?;
    /// totals.sort();
    /// assert_eq!(totals, [("Alice".to_owned(), 4), ("Bob".to_owned(), 2)]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[doc(alias = "foldby")]
    #[track_caller]
    pub fn fold_by<K, A, F, S, M>(&self, key: F, init: A, step: S, merge: M) -> Bag<(K, A)>
    where
        K: Value + Clone + Hash + Eq,
        A: Value + Clone,
        F: Fn(&T) -> K + Send + Sync + 'static,
        S: Fn(A, &T) -> A + Send + Sync + 'static,
        M: Fn(A, A) -> A + Send + Sync + 'static,
    {
        let take_in = move |map: &mut Map<K, Option<A>>, value: &T, _: &Reading| {
            let slot = map.entry(key(value)).or_default();
            let state = slot.take().unwrap_or_else(|| init.clone());
            *slot = Some(step(state, value));
            GO_ON
        };
        self.keyed(NAMES, take_in, merge)
    }
}
