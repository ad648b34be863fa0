//! Delayed as a user sees it: one binary, one module a subject.
//! It does not know how a graph is run.

/// `IntoArg`: what a parameter can be given.
mod arguments;
/// `#[delayed]` in its forms.
mod attribute;
/// `catch()`: failures as values.
mod catch;
/// Lesson 01 of the tutorial and the cases D1 to D7 of the list of behaviours to keep.
mod conformance;
/// Errors: what they say and where.
mod failures;
/// What the compiler says to mistakes.
mod mistakes;
/// `compute` of nested values, and sharing.
mod nested;
/// Operators.
mod operators;
/// `persist()` and the keys that it keeps.
mod persisted;
mod policies;
/// The prelude beside those of others.
mod preludes;
/// A million calls.
mod size;
