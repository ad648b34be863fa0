//! What is meant by the options of `tine map`.
