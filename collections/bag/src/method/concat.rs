//! `concat`: bags one after the other.
//! It does not know what is in them.

use std::marker::PhantomData;
use std::sync::Arc;

use tine_collection::Input;
use tine_scheduler::Result;

use crate::bag::Bag;
use crate::flow::{Link, Opening, Sink, Source, inputs, pour};

/// The partitions of several bags, in order.
///
/// ```
/// use tine::prelude::*;
/// let both = bag::concat([bag::range(2, 1), bag::range(3, 2)]);
/// assert_eq!((both.npartitions(), both.compute()?), (3, vec![0, 1, 0, 1, 2]));
/// # Ok::<(), tine::Error>(())
/// ```
///
/// # Errors
/// No bags are an error that the bag carries, as is the first error of one of them.
#[track_caller]
pub fn concat<T: Clone + 'static>(bags: impl IntoIterator<Item = Bag<T>>) -> Bag<T> {
    let links: Result<Vec<Arc<dyn Link>>> =
        bags.into_iter().map(|bag| bag.link().clone()).collect();
    match links {
        Err(error) => Bag::failed(error),
        Ok(links) if links.is_empty() => Bag::wrong("concat of no bags: it takes 1 or more"),
        Ok(links) => Bag::of_source(Concat::<T> { links, of: PhantomData }),
    }
}

impl<T: Clone + 'static> Bag<T> {
    /// The partitions of this bag, then those of the other.
    ///
    /// ```
    /// use tine::prelude::*;
    /// assert_eq!(bag::range(2, 1).concat(&bag::range(1, 1)).compute()?, [0, 1, 0]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn concat(&self, other: &Bag<T>) -> Bag<T> {
        concat([self.clone(), other.clone()])
    }
}

struct Concat<T> {
    links: Vec<Arc<dyn Link>>,
    of: PhantomData<fn() -> T>,
}

impl<T> Concat<T> {
    /// Whose partition it is, and which of its own.
    fn find(&self, block: u32) -> Option<(&Arc<dyn Link>, u32)> {
        let mut left = block;
        for link in &self.links {
            if left < link.blocks() {
                return Some((link, left));
            }
            left -= link.blocks();
        }
        None
    }
}

impl<T: Clone + 'static> Source for Concat<T> {
    type Item = T;

    fn name(&self) -> &'static str {
        "concat"
    }

    fn blocks(&self) -> u32 {
        self.links.iter().map(|l| l.blocks()).sum()
    }

    fn inputs(&self, block: u32) -> Vec<Input> {
        self.find(block).map_or_else(Vec::new, |(link, own)| inputs(link, own))
    }

    fn pour(&self, opening: &Opening<'_>, down: &mut Box<dyn Sink<T>>) -> Result<()> {
        if let Some((link, own)) = self.find(opening.block) {
            let _flow = pour(link, opening, own, down)?;
        }
        Ok(())
    }
}
