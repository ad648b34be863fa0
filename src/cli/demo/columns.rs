//! The columns that travel from task to task: plain numbers, encoded as one run of bytes.
//! It does not know what the numbers mean.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number that has a fixed number of bytes.
pub(crate) trait Fixed: Copy {
    /// How many bytes.
    const SIZE: usize;
    /// Appends the bytes.
    fn put(self, out: &mut Vec<u8>);
    /// The number that these `SIZE` bytes are.
    fn get(bytes: &[u8]) -> Self;
}

macro_rules! fixed {
    ($($number:ty),*) => {
        $(impl Fixed for $number {
            const SIZE: usize = size_of::<$number>();

            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_ne_bytes());
            }

            fn get(bytes: &[u8]) -> Self {
                <$number>::from_ne_bytes(bytes.try_into().expect("cut into pieces of SIZE"))
            }
        })*
    };
}
fixed!(u16, f64);

/// A column of numbers. A `Vec` would be encoded number by number, which takes ten times as long.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Column<T>(pub(crate) Vec<T>);

impl<T> Deref for Column<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Fixed> Serialize for Column<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(self.len() * T::SIZE);
        self.iter().for_each(|n| n.put(&mut bytes));
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de, T: Fixed> Deserialize<'de> for Column<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytes(PhantomData))
    }
}

struct Bytes<T>(PhantomData<T>);

impl<T: Fixed> Visitor<'_> for Bytes<T> {
    type Value = Column<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bytes of numbers of {} bytes", T::SIZE)
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Column<T>, E> {
        let pieces = bytes.chunks_exact(T::SIZE);
        if !pieces.remainder().is_empty() {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        Ok(Column(pieces.map(T::get).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_bit_by_bit() {
        let column = Column(vec![-0.0, f64::NAN, 12.5, f64::MIN_POSITIVE]);
        let bytes = rmp_serde::to_vec_named(&column).unwrap();
        assert_eq!(bytes.len(), 2 + 4 * 8, "a length and the numbers");
        let back: Column<f64> = rmp_serde::from_slice(&bytes).unwrap();
        assert!(back.iter().zip(column.iter()).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert!(rmp_serde::from_slice::<Column<f64>>(&[0xc4, 3, 0, 0, 0]).is_err());
    }
}
