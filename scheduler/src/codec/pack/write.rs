//! Serde's `Serializer` that appends MessagePack to a buffer.
//! It does not know what the buffer is for.

use rmp::encode as mp;
use serde::ser::{self, Serialize};

use super::{EXT_I128, EXT_U128, NIL, Result, SOME, deeper};
use crate::codec::Failure;

/// Appends `value` to `out`.
pub(in crate::codec) fn write<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<()> {
    let mut writer = Writer { out, depth: 0, failure: None };
    value.serialize(&mut writer)?;
    // A `Serialize` may have swallowed the failure of a part, of which only a piece is written.
    writer.failure.map_or(Ok(()), Err)
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
    depth: usize,
    failure: Option<Failure>,
}

/// What is announced before the parts of a compound value.
#[derive(Clone, Copy)]
enum Shape {
    Array,
    Map,
}

impl Writer<'_> {
    /// Writes a part of a compound value.
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        value.serialize(&mut *self).inspect_err(|e| self.failure = Some(Failure::new(e.0.clone())))
    }

    /// Writes a part one level further down, as the reader will count it.
    fn nested<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let outer = self.depth;
        self.depth = deeper(outer)?;
        self.part(value)?;
        self.depth = outer;
        Ok(())
    }

    fn open(&mut self, shape: Shape, len: Option<usize>) -> Result<Compound<'_, Self>> {
        let (start, announced, outer) = (self.out.len(), len.unwrap_or(0), self.depth);
        self.depth = deeper(outer)?;
        head(self.out, shape, announced)?;
        Ok(Compound { outer, start, shape, announced, keys: 0, parts: 0, writer: self })
    }

    /// Opens the parts of an enum's variant: a map of one entry from its name.
    fn open_variant(&mut self, name: &str, shape: Shape, len: usize) -> Result<Compound<'_, Self>> {
        let outer = self.depth;
        self.depth = deeper(outer)?;
        head(self.out, Shape::Map, 1)?;
        self.text(name)?;
        let parts = self.open(shape, Some(len))?;
        Ok(Compound { outer, ..parts })
    }

    fn text(&mut self, text: &str) -> Result<()> {
        length(text.len())?;
        mp::write_str(self.out, text).map_err(full)
    }

    fn wide(&mut self, ext: i8, bytes: [u8; 16]) -> Result<()> {
        mp::write_ext_meta(self.out, 16, ext).map_err(full)?;
        self.out.extend_from_slice(&bytes);
        Ok(())
    }
}

fn head(out: &mut Vec<u8>, shape: Shape, len: usize) -> Result<()> {
    let len = length(len)?;
    match shape {
        Shape::Array => mp::write_array_len(out, len),
        Shape::Map => mp::write_map_len(out, len),
    }
    .map(|_marker| ())
    .map_err(full)
}

/// Lengths in MessagePack have 32 bits.
fn length(len: usize) -> Result<u32> {
    u32::try_from(len).map_err(|_| {
        Failure::new(format!("a part of {len} elements or bytes: MessagePack ends at {}", u32::MAX))
    })
}

fn full(error: impl std::fmt::Display) -> Failure {
    Failure::new(error.to_string())
}

/// A compound value in the making.
struct Compound<'w, W> {
    writer: &'w mut W,
    shape: Shape,
    /// The depth to go back to.
    outer: usize,
    start: usize,
    announced: usize,
    keys: usize,
    parts: usize,
}

impl Compound<'_, Writer<'_>> {
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.parts += 1;
        self.writer.part(value)
    }

    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.keys += 1;
        self.writer.part(key)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        self.keys += 1;
        self.writer.text(name)?;
        self.part(value)
    }

    /// Ends the value; where the number of parts was not known, or wrong, puts the head right.
    fn close(self) -> Result<()> {
        if matches!(self.shape, Shape::Map) && self.keys != self.parts {
            return Err(Failure::new("a map with a key that has no value"));
        }
        if self.parts != self.announced {
            let (mut old, mut new) = (Vec::new(), Vec::new());
            head(&mut old, self.shape, self.announced)?;
            head(&mut new, self.shape, self.parts)?;
            self.writer.out.splice(self.start..self.start + old.len(), new);
        }
        self.writer.depth = self.outer;
        Ok(())
    }
}

