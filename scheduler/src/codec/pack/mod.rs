//! Named MessagePack for every serde type, and back without a loss.
//! It does not know which types travel as raw bytes instead.
//!
//! The layout is that of `rmp_serde::to_vec_named` (structs as maps by field name, enums by variant
//! name), so that `untagged`, `tag`, `flatten` and `skip_serializing_if` work. It is written here
//! and not by rmp-serde because that loses values without an error. What was found, and is tested:
//!
//! | value | rmp-serde 1.3.1 | here |
//! |---|---|---|
//! | `Some(())`, `Some(None)`, `Some(Value::Null)` | comes back as `None` | the byte 0xc1, which MessagePack leaves unused, is written before a `Some` whose content would read as "nothing" |
//! | `i128`, `u128` | 16 bytes that look like a byte string | an integer while it fits 64 bits, else an extension type of its own |
//! | an address under `untagged`, `tag`, `flatten` | error: serde's buffer says "human readable", the format does not | both sides say "human readable" |
//! | a `Serialize` that announces a wrong length, or goes on after an element failed | bytes that read as something else | the length is put right, the failure kept |
//! | bytes after the value, elements left unread | ignored | an error |
//! | a claimed length | passed on as a size hint | a hint is never more than the bytes that are left |
//! | values nested deeper than a limit (1,024 there, 512 here) | written, but not readable | an error when written |
//!
//! Errors by serde's own choice, never wrong values: `i128` and `u128` under `untagged`, `tag` or
//! `flatten`; a left-out field without `default`; a path that is not UTF-8. What no format can
//! bring back, because the type's own serde code drops it: fields marked `skip`, which variant of
//! an `untagged` enum it was where two have the same shape, the flow label of a `SocketAddrV6`.

mod read;
mod write;

pub(super) use read::read;
pub(super) use write::write;

use super::Failure;

/// How deep values may be nested: a reader recurses, and damaged bytes must not end its stack.
/// Without optimisation 1,024 levels of derived enums and maps take 2.4 MB, and a thread has 2 MB.
const MAX_DEPTH: usize = 512;

/// Before a `Some` whose content begins with `nil` or with this byte; unused by MessagePack.
const SOME: u8 = 0xc1;

/// MessagePack's "nothing".
const NIL: u8 = 0xc0;

/// The extension type of an `i128` beyond 64 bits, 16 bytes, big end first as MessagePack has it.
const EXT_I128: i8 = 1;

/// The extension type of a `u128` beyond 64 bits.
const EXT_U128: i8 = 2;

type Result<T> = std::result::Result<T, Failure>;

/// Returns the depth one further down.
fn deeper(depth: usize) -> Result<usize> {
    if depth == MAX_DEPTH {
        return Err(Failure::new(format!("it is nested deeper than {MAX_DEPTH} levels")));
    }
    Ok(depth + 1)
}
