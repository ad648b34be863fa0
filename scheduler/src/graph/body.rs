//! What a task does: any closure over its inputs, with the types erased.
//! It does not know where inputs come from or where the result goes: see `TaskContext`.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::port::Port;
use crate::codec::BlockRef;
use crate::context::{Finished, Inputs, TaskContext};
use crate::error::{Error, Result, TaskResult};
use crate::portable::Portable;
use crate::results::Moved;
use crate::store::StoredValue;
use crate::value::{Datum, TypeTag, Value};

/// How to make a body in a process that did not inherit it.
type PortableBody = Portable<Arc<dyn TaskBody>>;

/// The work of a task, or of all tasks of a layer, which ask their context for their position.
pub trait TaskBody: Send + Sync + 'static {
    /// Reads inputs from `task`, computes, and hands the result to [`TaskContext::finish`].
    ///
    /// # Errors
    /// Whatever the user's function returns, or an input that cannot be decoded.
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished>;

    /// The type that `run` finishes with.
    fn output_type(&self) -> TypeTag;

    /// The type that input `i` must have, where it is known.
    fn input_type(&self, _i: usize) -> Option<TypeTag> {
        None
    }

    /// How many inputs it takes, where that is fixed.
    fn arity(&self) -> Option<usize> {
        None
    }

    /// The value itself, where nothing has to be run for it.
    fn datum(&self) -> Option<&Datum> {
        None
    }

    /// How to make the same body in a process that did not inherit it; `None` where that cannot be:
    /// a closure that captures something. Asked for only where workers come from the zygote of
    /// [`init`](crate::init).
    fn portable(&self) -> Option<PortableBody> {
        None
    }

    /// `Some(Port::of::<R>())`, with `R` the type of the result, where the task may be fused with
    /// others.
    fn port(&self) -> Option<Port> {
        None
    }
}

impl fmt::Debug for dyn TaskBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskBody -> {:?}", self.output_type())
    }
}

/// A closure that can be a task: up to eight shared references in, one value out.
///
/// Implemented for every `Fn(&A, &B, ..) -> R`; `Args` is the tuple `(A, B, ..)`.
pub trait TaskFn<Args, R>: Send + Sync + 'static {
    /// Calls the closure with the inputs of `task`.
    ///
    /// # Errors
    /// An input that cannot be decoded.
    fn call(&self, task: &TaskContext<'_>) -> Result<R>;

    /// How many inputs it takes.
    fn arity() -> usize;

    /// The type of input `i`.
    fn input_type(i: usize) -> Option<TypeTag>;
}

macro_rules! task_fn {
    ($($a:ident $i:tt),*) => {
        impl<Func, Ret, $($a: Value),*> TaskFn<($($a,)*), Ret> for Func
        where
            Func: Fn($(&$a),*) -> Ret + Send + Sync + 'static,
        {
            fn call(&self, _task: &TaskContext<'_>) -> Result<Ret> {
                Ok(self($(&*_task.input::<$a>($i)?),*))
            }

            fn arity() -> usize {
                <[usize]>::len(&[$($i),*])
            }

            fn input_type(_i: usize) -> Option<TypeTag> {
                $(if _i == $i { return Some(TypeTag::of::<$a>()); })*
                None
            }
        }
    };
}
task_fn!();
task_fn!(A 0);
task_fn!(A 0, B 1);
task_fn!(A 0, B 1, C 2);
task_fn!(A 0, B 1, C 2, D 3);
task_fn!(A 0, B 1, C 2, D 3, E 4);
task_fn!(A 0, B 1, C 2, D 3, E 4, F 5);
task_fn!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
task_fn!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// A task that is a closure of fixed arity.
pub(super) struct Call<F, Args, R>(F, PhantomData<fn(Args) -> R>);

impl<F, Args, R> Call<F, Args, R> {
    pub(super) fn new(f: F) -> Self {
        Call(f, PhantomData)
    }
}

impl<F: TaskFn<Args, R>, Args: 'static, R: Value> TaskBody for Call<F, Args, R> {
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        task.finish(self.0.call(task)?)
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<R>()
    }

    fn input_type(&self, i: usize) -> Option<TypeTag> {
        F::input_type(i)
    }

    fn arity(&self) -> Option<usize> {
        Some(F::arity())
    }

    fn port(&self) -> Option<Port> {
        Some(Port::of::<R>())
    }

    fn portable(&self) -> Option<PortableBody> {
        Portable::new(&self.0, &(), &(), |f: F, (), ()| Ok(Arc::new(Self::new(f))))
    }
}

/// A task that is a closure of fixed arity which may fail.
pub(super) struct TryCall<F, Args, R>(F, PhantomData<fn(Args) -> R>);

impl<F, Args, R> TryCall<F, Args, R> {
    pub(super) fn new(f: F) -> Self {
        TryCall(f, PhantomData)
    }
}

impl<F, Args, R> TaskBody for TryCall<F, Args, R>
where
    F: TaskFn<Args, TaskResult<R>>,
    Args: 'static,
    R: Value,
{
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        task.finish(self.0.call(task)?.map_err(Error::from_task)?)
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<R>()
    }

    fn input_type(&self, i: usize) -> Option<TypeTag> {
        F::input_type(i)
    }

    fn arity(&self) -> Option<usize> {
        Some(F::arity())
    }

    fn port(&self) -> Option<Port> {
        Some(Port::of::<R>())
    }

    fn portable(&self) -> Option<PortableBody> {
        Portable::new(&self.0, &(), &(), |f: F, (), ()| Ok(Arc::new(Self::new(f))))
    }
}

