//! Where the elements of bags come from, one source a file.
//! They do not know what becomes of the elements.

mod parts;
mod range;
mod sequence;
mod text;

pub(crate) use parts::Parts;
pub use parts::from_delayed;
pub use range::range;
pub use sequence::from_sequence;
pub use text::{ReadText, read_text};
