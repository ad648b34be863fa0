//! Tree reduction: many parts to one, a few at a time, always in the same shape.
//! It does not know what a part is, or how it is made.
//!
//! The shape depends on the number of parts and on `split_every` alone, and parts are combined in
//! their order: the result has the same bits for any number of workers.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use tine_scheduler::{
    Dependency, Error, ErrorKind, Finished, GraphBuilder, GroupId, Result, TaskBody, TaskContext,
    TaskId, TypeTag, Value,
};

use crate::node::{Input, Layer, Node};

/// How many parts a task combines, where nothing else is said: few enough that parts die early,
/// enough that the tree is flat.
pub const SPLIT_EVERY: usize = 8;

/// A reduction of parts of type `P` to one result of type `R`.
///
/// The tasks that combine are called `name-combine`, the one that makes the result `name`.
pub struct Tree<P, R, C, F> {
    name: &'static str,
    split_every: usize,
    steps: Arc<Steps<C, F>>,
    of: PhantomData<fn(P) -> R>,
}

/// What a tree does: to two parts, and to the last one.
struct Steps<C, F> {
    combine: C,
    finish: F,
}

impl<P, R, C, F> Tree<P, R, C, F>
where
    P: Value + Clone,
    R: Value,
    C: Fn(P, P) -> Result<P> + Send + Sync + 'static,
    F: Fn(Option<P>) -> Result<R> + Send + Sync + 'static,
{
    /// A reduction that combines parts two by two, from the first to the last, and makes the
    /// result of what is left: `None` where there were no parts.
    pub fn new(name: &'static str, combine: C, finish: F) -> Self {
        let steps = Arc::new(Steps { combine, finish });
        Tree { name, split_every: SPLIT_EVERY, steps, of: PhantomData }
    }

    /// The same, with so many parts combined by one task.
    ///
    /// `None` stands for [`SPLIT_EVERY`]; 0 and 1 make no tree, which is an error of the node.
    #[must_use]
    pub fn split_every(mut self, parts: Option<usize>) -> Self {
        self.split_every = parts.unwrap_or(SPLIT_EVERY);
        self
    }

    /// The node of the result.
    ///
    /// ```
    /// use tine::prelude::*;
    /// use tine::collection::{Input, Tree};
    /// let parts: Vec<Input> = (0..20u64).map(|i| tine::delayed(i).input().clone()).collect();
    /// let add = Tree::new("add", |a: u64, b: u64| Ok(a + b), |sum| Ok(sum.unwrap_or(0)));
    /// let sum = Delayed::<u64>::of(add.node(parts, std::panic::Location::caller()));
    /// assert_eq!(sum.graph()?.len(), 20 + 3 + 1);
    /// assert_eq!(sum.compute()?, 190);
    /// # Ok::<(), tine::Error>(())
    /// ```
    pub fn node(self, parts: Vec<Input>, place: &'static Location<'static>) -> Arc<Node> {
        if self.split_every < 2 {
            let message = format!("split_every is {}: it must be 2 or more", self.split_every);
            return Node::failed(Error::new(ErrorKind::Build, message).created(place));
        }
        let Tree { name, split_every, steps, .. } = self;
        let combine = Arc::new(Combine::<P, C, F> { steps: steps.clone(), of: PhantomData });
        let finish = Arc::new(Finish::<P, R, C, F> { steps, of: PhantomData });
        Node::layer(parts, Emit { name, split_every, combine, finish, place })
    }
}

impl<P, R, C, F> std::fmt::Debug for Tree<P, R, C, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tree({}, {} at a time)", self.name, self.split_every)
    }
}

/// The layer of a tree.
struct Emit {
    name: &'static str,
    split_every: usize,
    combine: Arc<dyn TaskBody>,
    finish: Arc<dyn TaskBody>,
    place: &'static Location<'static>,
}

impl Layer for Emit {
    fn emit(&self, inputs: &[TaskId], graph: &mut GraphBuilder) -> Result<Vec<TaskId>> {
        let combine = |group: GroupId, some: &[TaskId], graph: &mut GraphBuilder| {
            let inputs = some.iter().map(|&t| Dependency::Task(t));
            graph.push_at(group, inputs, self.combine.clone(), self.place)
        };
        let top =
            levels(inputs, self.split_every, &format!("{}-combine", self.name), combine, graph);
        let group = graph.group(self.name);
        let inputs = top.iter().map(|&t| Dependency::Task(t));
        Ok(vec![graph.push_at(group, inputs, self.finish.clone(), self.place)])
    }
}

