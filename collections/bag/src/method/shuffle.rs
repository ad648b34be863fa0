//! The shuffle: every element goes to the partition that its key's hash says.
//! It does not know what is made of the elements there.

use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use tine_collection::{Input, Packer, Parcels};
use tine_scheduler::{Result, TaskContext, Value};

use crate::bag::Bag;
use crate::flow::{End, Flow, GO_ON, LookEnd, Opening, Reading};
use crate::hash::part_of;

/// Elements that were moved: for every partition that there was, one result of as many parts as
/// there will be.
pub(crate) struct Shuffled<T> {
    parcels: Vec<Input>,
    parts: u32,
    of: PhantomData<fn() -> T>,
}

impl<T: Value + Clone> Bag<T> {
    /// Moves the elements to `parts` partitions.
    #[track_caller]
    pub(crate) fn shuffled<K, F>(
        &self,
        name: &'static str,
        key: Arc<F>,
        parts: u32,
    ) -> Result<Shuffled<T>>
    where
        K: Hash,
        F: Fn(&T) -> K + Send + Sync + 'static,
    {
        self.link().as_ref().map_err(Clone::clone)?;
        Ok(Shuffled { parcels: self.end(split(name, key, parts)), parts, of: PhantomData })
    }
}

/// Puts the elements of a partition into parcels.
fn split<T, K, F>(name: &'static str, key: Arc<F>, parts: u32) -> impl End<In = T, Out = Parcels>
where
    T: Value + Clone,
    K: Hash,
    F: Fn(&T) -> K + Send + Sync + 'static,
{
    let begin = move |_: &Opening<'_>| Ok(Packer::new(parts));
    let put = move |packer: &mut Packer, value: &T, reading: &Reading| match packer
        .put(part_of(&key(value), parts), value)
    {
        Ok(()) => GO_ON,
        Err(error) => reading.fail(error),
    };
    LookEnd::new(name, begin, put, |packer: Packer| Ok(packer.pack()))
}

impl<T: Value> Shuffled<T> {
    /// How many partitions there are now.
    pub(crate) fn parts(&self) -> u32 {
        self.parts
    }

    /// What the task of a partition reads.
    pub(crate) fn inputs(&self) -> Vec<Input> {
        self.parcels.clone()
    }

    /// Gives the elements of a partition to `f` until it wants no more: those of the first partition that there was come
    /// first. The inputs begin at `base`.
    pub(crate) fn each(
        &self,
        task: &TaskContext<'_>,
        base: usize,
        part: u32,
        mut f: impl FnMut(T) -> Flow,
    ) -> Result<()> {
        for i in base..base + self.parcels.len() {
            for value in task.input::<Parcels>(i)?.part::<T>(part) {
                if f(value?).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