/// A task that walks over any number of inputs of one type.
pub(super) struct Gather<F, T, R>(F, PhantomData<fn(T) -> R>);

impl<F, T, R> Gather<F, T, R> {
    pub(super) fn new(f: F) -> Self {
        Gather(f, PhantomData)
    }
}

impl<F, T, R> TaskBody for Gather<F, T, R>
where
    F: Fn(Inputs<'_, T>) -> R + Send + Sync + 'static,
    T: Value,
    R: Value,
{
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        let inputs = task.inputs::<T>();
        let failure = inputs.failure();
        let value = (self.0)(inputs);
        match failure.borrow_mut().take() {
            Some(error) => Err(error),
            None => task.finish(value),
        }
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<R>()
    }

    fn input_type(&self, _i: usize) -> Option<TypeTag> {
        Some(TypeTag::of::<T>())
    }

    fn port(&self) -> Option<Port> {
        Some(Port::of::<R>())
    }

    fn portable(&self) -> Option<PortableBody> {
        Portable::new(&self.0, &(), &(), |f: F, (), ()| Ok(Arc::new(Self::new(f))))
    }
}

/// A task that is a function of what it is given beside its inputs.
pub(super) struct With<E, F, R>(E, F, PhantomData<fn() -> R>);

impl<E, F, R> With<E, F, R> {
    pub(super) fn new(environment: E, f: F) -> Self {
        With(environment, f, PhantomData)
    }
}

impl<E, F, R> TaskBody for With<E, F, R>
where
    E: Value,
    F: Fn(&E, &TaskContext<'_>) -> Result<R> + Send + Sync + 'static,
    R: Value,
{
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        task.finish((self.1)(&self.0, task)?)
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<R>()
    }

    fn port(&self) -> Option<Port> {
        Some(Port::of::<R>())
    }

    fn portable(&self) -> Option<PortableBody> {
        let maker = |f: F, (), environment: E| -> Made { Ok(Arc::new(With::new(environment, f))) };
        Portable::new(&self.1, &(), &self.0, maker)
    }
}

/// What makers of bodies return.
type Made = Result<Arc<dyn TaskBody>>;

/// How to make the same value in a process that did not inherit it.
fn portable_datum<T: Value>(datum: &Datum) -> Option<PortableBody> {
    match datum {
        Datum::Memory(any) => {
            let maker = |(), (), value: T| -> Made { Ok(Arc::new(Given::memory(value))) };
            Portable::new(&(), &(), any.downcast_ref::<T>()?, maker)
        }
        Datum::Stored(stored) => {
            let maker = |(), (), (offset, len, moved): (u64, u64, Moved)| -> Made {
                let stored = StoredValue::seen(BlockRef { offset, len }, moved)?;
                Ok(Arc::new(Given::datum_of::<T>(Datum::Stored(stored))))
            };
            let block = stored.block();
            Portable::new(&(), &(), &(block.offset, block.len, stored.moved().clone()), maker)
        }
    }
}

impl Portable<Arc<dyn TaskBody>> {
    /// How to make the body of a value, of type `T`, that is there before the run; `None` where it
    /// is of another type, or cannot be written.
    pub fn of_datum<T: Value>(datum: &Datum) -> Option<Self> {
        portable_datum::<T>(datum)
    }
}

/// Stands for a task that the run does not need.
pub(super) struct Absent;

impl TaskBody for Absent {
    fn run(&self, _task: &TaskContext<'_>) -> Result<Finished> {
        Err(Error::new(crate::ErrorKind::Corrupt, "a task was run that is not in the plan"))
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<()>()
    }
}

/// A value that is there before the run.
pub(super) struct Given {
    datum: Datum,
    tag: TypeTag,
    port: Port,
    carry: fn(&Datum) -> Option<PortableBody>,
}

impl Given {
    pub(super) fn memory<T: Value>(value: T) -> Self {
        Given {
            datum: Datum::Memory(Arc::new(value) as Arc<dyn Any + Send + Sync>),
            tag: TypeTag::of::<T>(),
            port: Port::of::<T>(),
            carry: portable_datum::<T>,
        }
    }

    pub(super) fn datum_of<T: Value>(datum: Datum) -> Self {
        let carry = portable_datum::<T>;
        Given { datum, tag: TypeTag::of::<T>(), port: Port::of::<T>(), carry }
    }
}

impl TaskBody for Given {
    fn run(&self, _task: &TaskContext<'_>) -> Result<Finished> {
        Err(Error::new(crate::ErrorKind::Corrupt, "a given value was run as a task"))
    }

    fn output_type(&self) -> TypeTag {
        self.tag
    }

    fn datum(&self) -> Option<&Datum> {
        Some(&self.datum)
    }

    fn port(&self) -> Option<Port> {
        Some(self.port)
    }

    fn portable(&self) -> Option<PortableBody> {
        (self.carry)(&self.datum)
    }
}