/// The lower part of a tree: parts are combined until `split_every` or fewer are left, which
/// [`width`] tells. What they become in the end is up to others.
pub struct Levels {
    /// The name of the tasks.
    pub name: &'static str,
    /// How many parts a task combines: 2 or more.
    pub split_every: usize,
    /// Makes one part of its inputs, which are all of its own type.
    pub body: Arc<dyn TaskBody>,
    /// Where the user wrote it.
    pub place: &'static Location<'static>,
}

impl std::fmt::Debug for Levels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Levels({}, {} at a time)", self.name, self.split_every)
    }
}

impl Layer for Levels {
    fn emit(&self, inputs: &[TaskId], graph: &mut GraphBuilder) -> Result<Vec<TaskId>> {
        let combine = |group: GroupId, some: &[TaskId], graph: &mut GraphBuilder| {
            let inputs = some.iter().map(|&t| Dependency::Task(t));
            graph.push_at(group, inputs, self.body.clone(), self.place)
        };
        Ok(levels(inputs, self.split_every.max(2), self.name, combine, graph))
    }
}

/// How many parts are left of `parts` when they have been combined by [`Levels`].
pub fn width(parts: usize, split_every: usize) -> usize {
    let mut left = parts;
    while left > split_every.max(2) {
        left = left.div_ceil(split_every.max(2));
    }
    left
}

/// Combines `parts` by `split_every` until no more than that are left, and returns those.
fn levels(
    parts: &[TaskId],
    split_every: usize,
    name: &str,
    mut combine: impl FnMut(GroupId, &[TaskId], &mut GraphBuilder) -> TaskId,
    graph: &mut GraphBuilder,
) -> Vec<TaskId> {
    let mut level = parts.to_vec();
    while level.len() > split_every {
        let group = graph.group(name);
        level = level
            .chunks(split_every)
            .map(|some| match some {
                [alone] => *alone,
                some => combine(group, some, graph),
            })
            .collect();
    }
    level
}

impl<C, F> Steps<C, F> {
    /// All inputs of `task` as one.
    fn fold<P>(&self, task: &TaskContext<'_>) -> Result<Option<P>>
    where
        P: Value + Clone,
        C: Fn(P, P) -> Result<P>,
    {
        let mut all = (0..task.len()).map(|i| task.take::<P>(i));
        let first = all.next().transpose()?;
        first.map(|first| all.try_fold(first, |a, b| (self.combine)(a, b?))).transpose()
    }
}

/// Combines some parts.
struct Combine<P, C, F> {
    steps: Arc<Steps<C, F>>,
    of: PhantomData<fn(P)>,
}

impl<P, C, F> TaskBody for Combine<P, C, F>
where
    P: Value + Clone,
    C: Fn(P, P) -> Result<P> + Send + Sync + 'static,
    F: Send + Sync + 'static,
{
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        let whole = self.steps.fold::<P>(task)?;
        let nothing = || Error::new(ErrorKind::Corrupt, "a tree combines no parts");
        task.finish(whole.ok_or_else(nothing)?)
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<P>()
    }

    fn input_type(&self, _i: usize) -> Option<TypeTag> {
        Some(TypeTag::of::<P>())
    }
}

/// Combines the last parts, and makes the result.
struct Finish<P, R, C, F> {
    steps: Arc<Steps<C, F>>,
    of: PhantomData<fn(P) -> R>,
}

impl<P, R, C, F> TaskBody for Finish<P, R, C, F>
where
    P: Value + Clone,
    R: Value,
    C: Fn(P, P) -> Result<P> + Send + Sync + 'static,
    F: Fn(Option<P>) -> Result<R> + Send + Sync + 'static,
{
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        task.finish((self.steps.finish)(self.steps.fold::<P>(task)?)?)
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<R>()
    }

    fn input_type(&self, _i: usize) -> Option<TypeTag> {
        Some(TypeTag::of::<P>())
    }
}
