//! What all collections share.
