//! A serde serialiser that hashes what it is given, with every shape marked by a letter of its own.
//! It does not know what the hash is used for.

use std::fmt::{self, Display};
use std::hash::Hash;

use serde::ser::{self, Serialize};

use super::Pair;

/// Hashes a value into the pair.
pub(super) struct Hashing<'a>(pub(super) &'a mut Pair);

/// What a type's own `Serialize` had to say.
#[derive(Debug)]
pub(super) struct Refused(String);

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: Display>(message: T) -> Self {
        Refused(message.to_string())
    }
}

type Done = Result<(), Refused>;

impl Hashing<'_> {
    fn put(self, what: impl Hash) -> Done {
        self.0.write(|h| what.hash(h));
        Ok(())
    }
}

/// One method a plain type: its letter, then its bits.
macro_rules! plain {
    ($($method:ident $t:ty, $letter:literal $(, $bits:ident)?;)*) => {
        $(fn $method(self, v: $t) -> Done {
            self.put(($letter, v$(.$bits())?))
        })*
    };
}

impl<'a> ser::Serializer for Hashing<'a> {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    plain! {
        serialize_bool bool, 'b';
        serialize_i8 i8, '1';
        serialize_i16 i16, '2';
        serialize_i32 i32, '4';
        serialize_i64 i64, '8';
        serialize_i128 i128, '9';
        serialize_u8 u8, 'A';
        serialize_u16 u16, 'B';
        serialize_u32 u32, 'D';
        serialize_u64 u64, 'H';
        serialize_u128 u128, 'I';
        serialize_f32 f32, 'f', to_bits;
        serialize_f64 f64, 'd', to_bits;
        serialize_char char, 'c';
        serialize_str &str, 's';
        serialize_bytes &[u8], 'y';
    }

    fn serialize_none(self) -> Done {
        self.put('n')
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        Hashing(&mut *self.0).put('o')?;
        value.serialize(self)
    }

    fn serialize_unit(self) -> Done {
        self.put('u')
    }

    fn serialize_unit_struct(self, name: &'static str) -> Done {
        self.put(('U', name))
    }

    fn serialize_unit_variant(self, name: &'static str, index: u32, _: &'static str) -> Done {
        self.put(('v', name, index))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Done {
        Hashing(&mut *self.0).put(('N', name))?;
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Done {
        Hashing(&mut *self.0).put(('w', name, index))?;
        value.serialize(self)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Parts<'a>, Refused> {
        Parts::open(self.0, ('[', len))
    }

    fn serialize_tuple(self, len: usize) -> Result<Parts<'a>, Refused> {
        Parts::open(self.0, ('(', len))
    }

    fn serialize_tuple_struct(self, name: &'static str, n: usize) -> Result<Parts<'a>, Refused> {
        Parts::open(self.0, ('t', name, n))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        _: &'static str,
        n: usize,
    ) -> Result<Parts<'a>, Refused> {
        Parts::open(self.0, ('T', name, index, n))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'a>, Refused> {
        Ok(Entries { hash: self.0, sum: [0; 2], key: Pair::default() })
    }

    fn serialize_struct(self, name: &'static str, n: usize) -> Result<Parts<'a>, Refused> {
        Parts::open(self.0, ('{', name, n))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        _: &'static str,
        n: usize,
    ) -> Result<Parts<'a>, Refused> {
        Parts::open(self.0, ('}', name, index, n))
    }
}

/// The parts of a list, tuple or struct, each after a mark, and an end.
pub(super) struct Parts<'a>(&'a mut Pair);

impl<'a> Parts<'a> {
    fn open(hash: &'a mut Pair, mark: impl Hash) -> Result<Self, Refused> {
        hash.write(|h| mark.hash(h));
        Ok(Parts(hash))
    }

    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        Hashing(&mut *self.0).put(',')?;
        value.serialize(Hashing(&mut *self.0))
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        Hashing(&mut *self.0).put(('.', name))?;
        value.serialize(Hashing(&mut *self.0))
    }

    fn close(self) -> Done {
        Hashing(self.0).put(';')
    }
}

/// The traits of lists and tuples differ only in the name of their method.
macro_rules! parts {
    ($($kind:ident $method:ident;)*) => {
        $(impl ser::$kind for Parts<'_> {
            type Ok = ();
            type Error = Refused;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                self.part(value)
            }
            fn end(self) -> Done {
                self.close()
            }
        })*
    };
}
parts! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

/// Both traits of structs.
macro_rules! fields {
    ($($kind:ident)*) => {
        $(impl ser::$kind for Parts<'_> {
            type Ok = ();
            type Error = Refused;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Done {
                self.field(name, value)
            }
            fn end(self) -> Done {
                self.close()
            }
        })*
    };
}
fields!(SerializeStruct SerializeStructVariant);

/// The entries of a map, summed up, so that their order does not matter.
pub(super) struct Entries<'a> {
    hash: &'a mut Pair,
    sum: [u64; 2],
    key: Pair,
}

impl ser::SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        self.key = Pair::default();
        key.serialize(Hashing(&mut self.key))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        Hashing(&mut self.key).put(':')?;
        value.serialize(Hashing(&mut self.key))?;
        let entry = self.key.token();
        for (sum, part) in self.sum.iter_mut().zip(entry.0) {
            *sum = sum.wrapping_add(part);
        }
        Ok(())
    }

    fn end(self) -> Done {
        Hashing(self.hash).put(('m', self.sum))
    }
}
