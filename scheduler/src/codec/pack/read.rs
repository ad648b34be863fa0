//! Serde's `Deserializer` over MessagePack bytes, none of whose lengths it believes.
//! It does not know where the bytes come from.

use rmp::Marker;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Visitor};
use serde::forward_to_deserialize_any;

use super::{EXT_I128, EXT_U128, NIL, Result, SOME, deeper};
use crate::codec::Failure;

/// Reads a value from all of `bytes`.
pub(in crate::codec) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut reader = Reader { rest: bytes, depth: 0 };
    let value = T::deserialize(&mut reader)?;
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(Failure::new(format!("{} bytes are left over", reader.rest.len())))
    }
}

struct Reader<'de> {
    rest: &'de [u8],
    depth: usize,
}

impl<'de> Reader<'de> {
    fn peek(&self) -> Result<u8> {
        self.rest.first().copied().ok_or_else(cut_off)
    }

    fn take(&mut self, len: usize) -> Result<&'de [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(cut_off)?;
        self.rest = rest;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(cut_off)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn marker(&mut self) -> Result<Marker> {
        self.fixed::<1>().map(|[byte]| Marker::from_u8(byte))
    }

    fn len8(&mut self) -> Result<usize> {
        self.fixed().map(|b| usize::from(u8::from_be_bytes(b)))
    }

    fn len16(&mut self) -> Result<usize> {
        self.fixed().map(|b| usize::from(u16::from_be_bytes(b)))
    }

    fn len32(&mut self) -> Result<usize> {
        self.fixed().map(|b| u32::from_be_bytes(b) as usize)
    }

    /// Steps over the marks of `Some`, where the type asks for the content alone.
    fn step_into_some(&mut self) {
        while let Some((&SOME, rest)) = self.rest.split_first() {
            self.rest = rest;
        }
    }

    /// Reads a part of a compound value.
    fn nested<R>(&mut self, read: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        let depth = self.depth;
        self.depth = deeper(depth)?;
        let value = read(self)?;
        self.depth = depth;
        Ok(value)
    }

    fn text<V: Visitor<'de>>(&mut self, len: usize, visitor: V) -> Result<V::Value> {
        let text = std::str::from_utf8(self.take(len)?).map_err(|e| Failure::new(e.to_string()))?;
        visitor.visit_borrowed_str(text)
    }

    fn bytes<V: Visitor<'de>>(&mut self, len: usize, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_bytes(self.take(len)?)
    }

    fn array<V: Visitor<'de>>(&mut self, len: usize, visitor: V) -> Result<V::Value> {
        self.nested(|reader| {
            let mut parts = Parts { reader, left: len };
            let value = visitor.visit_seq(&mut parts)?;
            parts.finish(value)
        })
    }

    fn map<V: Visitor<'de>>(&mut self, len: usize, visitor: V) -> Result<V::Value> {
        self.nested(|reader| {
            let mut parts = Parts { reader, left: len };
            let value = visitor.visit_map(&mut parts)?;
            parts.finish(value)
        })
    }

    /// Reads a value that is no number.
    fn other<V: Visitor<'de>>(&mut self, marker: Marker, visitor: V) -> Result<V::Value> {
        match marker {
            Marker::FixStr(len) => self.text(len.into(), visitor),
            Marker::Str8 => self.len8().and_then(|len| self.text(len, visitor)),
            Marker::Str16 => self.len16().and_then(|len| self.text(len, visitor)),
            Marker::Str32 => self.len32().and_then(|len| self.text(len, visitor)),
            Marker::Bin8 => self.len8().and_then(|len| self.bytes(len, visitor)),
            Marker::Bin16 => self.len16().and_then(|len| self.bytes(len, visitor)),
            Marker::Bin32 => self.len32().and_then(|len| self.bytes(len, visitor)),
            Marker::FixArray(len) => self.array(len.into(), visitor),
            Marker::Array16 => self.len16().and_then(|len| self.array(len, visitor)),
            Marker::Array32 => self.len32().and_then(|len| self.array(len, visitor)),
            Marker::FixMap(len) => self.map(len.into(), visitor),
            Marker::Map16 => self.len16().and_then(|len| self.map(len, visitor)),
            Marker::Map32 => self.len32().and_then(|len| self.map(len, visitor)),
            Marker::FixExt16 => self.wide(visitor),
            marker => Err(Failure::new(format!("the marker {marker:?} stands for nothing here"))),
        }
    }

    fn wide<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let [ext] = self.fixed::<1>()?;
        match i8::from_be_bytes([ext]) {
            EXT_I128 => visitor.visit_i128(i128::from_be_bytes(self.fixed()?)),
            EXT_U128 => visitor.visit_u128(u128::from_be_bytes(self.fixed()?)),
            ext => Err(Failure::new(format!("the extension type {ext} is unknown"))),
        }
    }
}

