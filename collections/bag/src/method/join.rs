//! `join`: pairs of elements of two bags with equal keys.
//! It does not know how elements are moved.

use std::hash::Hash;
use std::sync::Arc;

use tine_collection::Input;
use tine_scheduler::{Result, Value};

use super::shuffle::Shuffled;
use crate::bag::Bag;
use crate::flow::{GO_ON, Opening, Sink, Source};
use crate::hash::Map;

impl<T: Value + Clone> Bag<T> {
    /// All pairs of an element of this bag and one of the other whose keys are equal.
    ///
    /// The elements of both are moved so that equal keys meet, in as many partitions as the larger
    /// number of the two. A task holds one partition of the other bag, so that this should be the
    /// larger one. Of a bag that is small enough to be in every task, a `map_with` is faster.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let ages = bag::from_sequence([("Alice", 31), ("Bob", 27)].map(|(n, a)| (n.to_owned(), a)));
    /// let cities = bag::from_sequence([("Bob", "Rome"), ("Eve", "Oslo")])
    ///     .map(|(n, c)| (n.to_owned(), c.to_owned()));
    /// let both = ages.join(&cities, |(name, _)| name.clone(), |(name, _)| name.clone());
    /// let both = both.map(|((name, age), (_, city))| (name, age, city));
    /// assert_eq!(both.compute()?, [("Bob".to_owned(), 27, "Rome".to_owned())]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn join<U, K, F, G>(&self, other: &Bag<U>, key: F, other_key: G) -> Bag<(T, U)>
    where
        U: Value + Clone,
        K: Hash + Eq + 'static,
        F: Fn(&T) -> K + Send + Sync + 'static,
        G: Fn(&U) -> K + Send + Sync + 'static,
    {
        let parts = self.npartitions().max(other.npartitions()).max(1) as u32;
        let keys = (Arc::new(key), Arc::new(other_key));
        let ours = self.shuffled("join-split", keys.0.clone(), parts);
        let theirs = other.shuffled("join-split", keys.1.clone(), parts);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => Bag::of_source(Join { ours, theirs, keys }),
            (Err(error), _) | (_, Err(error)) => Bag::failed(error),
        }
    }
}

struct Join<T, U, F, G> {
    ours: Shuffled<T>,
    theirs: Shuffled<U>,
    keys: (Arc<F>, Arc<G>),
}

impl<T, U, K, F, G> Source for Join<T, U, F, G>
where
    T: Value + Clone,
    U: Value + Clone,
    K: Hash + Eq + 'static,
    F: Fn(&T) -> K + Send + Sync + 'static,
    G: Fn(&U) -> K + Send + Sync + 'static,
{
    type Item = (T, U);

    fn name(&self) -> &'static str {
        "join"
    }

    fn blocks(&self) -> u32 {
        self.ours.parts()
    }

    fn inputs(&self, _block: u32) -> Vec<Input> {
        [self.theirs.inputs(), self.ours.inputs()].concat()
    }

    fn pour(&self, opening: &Opening<'_>, down: &mut Box<dyn Sink<(T, U)>>) -> Result<()> {
        let (task, part) = (opening.task, opening.block);
        let mut table: Map<K, Vec<U>> = Map::default();
        self.theirs.each(task, opening.base, part, |value| {
            table.entry((self.keys.1)(&value)).or_default().push(value);
            GO_ON
        })?;
        let base = opening.base + self.theirs.inputs().len();
        self.ours.each(task, base, part, |value| {
            let Some(others) = table.get(&(self.keys.0)(&value)) else {
                return GO_ON;
            };
            others.iter().try_for_each(|u| down.push((value.clone(), u.clone())))
        })
    }
}
