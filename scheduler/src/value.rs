//! What a task may take and return, and the name by which types are compared.
//! It does not know how a value is stored: see `codec` and `store`.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::StoredValue;

/// A value that can go from task to task, under every scheduler.
///
/// Implemented for every type that is `Send + Sync + 'static + Serialize + DeserializeOwned`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot go from one task to another",
    note = "a task's arguments and result must be `Send + Sync + 'static`, and implement serde's \
            `Serialize` and `DeserializeOwned`: they may cross a process boundary"
)]
pub trait Value: Send + Sync + 'static + Serialize + DeserializeOwned {}

impl<T: Send + Sync + 'static + Serialize + DeserializeOwned> Value for T {}

/// The identity of a type, with its name for messages.
#[derive(Clone, Copy)]
pub struct TypeTag {
    id: TypeId,
    name: fn() -> &'static str,
}

impl TypeTag {
    /// The tag of `T`.
    pub fn of<T: 'static>() -> Self {
        TypeTag { id: TypeId::of::<T>(), name: std::any::type_name::<T> }
    }

    /// The type's name, as the compiler writes it.
    pub fn name(&self) -> &'static str {
        (self.name)()
    }
}

impl PartialEq for TypeTag {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for TypeTag {}

impl fmt::Debug for TypeTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A value that is there before the run: workers inherit it, nothing is encoded.
#[derive(Clone)]
pub enum Datum {
    /// In this process's own memory.
    Memory(Arc<dyn Any + Send + Sync>),
    /// A persisted result, in the arena.
    Stored(Arc<StoredValue>),
}

impl fmt::Debug for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Datum::Memory(_) => "Datum::Memory",
            Datum::Stored(_) => "Datum::Stored",
        })
    }
}
