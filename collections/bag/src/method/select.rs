//! `filter` and its like: which elements stay.
//! They do not know what becomes of those that do.

use std::error::Error as StdError;

use crate::bag::Bag;
use crate::flow::{Reading, Sift, Sifted};

impl<T: Clone + 'static> Bag<T> {
    /// The bag of the elements for which `keep` holds.
    ///
    /// ```
    /// use tine::prelude::*;
    /// assert_eq!(bag::range(6, 2).filter(|n| n % 2 == 0).compute()?, [0, 2, 4]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn filter<F>(&self, keep: F) -> Self
    where
        F: Fn(&T) -> bool + Send + Sync + 'static,
    {
        self.then(Sift::new("filter", move |_: &mut (), value: &T, _: &_| keep(value).into()))
    }

    /// The bag of the elements for which `drop` does not hold.
    ///
    /// ```
    /// use tine::prelude::*;
    /// assert_eq!(bag::range(6, 2).filter_not(|n| n % 2 == 0).compute()?, [1, 3, 5]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[doc(alias = "remove")]
    #[track_caller]
    pub fn filter_not<F>(&self, drop: F) -> Self
    where
        F: Fn(&T) -> bool + Send + Sync + 'static,
    {
        self.then(Sift::new("filter_not", move |_: &mut (), value: &T, _: &_| {
            (!drop(value)).into()
        }))
    }

    /// The bag of the elements for which `keep` holds. Its first error is the error of the task,
    /// and names the element where the source knows it.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::from_sequence(["7", "x"].map(str::to_owned));
    /// let odd = b.try_filter(|s| s.parse::<u32>().map(|n| n % 2 == 1));
    /// let error = odd.compute().unwrap_err();
    /// assert_eq!(error.message(), "element 1: invalid digit found in string");
    /// ```
    #[track_caller]
    pub fn try_filter<E, F>(&self, keep: F) -> Self
    where
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
        F: Fn(&T) -> Result<bool, E> + Send + Sync + 'static,
    {
        let sift = move |_: &mut (), value: &T, reading: &Reading| match keep(value) {
            Ok(kept) => kept.into(),
            Err(error) => {
                let _stop = reading.refuse(error);
                Sifted::Stopped
            }
        };
        self.then(Sift::new("try_filter", sift))
    }
}
