//! `count`, `any` and `all`: numbers and truths about a bag.
//! They do not know what its elements are.

use std::marker::PhantomData;

use tine_collection::Tree;
use tine_delayed::Delayed;

use crate::bag::Bag;
use crate::flow::{CountEnd, GO_ON, LookEnd, Opening, STOP};

impl<T: Clone + 'static> Bag<T> {
    /// How many elements there are. Lines of files are counted without being made.
    ///
    /// ```
    /// use tine::prelude::*;
    /// assert_eq!(bag::range(1000, 3).count().compute()?, 1000);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[doc(alias = "len")]
    #[track_caller]
    pub fn count(&self) -> Delayed<u64> {
        let tree = Tree::new("count", |a: u64, b: u64| Ok(a + b), |n| Ok(n.unwrap_or(0)));
        self.reduced(CountEnd(PhantomData), tree.split_every(self.tree_width()))
    }

    /// Whether `f` holds for some element. A partition is read as far as it takes to know.
    ///
    /// ```
    /// use tine::prelude::*;
    /// assert!(bag::range(10, 2).any(|n| *n == 7).compute()?);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn any<F>(&self, f: F) -> Delayed<bool>
    where
        F: Fn(&T) -> bool + Send + Sync + 'static,
    {
        let look = move |found: &mut bool, value: &T, _: &_| {
            *found = f(value);
            if *found { STOP } else { GO_ON }
        };
        let end = LookEnd::new("any-partial", |_: &Opening<'_>| Ok(false), look, Ok);
        let tree = Tree::new("any", |a: bool, b: bool| Ok(a | b), |any| Ok(any.unwrap_or(false)));
        self.reduced(end, tree.split_every(self.tree_width()))
    }

    /// Whether `f` holds for all elements. A partition is read as far as it takes to know.
    ///
    /// ```
    /// use tine::prelude::*;
    /// assert!(!bag::range(10, 2).all(|n| *n < 7).compute()?);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn all<F>(&self, f: F) -> Delayed<bool>
    where
        F: Fn(&T) -> bool + Send + Sync + 'static,
    {
        let look = move |holds: &mut bool, value: &T, _: &_| {
            *holds = f(value);
            if *holds { GO_ON } else { STOP }
        };
        let end = LookEnd::new("all-partial", |_: &Opening<'_>| Ok(true), look, Ok);
        let tree = Tree::new("all", |a: bool, b: bool| Ok(a & b), |all| Ok(all.unwrap_or(true)));
        self.reduced(end, tree.split_every(self.tree_width()))
    }
}
