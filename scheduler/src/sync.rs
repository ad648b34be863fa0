//! The atomics of what workers share, under one name: `models` puts others in their place, and
//! looks at every order in which they can be used.
//! It does not know what they are used for.

pub(crate) use std::sync::atomic;
pub(crate) use std::thread::yield_now;
