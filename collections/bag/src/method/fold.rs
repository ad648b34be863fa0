//! `fold` and `reduction`: any function of all elements that can be taken apart.
//! They do not know what is folded.

use tine_collection::Tree;
use tine_delayed::Delayed;
use tine_scheduler::Value;

use crate::bag::Bag;
use crate::flow::{GO_ON, Opening, TakeEnd};

impl<T: Clone + 'static> Bag<T> {
    /// What is left when `step` has taken in all elements, one after the other.
    ///
    /// Every partition begins with `init`, and `merge` puts together what two of them came to, in
    /// their order: `init` must not change what it is merged with.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let longest = bag::from_sequence(["a", "ccc", "bb"].map(str::to_owned))
    ///     .fold(0, |n, word| n.max(word.len()), usize::max);
    /// assert_eq!(longest.compute()?, 3);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn fold<A, S, M>(&self, init: A, step: S, merge: M) -> Delayed<A>
    where
        A: Value + Clone,
        S: Fn(A, T) -> A + Send + Sync + 'static,
        M: Fn(A, A) -> A + Send + Sync + 'static,
    {
        let begin = {
            let init = init.clone();
            move |_: &Opening<'_>| Ok(Some(init.clone()))
        };
        let take = move |state: &mut Option<A>, value: T, _: &_| {
            *state = state.take().map(|a| step(a, value));
            GO_ON
        };
        let left = init.clone();
        let done = move |state: Option<A>| Ok(state.unwrap_or_else(|| left.clone()));
        let end = TakeEnd::new("fold-partial", begin, take, done);
        let finish = move |all: Option<A>| Ok(all.unwrap_or_else(|| init.clone()));
        let tree = Tree::new("fold", move |a, b| Ok(merge(a, b)), finish);
        self.reduced(end, tree.split_every(self.tree_width()))
    }

    /// What `aggregate` makes of what `per_partition` makes of each partition.
    ///
    /// Partitions are put together a few at a time, so that `aggregate` also gets what it made
    /// before. It gets them in order, and the last time alone what is left.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::range(10, 3);
    /// let sizes = b.reduction(|part| vec![part.len()], |lists| lists.concat());
    /// assert_eq!(sizes.compute()?, [4, 3, 3]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn reduction<P, F, G>(&self, per_partition: F, aggregate: G) -> Delayed<P>
    where
        P: Value + Clone,
        F: Fn(Vec<T>) -> P + Send + Sync + 'static,
        G: Fn(Vec<P>) -> P + Send + Sync + 'static,
    {
        let push = |all: &mut Vec<T>, value: T, _: &_| {
            all.push(value);
            GO_ON
        };
        let done = move |all| Ok(per_partition(all));
        let end = TakeEnd::new("reduction-partial", |_: &Opening<'_>| Ok(Vec::new()), push, done);
        let aggregate = std::sync::Arc::new(aggregate);
        let last = aggregate.clone();
        let combine = move |a, b| Ok(aggregate(vec![a, b]));
        let finish = move |all: Option<P>| Ok(last(all.into_iter().collect()));
        let tree = Tree::new("reduction", combine, finish);
        self.reduced(end, tree.split_every(self.tree_width()))
    }
}
