//! A result whose type only its maker knows, on its way out of a task.
//! It does not know whether it is the whole result of the task, or one of several.

use std::any::Any;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use tine_scheduler::codec::{self, scope};
use tine_scheduler::{Error, ErrorKind, Finished, Result, TaskContext, TypeTag, Value};

/// A result, with what can be done to it without naming its type.
pub struct Made {
    value: Box<dyn Any + Send + Sync>,
    door: Door,
}

/// What a type of results can do.
#[derive(Clone, Copy)]
pub(crate) struct Door {
    pub(crate) tag: TypeTag,
    finish: fn(Box<dyn Any + Send + Sync>, &TaskContext<'_>) -> Result<Finished>,
    encode: fn(&(dyn Any + Send + Sync)) -> Result<Vec<u8>>,
    decode: fn(&[u8], &TaskContext<'_>) -> Result<Finished>,
}

impl Door {
    pub(crate) fn of<T: Value>() -> Self {
        Door {
            tag: TypeTag::of::<T>(),
            finish: |value, task| task.finish(*value.downcast::<T>().map_err(|_| mixed::<T>())?),
            encode: |value| {
                let value = value.downcast_ref::<T>().ok_or_else(mixed::<T>)?;
                codec::encode(value, |bytes, blocks| {
                    blocks.iter().for_each(|b| {
                        scope::refer(*b);
                    });
                    bytes.to_vec()
                })
            },
            decode: |bytes, task| task.finish(codec::decode::<T>(bytes)?),
        }
    }
}

fn mixed<T>() -> Error {
    let name = std::any::type_name::<T>();
    Error::new(ErrorKind::Corrupt, format!("a result that should be of type {name} is not"))
}

impl Made {
    /// A result of type `T`.
    pub fn of<T: Value>(value: T) -> Self {
        Made { value: Box::new(value), door: Door::of::<T>() }
    }

    /// Hands it over as the result of `task`.
    pub(crate) fn finish(self, task: &TaskContext<'_>) -> Result<Finished> {
        (self.door.finish)(self.value, task)
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Made({:?})", self.door.tag)
    }
}

/// The results of a task that has several.
pub(crate) struct Several(Vec<Part>);

enum Part {
    /// In memory, until the task that hands it on takes it.
    Here(Mutex<Option<Made>>),
    /// As bytes.
    Bytes(Vec<u8>),
}

impl Several {
    pub(crate) fn new(all: Vec<Made>) -> Self {
        Several(all.into_iter().map(|m| Part::Here(Mutex::new(Some(m)))).collect())
    }

    /// Hands result `i`, of the type of `door`, over as the result of `task`.
    pub(crate) fn hand_on(&self, i: usize, door: Door, task: &TaskContext<'_>) -> Result<Finished> {
        match self.0.get(i) {
            Some(Part::Bytes(bytes)) => (door.decode)(bytes, task),
            Some(Part::Here(made)) => {
                let made = made.lock().unwrap_or_else(PoisonError::into_inner).take();
                made.ok_or_else(|| Error::new(ErrorKind::Corrupt, "a result was taken twice"))?
                    .finish(task)
            }
            None => Err(Error::new(ErrorKind::Corrupt, format!("a pass has no result {i}"))),
        }
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.serialize_bytes(self.0)
    }
}

impl Serialize for Several {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        let mut seq = s.serialize_seq(Some(self.0.len()))?;
        for part in &self.0 {
            match part {
                Part::Bytes(bytes) => seq.serialize_element(&Bytes(bytes))?,
                Part::Here(made) => {
                    let made = made.lock().unwrap_or_else(PoisonError::into_inner);
                    let made = made.as_ref().ok_or_else(|| S::Error::custom("a result is gone"))?;
                    let bytes = (made.door.encode)(&*made.value).map_err(S::Error::custom)?;
                    seq.serialize_element(&Bytes(&bytes))?;
                }
            }
        }
        seq.end()
    }
}

impl<'de> Deserialize<'de> for Several {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Several;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the results of a pass")
            }

            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> std::result::Result<Several, A::Error> {
                let mut parts = Vec::new();
                while let Some(Encoded(bytes)) = seq.next_element()? {
                    parts.push(Part::Bytes(bytes));
                }
                Ok(Several(parts))
            }
        }
        d.deserialize_seq(Parts)
    }
}

/// Bytes, borrowed or owned.
struct Encoded(Vec<u8>);

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Encoded;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, v: &[u8]) -> std::result::Result<Encoded, E> {
                Ok(Encoded(v.to_vec()))
            }

            fn visit_byte_buf<E: serde::de::Error>(
                self,
                v: Vec<u8>,
            ) -> std::result::Result<Encoded, E> {
                Ok(Encoded(v))
            }
        }
        d.deserialize_bytes(Any).map_err(D::Error::custom)
    }
}
