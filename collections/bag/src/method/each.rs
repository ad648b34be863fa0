//! `map` and its like: what is made of every element.
//! They do not know where elements come from.

use std::error::Error as StdError;

use crate::bag::Bag;
use crate::flow::{Flow, GO_ON, Look, Sink, Take};

impl<T: Clone + 'static> Bag<T> {
    /// The bag of what `f` makes of each element.
    ///
    /// `f` gets the element as its own; [`map_ref`](Self::map_ref) lends it.
    ///
    /// ```
    /// use tine::prelude::*;
    /// assert_eq!(bag::range(4, 2).map(|n| n * n).compute()?, [0, 1, 4, 9]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[doc(alias = "starmap")]
    #[doc(alias = "pluck")]
    #[track_caller]
    pub fn map<U, F>(&self, f: F) -> Bag<U>
    where
        U: Clone + 'static,
        F: Fn(T) -> U + Send + Sync + 'static,
    {
        self.then(Take::new("map", move |_, value, down: &mut dyn Sink<U>, _| down.push(f(value))))
    }

    /// The bag of what `f` makes of a look at each element: where elements are lines of a file,
    /// or words, none of them becomes a string of its own.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let words = bag::from_sequence(["to", "be", "or"].map(str::to_owned));
    /// assert_eq!(words.map_ref(|w| w.len()).compute()?, [2, 2, 2]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn map_ref<U, F>(&self, f: F) -> Bag<U>
    where
        U: Clone + 'static,
        F: Fn(&T) -> U + Send + Sync + 'static,
    {
        self.then(Look::new("map", move |_, value, down: &mut dyn Sink<U>, _| down.push(f(value))))
    }

    /// The bag of what `f` makes of each element. Its first error is the error of the task, and
    /// names the element: for lines of files, file and line.
    ///
    /// ```
    /// use tine::prelude::*;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # std::fs::write(folder.path().join("n.txt"), "1\n2\nthree\n").unwrap();
    /// let lines = bag::read_text(folder.path().join("n.txt"));
    /// let numbers = lines.try_map(|line| line.parse::<u64>());
    /// assert_eq!(numbers.head(2, 1)?, [1, 2]);
    /// let error = numbers.sum().compute().unwrap_err();
    /// assert!(error.message().ends_with("n.txt:3: invalid digit found in string"));
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn try_map<U, E, F>(&self, f: F) -> Bag<U>
    where
        U: Clone + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
        F: Fn(T) -> Result<U, E> + Send + Sync + 'static,
    {
        let run = move |_: &mut (), value, down: &mut dyn Sink<U>, reading: &_| {
            pass(f(value), down, reading)
        };
        self.then(Take::new("try_map", run))
    }

    /// As [`try_map`](Self::try_map), but lends each element.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::from_sequence(["1", "2"].map(str::to_owned));
    /// assert_eq!(b.try_map_ref(|s| s.parse::<u8>()).compute()?, [1, 2]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn try_map_ref<U, E, F>(&self, f: F) -> Bag<U>
    where
        U: Clone + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
        F: Fn(&T) -> Result<U, E> + Send + Sync + 'static,
    {
        let run = move |_: &mut (), value: &T, down: &mut dyn Sink<U>, reading: &_| {
            pass(f(value), down, reading)
        };
        self.then(Look::new("try_map", run))
    }

    /// The bag of all that `f` makes of each element, one after the other.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::range(3, 1).flat_map(|n| (0..n).map(move |i| (n, i)));
    /// assert_eq!(b.compute()?, [(1, 0), (2, 0), (2, 1)]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn flat_map<I, F>(&self, f: F) -> Bag<I::Item>
    where
        I: IntoIterator,
        I::Item: Clone + 'static,
        F: Fn(T) -> I + Send + Sync + 'static,
    {
        let run = move |_: &mut (), value, down: &mut dyn Sink<I::Item>, _: &_| all(f(value), down);
        self.then(Take::new("flat_map", run))
    }

    /// As [`flat_map`](Self::flat_map), where `f` may fail: see [`try_map`](Self::try_map).
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::from_sequence(["1 2", "3"].map(str::to_owned));
    /// let numbers = b.try_flat_map(|line| {
    ///     line.split(' ').map(|word| word.parse::<u32>()).collect::<Result<Vec<_>, _>>()
    /// });
    /// assert_eq!(numbers.compute()?, [1, 2, 3]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn try_flat_map<I, E, F>(&self, f: F) -> Bag<I::Item>
    where
        I: IntoIterator,
        I::Item: Clone + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
        F: Fn(T) -> Result<I, E> + Send + Sync + 'static,
    {
        let run = move |_: &mut (), value, down: &mut dyn Sink<I::Item>, reading: &_| {
            let reading: &crate::flow::Reading = reading;
            match f(value) {
                Ok(values) => all(values, down),
                Err(error) => reading.refuse(error),
            }
        };
        self.then(Take::new("try_flat_map", run))
    }

    /// The bag of what the elements, which are lists or the like, consist of.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::from_sequence([vec![1, 2], vec![], vec![3]]);
    /// assert_eq!(b.flatten().compute()?, [1, 2, 3]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn flatten(&self) -> Bag<T::Item>
    where
        T: IntoIterator,
        T::Item: Clone + 'static,
    {
        let run = |_: &mut (), values: T, down: &mut dyn Sink<T::Item>, _: &_| all(values, down);
        self.then(Take::new("flatten", run))
    }

    /// The bag of what `f` makes of those elements of which it makes something.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::from_sequence(["1", "x", "2"].map(str::to_owned));
    /// assert_eq!(b.filter_map(|s| s.parse::<u8>().ok()).compute()?, [1, 2]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn filter_map<U, F>(&self, f: F) -> Bag<U>
    where
        U: Clone + 'static,
        F: Fn(T) -> Option<U> + Send + Sync + 'static,
    {
        let run = move |_: &mut (), value, down: &mut dyn Sink<U>, _: &_| match f(value) {
            Some(value) => down.push(value),
            None => GO_ON,
        };
        self.then(Take::new("filter_map", run))
    }
}

/// Gives a value on, or the error to the task.
fn pass<U, E>(made: Result<U, E>, down: &mut dyn Sink<U>, reading: &crate::flow::Reading) -> Flow
where
    E: Into<Box<dyn StdError + Send + Sync>> + 'static,
{
    match made {
        Ok(value) => down.push(value),
        Err(error) => reading.refuse(error),
    }
}

/// Gives all values on, until no more are wanted.
fn all<I: IntoIterator>(values: I, down: &mut dyn Sink<I::Item>) -> Flow {
    values.into_iter().try_for_each(|value| down.push(value))
}
