//! A large array of numbers that is handed from process to process without a copy.
//! It does not know which task holds it: leases and the codec scope stand for that.
//!
//! A worker allocates a buffer in the arena to begin with; its result then refers to the block, and
//! the consumer sees the same pages through the read-only mapping. Outside a worker a buffer is an
//! ordinary vector.
//!
//! # Invariant
//! `ptr..ptr + len` is valid for reads as long as `keeper` lives: it is
//! - a vector; or
//! - a block that this worker allocated: while it is unpublished nobody else knows it, and from then
//!   on it belongs to the task's result, which is pinned where a handle outlives the task; or
//! - a block that a lease keeps: the input of a task, whose hold lingers as long as the lease does,
//!   or a result that outlived its run.
//!
//! It is written only through a unique vector, or a block that is unpublished and unshared; `ptr`
//! is derived from the whole vector or block, never from a shared reference.

use std::fmt;
use std::ops::{Deref, Range};
use std::panic::resume_unwind;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Arena;
use super::running::{ENCODED, Fresh, LEASE, Lease, running_task, with_heap};
use crate::codec::{BlockRef, scope};
use crate::error::ErrorKind;

/// Numbers that a [`Buffer`] may hold.
///
/// # Safety
/// Plain data: every bit pattern is a value, there is no padding, and no drop. It is not of size
/// zero, and its alignment is at most 64 bytes.
pub unsafe trait Element: Copy + Default + Send + Sync + 'static {}

macro_rules! elements {
    ($($t:ty)*) => {
        $(
            // SAFETY: a primitive number is plain data.
            unsafe impl Element for $t {}
        )*
    };
}
elements!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);

/// Buffers shorter than this many bytes are not worth a block of their own.
const SMALLEST_BLOCK: usize = 4096;

#[derive(Clone)]
enum Keeper<T: Element> {
    Vector(Arc<Vec<T>>),
    Fresh(Arc<Fresh>),
    Leased(Arc<Lease>, BlockRef),
}

/// A fixed number of numbers, cheap to clone and to slice, and handed between processes uncopied.
///
/// ```
/// use tine_scheduler::Buffer;
/// let mut b = Buffer::<f64>::zeroed(3);
/// b.make_mut()[1] = 2.0;
/// assert_eq!(&b[..], [0.0, 2.0, 0.0]);
/// assert_eq!(&b.slice(1..3)[..], [2.0, 0.0]);
/// ```
pub struct Buffer<T: Element> {
    ptr: NonNull<T>,
    len: usize,
    keeper: Keeper<T>,
}

// SAFETY: the memory is only read while shared, by the module's invariant, and `T` is plain data.
unsafe impl<T: Element> Send for Buffer<T> {}
// SAFETY: as above.
unsafe impl<T: Element> Sync for Buffer<T> {}

impl<T: Element> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        Buffer { ptr: self.ptr, len: self.len, keeper: self.keeper.clone() }
    }
}

impl<T: Element> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: the module's invariant.
        unsafe { std::slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }
}

impl<T: Element> From<Vec<T>> for Buffer<T> {
    fn from(mut values: Vec<T>) -> Self {
        let ptr = NonNull::new(values.as_mut_ptr()).unwrap_or(NonNull::dangling());
        Buffer { ptr, len: values.len(), keeper: Keeper::Vector(Arc::new(values)) }
    }
}

impl<T: Element> FromIterator<T> for Buffer<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        values.into_iter().collect::<Vec<T>>().into()
    }
}

impl<T: Element> Buffer<T> {
    /// `len` zeroes: in the arena where this is a task in a worker process, and they are many.
    pub fn zeroed(len: usize) -> Self {
        let Some(mut buffer) = Buffer::in_arena(len) else { return vec![T::default(); len].into() };
        // SAFETY: the buffer is new: unpublished and unshared.
        unsafe { buffer.slice_mut() }.fill(T::default());
        buffer
    }

