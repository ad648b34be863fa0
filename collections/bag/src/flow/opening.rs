//! What the steps of a partition's task are given when they are set up, and what they share.
//! It knows no step.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use tine_scheduler::{Error, Result, TaskContext};

use super::sink::{Flow, STOP};

/// What a step is given when the task of a partition begins.
pub(crate) struct Opening<'a> {
    /// The running task.
    pub(crate) task: &'a TaskContext<'a>,
    /// Which partition it is about.
    pub(crate) block: u32,
    /// The first of the inputs that are the step's own.
    pub(crate) base: usize,
    /// What the steps of the task share.
    pub(crate) reading: Rc<Reading>,
}

/// What went wrong in a task, told by the steps, and where, told by the source.
#[derive(Default)]
pub(crate) struct Reading(RefCell<Option<Failure>>);

enum Failure {
    /// An error as it is.
    Whole(Error),
    /// The error of a user's function, which gets the place of the record that it is about.
    Refused(Box<dyn FnOnce(Option<String>) -> Error>),
}

impl Reading {
    /// A function failed on an element: the task fails with its error.
    #[cold]
    pub(crate) fn refuse<E>(&self, error: E) -> Flow
    where
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
    {
        let finish = |place: Option<String>| match place {
            None => Error::from_task(error),
            Some(place) => match error.into().downcast::<Error>() {
                Ok(own) => *own,
                Err(error) => Error::from_task(Offending::<E> { place, error, of: PhantomData }),
            },
        };
        self.note(Failure::Refused(Box::new(finish)))
    }

    /// The task fails.
    #[cold]
    pub(crate) fn fail(&self, error: Error) -> Flow {
        self.note(Failure::Whole(error))
    }

    fn note(&self, failure: Failure) -> Flow {
        self.0.borrow_mut().get_or_insert(failure);
        STOP
    }

    /// The source was stopped at the record whose place `place` tells: if that was for an error,
    /// the error is about this record.
    #[cold]
    pub(crate) fn stopped_at(&self, place: impl FnOnce() -> String) {
        let mut failure = self.0.borrow_mut();
        *failure = match failure.take() {
            Some(Failure::Refused(finish)) => Some(Failure::Whole(finish(Some(place())))),
            other => other,
        };
    }

    /// Returns what went wrong.
    ///
    /// # Errors
    /// The first failure.
    pub(crate) fn outcome(&self) -> Result<()> {
        match self.0.borrow_mut().take() {
            None => Ok(()),
            Some(Failure::Whole(error)) => Err(error),
            Some(Failure::Refused(finish)) => Err(finish(None)),
        }
    }
}

/// An error `E` of a user's function, and the record that it is about.
struct Offending<E> {
    place: String,
    error: Box<dyn StdError + Send + Sync>,
    of: PhantomData<fn() -> E>,
}

impl<E> fmt::Debug for Offending<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<E> fmt::Display for Offending<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.error)
    }
}

impl<E> StdError for Offending<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}
