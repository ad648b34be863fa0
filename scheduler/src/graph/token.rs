//! Tokens: short names for contents, equal where type and content are equal.
//! It does not know what is named after them.

use std::any::type_name;
use std::fmt;

use serde::ser::{self, Serialize};

use crate::error::{Error, ErrorKind, Result};

/// A hash of a value: of its types and of its content.
///
/// It is the same in every process that runs the same program, and is written as 32 hexadecimal
/// digits. It is no defence against somebody who looks for two values with one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(u128);

impl Token {
    pub(super) fn of_bytes(bytes: &[u8]) -> Token {
        let mut state = State::default();
        state.bytes(bytes);
        state.token()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Returns a token of `value`, for names of tasks that compute the same from the same.
///
/// Values of different types have different tokens, also where they look alike: `1i64`, `1i32`,
/// `1.0` and `"1"`; `[1]` and `(1,)`. A `&T` counts as a `T`. The order in which maps and sets of
/// the standard library are iterated does not count.
///
/// ```
/// use tine_scheduler::tokenize;
/// assert_eq!(tokenize(&(1i64, "x"))?, tokenize(&(1i64, "x"))?);
/// assert_ne!(tokenize(&1i64)?, tokenize(&1i32)?);
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
///
/// # Errors
/// A value that refuses to be serialised.
pub fn tokenize<T: Serialize + ?Sized>(value: &T) -> Result<Token> {
    token_of(value).map_err(|e| Error::new(ErrorKind::Codec, format!("cannot tokenize: {e}")))
}

/// An odd number with bits all over.
const MIX: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

/// A running hash: multiply, and fold the upper half down.
#[derive(Clone, Copy)]
struct State(u128);

impl Default for State {
    fn default() -> Self {
        State(MIX.rotate_left(64))
    }
}

impl State {
    fn word(&mut self, word: u128) {
        let product = (self.0 ^ word).wrapping_mul(MIX);
        self.0 = (product ^ (product >> 67)).wrapping_add(self.0.rotate_left(29));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(16) {
            let mut word = [0; 16];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u128::from_le_bytes(word));
        }
        self.word(bytes.len() as u128);
    }

    fn token(mut self) -> Token {
        self.word(1);
        self.word(2);
        Token(self.0)
    }
}

/// Whether a type of this name is iterated in an order that means nothing.
fn is_unordered(name: &str) -> bool {
    let head = name.split('<').next().unwrap_or(name);
    head.starts_with("std::collections::hash::")
        || head.ends_with("::HashSet")
        || head.ends_with("::HashMap")
}

fn token_of<T: Serialize + ?Sized>(value: &T) -> std::result::Result<Token, Refused> {
    let name = type_name::<T>().trim_start_matches('&');
    let mut state = State::default();
    state.bytes(name.as_bytes());
    let mut hasher = Hasher { state, unordered: is_unordered(name) };
    value.serialize(&mut hasher)?;
    Ok(hasher.state.token())
}

/// Why a value could not be serialised.
#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Refused(message.to_string())
    }
}

type Done = std::result::Result<(), Refused>;

/// Takes a value in through serde.
struct Hasher {
    state: State,
    unordered: bool,
}

impl Hasher {
    fn name(&mut self, what: &str) -> &mut Self {
        self.state.bytes(what.as_bytes());
        self
    }

    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.state.word(token_of(value)?.0);
        Ok(())
    }

    fn many(&mut self) -> Many<'_> {
        Many { hasher: self, sum: 0, n: 0, key: None }
    }
}

/// Takes in the parts of a value.
struct Many<'a> {
    hasher: &'a mut Hasher,
    /// Of unordered parts: what their tokens add up to.
    sum: u128,
    n: u128,
    key: Option<Token>,
}

impl Many<'_> {
    fn part(&mut self, token: Token) {
        self.n += 1;
        if self.hasher.unordered {
            self.sum = self.sum.wrapping_add(token.0);
        } else {
            self.hasher.state.word(token.0);
        }
    }

    fn finish(self) -> Done {
        self.hasher.state.word(self.sum);
        self.hasher.state.word(self.n);
        Ok(())
    }
}

macro_rules! numbers {
    ($($method:ident $type:ty),*) => {
        $(fn $method(self, v: $type) -> Done {
            self.state.bytes(&v.to_le_bytes());
            Ok(())
        })*
    };
}

impl<'a> ser::Serializer for &'a mut Hasher {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = Many<'a>;
    type SerializeTuple = Many<'a>;
    type SerializeTupleStruct = Many<'a>;
    type SerializeTupleVariant = Many<'a>;
    type SerializeMap = Many<'a>;
    type SerializeStruct = Many<'a>;
    type SerializeStructVariant = Many<'a>;

    numbers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_i128 i128, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32,
        serialize_u64 u64, serialize_u128 u128, serialize_f32 f32, serialize_f64 f64
    );

    fn serialize_bool(self, v: bool) -> Done {
        self.state.word(u128::from(v));
        Ok(())
    }

    fn serialize_char(self, v: char) -> Done {
        self.state.word(u128::from(u32::from(v)));
        Ok(())
    }

    fn serialize_str(self, v: &str) -> Done {
        self.state.bytes(v.as_bytes());
        Ok(())
    }

    fn serialize_bytes(self, v: &[u8]) -> Done {
        self.state.bytes(v);
        Ok(())
    }

    fn serialize_none(self) -> Done {
        self.name("none");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        self.name("some").add(value)
    }

    fn serialize_unit(self) -> Done {
        Ok(())
    }

    fn serialize_unit_struct(self, name: &'static str) -> Done {
        self.name(name);
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        self.name(variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, v: &T) -> Done {
        self.name(name).add(v)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        self.name(variant).add(value)
    }

    fn serialize_seq(self, _: Option<usize>) -> std::result::Result<Many<'a>, Refused> {
        Ok(self.many())
    }

    fn serialize_tuple(self, _: usize) -> std::result::Result<Many<'a>, Refused> {
        Ok(self.many())
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> std::result::Result<Many<'a>, Refused> {
        Ok(self.name(name).many())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> std::result::Result<Many<'a>, Refused> {
        Ok(self.name(variant).many())
    }

    fn serialize_map(self, _: Option<usize>) -> std::result::Result<Many<'a>, Refused> {
        Ok(self.many())
    }

    fn serialize_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> std::result::Result<Many<'a>, Refused> {
        Ok(self.name(name).many())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> std::result::Result<Many<'a>, Refused> {
        Ok(self.name(variant).many())
    }
}

macro_rules! lists {
    ($($part:ident $method:ident),*) => {
        $(impl ser::$part for Many<'_> {
            type Ok = ();
            type Error = Refused;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                self.part(token_of(value)?);
                Ok(())
            }

            fn end(self) -> Done {
                self.finish()
            }
        })*
    };
}
lists!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! structs {
    ($($part:ident),*) => {
        $(impl ser::$part for Many<'_> {
            type Ok = ();
            type Error = Refused;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, v: &T) -> Done {
                self.hasher.name(key);
                self.part(token_of(v)?);
                Ok(())
            }

            fn end(self) -> Done {
                self.finish()
            }
        })*
    };
}
structs!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Many<'_> {
    type Ok = ();
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        self.key = Some(token_of(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        let mut entry = State::default();
        if let Some(key) = self.key.take() {
            entry.word(key.0);
        }
        entry.word(token_of(value)?.0);
        self.part(entry.token());
        Ok(())
    }

    fn end(self) -> Done {
        self.finish()
    }
}
