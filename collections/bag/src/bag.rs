//! `Bag<T>`: a handle on a chain of steps over the partitions of a source.
//! It does not know what the steps do: methods add them, each in its own file.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::{Arc, OnceLock};

use tine_collection::{Answer, Collection, Compute, Input, Node, Request, Tree};
use tine_delayed::Delayed;
use tine_scheduler::{Error, ErrorKind, Result, Value};

use crate::flow::{AnyEnd, Chain, End, GO_ON, Link, Source, Sourced, Stage, Staged, TakeEnd};
use crate::source::Parts;

/// A lazy collection of values of type `T`, in partitions.
///
/// Methods take `&self` and return another bag: sharing needs no `clone`, which is cheap anyway.
/// Nothing runs before `compute`, or before [`head`](Self::head). A mistake in building does not
/// panic: the bag carries it, and `compute` or [`check`](Collection::check) returns it.
///
/// ```
/// use tine::prelude::*;
/// let words = bag::from_sequence(["to be or", "not to be"].map(str::to_owned)).words();
/// let counts = words.frequencies();
/// let top = counts.top_k_by(2, |(_, n)| *n);
/// assert_eq!(top.compute()?, [("to", 2), ("be", 2)].map(|(w, n)| (w.to_owned(), n)));
/// # Ok::<(), tine::Error>(())
/// ```
#[must_use = "a Bag is lazy and does nothing until it is computed"]
pub struct Bag<T> {
    inner: Arc<Inner>,
    of: PhantomData<fn() -> T>,
}

struct Inner {
    link: Result<Arc<dyn Link>>,
    /// How many parts a task of a reduction combines, where that was said.
    split_every: Option<usize>,
    place: &'static Location<'static>,
    /// The node of all elements, once somebody has asked for it.
    collected: OnceLock<Arc<Node>>,
}

/// More steps than this in a row are one too many for the stack of a thread: each of them is a
/// call inside of the one before.
const DEEPEST: u32 = 2_000;

impl<T: Clone + 'static> Bag<T> {
    #[track_caller]
    pub(crate) fn of_source(source: impl Source<Item = T>) -> Self {
        Self::of_link(Ok(Sourced::link(source)))
    }

    #[track_caller]
    pub(crate) fn of_link(link: Result<Arc<dyn Link>>) -> Self {
        Self::with_width(link, None)
    }

    #[track_caller]
    fn with_width(link: Result<Arc<dyn Link>>, split_every: Option<usize>) -> Self {
        let place = Location::caller();
        let link = link.map_err(|e| e.created(place));
        let inner = Inner { link, split_every, place, collected: OnceLock::new() };
        Bag { inner: Arc::new(inner), of: PhantomData }
    }

    /// The same bag, whose reductions (`sum`, `fold`, `fold_by`, …) combine the results of so many
    /// partitions in one task; 8, where nothing is said. The shape of that tree is part of what a
    /// sum of floating point numbers is.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let tasks = |b: bag::Bag<u64>| b.sum().graph().map(|g| g.len());
    /// assert_eq!(tasks(bag::range(16, 16))?, 16 + 2 + 1);
    /// assert_eq!(tasks(bag::range(16, 16).split_every(2))?, 16 + 8 + 4 + 2 + 1);
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// Fewer than 2 is an error that the reduction carries.
    #[track_caller]
    pub fn split_every(&self, parts: usize) -> Self {
        Self::with_width(self.inner.link.clone(), Some(parts))
    }

    pub(crate) fn tree_width(&self) -> Option<usize> {
        self.inner.split_every
    }

    /// A bag that was built wrongly: `compute` returns `error`, with the place of the caller.
    ///
    /// ```
    /// use tine::prelude::*;
    /// use tine::bag::Bag;
    /// use tine::{Error, ErrorKind};
    /// let bad = Bag::<u64>::failed(Error::new(ErrorKind::Build, "no such table"));
    /// assert_eq!(bad.map(|n| n + 1).check().unwrap_err().message(), "no such table");
    /// ```
    #[track_caller]
    pub fn failed(error: Error) -> Self {
        Self::of_link(Err(error))
    }

    #[track_caller]
    pub(crate) fn wrong(message: impl Into<String>) -> Self {
        Self::failed(Error::new(ErrorKind::Build, message))
    }

    /// How many partitions it has; 0 where it carries an error.
    ///
    /// ```
    /// use tine::prelude::*;
    /// assert_eq!(bag::range(10, 3).npartitions(), 3);
    /// ```
    pub fn npartitions(&self) -> usize {
        self.inner.link.as_ref().map_or(0, |link| link.blocks() as usize)
    }

    pub(crate) fn link(&self) -> &Result<Arc<dyn Link>> {
        &self.inner.link
    }

    /// The bag of what `stage` makes of the elements.
    #[track_caller]
    pub(crate) fn then<S: Stage<In = T>>(&self, stage: S) -> Bag<S::Out> {
        let link = self.inner.link.clone().and_then(|up| match up.depth() < DEEPEST {
            true => Ok(Staged::link(up, stage)),
            false => {
                let what = format!("a bag has more than {DEEPEST} steps: persist it in between");
                Err(Error::new(ErrorKind::Build, what))
            }
        });
        Bag::with_width(link, self.inner.split_every)
    }

    /// What `end` makes of each of these partitions, as one node.
    #[track_caller]
    pub(crate) fn end_in<E: End<In = T>>(&self, end: E, blocks: Vec<u32>) -> Arc<Node> {
        match &self.inner.link {
            Err(error) => Node::failed(error.clone()),
            Ok(link) => {
                let end: Arc<dyn AnyEnd> = Arc::new(end);
                let chain = Chain::new(link.clone(), end, blocks);
                Node::blockwise::<E::Out>(chain.inputs(), Location::caller(), chain)
            }
        }
    }

    /// What `end` makes of each partition: one result a partition.
    #[track_caller]
    pub(crate) fn end<E: End<In = T>>(&self, end: E) -> Vec<Input> {
        let n = u32::try_from(self.npartitions()).unwrap_or(u32::MAX);
        let node = self.end_in(end, (0..n).collect());
        // Of a bag that carries an error there is one part, which carries it on.
        let parts = if self.inner.link.is_err() { 1 } else { n };
        (0..parts).map(|i| Input::part(node.clone(), i)).collect()
    }

    /// What `tree` makes of what `end` makes of each partition.
    #[track_caller]
    pub(crate) fn reduced<E, R, C, F>(&self, end: E, tree: Tree<E::Out, R, C, F>) -> Delayed<R>
    where
        E: End<In = T>,
        E::Out: Clone,
        R: Value,
        C: Fn(E::Out, E::Out) -> Result<E::Out> + Send + Sync + 'static,
        F: Fn(Option<E::Out>) -> Result<R> + Send + Sync + 'static,
    {
        Delayed::of(tree.node(self.end(end), Location::caller()))
    }

    /// The bag of one partition that a lazy list is.
    #[track_caller]
    pub(crate) fn of_list(list: &Delayed<Vec<T>>) -> Self
    where
        T: Value,
    {
        Self::of_source(Parts::<T>::new("list", vec![list.input().clone()]))
    }
}

