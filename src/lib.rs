//! Facade: re-exports and the prelude.