    /// The value of `f` at each index.
    pub fn from_fn(len: usize, mut f: impl FnMut(usize) -> T) -> Self {
        let Some(mut buffer) = Buffer::in_arena(len) else { return (0..len).map(f).collect() };
        // SAFETY: the buffer is new: unpublished and unshared.
        for (i, x) in unsafe { buffer.slice_mut() }.iter_mut().enumerate() {
            *x = f(i);
        }
        buffer
    }

    /// A block for `len` numbers, which are whatever was left there: all bits are numbers, and the
    /// memory has been written by the kernel or by tasks before.
    fn in_arena(len: usize) -> Option<Self> {
        const { assert!(size_of::<T>() > 0 && align_of::<T>() <= super::ALIGN) };
        let bytes = len.checked_mul(size_of::<T>()).filter(|&b| b >= SMALLEST_BLOCK)?;
        let allocated = with_heap(|heap, task| {
            heap.allocate(bytes, task).map(|block| (block, task, heap.arena()))
        })?;
        let (block, task, arena) = match allocated {
            Ok(allocated) => allocated,
            // A vector would take the memory all the same: the task ends here.
            Err(e) if e.kind() == ErrorKind::MemoryBudget => resume_unwind(Box::new(e)),
            // A full arena is not the end: the buffer becomes a vector, and is copied when sent.
            Err(_) => return None,
        };
        let ptr = arena.writable(block).ok()?;
        let published = AtomicBool::new(false);
        let fresh = Fresh { block, task, published, maker: std::process::id() };
        Some(Buffer { ptr: ptr.cast(), len, keeper: Keeper::Fresh(Arc::new(fresh)) })
    }

    /// The numbers for writing: in place where this is the only handle, in a copy otherwise.
    pub fn make_mut(&mut self) -> &mut [T] {
        if !self.is_writable() {
            let mut copy = Buffer::in_arena(self.len);
            if let Some(copy) = &mut copy {
                // SAFETY: the copy is new: unpublished and unshared.
                unsafe { copy.slice_mut() }.copy_from_slice(self);
            }
            *self = copy.unwrap_or_else(|| self.to_vec().into());
        }
        // SAFETY: just seen or just made.
        unsafe { self.slice_mut() }
    }

    fn is_writable(&mut self) -> bool {
        match &mut self.keeper {
            Keeper::Vector(v) => Arc::get_mut(v).is_some(),
            Keeper::Fresh(f) => Arc::get_mut(f).is_some_and(|f| !*f.published.get_mut()),
            Keeper::Leased(..) => false,
        }
    }

    /// The numbers for writing.
    ///
    /// # Safety
    /// The keeper is unique and unpublished.
    unsafe fn slice_mut(&mut self) -> &mut [T] {
        // SAFETY: valid by the module's invariant, unique by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.as_ptr(), self.len) }
    }

    /// A part of the buffer, which shares its memory.
    ///
    /// # Panics
    /// If the range does not lie in the buffer, as slicing does.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let len = self[range.clone()].len();
        // SAFETY: the range lies in the buffer, as just checked.
        let ptr = unsafe { self.ptr.add(range.start) };
        Buffer { ptr, len, keeper: self.keeper.clone() }
    }

    fn as_bytes(&self) -> &[u8] {
        // SAFETY: elements are plain data without padding.
        unsafe { std::slice::from_raw_parts(self.ptr.as_ptr().cast(), size_of_val(&**self)) }
    }

    /// The block to refer to rather than copy, where the running task's result may.
    fn referable(&self) -> Option<BlockRef> {
        let task = running_task()?;
        match &self.keeper {
            Keeper::Fresh(f) if f.task == task && f.maker == std::process::id() => {
                scope::refer(f.block).then(|| {
                    ENCODED.with_borrow_mut(|r| r.push(f.clone()));
                    f.block
                })
            }
            Keeper::Leased(lease, block) => match **lease {
                Lease::Input { consumer, .. } if consumer == task => {
                    scope::refer(*block).then_some(*block)
                }
                _ => None,
            },
            _ => None,
        }
    }
}

