//! What a running task sees: its inputs, its position, and where its result goes.
//! It knows neither graph nor memory: an `Exchange` stands for both.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use crate::codec;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{TypeTag, Value};

/// The value of one input, as the exchange holds it.
#[derive(Debug)]
pub enum Fetched<'a> {
    /// In memory that this process can read as it is.
    Memory(&'a (dyn Any + Send + Sync)),
    /// Encoded bytes.
    Encoded(&'a [u8]),
    /// A few encoded bytes.
    Inline(Inline),
    /// There is no value: the task that makes it failed.
    Failed(Box<Error>),
}

/// At most 16 encoded bytes.
#[derive(Clone, Copy, Debug)]
pub struct Inline {
    bytes: [u8; Inline::CAPACITY],
    len: u8,
}

impl Inline {
    /// Longer results lie elsewhere.
    pub const CAPACITY: usize = 16;

    /// These bytes; `None` where they are too many.
    #[inline]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut inline = Inline { bytes: [0; Inline::CAPACITY], len: 0 };
        inline.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        inline.len = u8::try_from(bytes.len()).ok()?;
        Some(inline)
    }

    /// The bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    pub(crate) fn to_words(self) -> ([u64; 2], u8) {
        let whole = u128::from_ne_bytes(self.bytes);
        ([whole as u64, (whole >> 64) as u64], self.len)
    }

    pub(crate) fn from_words(words: [u64; 2], len: u8) -> Self {
        let whole = u128::from(words[0]) | u128::from(words[1]) << 64;
        Inline { bytes: whole.to_ne_bytes(), len: len.min(Inline::CAPACITY as u8) }
    }
}

/// Where a running task gets its inputs and leaves its result.
pub trait Exchange {
    /// How many inputs the task has.
    fn len(&self) -> usize;

    /// Whether the task has no inputs.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Input `i`.
    ///
    /// # Errors
    /// A stored value that cannot be read.
    fn fetch(&self, i: usize) -> Result<Fetched<'_>>;

    /// Input `i` as owned memory, where this task is the last to need it and it is in memory.
    fn take(&self, _i: usize) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }

    /// The task's place in its group.
    fn position(&self) -> usize;

    /// Whether results are stored as bytes; in memory otherwise.
    fn wants_bytes(&self) -> bool;

    /// Stores the result as bytes, with the arena blocks that they refer to.
    ///
    /// # Errors
    /// No memory left.
    fn store_bytes(&self, bytes: &[u8], blocks: &[codec::BlockRef]) -> Result<()>;

    /// Stores the result as it is.
    fn store_memory(&self, value: Arc<dyn Any + Send + Sync>);

    /// A value is about to be turned from bytes, as many as these, or to bytes, where it is not
    /// known how many. Returns when that is, where somebody wants to know and it is worth a clock
    /// reading.
    fn codec_begins(&self, _bytes: Option<usize>) -> Option<Instant> {
        None
    }

    /// It has been, since then.
    fn codec_ended(&self, _began: Instant) {}
}

/// What a task is given when it runs.
pub struct TaskContext<'a> {
    exchange: &'a dyn Exchange,
}

/// Evidence that a task has handed over its result.
#[derive(Debug)]
pub struct Finished(());

impl<'a> TaskContext<'a> {
    /// The context of a task that trades with `exchange`.
    pub fn new(exchange: &'a dyn Exchange) -> Self {
        TaskContext { exchange }
    }

    /// How many inputs the task has.
    pub fn len(&self) -> usize {
        self.exchange.len()
    }

    /// Whether the task has no inputs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The task's place in its group, from 0.
    pub fn position(&self) -> usize {
        self.exchange.position()
    }

