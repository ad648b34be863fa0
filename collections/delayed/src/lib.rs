//! Lazy function calls: `Delayed<T>`, its operators, and the ways to make one.
//! It does not know how a graph is run.
//!
//! ```
//! use tine::prelude::*;
//!
//! #[delayed]
//! fn inc(x: i64) -> i64 {
//!     x + 1
//! }
//!
//! let total = inc(1) + inc(2) * 2; // nothing has run yet
//! assert_eq!(total.compute()?, 8);
//! # Ok::<(), tine::Error>(())
//! ```

mod arg;
mod body;
mod call;
mod collect;
mod delayed;
mod function;
mod methods;
mod name;
mod ops;
mod policy;
mod purity;
#[doc(hidden)]
pub mod support;

#[doc(hidden)]
pub use arg::Carried;
pub use arg::{Arg, Args, IntoArg, Reader};
pub use call::Call;
pub use delayed::{Delayed, delayed};
pub use function::{CallWith, TryCallWith, call, map, try_call, try_map};
pub use purity::{Purity, with_pure};