impl<T: Value + Clone> Bag<T> {
    /// The node whose parts are the partitions, as vectors.
    fn collected(&self) -> &Arc<Node> {
        self.inner.collected.get_or_init(|| match &self.inner.link {
            Err(error) => Node::failed(error.clone()),
            Ok(link) => {
                let chain = Chain::new(
                    link.clone(),
                    Arc::new(collect::<T>()),
                    (0..link.blocks()).collect(),
                );
                Node::blockwise::<Vec<T>>(chain.inputs(), self.inner.place, chain)
            }
        })
    }

    /// The partitions, each as a lazy vector.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let parts = bag::range(5, 2).to_delayed();
    /// assert_eq!(compute(&parts)?, [vec![0, 1, 2], vec![3, 4]]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    pub fn to_delayed(&self) -> Vec<Delayed<Vec<T>>> {
        let n = if self.inner.link.is_err() { 1 } else { self.npartitions() as u32 };
        (0..n).map(|i| Delayed::from_input(Input::part(self.collected().clone(), i))).collect()
    }
}

/// Keeps all elements of a partition.
pub(crate) fn collect<T: Value + Clone>() -> impl End<In = T, Out = Vec<T>> {
    let push = |all: &mut Vec<T>, value, _: &_| {
        all.push(value);
        GO_ON
    };
    TakeEnd::new("collect", |_: &_| Ok(Vec::new()), push, Ok)
}

impl<T> Clone for Bag<T> {
    fn clone(&self) -> Self {
        Bag { inner: self.inner.clone(), of: PhantomData }
    }
}

impl<T> fmt::Debug for Bag<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = std::any::type_name::<T>();
        match &self.inner.link {
            Ok(link) => write!(f, "Bag<{name}>({}, {} partitions)", link.name(), link.blocks()),
            Err(error) => write!(f, "Bag<{name}>(failed: {error})"),
        }
    }
}

impl<T: Value + Clone> Compute for Bag<T> {
    type Output = Vec<T>;

    fn ask(&self, request: &mut Request) {
        self.to_delayed().iter().for_each(|part| part.ask(request));
    }

    fn answer(&self, answer: &mut Answer) -> Result<Vec<T>> {
        let mut all = Vec::new();
        for _ in 0..self.npartitions() {
            all.append(&mut answer.take::<Vec<T>>()?);
        }
        Ok(all)
    }
}

impl<T: Value + Clone> Collection for Bag<T> {
    fn held(&self, answer: &mut Answer) -> Result<Self> {
        let parts = (0..self.npartitions()).map(|_| Ok(Input::of(answer.hold::<Vec<T>>()?)));
        Ok(Bag::of_source(Parts::<T>::new("persisted", parts.collect::<Result<_>>()?)))
    }
}
