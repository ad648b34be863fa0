//! The jobs of a file, run: what is up to date, what depends on what, what is resumed.