macro_rules! scalars {
    ($($method:ident: $t:ty => $write:path),*) => { $(
        fn $method(self, v: $t) -> Result<()> {
            $write(self.out, v.into()).map(|_| ()).map_err(full)
        }
    )* };
}

impl<'w, 'o> ser::Serializer for &'w mut Writer<'o> {
    type Ok = ();
    type Error = Failure;
    type SerializeSeq = Compound<'w, Writer<'o>>;
    type SerializeTuple = Compound<'w, Writer<'o>>;
    type SerializeTupleStruct = Compound<'w, Writer<'o>>;
    type SerializeTupleVariant = Compound<'w, Writer<'o>>;
    type SerializeMap = Compound<'w, Writer<'o>>;
    type SerializeStruct = Compound<'w, Writer<'o>>;
    type SerializeStructVariant = Compound<'w, Writer<'o>>;

    scalars!(
        serialize_bool: bool => mp::write_bool,
        serialize_i8: i8 => mp::write_sint,
        serialize_i16: i16 => mp::write_sint,
        serialize_i32: i32 => mp::write_sint,
        serialize_i64: i64 => mp::write_sint,
        serialize_u8: u8 => mp::write_uint,
        serialize_u16: u16 => mp::write_uint,
        serialize_u32: u32 => mp::write_uint,
        serialize_u64: u64 => mp::write_uint,
        serialize_f32: f32 => mp::write_f32,
        serialize_f64: f64 => mp::write_f64
    );

    fn serialize_i128(self, v: i128) -> Result<()> {
        match (i64::try_from(v), u64::try_from(v)) {
            (Ok(small), _) => self.serialize_i64(small),
            (_, Ok(small)) => self.serialize_u64(small),
            _ => self.wide(EXT_I128, v.to_be_bytes()),
        }
    }

    fn serialize_u128(self, v: u128) -> Result<()> {
        match u64::try_from(v) {
            Ok(small) => self.serialize_u64(small),
            Err(_) => self.wide(EXT_U128, v.to_be_bytes()),
        }
    }

    fn serialize_char(self, v: char) -> Result<()> {
        self.text(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, v: &str) -> Result<()> {
        self.text(v)
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<()> {
        length(v.len())?;
        mp::write_bin(self.out, v).map_err(full)
    }

    fn serialize_none(self) -> Result<()> {
        self.out.push(NIL);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        let start = self.out.len();
        self.nested(value)?;
        if matches!(self.out.get(start), Some(&(NIL | SOME))) {
            self.out.insert(start, SOME);
        }
        Ok(())
    }

    fn serialize_unit(self) -> Result<()> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<()> {
        self.part(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        head(self.out, Shape::Map, 1)?;
        self.text(variant)?;
        self.nested(value)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq> {
        self.open(Shape::Array, len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple> {
        self.open(Shape::Array, Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Self::SerializeSeq> {
        self.open(Shape::Array, Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        self.open_variant(variant, Shape::Array, len)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap> {
        self.open(Shape::Map, len)
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Self::SerializeStruct> {
        self.open(Shape::Map, Some(len))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant> {
        self.open_variant(variant, Shape::Map, len)
    }
}

macro_rules! listed {
    ($($kind:ident $method:ident),*) => { $(
        impl ser::$kind for Compound<'_, Writer<'_>> {
            type Ok = ();
            type Error = Failure;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.part(value)
            }

            fn end(self) -> Result<()> {
                self.close()
            }
        }
    )* };
}
listed!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! named {
    ($($kind:ident),*) => { $(
        impl ser::$kind for Compound<'_, Writer<'_>> {
            type Ok = ();
            type Error = Failure;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<()> {
                self.field(name, value)
            }

            fn end(self) -> Result<()> {
                self.close()
            }
        }
    )* };
}
named!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Compound<'_, Writer<'_>> {
    type Ok = ();
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.part(value)
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}
