//! Bags as a user sees them: one binary, one module a subject.
//! It does not know how elements flow.

/// The cases B1 to B12 of the list of behaviours to keep.
mod conformance;
/// Errors: what they say, where, and when.
mod failures;
/// Random pipelines against plain iterators, by every scheduler.
mod pipelines;
/// Which work is done once, and what is not done at all.
mod sharing;
