//! What colours say: a measure of every task, a scale over it, and the key to read it by.
//! It does not know where boxes stand.

mod critical;
mod key;
mod measure;
mod ramp;
mod unit;

pub(super) use key::Key;
pub(super) use measure::{Fold, Measure, Value};
pub(super) use ramp::Ramp;
pub(super) use unit::bytes;
