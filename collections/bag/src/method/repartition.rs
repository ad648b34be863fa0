//! `repartition`: the same elements in another number of partitions, in the same order.
//! It does not know what they are.

use std::marker::PhantomData;
use std::sync::Arc;

use tine_collection::{Input, Packer, Parcels};
use tine_scheduler::{Result, Value};

use crate::bag::Bag;
use crate::flow::{GO_ON, Link, Opening, Sink, Source, TakeEnd, inputs, pour};

impl<T: Value + Clone> Bag<T> {
    /// The same elements in so many partitions, in the same order.
    ///
    /// Fewer partitions are put together without a copy, within the tasks that use them; for more,
    /// each is cut into pieces of equal length, which are moved.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::range(10, 5);
    /// let sizes = |b: bag::Bag<u64>| b.map_partitions(|all| [all.len()]).compute();
    /// assert_eq!(sizes(b.repartition(2))?, [4, 6]);
    /// assert_eq!(sizes(b.repartition(7))?, [2, 2, 1, 1, 2, 1, 1]);
    /// assert_eq!(b.repartition(7).compute()?, b.compute()?);
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// No partitions are an error that the bag carries.
    #[track_caller]
    pub fn repartition(&self, npartitions: usize) -> Self {
        let link = match self.link() {
            Ok(link) => link.clone(),
            Err(error) => return Bag::failed(error.clone()),
        };
        let Ok(wanted @ 1..) = u32::try_from(npartitions) else {
            return Bag::wrong(format!("{npartitions} partitions: a bag has 1 or more"));
        };
        let bounds = bounds(link.blocks().max(wanted), link.blocks().min(wanted));
        if wanted <= link.blocks() {
            return Bag::of_source(Together::<T> { link, bounds, of: PhantomData });
        }
        let sizes: Vec<u32> = bounds.windows(2).map(|w| w[1] - w[0]).collect();
        let push = |all: &mut (u32, Vec<T>), value: T, _: &_| {
            all.1.push(value);
            GO_ON
        };
        let begin = move |o: &Opening<'_>| Ok((sizes[o.block as usize], Vec::new()));
        let end = TakeEnd::new("repartition-split", begin, push, |(parts, all)| cut(&all, parts));
        Bag::of_source(Pieces::<T> { parcels: self.end(end), bounds, of: PhantomData })
    }
}

/// Where `parts` parts of `n` begin, as even as can be, and where the last one ends.
fn bounds(n: u32, parts: u32) -> Vec<u32> {
    (0..=u64::from(parts)).map(|i| (i * u64::from(n) / u64::from(parts)) as u32).collect()
}

/// Cuts a list into pieces, of which the first ones may be longer by one.
fn cut<T: Value>(all: &[T], parts: u32) -> Result<Parcels> {
    let mut packer = Packer::new(parts);
    let (size, longer) = (all.len() / parts as usize, all.len() % parts as usize);
    let mut rest = all;
    for part in 0..parts {
        let (piece, after) = rest.split_at(size + usize::from((part as usize) < longer));
        piece.iter().try_for_each(|value| packer.put(part, value))?;
        rest = after;
    }
    Ok(packer.pack())
}

/// Several partitions as one.
struct Together<T> {
    link: Arc<dyn Link>,
    bounds: Vec<u32>,
    of: PhantomData<fn() -> T>,
}

impl<T> Together<T> {
    fn blocks_of(&self, block: u32) -> std::ops::Range<u32> {
        self.bounds[block as usize]..self.bounds[block as usize + 1]
    }
}

impl<T: Clone + 'static> Source for Together<T> {
    type Item = T;

    fn name(&self) -> &'static str {
        "repartition"
    }

    fn blocks(&self) -> u32 {
        self.bounds.len() as u32 - 1
    }

    fn inputs(&self, block: u32) -> Vec<Input> {
        self.blocks_of(block).flat_map(|b| inputs(&self.link, b)).collect()
    }

    fn pour(&self, opening: &Opening<'_>, down: &mut Box<dyn Sink<T>>) -> Result<()> {
        let (task, reading) = (opening.task, opening.reading.clone());
        let mut own = Opening { task, block: opening.block, base: opening.base, reading };
        for block in self.blocks_of(opening.block) {
            if pour(&self.link, &own, block, down)?.is_break() {
                break;
            }
            own.base += inputs(&self.link, block).len();
        }
        Ok(())
    }
}

/// Pieces of partitions.
struct Pieces<T> {
    parcels: Vec<Input>,
    /// Where the pieces of each partition begin.
    bounds: Vec<u32>,
    of: PhantomData<fn() -> T>,
}

impl<T> Pieces<T> {
    /// Which partition a piece is of.
    fn whole_of(&self, block: u32) -> usize {
        self.bounds.partition_point(|&b| b <= block) - 1
    }
}

impl<T: Value + Clone> Source for Pieces<T> {
    type Item = T;

    fn name(&self) -> &'static str {
        "repartition"
    }

    fn blocks(&self) -> u32 {
        self.bounds.last().copied().unwrap_or(0)
    }

    fn inputs(&self, block: u32) -> Vec<Input> {
        vec![self.parcels[self.whole_of(block)].clone()]
    }

    fn pour(&self, opening: &Opening<'_>, down: &mut Box<dyn Sink<T>>) -> Result<()> {
        let piece = opening.block - self.bounds[self.whole_of(opening.block)];
        for value in opening.task.input::<Parcels>(opening.base)?.part::<T>(piece) {
            if down.push(value?).is_break() {
                break;
            }
        }
        Ok(())
    }
}
