//! `cartesian_product`: every element with every other.
//! It does not know what becomes of the pairs.

use std::marker::PhantomData;
use std::sync::Arc;

use tine_collection::Input;
use tine_scheduler::Result;

use crate::bag::Bag;
use crate::flow::{Flow, Link, Opening, Sink, Source, gather, inputs};

impl<T: Clone + 'static> Bag<T> {
    /// All pairs of an element of this bag and one of the other: a partition for each pair of
    /// partitions, in which every element here comes with all there before the next one comes.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let pairs = bag::range(2, 1).cartesian_product(&bag::from_sequence(['a', 'b']));
    /// assert_eq!(pairs.npartitions(), 2);
    /// assert_eq!(pairs.compute()?, [(0, 'a'), (1, 'a'), (0, 'b'), (1, 'b')]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[doc(alias = "product")]
    #[track_caller]
    pub fn cartesian_product<U: Clone + 'static>(&self, other: &Bag<U>) -> Bag<(T, U)> {
        let (left, right) = match (self.link(), other.link()) {
            (Ok(left), Ok(right)) => (left.clone(), right.clone()),
            (Err(error), _) | (_, Err(error)) => return Bag::failed(error.clone()),
        };
        if left.blocks().checked_mul(right.blocks()).is_none() {
            return Bag::wrong(format!(
                "a product of {} and {} partitions has more than 2^32",
                left.blocks(),
                right.blocks()
            ));
        }
        Bag::of_source(Product::<T, U> { left, right, of: PhantomData })
    }
}

struct Product<T, U> {
    left: Arc<dyn Link>,
    right: Arc<dyn Link>,
    of: PhantomData<fn() -> (T, U)>,
}

impl<T, U> Product<T, U> {
    /// Which partitions it is of.
    fn pair(&self, block: u32) -> (u32, u32) {
        (block / self.right.blocks(), block % self.right.blocks())
    }
}

impl<T: Clone + 'static, U: Clone + 'static> Source for Product<T, U> {
    type Item = (T, U);

    fn name(&self) -> &'static str {
        "product"
    }

    fn blocks(&self) -> u32 {
        self.left.blocks() * self.right.blocks()
    }

    fn inputs(&self, block: u32) -> Vec<Input> {
        let (left, right) = self.pair(block);
        [inputs(&self.left, left), inputs(&self.right, right)].concat()
    }

    fn pour(&self, opening: &Opening<'_>, down: &mut Box<dyn Sink<(T, U)>>) -> Result<()> {
        let (left, right) = self.pair(opening.block);
        let ours: Vec<T> = gather(&self.left, opening, left)?;
        let after = Opening {
            task: opening.task,
            block: opening.block,
            base: opening.base + inputs(&self.left, left).len(),
            reading: opening.reading.clone(),
        };
        let theirs: Vec<U> = gather(&self.right, &after, right)?;
        opening.reading.outcome()?;
        let _flow: Flow = ours
            .iter()
            .try_for_each(|a| theirs.iter().try_for_each(|b| down.push((a.clone(), b.clone()))));
        Ok(())
    }
}
