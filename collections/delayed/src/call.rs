//! A call in the making: its arguments are noted one after the other, then it becomes a node.
//! It does not know who calls: `#[delayed]`, `tine::call`, an operator or a method.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use tine_collection::{Input, Node, TokenBuilder};
use tine_scheduler::{Error, Result, TaskBody, Value};

use crate::arg::{Arg, Args, Reader};
use crate::body::{Body, SharedBody};
use crate::delayed::Delayed;
use crate::purity::Purity;

/// What is known of a call while its arguments are taken in.
///
/// [`IntoArg`](crate::IntoArg) is implemented by its means: a value is noted by
/// [`value`](Self::value), a lazy one by [`input`](Self::input).
#[derive(Debug)]
pub struct Call {
    name: &'static str,
    place: &'static Location<'static>,
    inputs: Vec<Input>,
    token: Option<TokenBuilder>,
    error: Option<Error>,
}

impl Call {
    /// A call of `f` by the name of `name`, where the caller of this is.
    ///
    /// It is pure only if `f` captures nothing: its type then says all that it does.
    #[track_caller]
    pub fn new<F: 'static>(name: &'static str, purity: Purity, f: &F) -> Self {
        Self::at(name, purity, f, Location::caller())
    }

    /// As [`new`](Self::new), for a function that stands at `definition`: that is named where the
    /// caller is the standard library, which calls what it was given as a value (`.map(inc)`).
    #[doc(hidden)]
    #[track_caller]
    pub fn of_function<F: 'static>(
        name: &'static str,
        purity: Purity,
        f: &F,
        definition: &'static Location<'static>,
    ) -> Self {
        let caller = Location::caller();
        let place = if caller.file().starts_with("/rustc/") { definition } else { caller };
        Self::at(name, purity, f, place)
    }

    pub(crate) fn at<F: 'static>(
        name: &'static str,
        purity: Purity,
        f: &F,
        place: &'static Location<'static>,
    ) -> Self {
        let (pure, error) = match purity.holds() {
            Ok(pure) => (pure && size_of::<F>() == 0, None),
            Err(error) => (false, Some(error)),
        };
        let token = pure.then(|| TokenBuilder::of(f));
        Call { name, place, inputs: Vec::new(), token, error }
    }

    /// Notes a constant.
    pub fn value<P: Value>(&mut self, value: P) -> Arg<P> {
        if let Some(token) = &mut self.token
            && let Err(error) = token.value(&value)
        {
            self.error.get_or_insert(error);
        }
        Arg::value(value)
    }

    /// Notes a lazy value.
    pub fn input<T: Value>(&mut self, delayed: &Delayed<T>) -> Arg<T> {
        self.note(delayed.input().clone());
        Arg::input()
    }

    /// Notes an input that [`Arg::built`] will read.
    pub fn note(&mut self, input: Input) {
        if let Some(token) = &mut self.token {
            token.mark(1);
        }
        self.inputs.push(input);
    }

    /// Notes a list of lazy values.
    pub fn list<'a, T: Value + Clone>(
        &mut self,
        list: impl Iterator<Item = &'a Delayed<T>>,
    ) -> Arg<Vec<T>> {
        let before = self.inputs.len();
        self.inputs.extend(list.map(|d| d.input().clone()));
        let n = self.inputs.len() - before;
        if let Some(token) = &mut self.token {
            token.mark(n);
        }
        Arg::portable(n, |n, reader| (0..n).map(|_| reader.take()).collect())
    }

    /// Ends the call: a task that gets `args` and returns what `run` makes of them.
    pub fn finish<A, R, F>(self, args: A, run: F) -> Delayed<R>
    where
        A: Args,
        R: Value,
        F: Fn(&A, &Reader<'_>) -> Result<R> + Send + Sync + 'static,
    {
        self.finish_as::<F, R>(|| Arc::new(Body::new(args, run)))
    }

    /// As [`finish`](Self::finish), for a function that many calls share.
    pub(crate) fn finish_shared<A, R, F, G>(self, args: A, f: Arc<F>, run: G) -> Delayed<R>
    where
        A: Args,
        R: Value,
        F: Send + Sync + 'static,
        G: Fn(&F, &A, &Reader<'_>) -> Result<R> + Send + Sync + 'static,
    {
        self.finish_as::<(F, G), R>(|| Arc::new(SharedBody::new(args, f, run)))
    }

    /// Ends the call; `K` tells `call` and `try_call` of one function apart.
    fn finish_as<K: 'static, R: Value>(
        self,
        body: impl FnOnce() -> Arc<dyn TaskBody>,
    ) -> Delayed<R> {
        if let Some(error) = self.error {
            return Delayed::of(Node::failed(error.created(self.place)));
        }
        let token = self.token.map(|mut t| {
            t.kind(&PhantomData::<K>);
            t.token()
        });
        Delayed::of(Node::task(self.name, self.place, self.inputs, body(), token))
    }
}