impl<T: Element + fmt::Debug> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Element + PartialEq> PartialEq for Buffer<T> {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

const COPIED: u8 = 0;
const REFERRED: u8 = 1;

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(self.0)
    }
}

impl<T: Element> Serialize for Buffer<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut pair = s.serialize_tuple(2)?;
        match self.referable() {
            Some(block) => {
                let arena = Arena::global().map_err(serde::ser::Error::custom)?;
                let start = self.ptr.addr().get();
                let within = arena.offset_in(block, start).ok_or_else(|| {
                    serde::ser::Error::custom("a buffer that lies outside of its block")
                })?;
                let words = [block.offset, block.len, within, self.as_bytes().len() as u64];
                let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
                pair.serialize_element(&REFERRED)?;
                pair.serialize_element(&Bytes(&bytes))?;
            }
            None => {
                pair.serialize_element(&COPIED)?;
                pair.serialize_element(&Bytes(self.as_bytes()))?;
            }
        }
        pair.end()
    }
}

/// Bytes that are borrowed, owned, or (in JSON) a list of numbers.
struct AnyBytes(Vec<u8>);

impl<'de> Deserialize<'de> for AnyBytes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = AnyBytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the bytes of a buffer")
            }

            fn visit_bytes<E>(self, v: &[u8]) -> Result<AnyBytes, E> {
                Ok(AnyBytes(v.to_vec()))
            }

            fn visit_byte_buf<E>(self, v: Vec<u8>) -> Result<AnyBytes, E> {
                Ok(AnyBytes(v))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<AnyBytes, A::Error> {
                let mut bytes = Vec::new();
                while let Some(b) = seq.next_element()? {
                    bytes.push(b);
                }
                Ok(AnyBytes(bytes))
            }
        }
        d.deserialize_bytes(Any)
    }
}

impl<'de, T: Element> Deserialize<'de> for Buffer<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let (kind, AnyBytes(bytes)) = Deserialize::deserialize(d)?;
        match kind {
            COPIED => Buffer::from_bytes(&bytes)
                .ok_or_else(|| D::Error::custom("a buffer whose bytes are not whole numbers")),
            REFERRED => Buffer::from_reference(&bytes).map_err(D::Error::custom),
            _ => Err(D::Error::custom("neither a buffer nor a reference to one")),
        }
    }
}

impl<T: Element> Buffer<T> {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if !bytes.len().is_multiple_of(size_of::<T>()) {
            return None;
        }
        let mut values = vec![T::default(); bytes.len() / size_of::<T>()];
        let to: *mut u8 = values.as_mut_ptr().cast();
        // SAFETY: `values` has exactly this many bytes, and any bytes are elements.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Some(values.into())
    }

    fn from_reference(bytes: &[u8]) -> Result<Self, String> {
        let lease = LEASE.with_borrow(Clone::clone).filter(|_| scope::is_decoding());
        let lease = lease.ok_or("a reference to shared memory outside of a task")?;
        let words: Vec<u64> = bytes
            .chunks_exact(8)
            .map(|c| u64::from_le_bytes(c.try_into().expect("chunks of 8")))
            .collect();
        let [offset, len, within, size] = words[..] else { return Err("a short reference".into()) };
        let block = lease.resolve(BlockRef { offset, len });
        let arena = Arena::global().map_err(|e| e.to_string())?;
        let whole = arena.bytes(block).map_err(|e| e.to_string())?;
        let end = within.checked_add(size).ok_or("a reference out of bounds")?;
        let part = whole.get(within as usize..end as usize).ok_or("a reference out of bounds")?;
        let fits = part.len().is_multiple_of(size_of::<T>());
        if !fits || !part.as_ptr().addr().is_multiple_of(align_of::<T>()) {
            return Err("a reference that does not fit the type of number".into());
        }
        // Never written through: a leased buffer is not writable.
        let ptr = NonNull::new(part.as_ptr().cast_mut()).ok_or("an empty reference")?;
        let keeper = Keeper::Leased(lease, block);
        Ok(Buffer { ptr: ptr.cast(), len: part.len() / size_of::<T>(), keeper })
    }
}
