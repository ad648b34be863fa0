//! When the next job may start: delays, load, memory, and what ends a run.
