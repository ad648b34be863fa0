//! Job files: what is written in TOML, checked and expanded.
