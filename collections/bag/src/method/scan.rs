//! `scan`: what a fold comes to after every element.
//! It does not know what is folded.

use std::marker::PhantomData;
use std::sync::Arc;

use tine_collection::{Input, Packer, Parcels};
use tine_scheduler::{Error, ErrorKind, Result, Value};

use crate::bag::Bag;
use crate::flow::{End, GO_ON, Opened, Opening, Reading, Sink, Source, TakeEnd};

impl<T: Clone + 'static> Bag<T> {
    /// What a fold that begins with `init` has come to after each element, from the first partition
    /// to the last: as many elements as there were.
    ///
    /// A partition begins with what the one before came to, so that they are worked on one after
    /// the other.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::range(5, 2);
    /// assert_eq!(b.scan(0, |sum, n| sum + n).compute()?, [0, 1, 3, 6, 10]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[doc(alias = "accumulate")]
    #[track_caller]
    pub fn scan<A, F>(&self, init: A, step: F) -> Bag<A>
    where
        A: Value + Clone,
        F: Fn(A, T) -> A + Send + Sync + 'static,
    {
        if let Err(error) = self.link() {
            return Bag::failed(error.clone());
        }
        let step = Arc::new(step);
        let mut parts: Vec<Input> = Vec::new();
        for block in 0..self.npartitions() as u32 {
            let before = parts.last().cloned();
            let end = Scan { init: init.clone(), before, step: step.clone(), of: PhantomData };
            parts.push(Input::of(self.end_in(end, vec![block])));
        }
        Bag::of_source(Scanned::<A> { parts, of: PhantomData })
    }
}

/// Folds a partition, and keeps what it came to after each element.
struct Scan<T, A, F> {
    init: A,
    /// The partition before.
    before: Option<Input>,
    step: Arc<F>,
    of: PhantomData<fn(T)>,
}

/// The part of a result that is what the fold came to in the end.
const LAST: u32 = 0;
/// The part that is what it came to after each element.
const ALL: u32 = 1;

impl<T, A, F> End for Scan<T, A, F>
where
    T: Clone + 'static,
    A: Value + Clone,
    F: Fn(A, T) -> A + Send + Sync + 'static,
{
    type In = T;
    type Out = Parcels;

    fn name(&self) -> &'static str {
        "scan-partial"
    }

    fn inputs(&self, _block: u32) -> Vec<Input> {
        self.before.iter().cloned().collect()
    }

    fn open(self: &Arc<Self>, opening: &Opening<'_>) -> Result<Opened<T, Parcels>> {
        let first = match &self.before {
            None => self.init.clone(),
            Some(_) => {
                let before = opening.task.input::<Parcels>(opening.base)?;
                let last = before.part::<A>(LAST).next();
                last.unwrap_or_else(|| {
                    Err(Error::new(ErrorKind::Corrupt, "a scan came to nothing"))
                })?
            }
        };
        let begin = move |_: &Opening<'_>| Ok((first.clone(), Packer::new(2)));
        let step = self.step.clone();
        let take = move |(state, packer): &mut (A, Packer), value: T, reading: &Reading| {
            *state = step(state.clone(), value);
            match packer.put(ALL, state) {
                Ok(()) => GO_ON,
                Err(error) => reading.fail(error),
            }
        };
        let done = |(last, mut packer): (A, Packer)| {
            packer.put(LAST, &last)?;
            Ok(packer.pack())
        };
        Arc::new(TakeEnd::new("scan-partial", begin, take, done)).open(opening)
    }
}

struct Scanned<A> {
    parts: Vec<Input>,
    of: PhantomData<fn() -> A>,
}

impl<A: Value + Clone> Source for Scanned<A> {
    type Item = A;

    fn name(&self) -> &'static str {
        "scan"
    }

    fn blocks(&self) -> u32 {
        self.parts.len() as u32
    }

    fn inputs(&self, block: u32) -> Vec<Input> {
        vec![self.parts[block as usize].clone()]
    }

    fn pour(&self, opening: &Opening<'_>, down: &mut Box<dyn Sink<A>>) -> Result<()> {
        for value in opening.task.input::<Parcels>(opening.base)?.part::<A>(ALL) {
            if down.push(value?).is_break() {
                break;
            }
        }
        Ok(())
    }
}
