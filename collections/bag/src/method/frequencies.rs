//! `frequencies` and `distinct`: which elements there are, and how often.
//! They do not know how the results of partitions are put together.

use std::any::Any;
use std::hash::Hash;

use tine_scheduler::Value;

use super::keyed::{Names, pack};
use crate::bag::Bag;
use crate::flow::{GO_ON, LookEnd, Opening, Reading};
use crate::hash::{Counts, Map};

const FREQUENCIES: Names =
    Names { partial: "frequencies-partial", combine: "frequencies-combine", source: "frequencies" };
const DISTINCT: Names =
    Names { partial: "distinct-partial", combine: "distinct-combine", source: "distinct" };

impl<T: Value + Clone + Hash + Eq> Bag<T> {
    /// Every different element, with how often it is there. They are in no order that matters; see
    /// [`top_k_by`](Self::top_k_by) for the most frequent.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::from_sequence(["a", "b", "a"].map(str::to_owned));
    /// let mut counts = b.frequencies().compute()?;
    /// counts.sort();
    /// assert_eq!(counts, [("a".to_owned(), 2), ("b".to_owned(), 1)]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn frequencies(&self) -> Bag<(T, u64)> {
        if let Some(texts) = (self as &dyn Any).downcast_ref::<Bag<String>>() {
            let counts: Box<dyn Any> = Box::new(of_texts(texts));
            if let Ok(counts) = counts.downcast::<Bag<(T, u64)>>() {
                return *counts;
            }
        }
        let count = |map: &mut Map<T, Option<u64>>, value: &T, _: &Reading| {
            match map.get_mut(value) {
                Some(Some(n)) => *n += 1,
                _ => {
                    map.insert(value.clone(), Some(1));
                }
            }
            GO_ON
        };
        self.keyed(FREQUENCIES, count, |a, b| a + b)
    }

    /// Every different element, with how often it is there, the most frequent first, in one
    /// partition; those that are equally frequent in the order of the elements themselves.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::from_sequence("bbcbac".chars());
    /// assert_eq!(b.frequencies_sorted().compute()?, [('b', 3), ('c', 2), ('a', 1)]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn frequencies_sorted(&self) -> Bag<(T, u64)>
    where
        T: Ord,
    {
        let order = |(value, n): &(T, u64)| (*n, std::cmp::Reverse(value.clone()));
        self.frequencies().top_k_by(usize::MAX, order)
    }

    /// Every different element once.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let mut kinds = bag::from_sequence([2, 1, 2]).distinct().compute()?;
    /// kinds.sort();
    /// assert_eq!(kinds, [1, 2]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[doc(alias = "unique")]
    #[track_caller]
    pub fn distinct(&self) -> Self {
        let note = |map: &mut Map<T, Option<()>>, value: &T, _: &Reading| {
            if !map.contains_key(value) {
                map.insert(value.clone(), Some(()));
            }
            GO_ON
        };
        self.keyed(DISTINCT, note, |(), ()| ()).map(|(value, ())| value)
    }
}

/// As `frequencies`, by a table made for texts.
#[track_caller]
fn of_texts(texts: &Bag<String>) -> Bag<(String, u64)> {
    let add = |counts: &mut Counts, text: &String, _: &Reading| {
        counts.add(text);
        GO_ON
    };
    let end = |parts| {
        let done = move |counts: Counts| pack(counts.into_entries(), parts);
        LookEnd::new(FREQUENCIES.partial, |_: &Opening<'_>| Ok(Counts::new()), add, done)
    };
    texts.keyed_by(FREQUENCIES, end, |a, b| a + b)
}

impl<T: Value + Clone> Bag<T> {
    /// For every key the first element that has it.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::from_sequence([(1, 'a'), (2, 'b'), (1, 'c')]);
    /// let mut first = b.distinct_by(|(n, _)| *n).compute()?;
    /// first.sort();
    /// assert_eq!(first, [(1, 'a'), (2, 'b')]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn distinct_by<K, F>(&self, key: F) -> Self
    where
        K: Value + Clone + Hash + Eq,
        F: Fn(&T) -> K + Send + Sync + 'static,
    {
        let note = move |map: &mut Map<K, Option<T>>, value: &T, _: &Reading| {
            map.entry(key(value)).or_insert_with(|| Some(value.clone()));
            GO_ON
        };
        self.keyed(DISTINCT, note, |first, _| first).map(|(_, value)| value)
    }
}
