//! Types whose bytes are their value: numbers, `bool`, `char`, `()`, `String`, vectors of numbers.
//! It knows neither serde nor scopes.
//!
//! Everything here is generic over `T` and asks for its type by `dyn Any`; once inlined, the vtable
//! is known, every question folds to a constant, and one branch is left.

use std::any::{Any, TypeId};

use bytemuck::{AnyBitPattern, CheckedBitPattern, NoUninit};

use super::Failure;

type Read<T> = std::result::Result<T, Failure>;

/// Applies a macro to every number type.
macro_rules! each_number {
    ($apply:ident) => {
        $apply!(u64 f64 i64 usize u32 i32 f32 u8 i8 u16 i16 isize u128 i128)
    };
}

/// The bytes of `value`, where it is of a plain type.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the type questions fold only where T is known")]
pub(super) fn view<T: Any>(value: &T) -> Option<&[u8]> {
    let any: &dyn Any = value;
    macro_rules! numbers {
        ($($n:ty)*) => { $(
            if let Some(n) = any.downcast_ref::<$n>() {
                return Some(bytemuck::bytes_of(n));
            }
            if let Some(list) = any.downcast_ref::<Vec<$n>>() {
                return Some(bytemuck::cast_slice(list));
            }
        )* };
    }
    each_number!(numbers);
    if let Some(b) = any.downcast_ref::<bool>() {
        return Some(bytemuck::bytes_of(b));
    }
    if let Some(c) = any.downcast_ref::<char>() {
        return Some(bytemuck::bytes_of(c));
    }
    if any.is::<()>() {
        return Some(&[]);
    }
    any.downcast_ref::<String>().map(String::as_bytes)
}

/// The value in `bytes`, where `T` is a plain type; `None` where it is not.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the type questions fold only where T is known")]
pub(super) fn read<T: Any>(bytes: &[u8]) -> Read<Option<T>> {
    let mut out: Option<T> = None;
    let any: &mut dyn Any = &mut out;
    macro_rules! numbers {
        ($($n:ty)*) => { $(
            if let Some(slot) = any.downcast_mut::<Option<$n>>() {
                *slot = Some(scalar(bytes)?);
                return Ok(out);
            }
            if let Some(slot) = any.downcast_mut::<Option<Vec<$n>>>() {
                *slot = Some(vector(bytes)?);
                return Ok(out);
            }
        )* };
    }
    each_number!(numbers);
    if let Some(slot) = any.downcast_mut::<Option<bool>>() {
        *slot = Some(scalar(bytes)?);
    } else if let Some(slot) = any.downcast_mut::<Option<char>>() {
        *slot = Some(scalar(bytes)?);
    } else if let Some(slot) = any.downcast_mut::<Option<()>>() {
        *slot = Some(if bytes.is_empty() { Ok(()) } else { Err(wrong_size(0)) }?);
    } else if let Some(slot) = any.downcast_mut::<Option<String>>() {
        let text = std::str::from_utf8(bytes).map_err(|e| Failure::new(e.to_string()))?;
        *slot = Some(text.to_owned());
    }
    Ok(out)
}

/// Whether `T` is a plain type of fixed size.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the type questions fold only where T is known")]
pub(super) fn is_scalar<T: Any>() -> bool {
    let id = TypeId::of::<T>();
    macro_rules! numbers {
        ($($n:ty)*) => { $(id == TypeId::of::<$n>())||* };
    }
    each_number!(numbers)
        || id == TypeId::of::<bool>()
        || id == TypeId::of::<char>()
        || id == TypeId::of::<()>()
}

#[inline]
fn scalar<N: CheckedBitPattern>(bytes: &[u8]) -> Read<N> {
    if bytes.len() != size_of::<N>() {
        return Err(wrong_size(size_of::<N>()));
    }
    bytemuck::checked::try_pod_read_unaligned(bytes).map_err(|_| impossible())
}

/// One copy where the bytes are aligned as arena blocks are, else one into zeroed memory.
fn vector<N: AnyBitPattern + NoUninit>(bytes: &[u8]) -> Read<Vec<N>> {
    if !bytes.len().is_multiple_of(size_of::<N>()) {
        let size = size_of::<N>();
        return Err(Failure::new(format!("the number of bytes is no multiple of {size}")));
    }
    Ok(match bytemuck::try_cast_slice::<u8, N>(bytes) {
        Ok(numbers) => numbers.to_vec(),
        Err(_) => bytemuck::pod_collect_to_vec(bytes),
    })
}

#[cold]
fn wrong_size(size: usize) -> Failure {
    Failure::new(format!("it has {size} bytes"))
}

#[cold]
fn impossible() -> Failure {
    Failure::new("the bits are no value of this type")
}
