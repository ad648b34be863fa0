//! What Linux gives to whoever looks at a thread: memory that forks share, timers, registers.
//! It does not know what is looked for.

#[expect(unsafe_code, reason = "a signal's disposition: see the module's invariant")]
mod disposition;
#[expect(unsafe_code, reason = "registers, and the stack of this thread: see the invariant")]
pub(crate) mod own;
#[expect(unsafe_code, reason = "a shared mapping: see the module's invariant")]
mod shared;
#[expect(unsafe_code, reason = "timers and a signal handler: see the module's invariant")]
pub(super) mod signal;

pub(crate) use shared::Shared;
