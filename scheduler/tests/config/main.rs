//! Conformance cases about configuration, by the public interface; see the design's list L10 to L14.
//! It does not test parsing in detail: that is done beside the code, on made folders.

mod child;
mod scheduler;
mod scopes;
mod units;