#[cold]
fn cut_off() -> Failure {
    Failure::new("the bytes end too early")
}

macro_rules! into_some {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.step_into_some();
            self.deserialize_any(visitor)
        }
    )* };
}

impl<'de> de::Deserializer<'de> for &mut Reader<'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.marker()? {
            Marker::Null => visitor.visit_unit(),
            Marker::Reserved => self.nested(|reader| visitor.visit_some(reader)),
            Marker::True => visitor.visit_bool(true),
            Marker::False => visitor.visit_bool(false),
            Marker::FixPos(n) => visitor.visit_u64(n.into()),
            Marker::FixNeg(n) => visitor.visit_i64(n.into()),
            Marker::U8 => visitor.visit_u64(u8::from_be_bytes(self.fixed()?).into()),
            Marker::U16 => visitor.visit_u64(u16::from_be_bytes(self.fixed()?).into()),
            Marker::U32 => visitor.visit_u64(u32::from_be_bytes(self.fixed()?).into()),
            Marker::U64 => visitor.visit_u64(u64::from_be_bytes(self.fixed()?)),
            Marker::I8 => visitor.visit_i64(i8::from_be_bytes(self.fixed()?).into()),
            Marker::I16 => visitor.visit_i64(i16::from_be_bytes(self.fixed()?).into()),
            Marker::I32 => visitor.visit_i64(i32::from_be_bytes(self.fixed()?).into()),
            Marker::I64 => visitor.visit_i64(i64::from_be_bytes(self.fixed()?)),
            Marker::F32 => visitor.visit_f32(f32::from_be_bytes(self.fixed()?)),
            Marker::F64 => visitor.visit_f64(f64::from_be_bytes(self.fixed()?)),
            marker => self.other(marker, visitor),
        }
    }

    into_some!(
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_seq
        deserialize_map deserialize_identifier
    );

    forward_to_deserialize_any!(ignored_any);

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.peek()? {
            NIL => {
                self.take(1)?;
                visitor.visit_none()
            }
            SOME => {
                self.take(1)?;
                self.nested(|reader| visitor.visit_some(reader))
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, v: V) -> Result<V::Value> {
        self.deserialize_unit(v)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.step_into_some();
        match Marker::from_u8(self.peek()?) {
            Marker::FixMap(1) => {
                self.take(1)?;
                self.nested(|reader| visitor.visit_enum(Variant { reader, has_content: true }))
            }
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
                visitor.visit_enum(Variant { reader: self, has_content: false })
            }
            marker => Err(Failure::new(format!("{marker:?} is no variant of {name}"))),
        }
    }
}

/// The elements of an array, or the entries of a map.
struct Parts<'r, 'de> {
    reader: &'r mut Reader<'de>,
    left: usize,
}

impl Parts<'_, '_> {
    fn hint(&self) -> usize {
        self.left.min(self.reader.rest.len())
    }

    fn finish<T>(self, value: T) -> Result<T> {
        if self.left == 0 {
            Ok(value)
        } else {
            Err(Failure::new(format!("{} elements are left over", self.left)))
        }
    }
}

impl<'de> de::SeqAccess<'de> for &mut Parts<'_, 'de> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.hint())
    }
}

impl<'de> de::MapAccess<'de> for &mut Parts<'_, 'de> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.hint())
    }
}

/// A variant of an enum: its name, and its content where it has some.
struct Variant<'r, 'de> {
    reader: &'r mut Reader<'de>,
    has_content: bool,
}

impl Variant<'_, '_> {
    fn content(&self) -> Result<()> {
        if self.has_content { Ok(()) } else { Err(Failure::new("a variant without its content")) }
    }
}

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        let name = seed.deserialize(&mut *self.reader)?;
        Ok((name, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Failure;

    fn unit_variant(self) -> Result<()> {
        if self.has_content {
            return Err(Failure::new("a unit variant with content"));
        }
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        self.content()?;
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        self.content()?;
        de::Deserializer::deserialize_seq(self.reader, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.content()?;
        de::Deserializer::deserialize_map(self.reader, visitor)
    }
}
