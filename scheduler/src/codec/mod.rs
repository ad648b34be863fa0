//! Values to bytes and back: what goes in comes out, for every serde type.
//! It does not know where bytes are kept.

pub(crate) mod scope;

use std::any::Any;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};

/// A block of the arena that an encoded value refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRef {
    /// Where the block begins, from the start of the arena.
    pub offset: u64,
    /// Its length in bytes.
    pub len: u64,
}

/// Encodes `value` and hands the bytes to `store`.
///
/// # Errors
/// A value that serde refuses to serialise.
pub(crate) fn encode<T: Serialize + Any, R>(
    value: &T,
    store: impl FnOnce(&[u8], &[BlockRef]) -> R,
) -> Result<R> {
    if let Some(n) = (value as &dyn Any).downcast_ref::<u64>() {
        return Ok(store(&n.to_ne_bytes(), &[]));
    }
    let bytes = rmp_serde::to_vec_named(value)
        .map_err(|e| Error::new(ErrorKind::Codec, format!("cannot encode the result: {e}")))?;
    Ok(store(&bytes, &[]))
}

/// Decodes a value.
///
/// # Errors
/// Bytes that are not a `T`.
pub(crate) fn decode<T: DeserializeOwned + Any>(bytes: &[u8]) -> Result<T> {
    let mut out: Option<T> = None;
    if let Some(slot) = (&mut out as &mut dyn Any).downcast_mut::<Option<u64>>() {
        *slot = bytes.try_into().ok().map(u64::from_ne_bytes);
        return out.ok_or_else(|| Error::new(ErrorKind::Codec, "a u64 has 8 bytes"));
    }
    rmp_serde::from_slice(bytes)
        .map_err(|e| Error::new(ErrorKind::Codec, format!("cannot decode an input: {e}")))
}

/// Whether values of this type are stored inline, encoded, under every scheduler.
pub(crate) fn is_inline<T: Any>() -> bool {
    std::any::TypeId::of::<T>() == std::any::TypeId::of::<u64>()
}
