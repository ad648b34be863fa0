//! Placeholder until the codec lands.
use super::BlockRef;
pub(crate) fn refer(_b: BlockRef) -> bool {
    false
}
pub(crate) fn is_decoding() -> bool {
    true
}
