//! `group_by`: all elements of a key together, by a shuffle.
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
    /// For every key all elements that have it, in the order in which they came. Each key is in one
    /// partition, of as many as there were.
    ///
    /// All elements are moved: through shared memory, and through a file where memory runs short.
    /// Where what is wanted of a group is a sum or the like, [`fold_by`](Self::fold_by) moves
    /// nothing but the results.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let groups = bag::range(7, 2).group_by(|n| n % 3);
    /// let mut groups = groups.compute()?;
    /// groups.sort();
    /// assert_eq!(groups, [(0, vec![0, 3, 6]), (1, vec![1, 4]), (2, vec![2, 5])]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[doc(alias = "groupby")]
    #[track_caller]
    pub fn group_by<K, F>(&self, key: F) -> Bag<(K, Vec<T>)>
    where
        K: Clone + Hash + Eq + 'static,
        F: Fn(&T) -> K + Send + Sync + 'static,
    {
        self.group_by_into(self.npartitions().max(1), key)
    }

    /// As [`group_by`](Self::group_by), into so many partitions: a task holds the groups of one of
    /// them, so that more of them take less memory at a time.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let groups = bag::range(100, 2).group_by_into(8, |n| n % 10);
    /// assert_eq!((groups.npartitions(), groups.count().compute()?), (8, 10));
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// No partitions are an error that the bag carries.
    #[track_caller]
    pub fn group_by_into<K, F>(&self, npartitions: usize, key: F) -> Bag<(K, Vec<T>)>
    where
        K: Clone + Hash + Eq + 'static,
        F: Fn(&T) -> K + Send + Sync + 'static,
    {
        let Ok(parts @ 1..) = u32::try_from(npartitions) else {
            return Bag::wrong(format!("groups in {npartitions} partitions: it takes 1 or more"));
        };
        let key = Arc::new(key);
        match self.shuffled("group_by-split", key.clone(), parts) {
            Ok(shuffled) => Bag::of_source(Groups { shuffled, key }),
            Err(error) => Bag::failed(error),
        }
    }
}

/// Groups, one part of the shuffle a partition.
struct Groups<T, F> {
    shuffled: Shuffled<T>,
    key: Arc<F>,
}

impl<T, K, F> Source for Groups<T, F>
where
    T: Value + Clone,
    K: Clone + Hash + Eq + 'static,
    F: Fn(&T) -> K + Send + Sync + 'static,
{
    type Item = (K, Vec<T>);

    fn name(&self) -> &'static str {
        "group_by"
    }

    fn blocks(&self) -> u32 {
        self.shuffled.parts()
    }

    fn inputs(&self, _block: u32) -> Vec<Input> {
        self.shuffled.inputs()
    }

    fn pour(&self, opening: &Opening<'_>, down: &mut Box<dyn Sink<(K, Vec<T>)>>) -> Result<()> {
        let mut groups: Map<K, Vec<T>> = Map::default();
        self.shuffled.each(opening.task, opening.base, opening.block, |value| {
            groups.entry((self.key)(&value)).or_default().push(value);
            GO_ON
        })?;
        for group in groups {
            if down.push(group).is_break() {
                break;
            }
        }
        Ok(())
    }
}
