//! A result that outlives its run.
//! It does not know what it is a result of.

use std::fmt;

use crate::codec;
use crate::error::Result;
use crate::value::Value;

/// A persisted result: encoded, owned by this process, visible to every later fork.
pub struct StoredValue {
    bytes: Vec<u8>,
}

impl StoredValue {
    /// The value.
    ///
    /// # Errors
    /// A value of another type.
    pub fn get<T: Value>(&self) -> Result<T> {
        codec::decode(&self.bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for StoredValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredValue({} bytes)", self.bytes.len())
    }
}
