//! The words of a run, which are the scheduler's own sources, and below them the models.
//! It does not know how many tasks there are.

#[path = "../../../scheduler/src/table/asleep.rs"]
mod asleep;
#[path = "../../../scheduler/src/table/bell.rs"]
mod bell;
#[path = "../../../scheduler/src/table/bits.rs"]
mod bits;
#[path = "../../../scheduler/src/table/deque.rs"]
mod deque;
#[path = "../../../scheduler/src/table/ring.rs"]
mod ring;
#[path = "../../../scheduler/src/table/state.rs"]
mod state;
#[path = "../../../scheduler/src/results/word.rs"]
mod word;

pub(crate) mod facts;
pub(crate) mod handover;
pub(crate) mod sleep;
pub(crate) mod spill;
pub(crate) mod steal;

use crate::sync::atomic::{AtomicU8, AtomicU64};

/// One word of sleepers.
const MAX_WORKERS: usize = 64;
/// A ring that is soon full.
const RING: u64 = 2;

/// What the models need of `Cell` in `scheduler/src/table/mod.rs`.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    state: state::StateWord,
    pending: AtomicU64,
    holds: AtomicU64,
    pub(crate) result: AtomicU64,
    result_data: [AtomicU64; 2],
    flags: AtomicU8,
}
