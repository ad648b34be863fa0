//! Values to bytes and back: what goes in comes out, for every serde type.
//! It does not know where bytes are kept, nor what an arena block holds.
//!
//! | type | bytes |
//! |---|---|
//! | integers, floats, `bool`, `char`, `()` | as they lie in memory |
//! | `String`, vectors of numbers | as they lie in memory, handed over without a copy |
//! | `Vec<String>`, `Vec<bool>`, `Vec<char>` | bincode, whose silent errors are elsewhere |
//! | everything else | named MessagePack, as the private module `pack` writes it |
//!
//! The type alone decides, at compile time. Bytes are those of this machine: they go from one
//! process to another, not from one architecture to another.

mod lists;
mod pack;
mod plain;
pub mod scope;
mod scratch;

use std::any::{Any, type_name};
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use scratch::Scratch;

/// A block of the arena that an encoded value refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockRef {
    /// Where the block begins, from the start of the arena.
    pub offset: u64,
    /// Its length in bytes.
    pub len: u64,
}

/// Encodes `value` and hands the bytes to `store`, with the arena blocks that they refer to.
///
/// Numbers, strings and vectors of numbers are lent to `store` where they lie; the bytes of other
/// types lie in a buffer that this thread uses again. `store` may encode other values.
///
/// # Errors
/// A value that serde refuses to write, or one that MessagePack has no room for.
///
/// ```
/// use tine_scheduler::codec::{decode, encode};
/// let pair = (Some(()), vec![f64::NAN, -0.0]);
/// let bytes = encode(&pair, |bytes, _blocks| bytes.to_vec())?;
/// let back: (Option<()>, Vec<f64>) = decode(&bytes)?;
/// assert_eq!(back.0, Some(()));
/// assert!(back.1[1].is_sign_negative());
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[inline]
pub fn encode<T: Serialize + Any, R>(
    value: &T,
    store: impl FnOnce(&[u8], &[BlockRef]) -> R,
) -> Result<R> {
    if let Some(bytes) = plain::view(value) {
        return Ok(store(bytes, &[]));
    }
    let mut buffer = Scratch::take();
    let blocks = write(value, &mut buffer).map_err(|why| unwritable::<T>(&why))?;
    Ok(store(&buffer, &blocks))
}

/// Writes a value of no plain type, inside a codec scope of its own.
fn write<T: Serialize + Any>(
    value: &T,
    buffer: &mut Vec<u8>,
) -> std::result::Result<Vec<BlockRef>, Failure> {
    if let Some(done) = lists::write(value, buffer) {
        return done.map(|()| Vec::new());
    }
    let scope = scope::Encoding::enter();
    pack::write(value, buffer)?;
    Ok(scope.leave())
}

/// Decodes a value from all of `bytes`.
///
/// # Errors
/// Bytes that are not a `T`, too few of them, or too many. Lengths that the bytes claim are never
/// trusted: damaged bytes give an error, not a large allocation.
#[inline]
pub fn decode<T: DeserializeOwned + Any>(bytes: &[u8]) -> Result<T> {
    match plain::read(bytes) {
        Ok(Some(value)) => Ok(value),
        Ok(None) => read(bytes).map_err(|why| unreadable::<T>(bytes.len(), &why)),
        Err(why) => Err(unreadable::<T>(bytes.len(), &why)),
    }
}

/// Reads a value of no plain type, inside a codec scope of its own.
fn read<T: DeserializeOwned + Any>(bytes: &[u8]) -> std::result::Result<T, Failure> {
    if let Some(value) = lists::read(bytes)? {
        return Ok(value);
    }
    let _scope = scope::Decoding::enter();
    pack::read(bytes)
}

/// Whether values of this type are stored inline, encoded, under every scheduler: those whose
/// encoding never has more than 16 bytes.
#[inline]
pub(crate) fn is_inline<T: Any>() -> bool {
    plain::is_scalar::<T>()
}

/// Why a value could not be written or read; becomes an [`Error`] that names the type.
#[derive(Debug)]
struct Failure(Box<str>);

impl Failure {
    fn new(why: impl Into<Box<str>>) -> Self {
        Failure(why.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl serde::ser::Error for Failure {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Failure::new(message.to_string())
    }
}

impl serde::de::Error for Failure {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Failure::new(message.to_string())
    }
}

#[cold]
fn unwritable<T>(why: &Failure) -> Error {
    let name = type_name::<T>();
    let message = format!(
        "cannot encode a value of type `{name}`: {why}; what goes from task to task must be \
         something that its `Serialize` can write whole"
    );
    Error::new(ErrorKind::Codec, message)
}

#[cold]
fn unreadable<T>(len: usize, why: &Failure) -> Error {
    let name = type_name::<T>();
    let message = format!(
        "cannot decode a value of type `{name}` from {len} bytes: {why}; either its `Serialize` \
         and `Deserialize` do not undo each other (as `skip_serializing_if` without `default`), \
         or the bytes were damaged: run the task again"
    );
    Error::new(ErrorKind::Codec, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_types_never_pass_sixteen_bytes() {
        assert!(is_inline::<u64>() && is_inline::<u128>() && is_inline::<f32>());
        assert!(is_inline::<()>() && is_inline::<bool>() && is_inline::<char>());
        assert!(!is_inline::<String>() && !is_inline::<Vec<u8>>() && !is_inline::<Option<u8>>());
        let len = encode(&u128::MAX, |bytes, _| bytes.len());
        assert_eq!(len.unwrap(), 16);
    }
}
