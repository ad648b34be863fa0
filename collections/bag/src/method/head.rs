//! `head`: the first elements, now.
//! It does not read further than it must.

use tine_collection::{Input, compute};
use tine_delayed::Delayed;
use tine_scheduler::{Error, ErrorKind, Result, Value};

use crate::bag::Bag;
use crate::flow::{GO_ON, Opening, STOP, TakeEnd};

impl<T: Value + Clone> Bag<T> {
    /// Computes the first `n` elements of the first `npartitions` partitions; fewer where there are
    /// not so many. A partition is read no further than it takes.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::range(6, 3);
    /// assert_eq!(b.head(3, 1)?, [0, 1]); // the first partition has no more
    /// assert_eq!(b.head(3, 2)?, [0, 1, 2]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// More partitions than there are, and those of [`compute`].
    #[doc(alias = "take")]
    #[track_caller]
    pub fn head(&self, n: usize, npartitions: usize) -> Result<Vec<T>> {
        compute(self.head_lazy(n, npartitions)).map(|parts| {
            let mut all: Vec<T> = parts.into_iter().flatten().collect();
            all.truncate(n);
            all
        })
    }

    #[track_caller]
    fn head_lazy(&self, n: usize, npartitions: usize) -> Vec<Delayed<Vec<T>>> {
        let have = self.npartitions();
        if npartitions > have && self.link().is_ok() {
            let what = format!("head of {npartitions} partitions, but the bag has {have}");
            return vec![Delayed::failed(Error::new(ErrorKind::Build, what))];
        }
        let take = move |all: &mut Vec<T>, value: T, _: &_| {
            if all.len() < n {
                all.push(value);
            }
            if all.len() < n { GO_ON } else { STOP }
        };
        let end = TakeEnd::new("head", |_: &Opening<'_>| Ok(Vec::new()), take, Ok);
        let wanted = npartitions.min(have) as u32;
        let node = self.end_in(end, (0..wanted).collect());
        let parts = if self.link().is_err() { 1 } else { wanted };
        (0..parts).map(|i| Delayed::from_input(Input::part(node.clone(), i))).collect()
    }
}
