//! The log of jobs: one line for each that has ended.
