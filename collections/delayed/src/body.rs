//! The task of a call: a function of its arguments, of its own or shared by many.
//! It does not know how the arguments were given.

use std::marker::PhantomData;
use std::sync::Arc;

use tine_scheduler::{Finished, Port, Portable, Result, TaskBody, TaskContext, TypeTag, Value};

use crate::arg::{Args, Reader};

/// How to make the same body elsewhere.
type PortableBody = Portable<Arc<dyn TaskBody>>;

/// A function and its arguments.
pub(crate) struct Body<A, R, F> {
    args: A,
    run: F,
    result: PhantomData<fn() -> R>,
}

impl<A, R, F> Body<A, R, F> {
    pub(crate) fn new(args: A, run: F) -> Self {
        Body { args, run, result: PhantomData }
    }
}

impl<A, R, F> TaskBody for Body<A, R, F>
where
    A: Args,
    R: Value,
    F: Fn(&A, &Reader<'_>) -> Result<R> + Send + Sync + 'static,
{
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        task.finish((self.run)(&self.args, &Reader::new(task))?)
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<R>()
    }

    fn port(&self) -> Option<Port> {
        Some(Port::of::<R>())
    }

    fn portable(&self) -> Option<PortableBody> {
        Portable::new(&self.run, &(), &self.args.carry()?, |run: F, (), args| {
            Ok(Arc::new(Body::new(A::restore(args)?, run)))
        })
    }
}

/// As [`Body`], with a function `f` that many tasks share, and `run`, which calls it.
pub(crate) struct SharedBody<A, R, F, G> {
    args: A,
    f: Arc<F>,
    run: G,
    result: PhantomData<fn() -> R>,
}

impl<A, R, F, G> SharedBody<A, R, F, G> {
    pub(crate) fn new(args: A, f: Arc<F>, run: G) -> Self {
        SharedBody { args, f, run, result: PhantomData }
    }
}

impl<A, R, F, G> TaskBody for SharedBody<A, R, F, G>
where
    A: Args,
    R: Value,
    F: Send + Sync + 'static,
    G: Fn(&F, &A, &Reader<'_>) -> Result<R> + Send + Sync + 'static,
{
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        task.finish((self.run)(&self.f, &self.args, &Reader::new(task))?)
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<R>()
    }

    fn port(&self) -> Option<Port> {
        Some(Port::of::<R>())
    }

    fn portable(&self) -> Option<PortableBody> {
        Portable::new(&*self.f, &self.run, &self.args.carry()?, |f: F, run: G, args| {
            Ok(Arc::new(SharedBody::new(A::restore(args)?, Arc::new(f), run)))
        })
    }
}
