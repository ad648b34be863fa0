//! Lazy function calls.
