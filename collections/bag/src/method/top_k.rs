//! `top_k`: the largest elements, in order.
//! It does not know what they are.

use tine_collection::Tree;
use tine_scheduler::Value;

use crate::bag::Bag;
use crate::flow::{GO_ON, LookEnd, Opening};

impl<T: Value + Clone> Bag<T> {
    /// The `k` largest elements, the largest first, in one partition. Of equal ones, the first.
    ///
    /// ```
    /// use tine::prelude::*;
    /// assert_eq!(bag::range(10, 3).top_k(2).compute()?, [9, 8]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn top_k(&self, k: usize) -> Self
    where
        T: Ord,
    {
        self.top_k_by(k, T::clone)
    }

    /// The `k` elements with the largest keys, the largest first, in one partition. Of equal keys,
    /// the first.
    ///
    /// ```
    /// use tine::prelude::*;
    /// use std::cmp::Reverse;
    /// let b = bag::range(10, 3);
    /// assert_eq!(b.top_k_by(2, |n| Reverse(*n)).compute()?, [0, 1]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[doc(alias = "topk")]
    #[track_caller]
    pub fn top_k_by<K, F>(&self, k: usize, key: F) -> Self
    where
        K: Ord + 'static,
        F: Fn(&T) -> K + Send + Sync + 'static,
    {
        let key = std::sync::Arc::new(key);
        let key_of = key.clone();
        let look = move |best: &mut Best<K, T>, value: &T, _: &_| {
            best.offer(key_of(value), value);
            GO_ON
        };
        let begin = move |_: &Opening<'_>| Ok(Best::new(k));
        let end = LookEnd::new("top_k-partial", begin, look, |best| Ok(best.into_values()));
        let combine = move |a: Vec<T>, b: Vec<T>| {
            let mut best = Best::new(k);
            a.iter().chain(&b).for_each(|value| best.offer(key(value), value));
            Ok(best.into_values())
        };
        let tree = Tree::new("top_k", combine, |all: Option<Vec<T>>| Ok(all.unwrap_or_default()));
        Bag::of_list(&self.reduced(end, tree.split_every(self.tree_width())))
    }
}

/// The best so far: those that are among the first `k`, and some that are not any more.
pub(super) struct Best<K, T> {
    k: usize,
    kept: Vec<(K, T)>,
    /// Whether `kept` begins with `k` in order: what is not above the last of these is none.
    ordered: bool,
}

/// Whatever `k` is, sorting is for so many at least.
const SLACK: usize = 32;

impl<K: Ord, T: Clone> Best<K, T> {
    pub(super) fn new(k: usize) -> Self {
        Best { k, kept: Vec::new(), ordered: false }
    }

    pub(super) fn offer(&mut self, key: K, value: &T) {
        let beaten =
            self.ordered && self.kept.get(self.k - 1).is_some_and(|(last, _)| key <= *last);
        if self.k == 0 || beaten {
            return;
        }
        self.kept.push((key, value.clone()));
        if self.kept.len() >= self.k.saturating_mul(2).saturating_add(SLACK) {
            self.settle();
        }
    }

    /// Sorts, equal ones in the order in which they came, and cuts.
    fn settle(&mut self) {
        self.kept.sort_by(|a, b| b.0.cmp(&a.0));
        self.kept.truncate(self.k);
        self.ordered = self.kept.len() == self.k;
    }

    fn into_values(self) -> Vec<T> {
        self.into_entries().into_iter().map(|(_, value)| value).collect()
    }

    /// The best with their keys, in order.
    pub(super) fn into_entries(mut self) -> Vec<(K, T)> {
        self.settle();
        self.kept
    }
}
