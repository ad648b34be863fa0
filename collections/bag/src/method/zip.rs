//! `zip`, `map_with` and `unzip`: several bags, and values beside them, element by element.
//! They do not know what is made of the elements.

use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use tine_collection::Input;
use tine_delayed::Delayed;
use tine_scheduler::{Error, ErrorKind, Result, Value};

use crate::bag::Bag;
use crate::flow::{Flow, Link, Opening, Reading, Sink, Stage, Take, gather, inputs};

impl<T: Clone + 'static> Bag<T> {
    /// Pairs of the elements that stand at the same place of both bags, which must be divided in
    /// the same way.
    ///
    /// For more bags, zip again: `a.zip(&b).zip(&c).map(|((a, b), c)| ..)`. A partition of the
    /// other bag is held in memory while one of this flows by.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::range(4, 2);
    /// let pairs = b.zip(&b.map(|n| n * n));
    /// assert_eq!(pairs.compute()?, [(0, 0), (1, 1), (2, 4), (3, 9)]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// Another number of partitions is an error that the bag carries; partitions of different
    /// lengths are an error of the task.
    #[track_caller]
    pub fn zip<U: Clone + 'static>(&self, other: &Bag<U>) -> Bag<(T, U)> {
        let link = match (self.link(), other.link()) {
            (Ok(_), Ok(link)) => link.clone(),
            (Err(error), _) | (_, Err(error)) => return Bag::failed(error.clone()),
        };
        if self.npartitions() != other.npartitions() {
            return Bag::wrong(format!(
                "zip of bags of {} and {} partitions: both must have as many",
                self.npartitions(),
                other.npartitions()
            ));
        }
        self.then(Zip::<T, U> { link, of: PhantomData })
    }

    /// The bag of what `f` makes of the elements that stand at the same place of both bags: see
    /// [`zip`](Self::zip).
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::range(4, 2);
    /// assert_eq!(b.zip_with(&b, |x, y| x * y).compute()?, [0, 1, 4, 9]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`zip`](Self::zip).
    #[track_caller]
    pub fn zip_with<U, V, F>(&self, other: &Bag<U>, f: F) -> Bag<V>
    where
        U: Clone + 'static,
        V: Clone + 'static,
        F: Fn(T, U) -> V + Send + Sync + 'static,
    {
        self.zip(other).map(move |(a, b)| f(a, b))
    }

    /// The bag of what `f` makes of each element and of a lazy value, which is the same for all.
    /// A value that is there already is captured by the closure of a [`map`](Self::map).
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::range(5, 2);
    /// let above = b.map_with(&b.mean(), |n, mean| n as f64 - mean);
    /// assert_eq!(above.compute()?, [-2.0, -1.0, 0.0, 1.0, 2.0]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn map_with<V, U, F>(&self, value: &Delayed<V>, f: F) -> Bag<U>
    where
        V: Value + Clone,
        U: Clone + 'static,
        F: Fn(T, &V) -> U + Send + Sync + 'static,
    {
        let begin = |opening: &Opening<'_>| opening.task.take::<V>(opening.base);
        let run = move |value: &mut V, element: T, down: &mut dyn Sink<U>, _: &Reading| {
            down.push(f(element, value))
        };
        self.then(Take::with("map_with", vec![value.input().clone()], begin, run))
    }
}

impl<A: Clone + 'static, B: Clone + 'static> Bag<(A, B)> {
    /// Two bags: of what stands first in each pair, and second. Computed together they are made in
    /// one pass.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let (numbers, letters) = bag::from_sequence([(1, 'a'), (2, 'b')]).unzip();
    /// assert_eq!(compute((numbers, letters))?, (vec![1, 2], vec!['a', 'b']));
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn unzip(&self) -> (Bag<A>, Bag<B>) {
        (self.map(|(a, _)| a), self.map(|(_, b)| b))
    }
}

/// The other bag's partition, beside this one's elements.
struct Zip<T, U> {
    link: Arc<dyn Link>,
    of: PhantomData<fn(T) -> U>,
}

impl<T: Clone + 'static, U: Clone + 'static> Stage for Zip<T, U> {
    type In = T;
    type Out = (T, U);

    fn name(&self) -> &'static str {
        "zip"
    }

    fn inputs(&self, block: u32) -> Vec<Input> {
        inputs(&self.link, block)
    }

    fn open(
        self: &Arc<Self>,
        opening: &Opening<'_>,
        down: Box<dyn Sink<(T, U)>>,
    ) -> Result<Box<dyn Sink<T>>> {
        let others = gather::<U>(&self.link, opening, opening.block)?.into_iter();
        opening.reading.outcome()?;
        let (block, reading) = (opening.block, opening.reading.clone());
        Ok(Box::new(Zipping { others, down, reading, block, stopped: false }))
    }
}

struct Zipping<T, U> {
    others: std::vec::IntoIter<U>,
    down: Box<dyn Sink<(T, U)>>,
    reading: Rc<Reading>,
    block: u32,
    stopped: bool,
}

impl<T, U> Zipping<T, U> {
    fn unequal(&self) -> Error {
        let what = format!("zip of partitions {} that have different lengths", self.block);
        Error::new(ErrorKind::Task, what)
    }
}

impl<T: Clone, U> Sink<T> for Zipping<T, U> {
    fn push(&mut self, value: T) -> Flow {
        let Some(other) = self.others.next() else {
            return self.reading.fail(self.unequal());
        };
        let flow = self.down.push((value, other));
        self.stopped |= flow.is_break();
        flow
    }

    fn look(&mut self, value: &T) -> Flow {
        self.push(value.clone())
    }

    fn owns(&self) -> bool {
        true
    }

    fn finish(&mut self) -> Result<()> {
        if !self.stopped && self.others.len() > 0 {
            return Err(self.unequal());
        }
        self.down.finish()
    }
}
