//! Stands for the facts in `scheduler/src/observer.rs` that a ring carries.
//! It does not know what they say.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RareKind {
    MemoryBefore = 1,
    MemoryAfter = 2,
    MemoryPeak = 3,
    MinorFaults = 4,
    MajorFaults = 5,
    Spilled = 6,
    Waits = 7,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RareFact {
    pub(crate) task: u32,
    pub(crate) kind: RareKind,
    pub(crate) value: u64,
}
