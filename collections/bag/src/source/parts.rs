//! Partitions that other tasks make: `bag::from_delayed`, and what was persisted.
//! They do not know which tasks.

use std::marker::PhantomData;

use tine_collection::Input;
use tine_delayed::Delayed;
use tine_scheduler::{Lent, Result, Value};

use crate::bag::Bag;
use crate::flow::{Opening, Sink, Source};

/// Vectors that are the results of tasks, one a partition.
pub(crate) struct Parts<T> {
    name: &'static str,
    parts: Vec<Input>,
    of: PhantomData<fn() -> T>,
}

impl<T> Parts<T> {
    pub(crate) fn new(name: &'static str, parts: Vec<Input>) -> Self {
        Parts { name, parts, of: PhantomData }
    }
}

/// A bag whose partitions are lazy vectors.
///
/// ```
/// use tine::prelude::*;
/// #[delayed]
/// fn load(day: u32) -> Vec<u32> {
///     (0..day).collect()
/// }
/// let days = bag::from_delayed((1..4).map(load));
/// assert_eq!(days.compute()?, [0, 0, 1, 0, 1, 2]);
/// # Ok::<(), tine::Error>(())
/// ```
#[track_caller]
pub fn from_delayed<T: Value + Clone>(parts: impl IntoIterator<Item = Delayed<Vec<T>>>) -> Bag<T> {
    let parts: Vec<Input> = parts.into_iter().map(|d| d.input().clone()).collect();
    match parts.is_empty() {
        true => Bag::wrong("a bag of no partitions: it needs 1 or more"),
        false => Bag::of_source(Parts::new("delayed", parts)),
    }
}

impl<T: Value + Clone> Source for Parts<T> {
    type Item = T;

    fn name(&self) -> &'static str {
        self.name
    }

    fn blocks(&self) -> u32 {
        self.parts.len() as u32
    }

    fn inputs(&self, block: u32) -> Vec<Input> {
        vec![self.parts[block as usize].clone()]
    }

    fn pour(&self, opening: &Opening<'_>, down: &mut Box<dyn Sink<T>>) -> Result<()> {
        let place = |i: usize| move || format!("element {i} of the partition");
        match opening.task.input::<Vec<T>>(opening.base)? {
            Lent::Owned(all) => {
                for (i, value) in all.into_iter().enumerate() {
                    if down.push(value).is_break() {
                        opening.reading.stopped_at(place(i));
                        break;
                    }
                }
            }
            Lent::Borrowed(all) => {
                for (i, value) in all.iter().enumerate() {
                    if down.look(value).is_break() {
                        opening.reading.stopped_at(place(i));
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}