    /// Input `i`, borrowed where it is in memory and decoded where it is not.
    ///
    /// # Errors
    /// An input of another type, one that cannot be decoded, or a failed one.
    pub fn input<T: Value>(&self, i: usize) -> Result<Lent<'a, T>> {
        match self.exchange.fetch(i)? {
            Fetched::Inline(inline) => codec::decode(inline.as_bytes()).map(Lent::Owned),
            Fetched::Encoded(bytes) => {
                let began = self.exchange.codec_begins(Some(bytes.len()));
                let decoded = codec::decode(bytes).map(Lent::Owned);
                began.into_iter().for_each(|b| self.exchange.codec_ended(b));
                decoded
            }
            Fetched::Memory(any) => {
                any.downcast_ref().map(Lent::Borrowed).ok_or_else(|| mismatch::<T>(i))
            }
            Fetched::Failed(error) => Err(*error),
        }
    }

    /// Input `i` as an owned value: decoded afresh, moved to its last consumer, or cloned.
    ///
    /// # Errors
    /// As [`input`](Self::input).
    pub fn take<T: Value + Clone>(&self, i: usize) -> Result<T> {
        if let Some(any) = self.exchange.take(i) {
            let shared = any.downcast::<T>().map_err(|_| mismatch::<T>(i))?;
            return Ok(Arc::unwrap_or_clone(shared));
        }
        Ok(match self.input::<T>(i)? {
            Lent::Owned(v) => v,
            Lent::Borrowed(v) => v.clone(),
        })
    }

    /// Input `i`, or why there is none: for edges that catch.
    ///
    /// # Errors
    /// As [`input`](Self::input), but for a failed input, which is the inner `Err`.
    pub fn caught<T: Value>(&self, i: usize) -> Result<std::result::Result<Lent<'a, T>, Error>> {
        match self.exchange.fetch(i)? {
            Fetched::Failed(error) => Ok(Err(*error)),
            _ => self.input(i).map(Ok),
        }
    }

    /// All inputs, one after the other, decoded as they are asked for.
    pub fn inputs<T: Value>(&self) -> Inputs<'a, T> {
        self.inputs_in(0, self.len())
    }

    /// Inputs `from..to`, one after the other, decoded as they are asked for.
    pub fn inputs_in<T: Value>(&self, from: usize, to: usize) -> Inputs<'a, T> {
        Inputs {
            exchange: self.exchange,
            next: from,
            end: to,
            failure: Rc::default(),
            of: PhantomData,
        }
    }

    /// Hands over the result.
    ///
    /// # Errors
    /// A value that cannot be encoded, or no memory for it.
    pub fn finish<T: Value>(&self, value: T) -> Result<Finished> {
        if self.exchange.wants_bytes() || codec::is_inline::<T>() {
            let began = self.exchange.codec_begins(None);
            codec::encode(&value, |bytes, blocks| self.exchange.store_bytes(bytes, blocks))??;
            began.into_iter().for_each(|b| self.exchange.codec_ended(b));
        } else {
            self.exchange.store_memory(Arc::new(value));
        }
        Ok(Finished(()))
    }
}

impl fmt::Debug for TaskContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskContext").field("len", &self.len()).finish_non_exhaustive()
    }
}

fn mismatch<T: 'static>(i: usize) -> Error {
    let name = TypeTag::of::<T>().name();
    Error::new(ErrorKind::TypeMismatch, format!("input {i} is not of type {name}"))
}

/// An input that is lent to the task: borrowed, or decoded for it.
#[derive(Debug)]
pub enum Lent<'a, T> {
    /// In memory already.
    Borrowed(&'a T),
    /// Decoded for this task.
    Owned(T),
}

impl<T> Deref for Lent<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Lent::Borrowed(v) => v,
            Lent::Owned(v) => v,
        }
    }
}

/// The inputs of a task, decoded one at a time, so that a task over 100,000 parts never holds them.
///
/// Ends at the first input that cannot be read; the task then fails with the reason.
pub struct Inputs<'a, T> {
    exchange: &'a dyn Exchange,
    next: usize,
    end: usize,
    failure: Rc<RefCell<Option<Error>>>,
    of: PhantomData<fn() -> T>,
}

impl<T> Inputs<'_, T> {
    pub(crate) fn failure(&self) -> Rc<RefCell<Option<Error>>> {
        self.failure.clone()
    }
}

impl<'a, T: Value> Iterator for Inputs<'a, T> {
    type Item = Lent<'a, T>;

    fn next(&mut self) -> Option<Lent<'a, T>> {
        if self.next >= self.end {
            return None;
        }
        let i = self.next;
        self.next += 1;
        match (TaskContext { exchange: self.exchange }).input(i) {
            Ok(v) => Some(v),
            Err(e) => {
                self.failure.borrow_mut().get_or_insert(e);
                self.end = self.next;
                None
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.end - self.next, Some(self.end - self.next))
    }
}

impl<T: Value> ExactSizeIterator for Inputs<'_, T> {}

impl<T> fmt::Debug for Inputs<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inputs({}..{})", self.next, self.end)
    }
}
