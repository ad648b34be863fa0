//! One result of many parts: what the tasks of a shuffle hand to those that gather.
//! It does not know by what values were told apart.
//!
//! All parts lie in one buffer in shared memory, their borders at its head: a task that gathers
//! part `i` of a thousand results touches that part and no other bytes, and the engine moves the
//! whole to its file where memory runs short.

use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tine_scheduler::codec::{self, scope};
use tine_scheduler::{BlockRef, Buffer, Error, ErrorKind, Result, Value};

/// Values in numbered parts, encoded.
///
/// ```
/// use tine_collection::Packer;
/// let mut packer = Packer::new(3);
/// for n in 0..10u64 {
///     packer.put(n as u32 % 3, &n)?;
/// }
/// let parcels = packer.pack();
/// let part: Vec<u64> = parcels.part(1).collect::<Result<_, _>>()?;
/// assert_eq!(part, [1, 4, 7]);
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Parcels {
    bytes: Buffer<u8>,
    /// Blocks of shared memory that values in the parts refer to.
    blocks: Vec<BlockRef>,
}

/// Parcels in the making.
#[derive(Debug)]
pub struct Packer {
    parts: Vec<Vec<u8>>,
    blocks: Vec<BlockRef>,
}

/// Bytes of one border.
const BORDER: usize = size_of::<u64>();

impl Packer {
    /// Parcels of so many parts, empty so far.
    pub fn new(parts: u32) -> Self {
        Packer { parts: (0..parts).map(|_| Vec::new()).collect(), blocks: Vec::new() }
    }

    /// Appends `value` to part `part`.
    ///
    /// # Errors
    /// A value that cannot be encoded, or a part that there is not.
    pub fn put<T: Value>(&mut self, part: u32, value: &T) -> Result<()> {
        let out = self.parts.get_mut(part as usize).ok_or_else(|| no_part(part))?;
        codec::encode(value, |bytes, blocks| {
            put_length(out, bytes.len());
            out.extend_from_slice(bytes);
            self.blocks.extend_from_slice(blocks);
        })
    }

    /// How many bytes have been put, so far.
    pub fn len_bytes(&self) -> usize {
        self.parts.iter().map(Vec::len).sum()
    }

    /// Ends the packing.
    pub fn pack(self) -> Parcels {
        let head = BORDER * (self.parts.len() + 1);
        let mut bytes = Buffer::<u8>::zeroed(head + self.len_bytes());
        let all = bytes.make_mut();
        let mut at = head;
        for (i, part) in self.parts.into_iter().enumerate() {
            all[BORDER * i..][..BORDER].copy_from_slice(&(at as u64).to_le_bytes());
            all[at..][..part.len()].copy_from_slice(&part);
            at += part.len();
        }
        all[head - BORDER..head].copy_from_slice(&(at as u64).to_le_bytes());
        Parcels { bytes, blocks: self.blocks }
    }
}

impl Parcels {
    /// The values of a part, decoded one after the other. `T` must be the type that was put.
    pub fn part<T: Value>(&self, part: u32) -> Unpacked<'_, T> {
        let bytes = self.bytes_of(part).ok_or_else(|| no_part(part));
        Unpacked { bytes, of: PhantomData }
    }

    fn bytes_of(&self, part: u32) -> Option<&[u8]> {
        let border = |i: usize| -> Option<usize> {
            let word = self.bytes.get(BORDER * i..BORDER * (i + 1))?;
            usize::try_from(u64::from_le_bytes(word.try_into().ok()?)).ok()
        };
        self.bytes.get(border(part as usize)?..border(part as usize + 1)?)
    }
}

/// The values of one part.
#[derive(Debug)]
pub struct Unpacked<'a, T> {
    bytes: Result<&'a [u8]>,
    of: PhantomData<fn() -> T>,
}

impl<T: Value> Iterator for Unpacked<'_, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let bytes = match &mut self.bytes {
            Ok([]) => return None,
            Ok(bytes) => bytes,
            Err(_) => {
                return std::mem::replace(&mut self.bytes, Ok(&[])).err().map(Err);
            }
        };
        let Some((value, rest)) =
            take_length(bytes).and_then(|(len, rest)| rest.split_at_checked(len))
        else {
            *bytes = &[];
            return Some(Err(Error::new(ErrorKind::Corrupt, "a part of a shuffle is cut off")));
        };
        *bytes = rest;
        Some(codec::decode(value))
    }
}

fn no_part(part: u32) -> Error {
    Error::new(ErrorKind::Corrupt, format!("a shuffle has no part {part}"))
}

/// Writes a length in groups of seven bits, the lowest first.
fn put_length(out: &mut Vec<u8>, mut len: usize) {
    while len >= 0x80 {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
}

fn take_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut len = 0usize;
    for (i, &byte) in bytes.iter().enumerate().take(10) {
        len |= usize::from(byte & 0x7F).checked_shl(7 * i as u32)?;
        if byte < 0x80 {
            return Some((len, &bytes[i + 1..]));
        }
    }
    None
}

impl Serialize for Parcels {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        self.blocks.iter().for_each(|&block| {
            scope::refer(block);
        });
        self.bytes.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Parcels {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        Ok(Parcels { bytes: Buffer::deserialize(d)?, blocks: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_come_back() {
        for len in [0, 1, 127, 128, 300, 1 << 20, (1 << 40) + 5] {
            let mut out = Vec::new();
            put_length(&mut out, len);
            out.push(7);
            assert_eq!(take_length(&out), Some((len, &[7u8][..])));
        }
    }

    #[test]
    fn parts_come_back_through_the_codec() {
        let mut packer = Packer::new(4);
        for i in 0..1000u32 {
            packer.put(i % 3, &(i, format!("{i}"), None::<u8>)).unwrap();
        }
        let bytes = codec::encode(&packer.pack(), |b, _| b.to_vec()).unwrap();
        let parcels: Parcels = codec::decode(&bytes).unwrap();
        for part in 0..4 {
            let got: Vec<(u32, String, Option<u8>)> =
                parcels.part(part).collect::<Result<_>>().unwrap();
            let want: Vec<_> =
                (0..1000).filter(|i| i % 3 == part).map(|i| (i, i.to_string(), None)).collect();
            assert_eq!(got, want);
        }
        assert!(parcels.part::<u8>(4).next().unwrap().is_err());
    }

    #[test]
    fn damaged_parts_are_errors() {
        let mut packer = Packer::new(1);
        packer.put(0, &"text".to_owned()).unwrap();
        let mut parcels = packer.pack();
        let at = parcels.bytes.len() - 5;
        parcels.bytes.make_mut()[at] = 200;
        assert!(parcels.part::<String>(0).next().unwrap().is_err());
        parcels.bytes.make_mut()[0] = 255;
        assert!(parcels.part::<String>(0).next().unwrap().is_err());
    }
}
