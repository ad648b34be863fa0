//! Random choices, the same for the same seed whoever makes them.
//! They do not know what is chosen.

use serde::{Deserialize, Serialize};
use tine_collection::Tree;
use tine_scheduler::Value;

use super::top_k::Best;
use crate::bag::Bag;
use crate::flow::{GO_ON, LookEnd, Opening, Reading, Sift};

/// The generator of a partition: seeds that lie side by side give numbers that do not.
fn generator(seed: u64, block: u32) -> fastrand::Rng {
    let mut mixed = fastrand::Rng::with_seed(seed);
    let seed = mixed.u64(..) ^ u64::from(block).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut own = fastrand::Rng::with_seed(seed);
    own.fork()
}

impl<T: Clone + 'static> Bag<T> {
    /// Each element with this probability. The choice depends on the seed, the partition and the
    /// place in it alone.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let some = bag::range(10_000, 4).random_sample(0.1, 42);
    /// let n = some.count().compute()?;
    /// assert!((850..1150).contains(&n));
    /// assert_eq!(some.count().compute()?, n);
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// What is no probability is an error that the bag carries.
    #[track_caller]
    pub fn random_sample(&self, probability: f64, seed: u64) -> Self {
        if !(0.0..=1.0).contains(&probability) {
            return Bag::wrong(format!("a probability of {probability}: it lies from 0 to 1"));
        }
        let begin = move |opening: &Opening<'_>| Ok(generator(seed, opening.block));
        let sift =
            move |rng: &mut fastrand::Rng, _: &T, _: &Reading| (rng.f64() < probability).into();
        self.then(Sift::with("random_sample", begin, sift))
    }
}

impl<T: Value + Clone> Bag<T> {
    /// `k` different elements, each set of `k` equally likely, in one partition and in no order
    /// that matters; all of them where there are fewer.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let some = bag::range(1000, 4).sample(10, 42).compute()?;
    /// let different: std::collections::BTreeSet<_> = some.iter().collect();
    /// assert_eq!((some.len(), different.len()), (10, 10));
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn sample(&self, k: usize, seed: u64) -> Self {
        // The elements of the k largest of as many random numbers.
        let begin = move |o: &Opening<'_>| Ok((generator(seed, o.block), Best::new(k)));
        let look = |(rng, best): &mut (fastrand::Rng, Best<u64, T>), value: &T, _: &Reading| {
            best.offer(rng.u64(..), value);
            GO_ON
        };
        let end = LookEnd::new("sample-partial", begin, look, |(_, best)| Ok(best.into_entries()));
        let combine = move |a: Vec<(u64, T)>, b: Vec<(u64, T)>| {
            let mut best = Best::new(k);
            a.iter().chain(&b).for_each(|(number, value)| best.offer(*number, value));
            Ok(best.into_entries())
        };
        let finish = |all: Option<Vec<(u64, T)>>| {
            Ok(all.unwrap_or_default().into_iter().map(|(_, value)| value).collect())
        };
        let tree = Tree::new("sample", combine, finish);
        Bag::of_list(&self.reduced(end, tree.split_every(self.tree_width())))
    }

    /// `k` times one of the elements, each of them equally likely every time, in one partition;
    /// none, where there are none.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let draws = bag::range(3, 2).choices(10, 42).compute()?;
    /// assert_eq!(draws.len(), 10);
    /// assert!(draws.iter().all(|n| *n < 3));
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn choices(&self, k: usize, seed: u64) -> Self {
        let begin = move |o: &Opening<'_>| {
            Ok((Draws { seen: 0, drawn: Vec::new() }, generator(seed, o.block), vec![0u64; k]))
        };
        type State<T> = (Draws<T>, fastrand::Rng, Vec<u64>);
        let look = |(draws, rng, next): &mut State<T>, value: &T, _: &Reading| {
            draws.look(value, rng, next);
            GO_ON
        };
        let end = LookEnd::new("choices-partial", begin, look, |(draws, _, _)| Ok(draws));
        let combine = move |a: Draws<T>, b: Draws<T>| Ok(a.merge(b, seed));
        let finish = |all: Option<Draws<T>>| Ok(all.map(|d| d.drawn).unwrap_or_default());
        let tree = Tree::new("choices", combine, finish);
        Bag::of_list(&self.reduced(end, tree.split_every(self.tree_width())))
    }
}

/// Draws with putting back: each of them any of the elements seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Draws<T> {
    seen: u64,
    drawn: Vec<T>,
}

impl<T: Clone> Draws<T> {
    /// Draw `i` is replaced by element `next[i]`. That all elements up to `m` leave what was drawn
    /// at `n` in place has probability `n / m`, so that `next` is drawn at once, and most elements
    /// cost a comparison a draw.
    fn look(&mut self, value: &T, rng: &mut fastrand::Rng, next: &mut [u64]) {
        self.seen += 1;
        for (i, next) in next.iter_mut().enumerate() {
            if self.seen < *next {
                continue;
            }
            match self.drawn.get_mut(i) {
                Some(drawn) => drawn.clone_from(value),
                None => self.drawn.push(value.clone()),
            }
            // 1 - f64() is never 0; casts of what is too large saturate.
            *next = (self.seen as f64 / (1.0 - rng.f64())) as u64 + 1;
        }
    }

    /// Draws of all elements of both: each is one of `other`'s by its share of them.
    fn merge(mut self, other: Draws<T>, seed: u64) -> Draws<T> {
        let seen = self.seen + other.seen;
        if self.drawn.is_empty() {
            return Draws { seen, ..other };
        }
        let mut rng = fastrand::Rng::with_seed(seed ^ self.seen.rotate_left(32) ^ other.seen);
        for (own, theirs) in self.drawn.iter_mut().zip(other.drawn) {
            if rng.u64(..seen) >= self.seen {
                *own = theirs;
            }
        }
        Draws { seen, ..self }
    }
}
