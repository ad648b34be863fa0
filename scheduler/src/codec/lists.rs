//! Vectors of strings, truth values and characters, by bincode.
//! It knows no other type: on general serde types bincode can return wrong values.
//!
//! bincode reserves what a length prefix asks for before it has seen the elements, so the lengths
//! are checked against the bytes that are there before it is called.

use std::any::Any;

use bincode::config::{Configuration, Fixint, LittleEndian, NoLimit, standard};
use bincode::{Decode, Encode};

use super::Failure;

const CONFIG: Configuration<LittleEndian, Fixint, NoLimit> =
    standard().with_fixed_int_encoding().with_no_limit();

/// Bytes of a length prefix.
const PREFIX: usize = size_of::<u64>();

/// Writes `value` where it is such a vector; `None` where it is not.
pub(super) fn write<T: Any>(value: &T, out: &mut Vec<u8>) -> Option<Result<(), Failure>> {
    let any: &dyn Any = value;
    if let Some(texts) = any.downcast_ref::<Vec<String>>() {
        return Some(put(texts, out));
    }
    if let Some(flags) = any.downcast_ref::<Vec<bool>>() {
        return Some(put(flags, out));
    }
    any.downcast_ref::<Vec<char>>().map(|chars| put(chars, out))
}

/// Reads a `T` where it is such a vector; `None` where it is not.
pub(super) fn read<T: Any>(bytes: &[u8]) -> Result<Option<T>, Failure> {
    let mut out: Option<T> = None;
    let any: &mut dyn Any = &mut out;
    if let Some(slot) = any.downcast_mut::<Option<Vec<String>>>() {
        check_texts(bytes)?;
        *slot = Some(take(bytes)?);
    } else if let Some(slot) = any.downcast_mut::<Option<Vec<bool>>>() {
        check_count(bytes)?;
        *slot = Some(take(bytes)?);
    } else if let Some(slot) = any.downcast_mut::<Option<Vec<char>>>() {
        check_count(bytes)?;
        *slot = Some(take(bytes)?);
    }
    Ok(out)
}

fn put<V: Encode>(list: &V, out: &mut Vec<u8>) -> Result<(), Failure> {
    bincode::encode_into_std_write(list, out, CONFIG)
        .map(|_bytes| ())
        .map_err(|e| Failure::new(e.to_string()))
}

fn take<V: Decode<()>>(bytes: &[u8]) -> Result<V, Failure> {
    let (list, read) =
        bincode::decode_from_slice(bytes, CONFIG).map_err(|e| Failure::new(e.to_string()))?;
    if read != bytes.len() {
        return Err(Failure::new(format!("the value ends at byte {read}")));
    }
    Ok(list)
}

/// Reads a length prefix and returns it with what follows, if that many bytes can follow.
fn split_len(bytes: &[u8]) -> Result<(usize, &[u8]), Failure> {
    let (prefix, rest) =
        bytes.split_first_chunk::<PREFIX>().ok_or_else(|| Failure::new("a length is cut off"))?;
    match usize::try_from(u64::from_le_bytes(*prefix)) {
        Ok(len) if len <= rest.len() => Ok((len, rest)),
        _ => Err(Failure::new("a length says more than there is")),
    }
}

/// Checks that every element can have a byte at least.
fn check_count(bytes: &[u8]) -> Result<(), Failure> {
    split_len(bytes).map(|_| ())
}

/// Walks over the lengths of all strings.
fn check_texts(bytes: &[u8]) -> Result<(), Failure> {
    let (count, mut rest) = split_len(bytes)?;
    for _ in 0..count {
        let (len, text) = split_len(rest)?;
        rest = &text[len..];
    }
    Ok(())
}
