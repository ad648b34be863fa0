//! The codec returns what it was given: every shape that serde knows, and damaged bytes.
//! It does not test how results are stored.

mod damage;
mod fuzz;
mod lossy;
mod plain;
mod reference;
mod runs;
mod scopes;
mod shapes;

use std::any::Any;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tine_scheduler::{Result, codec};

/// Encodes a value, and returns its bytes.
fn bytes_of<T: Serialize + Any>(value: &T) -> Result<Vec<u8>> {
    codec::encode(value, |bytes, blocks| {
        assert!(blocks.is_empty(), "no chunk type here");
        bytes.to_vec()
    })
}

/// Encodes a value, and decodes it.
fn round_trip<T: Serialize + DeserializeOwned + Any>(value: &T) -> Result<T> {
    codec::decode(&bytes_of(value)?)
}

/// Asserts that a value comes back.
#[track_caller]
fn returns<T: Serialize + DeserializeOwned + Any + PartialEq + std::fmt::Debug>(value: T) {
    match round_trip(&value) {
        Ok(back) => assert_eq!(back, value),
        Err(e) => panic!("{e}"),
    }
}
